/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/modespec.h"

#include <errno.h>

#include "tests/unit/test.h"

/* -1: refused. */
static int apply(const char *text, mode_t old)
{
	mode_t mode = 0;

	return modespec_apply(text, old, &mode) < 0 ? -1 : (int)mode;
}

TEST(octal)
{
	CHECK_INT(apply("644", S_IFREG | 0777), 0644);
	CHECK_INT(apply("04755", S_IFREG), 04755);
	CHECK_INT(apply("10000", S_IFREG), -1);
	CHECK_INT(apply("8", S_IFREG), -1);
}

TEST(letters)
{
	CHECK_INT(apply("u=rwX,go=rX", S_IFREG | 0600), 0644);
	CHECK_INT(apply("u=rwX,go=rX", S_IFREG | 0700), 0755);
	CHECK_INT(apply("u=rwX,go=rX", S_IFDIR | 0600), 0755);
	CHECK_INT(apply("+x", S_IFREG | 0640), 0751);
	CHECK_INT(apply("a-w,u+w", S_IFREG | 0666), 0644);
	CHECK_INT(apply("g=u,o=", S_IFREG | 0751), 0770);
	CHECK_INT(apply("o=g-w", S_IFREG | 0760), 0764);
	CHECK_INT(apply("u+s,g+s,+t", S_IFREG | 0755), 07755);
	CHECK_INT(apply("u=rx", S_IFREG | 06755), 02555);
	CHECK_INT(apply("ug-s", S_IFREG | 07755), 01755);
}

TEST(refused)
{
	CHECK_INT(apply("", S_IFREG), -1);
	CHECK_INT(apply("rwx", S_IFREG), -1);
	CHECK_INT(apply("u", S_IFREG), -1);
	CHECK_INT(apply("u+r,", S_IFREG), -1);
	CHECK_INT(apply("u+q", S_IFREG), -1);
	CHECK_INT(apply("z+r", S_IFREG), -1);
	CHECK_INT(apply("u+r;g+r", S_IFREG), -1);
}
