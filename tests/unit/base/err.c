/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/err.h"

#include <errno.h>

#include "tests/unit/test.h"

TEST(sentences)
{
	struct err e = { 0 };

	errno = ENOENT;
	CHECK_INT(err_sys(&e, "open '%s'", "x"), -ENOENT);
	CHECK_STR(e.text, "open 'x': No such file or directory");
	CHECK_INT(e.code, -ENOENT);
	CHECK_INT(err_wrap(&e, "pull '%s'", "img"), -ENOENT);
	CHECK_STR(e.text, "pull 'img': open 'x': No such file or directory");
	CHECK_INT(err_set(&e, -EINVAL, "no. %d", 1), -EINVAL);
	CHECK_STR(e.text, "no. 1");
	CHECK_INT(err_code(&e, -EPERM, "mount"), -EPERM);
	CHECK_STR(e.text, "mount: Operation not permitted");
	CHECK_INT(err_set(&e, -EPERM, "own: %s", e.text), -EPERM);
	CHECK_STR(e.text, "own: mount: Operation not permitted");
	err_clear(&e);
	CHECK_INT(e.code, 0);
	CHECK_STR(e.text, "");
	errno = 0;
	CHECK_INT(err_sys(&e, "odd"), -EIO);
	errno = EBUSY;
	CHECK_INT(err_sys(NULL, "nobody listens"), -EBUSY);
	CHECK_INT(err_set(NULL, -EBUSY, "nobody listens"), -EBUSY);
}

TEST(cut_between_characters)
{
	struct err e = { 0 };
	char text[3000];

	for (int shift = 0; shift < 3; shift++) {
		size_t n = 0;

		memset(text, 0, sizeof(text));
		memset(text, 'a', (size_t)shift);
		for (size_t i = (size_t)shift; i + 2 < sizeof(text); i += 2)
			memcpy(text + i, "\xc3\xa9", 2);
		err_set(&e, -EINVAL, "%s", text);
		n = strlen(e.text);
		CHECK(n < ERR_TEXT_MAX && n > ERR_TEXT_MAX - 8);
		CHECK_STR(e.text + n - 3, "\xe2\x80\xa6");
		CHECK((unsigned char)e.text[n - 4] == 0xa9);
	}
	err_wrap(&e, "more");
	CHECK(strncmp(e.text, "more: ", 6) == 0);
	CHECK_STR(e.text + strlen(e.text) - 3, "\xe2\x80\xa6");
}
