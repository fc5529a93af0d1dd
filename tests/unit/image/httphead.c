/* SPDX-License-Identifier: Apache-2.0 */
#include "core/image/httphead.h"

#include <errno.h>

#include "tests/unit/test.h"

static int line(struct httphead *h, const char *text)
{
	return httphead_line(h, text, strlen(text));
}

TEST(fields)
{
	struct httphead h = { 0 };

	CHECK_INT(line(&h, "HTTP/1.1 206 Partial Content\r\n"), 0);
	CHECK_INT(line(&h, "content-TYPE: application/json; charset=utf-8\r\n"), 0);
	CHECK_INT(line(&h, "Docker-Content-Digest:sha256:00\r\n"), 0);
	CHECK_INT(line(&h, "Content-Range: bytes 5-9/10\r\n"), 0);
	CHECK_INT(line(&h, "Content-Length: 5\r\n"), 0);
	CHECK_INT(line(&h, "Retry-After: 7\r\n"), 0);
	CHECK_INT(line(&h, "WWW-Authenticate: Basic realm=\"x\"\r\n"), 0);
	CHECK_INT(line(&h, "\r\n"), 0);
	CHECK_INT(h.status, 206);
	CHECK_STR(h.media_type, "application/json");
	CHECK_STR(h.digest, "sha256:00");
	CHECK(h.has_range && h.range_from == 5 && h.has_total && h.total == 10);
	CHECK_INT(h.retry_after, 7);
	CHECK_INT(h.challenge.scheme, CHALLENGE_BASIC);
}

TEST(an_interim_answer_counts_for_nothing)
{
	struct httphead h = { 0 };

	line(&h, "HTTP/1.1 103 Early Hints\r\n");
	line(&h, "Docker-Content-Digest: sha256:11\r\n");
	line(&h, "HTTP/1.1 200 OK\r\n");
	line(&h, "Content-Length: 12\r\n");
	CHECK_INT(h.status, 200);
	CHECK_STR(h.digest, "");
	CHECK(h.has_total && h.total == 12);
	CHECK_INT(h.retry_after, -1);
}

TEST(limits)
{
	struct httphead h = { 0 };
	char big[5000];
	int r = 0;

	memset(big, 'x', sizeof(big));
	big[1] = ':';
	for (int i = 0; i < 20 && r == 0; i++)
		r = httphead_line(&h, big, sizeof(big));
	CHECK_INT(r, -E2BIG);
	h = (struct httphead){ 0 };
	for (int i = 0; i < 100; i++)
		CHECK_INT(line(&h, "A: b\r\n"), 0);
	CHECK_INT(line(&h, "A: b\r\n"), -E2BIG);
	h = (struct httphead){ 0 };
	line(&h, "HTTP/1.1 429 Too Many\r\n");
	line(&h, "Retry-After: 99999999\r\n");
	CHECK_INT(h.retry_after, HTTPHEAD_WAIT_MAX);
	CHECK_INT(line(&h, "Content-Range: bytes x-9/10\r\n"), -EINVAL);
	CHECK_INT(line(&h, "HTTP/1.1 oops\r\n"), -EINVAL);
}
