/* SPDX-License-Identifier: Apache-2.0 */
#include "core/runtime/narrow.h"

#include <stdint.h>

#include "core/base/mem.h"
#include "tests/unit/test.h"

static bool holds(const struct scmp_arg_cmp *parts, size_t n, uint32_t v)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if ((v & parts[i].datum_a) != parts[i].datum_b)
			continue;
		/* The parts do not overlap. */
		CHECK(!any);
		any = true;
	}
	return any;
}

static bool wanted(enum scmp_compare op, uint32_t v, uint64_t with)
{
	switch (op) {
	case SCMP_CMP_NE:
		return v != with;
	case SCMP_CMP_LT:
		return v < with;
	case SCMP_CMP_LE:
		return v <= with;
	case SCMP_CMP_EQ:
		return v == with;
	case SCMP_CMP_GE:
		return v >= with;
	case SCMP_CMP_GT:
		return v > with;
	default:
		return false;
	}
}

static void check_split(enum scmp_compare op, uint64_t datum, uint64_t meant)
{
	static const uint32_t probes[] = { 0,          1,          2,          3,
					   37,         38,         39,         40,
					   41,         63,         64,         0x7fffffff,
					   1 << 16,    0x80000000, 0x80000001, 0xfffffffd,
					   0xfffffffe, 0xffffffff };
	struct scmp_arg_cmp c = { 3, op, datum, 0 }, parts[NARROW_MAX];
	size_t n = narrow_split(&c, parts);

	CHECK(n <= NARROW_MAX);
	for (size_t i = 0; i < n; i++) {
		CHECK_INT(parts[i].arg, 3);
		CHECK_INT(parts[i].op, SCMP_CMP_MASKED_EQ);
		CHECK(parts[i].datum_a <= UINT32_MAX);
	}
	for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
		if (holds(parts, n, probes[i]) != wanted(op, probes[i], meant))
			test_fail(__FILE__, __LINE__, "op %d %llx: %x", op,
				  (unsigned long long)datum, probes[i]);
	}
}

TEST(every_comparison)
{
	static const uint64_t data[] = { 0,          1,           2,          38,
					 40,         0x7fffffff,  0x80000000, 0xfffffffe,
					 0xffffffff, 0x100000000, 0x100000026 };

	for (int op = SCMP_CMP_NE; op <= SCMP_CMP_GT; op++) {
		for (size_t i = 0; i < ARRAY_LEN(data); i++)
			check_split((enum scmp_compare)op, data[i], data[i]);
		/* -1 and INT_MIN with their signs spread */
		check_split((enum scmp_compare)op, UINT64_MAX, 0xffffffff);
		check_split((enum scmp_compare)op, 0xffffffff80000000, 0x80000000);
	}
}

TEST(masked)
{
	struct scmp_arg_cmp c = { 1, SCMP_CMP_MASKED_EQ, 0xff000000f0, 0x1200000035 };
	struct scmp_arg_cmp parts[NARROW_MAX];

	CHECK_INT(narrow_split(&c, parts), 1);
	CHECK_INT(parts[0].datum_a, 0xf0);
	CHECK_INT(parts[0].datum_b, 0x30);
}

TEST(table)
{
	CHECK(narrow_is("socket", 0));
	CHECK(!narrow_is("socket", 3));
	CHECK(narrow_is("ioctl", 1));
	CHECK(!narrow_is("ioctl", 2));
	CHECK(!narrow_is("clone", 0));
	CHECK(!narrow_is("mmap", 2));
	CHECK(!narrow_is("socket", 64));
}
