/* SPDX-License-Identifier: Apache-2.0 */
/* Time: stamps as Docker prints them, ages, durations. */
#include "core/base/time.h"

#include <errno.h>
#include <stdbool.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define NS_PER_S INT64_C(1000000000)

static const char zero_stamp[] = "0001-01-01T00:00:00Z";

static int64_t clock_ns(clockid_t id)
{
	struct timespec now;

	if (clock_gettime(id, &now) < 0)
		abort(); /* cannot fail for these clocks */
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t time_now(void)
{
	return clock_ns(CLOCK_REALTIME);
}

int64_t time_monotonic(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

char *time_stamp(char dst[TIME_STAMP_MAX], int64_t ns)
{
	int64_t frac = ns % NS_PER_S;
	time_t sec = (time_t)(ns / NS_PER_S);
	char digits[16] = "";
	struct tm tm;

	if (ns == 0) {
		(void)str_copy(dst, TIME_STAMP_MAX, zero_stamp);
		return dst;
	}
	if (frac < 0) {
		frac += NS_PER_S;
		sec--;
	}
	if (frac) {
		size_t n;

		(void)str_print(digits, sizeof(digits), ".%09d", (int)frac);
		for (n = strlen(digits); digits[n - 1] == '0'; n--)
			digits[n - 1] = 0;
	}
	gmtime_r(&sec, &tm);
	(void)str_print(dst, TIME_STAMP_MAX, "%04d-%02d-%02dT%02d:%02d:%02d%sZ",
			tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
			tm.tm_min, tm.tm_sec, digits);
	return dst;
}

/* --- reading stamps ----------------------------------------------------------------- */

struct stamp {
	struct tm tm;
	int64_t frac;   /* ns */
	int64_t offset; /* seconds east of UTC */
	bool zone;      /* given */
};

/* Exactly n digits at *s, as a number not above max. */
static bool take_number(const char **s, int n, int max, int *ret)
{
	int value = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		value = value * 10 + (**s - '0');
	}
	*ret = value;
	return value <= max;
}

static bool take_char(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

static bool take_date(const char **s, struct tm *tm)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year;
	bool leap;

	if (!take_number(s, 4, 9999, &year) || !take_char(s, '-') ||
	    !take_number(s, 2, 12, &tm->tm_mon) || !take_char(s, '-') ||
	    !take_number(s, 2, 31, &tm->tm_mday) || !tm->tm_mon || !tm->tm_mday)
		return false;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	tm->tm_year = year - 1900;
	tm->tm_mon--;
	return tm->tm_mday <= days[tm->tm_mon] &&
	       (leap || tm->tm_mon != 1 || tm->tm_mday < 29);
}

static bool take_fraction(const char **s, int64_t *ret)
{
	int64_t scale = NS_PER_S;

	*ret = 0;
	if (!take_char(s, '.'))
		return true;
	if (**s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; (*s)++) {
		scale /= 10;
		*ret += (**s - '0') * scale; /* digits past the ninth count as 0 */
	}
	return true;
}

static bool take_zone(const char **s, struct stamp *st)
{
	int hours, minutes, sign;

	st->zone = true;
	if (take_char(s, 'Z'))
		return true;
	if (**s != '+' && **s != '-') {
		st->zone = false;
		return true;
	}
	sign = *(*s)++ == '-' ? -1 : 1;
	if (!take_number(s, 2, 24, &hours) || !take_char(s, ':') ||
	    !take_number(s, 2, 60, &minutes))
		return false;
	st->offset = sign * (hours * 3600 + minutes * 60);
	return true;
}

/* Date, then "T" and the time; with loose set, the time or its end may be left out. */
static bool take_stamp(const char *s, bool loose, struct stamp *st)
{
	if (!take_date(&s, &st->tm))
		return false;
	if (take_char(&s, 'T')) {
		if (!take_number(&s, 2, 23, &st->tm.tm_hour))
			return false;
		if (take_char(&s, ':')) {
			if (!take_number(&s, 2, 59, &st->tm.tm_min))
				return false;
			if (take_char(&s, ':')) {
				if (!take_number(&s, 2, 59, &st->tm.tm_sec) ||
				    !take_fraction(&s, &st->frac))
					return false;
			} else if (!loose) {
				return false;
			}
		} else if (!loose) {
			return false;
		}
	} else if (!loose) {
		return false;
	}
	return take_zone(&s, st) && (st->zone || loose) && !*s;
}

static int stamp_ns(struct stamp *st, int64_t *ret)
{
	int64_t sec, ns;

	if (st->zone) {
		sec = (int64_t)timegm(&st->tm) - st->offset;
	} else {
		st->tm.tm_isdst = -1;
		sec = (int64_t)mktime(&st->tm);
	}
	if (__builtin_mul_overflow(sec, NS_PER_S, &ns) ||
	    __builtin_add_overflow(ns, st->frac, &ns))
		return -EINVAL;
	*ret = ns;
	return 0;
}

int time_parse(const char *s, int64_t *ret)
{
	struct stamp st = { 0 };

	if (str_eq(s, zero_stamp)) {
		*ret = 0;
		return 0;
	}
	if (!take_stamp(s, false, &st))
		return -EINVAL;
	return stamp_ns(&st, ret);
}

void time_human(char *dst, size_t size, int64_t ns)
{
	int64_t seconds = ns / NS_PER_S, minutes = seconds / 60;
	int64_t hours = (ns + 1800 * NS_PER_S) / (3600 * NS_PER_S); /* rounded */
	const char *unit;
	int64_t n = 0;

	if (seconds < 1)
		unit = "Less than a second";
	else if (seconds == 1)
		unit = "1 second";
	else if (seconds < 60)
		n = seconds, unit = "seconds";
	else if (minutes == 1)
		unit = "About a minute";
	else if (minutes < 60)
		n = minutes, unit = "minutes";
	else if (hours == 1)
		unit = "About an hour";
	else if (hours < 48)
		n = hours, unit = "hours";
	else if (hours < 24 * 7 * 2)
		n = hours / 24, unit = "days";
	else if (hours < 24 * 30 * 2)
		n = hours / 24 / 7, unit = "weeks";
	else if (hours < 24 * 365 * 2)
		n = hours / 24 / 30, unit = "months";
	else
		n = seconds / 3600 / 24 / 365, unit = "years";
	if (n)
		(void)str_print(dst, size, "%lld %s", (long long)n, unit);
	else
		(void)str_print(dst, size, "%s", unit);
}

/* --- durations ---------------------------------------------------------------------- */

/* The unit at *s in nanoseconds, or 0. */
static int64_t take_unit(const char **s)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "\xc2\xb5s", 1000 }, /* micro sign */
		{ "\xce\xbcs", 1000 }, /* Greek mu */
		{ "ms", 1000000 },
		{ "s", NS_PER_S },
		{ "m", 60 * NS_PER_S },
		{ "h", 3600 * NS_PER_S },
	};
	size_t n = strcspn(*s, ".0123456789");

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strlen(units[i].name) == n && !strncmp(*s, units[i].name, n)) {
			*s += n;
			return units[i].ns;
		}
	}
	return 0;
}

