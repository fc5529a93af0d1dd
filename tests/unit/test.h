/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests: TEST(name) { … } registers itself; the runner in test.c prints TAP. */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};

void test_register(struct test *t);
/* Marks the running test failed and prints where. */
void test_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The running test is skipped from here on, with the reason; return after it. */
void test_skip(const char *why);

#define TEST(id) \
	static void test_##id(void); \
	static struct test test_entry_##id = { #id, test_##id, NULL }; \
	__attribute__((constructor)) static void test_add_##id(void) \
	{ \
		test_register(&test_entry_##id); \
	} \
	static void test_##id(void)

#define CHECK(cond) \
	do { \
		if (!(cond)) \
			test_fail(__FILE__, __LINE__, "%s", #cond); \
	} while (0)

#define CHECK_INT(got, want) \
	do { \
		long long got_ = (long long)(got), want_ = (long long)(want); \
		if (got_ != want_) \
			test_fail(__FILE__, __LINE__, "%s is %lld, not %lld", #got, \
				  got_, want_); \
	} while (0)

#define CHECK_STR(got, want) \
	do { \
		const char *got_ = (got), *want_ = (want); \
		if (!got_ || !want_ ? got_ != want_ : strcmp(got_, want_) != 0) \
			test_fail(__FILE__, __LINE__, "%s is '%s', not '%s'", #got, \
				  got_ ? got_ : "(null)", want_ ? want_ : "(null)"); \
	} while (0)

#endif
