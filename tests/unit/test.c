/* SPDX-License-Identifier: Apache-2.0 */
/* The runner of a unit test program: TAP on stdout, exit 1 when a test failed. */
#include "tests/unit/test.h"

#include <stdarg.h>

static struct test *first, *last;
static bool failed, skipped;

void test_register(struct test *t)
{
	if (last)
		last->next = t;
	else
		first = t;
	last = t;
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	failed = true;
	printf("# %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

void test_skip(const char *why)
{
	skipped = true;
	printf("# skip: %s\n", why);
}

int main(int argc, char **argv)
{
	int n = 0, bad = 0;

	for (struct test *t = first; t; t = t->next) {
		if (argc > 1 && strcmp(argv[1], t->name) != 0)
			continue;
		failed = skipped = false;
		fflush(stdout);
		t->run();
		n++;
		bad += failed;
		printf("%sok %d - %s%s\n", failed ? "not " : "", n, t->name,
		       skipped ? " # SKIP" : "");
	}
	printf("1..%d\n", n);
	return bad || n == 0;
}
