/* SPDX-License-Identifier: Apache-2.0 */
/* Strings: comparison, building, strict numbers. */
#include "core/base/str.h"

#include <errno.h>

#include "core/base/buf.h"
#include "core/base/mem.h"

bool str_eq(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return m <= n && memcmp(s + n - m, suffix, m) == 0;
}

bool str_empty(const char *s)
{
	return !s || !*s;
}

char *str_dup(const char *s)
{
	return s ? mem_dup(s, strlen(s) + 1) : NULL;
}

char *str_ndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = mem_alloc(len + 1);

	memcpy(copy, s, len);
	return copy;
}

char *str_fmtv(const char *fmt, va_list ap)
{
	char brief[256], *s = NULL;
	va_list again;
	int n;

	/* Most are short: formatted once, not twice as vasprintf does. */
	va_copy(again, ap);
	n = vsnprintf(brief, sizeof(brief), fmt, again);
	va_end(again);
	if (n >= 0 && (size_t)n < sizeof(brief))
		return mem_dup(brief, (size_t)n + 1);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	return s;
}

char *str_fmt(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = str_fmtv(fmt, ap);
	va_end(ap);
	return s;
}

void str_set(char **slot, const char *s)
{
	char *copy = str_dup(s);

	free(*slot);
	*slot = copy;
}

int str_copy(char *dst, size_t size, const char *s)
{
	size_t n = strlen(s);

	if (n >= size) {
		if (size)
			dst[0] = 0;
		return -E2BIG;
	}
	memcpy(dst, s, n + 1);
	return 0;
}

int str_print(char *dst, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(dst, size, fmt, ap);
	va_end(ap);
	return n < 0 || (size_t)n >= size ? -E2BIG : 0;
}

static int parse_digits(const char *s, unsigned int base, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;
	bool over = false;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		unsigned int digit = (unsigned int)(unsigned char)*s - '0';

		if (digit >= base)
			return -EINVAL;
		over |= __builtin_mul_overflow(n, base, &n);
		over |= __builtin_add_overflow(n, digit, &n);
	}
	if (over || n > max)
		return -ERANGE;
	*ret = n;
	return 0;
}

int str_u64(const char *s, uint64_t max, uint64_t *ret)
{
	return parse_digits(s, 10, max, ret);
}

int str_i64(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = *s == '-';
	uint64_t u;
	int64_t n;
	int r;

	r = parse_digits(s + negative, 10, (uint64_t)INT64_MAX + negative, &u);
	if (r < 0)
		return r;
	/* -INT64_MIN has no positive twin, so subtract one first. */
	n = !negative ? (int64_t)u : u ? -(int64_t)(u - 1) - 1 : 0;
	if (n < min || n > max)
		return -ERANGE;
	*ret = n;
	return 0;
}

int str_oct(const char *s, uint64_t max, uint64_t *ret)
{
	return parse_digits(s, 8, max, ret);
}

/* "", "b", "k", "kb", "kib", … of a size, any case: how many bits to shift, or -EINVAL.
 */
static int size_shift(const char *unit)
{
	static const char units[] = "kmgtp";
	int c = *unit | 0x20;
	const char *at = *unit ? strchr(units, c) : NULL;
	int shift = 0;

	if (at) {
		shift = 10 * (int)(at - units + 1);
		unit++;
		if ((*unit | 0x20) == 'i' && (unit[1] | 0x20) == 'b')
			unit++;
	}
	if ((*unit | 0x20) == 'b')
		unit++;
	return *unit ? -EINVAL : shift;
}

int str_size(const char *s, uint64_t *ret)
{
	uint64_t whole = 0, part = 0, scale = 1;
	bool over = false, digits = false;
	double rest;
	int shift;

	for (; *s >= '0' && *s <= '9'; s++, digits = true) {
		over |= __builtin_mul_overflow(whole, 10, &whole);
		over |= __builtin_add_overflow(whole, (uint64_t)(*s - '0'), &whole);
	}
	if (digits && *s == '.') {
		if (s[1] < '0' || s[1] > '9')
			return -EINVAL;
		for (s++; *s >= '0' && *s <= '9'; s++) {
			if (scale > UINT64_MAX / 100)
				continue; /* digits below any size's precision */
			part = part * 10 + (uint64_t)(*s - '0');
			scale *= 10;
		}
	}
	if (!digits)
		return -EINVAL;
	if (*s == ' ')
		s++;
	shift = size_shift(s);
	if (shift < 0)
		return shift;
	if (over || whole > (uint64_t)INT64_MAX >> shift)
		return -ERANGE;
	rest = (double)part / (double)scale * (double)(UINT64_C(1) << shift);
	*ret = (whole << shift) + (uint64_t)rest;
	return 0;
}

