/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/signame.h"

#include <errno.h>
#include <signal.h>

#include "tests/unit/test.h"

TEST(names_and_numbers)
{
	struct err e = { 0 };

	CHECK_INT(signame_parse("SIGTERM", &e), SIGTERM);
	CHECK_INT(signame_parse("term", &e), SIGTERM);
	CHECK_INT(signame_parse("9", &e), SIGKILL);
	CHECK_INT(signame_parse("SIGRTMIN", &e), 34);
	CHECK_INT(signame_parse("RTMIN+3", &e), 37);
	CHECK_INT(signame_parse("SIGRTMAX-1", &e), 63);
	CHECK_INT(signame_parse("iot", &e), SIGABRT);
	CHECK_STR(signame_text(SIGABRT), "SIGABRT");
	CHECK(!signame_text(63));
}

TEST(refused)
{
	static const char *const bad[] = { "",        "0",      "65",       "-9",
					   "SIG",     "SIGFOO", "RTMIN+31", "RTMIN-1",
					   "RTMAX+1", " 9",     "9x" };
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(signame_parse(bad[i], &e), -EINVAL);
	CHECK_STR(e.text, "invalid signal: 9x");
}
