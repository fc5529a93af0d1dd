/* SPDX-License-Identifier: Apache-2.0 */
#include "core/image/unpack.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

/* What comes of an answer of n bytes, with rest behind it. */
static int answer(const struct unpack_answer *a, size_t n, const char *rest, size_t more,
		  struct unpack_result *ret, struct err *e)
{
	int p[2], r;

	CHECK_INT(pipe(p), 0);
	CHECK_INT(fd_write_all(p[1], a, n), 0);
	CHECK_INT(fd_write_all(p[1], rest, more), 0);
	close(p[1]);
	r = unpack_read_answer(p[0], ret, e);
	close(p[0]);
	return r;
}

TEST(an_answer_is_taken)
{
	struct unpack_answer a = { .result = { .size = 7, .implicit_size = 4 } };
	struct unpack_result ret = { 0 };
	struct err e = { 0 };

	CHECK_INT(answer(&a, sizeof(a), "a\0b", 4, &ret, &e), 0);
	CHECK_INT(ret.size, 7);
	CHECK(ret.implicit && !memcmp(ret.implicit, "a\0b", 4));
	free(ret.implicit);
	a = (struct unpack_answer){ .code = -EBADMSG, .text = "diffID mismatch" };
	CHECK_INT(answer(&a, sizeof(a), "", 0, &ret, &e), -EBADMSG);
	CHECK_STR(e.text, "diffID mismatch");
}

TEST(a_worker_is_not_believed)
{
	struct unpack_answer a = { .code = 1, .result = { .implicit = (char *)64 } };
	struct unpack_result ret = { .size = 99 };
	struct err e = { 0 };

	CHECK_INT(answer(&a, sizeof(a), "", 0, &ret, &e), -ECHILD);
	a.code = 0;
	CHECK_INT(answer(&a, sizeof(a) - 1, "", 0, &ret, &e), -ECHILD);
	CHECK_INT(answer(&a, 0, "", 0, &ret, &e), -ECHILD);
	a.result.implicit_size = 3;
	CHECK_INT(answer(&a, sizeof(a), "ab", 2, &ret, &e), -ECHILD);
	CHECK_INT(answer(&a, sizeof(a), "abc", 3, &ret, &e), -ECHILD); /* no NUL */
	a.result.implicit_size = UINT32_MAX;
	CHECK_INT(answer(&a, sizeof(a), "abc", 3, &ret, &e), -ECHILD);
	CHECK_STR(e.text, "the unpack worker ended early");
	CHECK_INT(ret.size, 99);
	a.result.implicit_size = 0;
	a.code = INT_MIN;
	CHECK_INT(answer(&a, sizeof(a), "", 0, &ret, &e), -ECHILD);
	a.code = -EIO;
	CHECK_INT(answer(&a, sizeof(a), "", 0, &ret, &e), -EIO);
	CHECK(str_starts(e.text, "the unpack worker: "));
	memset(a.text, 'x', sizeof(a.text));
	CHECK_INT(answer(&a, sizeof(a), "", 0, &ret, &e), -EIO);
	CHECK_INT(strlen(e.text), ERR_TEXT_MAX - 1);
}