int str_bool(const char *s, bool *ret)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (str_eq(s, yes[i]) || str_eq(s, no[i])) {
			*ret = str_eq(s, yes[i]);
			return 0;
		}
	}
	return -EINVAL;
}

void str_hex(char *dst, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*dst++ = digits[p[i] >> 4];
		*dst++ = digits[p[i] & 15];
	}
	*dst = 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int str_unhex(uint8_t *dst, size_t n, const char *hex, size_t len)
{
	if (len / 2 != n || len % 2)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (hex_digit(hex[i]) < 0)
			return -EINVAL;
	}
	for (size_t i = 0; i < n; i++)
		dst[i] =
			(uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
	return 0;
}

int str_escape(struct buf *out, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	int r = 0;

	for (; *p && r >= 0; p++) {
		if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			r = buf_addf(out, "\\x%02x", *++p); /* a C1 control */
		else if ((*p < 0x20 && *p != '\t') || *p == 0x7f)
			r = buf_addf(out, "\\x%02x", *p);
		else
			r = buf_addc(out, (char)*p);
	}
	return r;
}

size_t str_rune(const void *s, size_t n)
{
	const unsigned char *p = s;
	size_t len = p[0] < 0x80   ? 1
		     : p[0] < 0xc2 ? 0
		     : p[0] < 0xe0 ? 2
		     : p[0] < 0xf0 ? 3
				   : 4;

	if (!len || len > n || p[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Overlong forms, surrogates, and what is past U+10FFFF. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
		return 0;
	return len;
}

static int quote_ascii(struct buf *out, unsigned char c)
{
	static const char from[] = "\a\b\f\n\r\t\v\"\\";
	static const char to[] = "abfnrtv\"\\";
	const char *at = c ? strchr(from, c) : NULL;

	if (at)
		return buf_addf(out, "\\%c", to[at - from]);
	if (c < 0x20 || c == 0x7f)
		return buf_addf(out, "\\x%02x", c);
	return buf_addc(out, (char)c);
}

int str_quote(struct buf *out, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	int r = buf_addc(out, '"');

	while (n && r >= 0) {
		size_t len = str_rune(p, n);

		if (len == 1)
			r = quote_ascii(out, *p);
		else if (!len)
			r = buf_addf(out, "\\x%02x", *p);
		else if (p[0] == 0xc2 && p[1] < 0xa0)
			r = buf_addf(out, "\\u%04x", p[1]); /* a C1 control */
		else
			r = buf_add(out, p, len);
		p += len ? len : 1;
		n -= len ? len : 1;
	}
	return r < 0 ? r : buf_addc(out, '"');
}

/* Matches c against the class at p, just after '['. *ret_end: after ']', or NULL when the
 * bracket is never closed (then it is an ordinary character). */
static bool match_class(const char *p, char c, const char **ret_end)
{
	bool negate = *p == '!' || *p == '^';
	bool hit = false;

	p += negate;
	for (const char *start = p; *p && (*p != ']' || p == start); p++) {
		unsigned char low, high;

		if (*p == '\\' && p[1])
			p++;
		low = high = (unsigned char)*p;
		if (p[1] == '-' && p[2] && p[2] != ']') {
			high = (unsigned char)p[2];
			p += 2;
		}
		hit |= (unsigned char)c >= low && (unsigned char)c <= high;
	}
	*ret_end = *p ? p + 1 : NULL;
	return hit != negate;
}

/* Does the pattern's first element (not '*') match c? *ret_next: the element after it. */
static bool match_one(const char *p, char c, const char **ret_next)
{
	const char *end;
	bool hit;

	if (*p == '[') {
		hit = match_class(p + 1, c, &end);
		if (end) {
			*ret_next = end;
			return hit;
		}
	}
	if (*p == '\\' && p[1])
		p++;
	else if (*p == '?') {
		*ret_next = p + 1;
		return true;
	}
	*ret_next = p + 1;
	return *p && *p == c;
}

bool str_glob(const char *pattern, const char *s)
{
	const char *star = NULL, *retry = NULL, *next;

	while (*s) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = s;
			continue;
		}
		if (match_one(pattern, *s, &next)) {
			pattern = next;
			s++;
			continue;
		}
		/* Only the last star needs trying again: it takes one byte more. */
		if (!star)
			return false;
		pattern = star;
		s = ++retry;
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
