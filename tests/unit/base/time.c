/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/time.h"

#include <errno.h>

#include "core/base/mem.h"
#include "tests/unit/test.h"

#define S INT64_C(1000000000)

TEST(stamps)
{
	char text[TIME_STAMP_MAX];
	int64_t ns = 1;

	CHECK_STR(time_stamp(text, 0), "0001-01-01T00:00:00Z");
	CHECK_STR(time_stamp(text, 1767323045 * S + 6), "2026-01-02T03:04:05.000000006Z");
	CHECK_STR(time_stamp(text, 1767323045 * S + S / 2), "2026-01-02T03:04:05.5Z");
	CHECK_STR(time_stamp(text, 1767323045 * S), "2026-01-02T03:04:05Z");
	CHECK_STR(time_stamp(text, -1), "1969-12-31T23:59:59.999999999Z");
	CHECK_INT(time_parse("0001-01-01T00:00:00Z", &ns), 0);
	CHECK_INT(ns, 0);
	CHECK_INT(time_parse("2026-01-02T03:04:05.000000006Z", &ns), 0);
	CHECK_INT(ns, 1767323045 * S + 6);
	CHECK_INT(time_parse("2026-01-02T03:04:05.1234567891+01:30", &ns), 0);
	CHECK_INT(ns, (1767323045 - 5400) * S + 123456789);
	CHECK_INT(time_parse("2024-02-29T00:00:00-00:00", &ns), 0);
	CHECK_INT(ns, 1709164800 * S);
}

TEST(bad_stamps)
{
	static const char *const bad[] = {
		"",
		"2026-01-02",
		"2026-01-02T03:04Z",
		"2026-01-02T03:04:05",
		"2026-01-02 03:04:05Z",
		"2026-02-29T00:00:00Z",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-01-32T00:00:00Z",
		"2026-01-02T24:00:00Z",
		"2026-01-02T03:04:05.Z",
		"2026-01-02T03:04:05Zx",
		"2026-01-02T03:04:05+0100",
		"1500-01-02T03:04:05Z",
		"9999-01-02T03:04:05Z",
	};
	int64_t ns = 7;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (time_parse(bad[i], &ns) != -EINVAL)
			test_fail(__FILE__, __LINE__, "'%s' taken", bad[i]);
	}
	CHECK_INT(ns, 7);
}

TEST(human)
{
	static const struct {
		int64_t s;
		const char *want;
	} all[] = {
		{ -5, "Less than a second" },
		{ 0, "Less than a second" },
		{ 1, "1 second" },
		{ 59, "59 seconds" },
		{ 60, "About a minute" },
		{ 119, "About a minute" },
		{ 120, "2 minutes" },
		{ 3599, "59 minutes" },
		{ 3600, "About an hour" },
		{ 5399, "About an hour" },
		{ 5400, "2 hours" },
		{ 47 * 3600, "47 hours" },
		{ 48 * 3600, "2 days" },
		{ 13 * 86400, "13 days" },
		{ 14 * 86400, "2 weeks" },
		{ 59 * 86400, "8 weeks" },
		{ 60 * 86400, "2 months" },
		{ 729 * 86400, "24 months" },
		{ 730 * 86400, "2 years" },
	};
	char text[40];

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		time_human(text, sizeof(text), all[i].s * S);
		CHECK_STR(text, all[i].want);
	}
}

TEST(durations)
{
	static const struct {
		const char *text;
		int64_t want;
	} good[] = {
		{ "0", 0 },
		{ "1h30m", 5400 * S },
		{ "1.5s", 3 * S / 2 },
		{ "100ms", S / 10 },
		{ "-2m", -120 * S },
		{ "+2m", 120 * S },
		{ ".5s", S / 2 },
		{ "1.s", S },
		{ "3us4\xc2\xb5s5\xce\xbcs6ns", 12006 },
		{ "2540400h10m10s", 9145440610 * S },
	};
	static const char *const bad[] = { "",    "-",   "1",   "s",           ".s", "1d",
					   "1h ", " 1h", "1hh", "9223372037s", "1.5" };
	int64_t ns;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ns = 1;
		CHECK_INT(time_duration(good[i].text, &ns), 0);
		if (ns != good[i].want)
			test_fail(__FILE__, __LINE__, "'%s' is %lld", good[i].text,
				  (long long)ns);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (time_duration(bad[i], &ns) != -EINVAL)
			test_fail(__FILE__, __LINE__, "'%s' taken", bad[i]);
	}
}

TEST(since)
{
	const int64_t now = 1767323045 * S;
	int64_t ns;

	setenv("TZ", "UTC-2", 1); /* two hours east */
	CHECK_INT(time_since("10m", now, &ns), 0);
	CHECK_INT(ns, now - 600 * S);
	CHECK_INT(time_since("1767323045.25", now, &ns), 0);
	CHECK_INT(ns, now + S / 4);
	CHECK_INT(time_since("0", now, &ns), 0);
	CHECK_INT(ns, 0);
	CHECK_INT(time_since("2026-01-02T03:04:05Z", now, &ns), 0);
	CHECK_INT(ns, now);
	CHECK_INT(time_since("2026-01-02T05:04:05", now, &ns), 0);
	CHECK_INT(ns, now);
	CHECK_INT(time_since("2026-01-02T05:04", now, &ns), 0);
	CHECK_INT(ns, now - 5 * S);
	CHECK_INT(time_since("2026-01-02T05", now, &ns), 0);
	CHECK_INT(ns, now - 245 * S);
	CHECK_INT(time_since("2026-01-02", now, &ns), 0);
	CHECK_INT(ns, now - (5 * 3600 + 245) * S);
	CHECK_INT(time_since("2026-01-02Z", now, &ns), 0);
	CHECK_INT(ns, now - (3 * 3600 + 245) * S);
	CHECK_INT(time_since("yesterday", now, &ns), -EINVAL);
	CHECK_INT(time_since("", now, &ns), -EINVAL);
	CHECK_INT(time_since("-1.5", now, &ns), -EINVAL);
	CHECK_INT(time_since("99999999999999", now, &ns), -EINVAL);
	unsetenv("TZ");
}

TEST(clocks)
{
	CHECK(time_now() > 1600000000 * S);
	CHECK(time_monotonic() <= time_monotonic());
}
