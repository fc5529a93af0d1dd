/* SPDX-License-Identifier: Apache-2.0 */
/* Go's literals in templates. */
#include "core/cli/literal.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define NUMBER_MAX 64

static int add_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* n digits of the base at *s. */
static bool take_code(const char **s, int n, int base, uint32_t *ret)
{
	*ret = 0;
	for (int i = 0; i < n; i++, (*s)++) {
		int digit = hex_value(**s);

		if (digit < 0 || digit >= base)
			return false;
		*ret = *ret * (uint32_t)base + (uint32_t)digit;
	}
	return true;
}

/* The escape at *s, behind the backslash; writes 1..4 bytes. -1 when there is none such.
 */
static int take_escape(const char **s, char quote, char *out)
{
	static const char from[] = "abfnrtv\\";
	static const char to[] = "\a\b\f\n\r\t\v\\";
	const char *at = **s ? strchr(from, **s) : NULL;
	char c = **s;
	uint32_t code;

	if (at || c == quote) {
		(*s)++;
		*out = at ? to[at - from] : quote;
		return 1;
	}
	if (c >= '0' && c <= '7') {
		if (!take_code(s, 3, 8, &code) || code > 255)
			return -1;
		*out = (char)code;
		return 1;
	}
	(*s)++;
	if (c == 'x') {
		if (!take_code(s, 2, 16, &code))
			return -1;
		*out = (char)code;
		return 1;
	}
	if ((c != 'u' && c != 'U') || !take_code(s, c == 'u' ? 4 : 8, 16, &code) ||
	    code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return -1;
	return add_utf8(out, code);
}

/* "…" or '…', undone into text of the arena. */
static const char *take_quoted(const char *s, struct arena *arena, struct value *ret,
			       const char **why)
{
	const char quote = *s++;
	size_t most = 0, n = 0;
	char *out;

	while (s[most] && s[most] != '\n' && s[most] != quote)
		most += s[most] == '\\' && s[most + 1] ? 2 : 1;
	/* An escape is at least as long as what it stands for. */
	out = arena_alloc(arena, most + 1);
	if (!out)
		return NULL;
	while (*s && *s != '\n' && *s != quote) {
		int len = 1;

		if (*s != '\\') {
			out[n] = *s++;
		} else {
			s++;
			len = take_escape(&s, quote, out + n);
		}
		if (len < 0) {
			*why = "invalid syntax";
			return NULL;
		}
		n += (size_t)len;
	}
	if (*s != quote) {
		*why = quote == '"' ? "unterminated quoted string"
				    : "unterminated character constant";
		return NULL;
	}
	*ret = value_string(out, n);
	return s + 1;
}

/* 'c' is the number of its character. */
static const char *take_char(const char *s, struct arena *arena, struct value *ret,
			     const char **why)
{
	struct value text;
	const char *end = take_quoted(s, arena, &text, why);
	const unsigned char *p;
	size_t len;
	uint32_t c;

	if (!end)
		return NULL;
	p = (const unsigned char *)text.str.p;
	len = text.str.n == 0 ? 0
	      : p[0] < 0x80   ? 1
	      : p[0] < 0xe0   ? 2
	      : p[0] < 0xf0   ? 3
			      : 4;
	if (!len || len != text.str.n) {
		*why = "malformed character constant";
		return NULL;
	}
	c = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3fu);
	*ret = value_int(c);
	return end;
}

static bool number_char(const char *s, size_t i)
{
	if ((s[i] == '+' || s[i] == '-') && i)
		return (s[i - 1] | 0x20) == 'e' || (s[i - 1] | 0x20) == 'p';
	return s[i] == '+' || s[i] == '-' || s[i] == '.' || s[i] == '_' ||
	       (s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'z') ||
	       (s[i] >= 'A' && s[i] <= 'Z');
}

/* Decimal, 0x, 0o, 0b and old octal; sign in front. */
static bool take_integer(const char *s, struct value *ret)
{
	bool negative = *s == '-';
	unsigned int base = 10;
	uint64_t n = 0;

	s += *s == '-' || *s == '+';
	if (s[0] == '0' && s[1]) {
		char mark = (char)(s[1] | 0x20);

		base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
		s += mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1;
	}
	if (!*s)
		return false;
	for (; *s; s++) {
		int digit = hex_value(*s);

		if (digit < 0 || (unsigned int)digit >= base ||
		    __builtin_mul_overflow(n, base, &n) ||
		    __builtin_add_overflow(n, (uint64_t)digit, &n))
			return false;
	}
	if (n > (uint64_t)INT64_MAX + negative)
		return false;
	*ret = value_int(negative && n ? -(int64_t)(n - 1) - 1 : (int64_t)n);
	return true;
}

static const char *take_number(const char *s, struct value *ret, const char **why)
{
	char text[NUMBER_MAX], *end;
	size_t n = 0, kept = 0;

	*why = "bad number syntax";
	while (number_char(s, n)) {
		if (kept + 1 >= sizeof(text))
			return NULL;
		if (s[n] != '_')
			text[kept++] = s[n];
		n++;
	}
	text[kept] = 0;
	if (take_integer(text, ret))
		return s + n;
	/* strtod knows words ("inf", "nan") that Go does not take here. */
	if (text[strspn(text, "0123456789+-.eExXpPabcdfABCDF")])
		return NULL;
	errno = 0;
	ret->f = strtod(text, &end);
	if (end == text || *end || errno)
		return NULL;
	ret->kind = VALUE_FLOAT;
	return s + n;
}

const char *literal_parse(const char *s, struct arena *arena, struct value *ret,
			  const char **why)
{
	const char *end;

	*why = NULL;
	if (*s == '"')
		return take_quoted(s, arena, ret, why);
	if (*s == '\'')
		return take_char(s, arena, ret, why);
	if (*s != '`')
		return take_number(s, ret, why);
	end = strchr(s + 1, '`');
	if (!end) {
		*why = "unterminated raw quoted string";
		return NULL;
	}
	/* The source outlives every value. */
	*ret = value_string(s + 1, (size_t)(end - s - 1));
	return end + 1;
}