/* One "1.5h" at *s added to *sum; false on bad text or overflow. */
static bool take_part(const char **s, int64_t *sum)
{
	int64_t whole = 0, part = 0, scale = 1, unit;
	bool digits = false;

	for (; **s >= '0' && **s <= '9'; (*s)++, digits = true) {
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, **s - '0', &whole))
			return false;
	}
	if (take_char(s, '.')) {
		for (; **s >= '0' && **s <= '9'; (*s)++, digits = true) {
			if (scale >= NS_PER_S * NS_PER_S / 10)
				continue;
			part = part * 10 + (**s - '0');
			scale *= 10;
		}
	}
	unit = digits ? take_unit(s) : 0;
	if (!unit || __builtin_mul_overflow(whole, unit, &whole) ||
	    __builtin_add_overflow(*sum, whole, sum))
		return false;
	part = (int64_t)((double)part * ((double)unit / (double)scale));
	return !__builtin_add_overflow(*sum, part, sum);
}

int time_duration(const char *s, int64_t *ret)
{
	int64_t sum = 0;
	bool negative = *s == '-';

	if (*s == '-' || *s == '+')
		s++;
	if (str_eq(s, "0")) {
		*ret = 0;
		return 0;
	}
	if (!*s)
		return -EINVAL;
	while (*s) {
		if (!take_part(&s, &sum))
			return -EINVAL;
	}
	*ret = negative ? -sum : sum;
	return 0;
}

int time_since(const char *s, int64_t now, int64_t *ret)
{
	struct stamp st = { 0 };
	int64_t ns, frac;
	uint64_t sec;
	autofree char *whole = NULL;
	const char *rest;

	if (!str_eq(s, "0") && time_duration(s, &ns) == 0) {
		if (__builtin_sub_overflow(now, ns, ret))
			return -EINVAL;
		return 0;
	}
	if (take_stamp(s, true, &st))
		return stamp_ns(&st, ret);
	/* Unix seconds. */
	rest = s + strcspn(s, ".");
	whole = str_ndup(s, (size_t)(rest - s));
	if (str_u64(whole, INT64_MAX / NS_PER_S - 1, &sec) < 0 ||
	    !take_fraction(&rest, &frac) || *rest)
		return -EINVAL;
	*ret = (int64_t)sec * NS_PER_S + frac;
	return 0;
}
