/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wire/http.h"

#include <errno.h>

#include "tests/unit/test.h"

static struct http_request r;

static ssize_t parse(const char *text)
{
	return http_parse_request(text, strlen(text), &r);
}

TEST(a_request)
{
	const char *text = "GET /a/b?c=d HTTP/1.1\r\nHost: x\r\nAccept:  text/html , "
			   "*/*;q=0.1\t\r\n\r\nbody";

	CHECK_INT(parse(text), strlen(text) - 4);
	CHECK(http_is(&r.method, "GET"));
	CHECK(http_is(&r.target, "/a/b?c=d"));
	CHECK(http_is(&r.path, "/a/b"));
	CHECK(http_is(&r.query, "c=d"));
	CHECK_INT(r.version, HTTP_1_1);
	CHECK_INT(r.headers_len, 2);
	struct http_slice accept = http_header(&r, "aCCEPT");
	CHECK(http_is(&accept, "text/html , */*;q=0.1"));
	CHECK(http_lists(&r, "accept", "TEXT/html"));
	CHECK(http_lists(&r, "accept", "*/*"));
	CHECK(!http_lists(&r, "accept", "text"));
	CHECK(!r.close);
	CHECK(!http_header(&r, "Cookie").p);
}

TEST(cut_short_anywhere_asks_for_more)
{
	const char *text = "\r\nPOST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		CHECK_INT(http_parse_request(text, i, &r), 0);
	CHECK_INT(http_parse_request(text, n, &r), n);
	CHECK(r.has_length);
	CHECK_INT(r.content_length, 5);
}

TEST(connection_and_version)
{
	CHECK(parse("GET / HTTP/1.0\r\n\r\n") > 0);
	CHECK(r.close);
	CHECK(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n") > 0);
	CHECK(!r.close);
	CHECK(parse("GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, close\r\n\r\n") > 0);
	CHECK(r.close);
	CHECK_INT(parse("GET / HTTP/2.0\r\n\r\n"), -EPROTONOSUPPORT);
	CHECK_INT(parse("GET / http/1.1\r\n\r\n"), -EINVAL);
	CHECK(parse("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n") > 0);
	CHECK(parse("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n") >
	      0);
	CHECK(r.chunked);
}

TEST(what_two_parsers_could_read_in_two_ways_is_refused)
{
	static const char *const bad[] = {
		"GET / HTTP/1.1\nHost: x\n\n",
		"GET / HTTP/1.1\r\nHost: x\n\r\n\r\n",
		"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
		"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET http://a/ HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
		"G(T / HTTP/1.1\r\nHost: x\r\n\r\n",
		" / HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: "
		"1\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: "
		"9999999999999999999\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
		"Transfer-Encoding: chunked\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
		"\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse(bad[i]) != -EINVAL)
			test_fail(__FILE__, __LINE__, "accepted: %s", bad[i]);
	CHECK_INT(http_parse_request("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29, &r),
		  -EINVAL);
}

TEST(limits)
{
	struct buf b = { 0 };

	buf_adds(&b, "GET / HTTP/1.1\r\nHost: x\r\n");
	for (int i = 0; i < HTTP_HEADERS_MAX; i++)
		buf_addf(&b, "X%d: y\r\n", i);
	buf_adds(&b, "\r\n");
	CHECK_INT(http_parse_request(b.data, b.len, &r), -E2BIG);
	buf_reset(&b);
	buf_adds(&b, "GET /");
	while (b.len < HTTP_TARGET_MAX + 6)
		buf_addc(&b, 'a');
	buf_adds(&b, " HTTP/1.1\r\nHost: x\r\n\r\n");
	CHECK_INT(http_parse_request(b.data, b.len, &r), -ENAMETOOLONG);
	buf_reset(&b);
	buf_adds(&b, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
	while (b.len < HTTP_HEAD_MAX)
		buf_addc(&b, 'a');
	CHECK_INT(http_parse_request(b.data, b.len - 1, &r), 0);
	CHECK_INT(http_parse_request(b.data, b.len, &r), -E2BIG);
	buf_done(&b);
}

TEST(a_response)
{
	struct buf b = { 0 };
	struct http_response a = { .status = 404,
				   .type = "text/plain",
				   .length = 7,
				   .close = true,
				   .more = "Allow: GET\r\n" };

	CHECK_INT(http_print_response(&b, &a), 0);
	CHECK_STR(buf_str(&b),
		  "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n"
		  "Content-Length: 7\r\nConnection: close\r\nAllow: GET\r\n\r\n");
	buf_done(&b);
}
