/* SPDX-License-Identifier: Apache-2.0 */
/* Go's fmt: printf verbs over template values. */
#include "core/cli/verb.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define WIDTH_MAX  1000000 /* Go's own limit */
#define DIGITS_MAX 500     /* of one number */

struct spec {
	bool minus, plus, sharp, space, zero;
	int width, prec; /* -1: not given */
	char verb;
};

static size_t runes(const char *p, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)p[i] & 0xc0) != 0x80;
	return count;
}

/* Bytes of the first max runes. */
static size_t first_runes(const char *p, size_t n, size_t max)
{
	size_t count = 0, i;

	for (i = 0; i < n; i++) {
		count += ((unsigned char)p[i] & 0xc0) != 0x80;
		if (count > max)
			break;
	}
	return i;
}

static int fill(struct buf *out, char c, size_t n)
{
	int r = buf_reserve(out, n);

	if (r < 0)
		return r;
	memset(out->data + out->len, c, n);
	out->len += n;
	out->data[out->len] = 0;
	return 0;
}

/* Adds text padded to the width; zero padding goes behind a sign. */
static int add_padded(struct buf *out, const struct spec *s, const struct buf *text,
		      bool number)
{
	const char *p = buf_str(text);
	size_t len = text->len, have = runes(p, len), gap = 0;
	int r = 0;

	if (s->width > 0 && have < (size_t)s->width)
		gap = (size_t)s->width - have;
	if (s->minus) {
		r = buf_add(out, p, len);
		return r < 0 ? r : fill(out, ' ', gap);
	}
	if (!(s->zero && number)) {
		r = fill(out, ' ', gap);
		return r < 0 ? r : buf_add(out, p, len);
	}
	if (len && strchr("+- ", *p)) {
		r = buf_addc(out, *p++);
		len--;
	}
	if (r >= 0)
		r = fill(out, '0', gap);
	return r < 0 ? r : buf_add(out, p, len);
}

/* "%!d(string=x)" */
static int bad_verb(struct buf *out, const struct spec *s, const struct value *v)
{
	int r;

	if (v->kind == VALUE_NONE)
		return buf_addf(out, "%%!%c(<nil>)", s->verb);
	r = buf_addf(out, "%%!%c(%s=", s->verb, value_type(v));
	if (r >= 0)
		r = value_print(out, v);
	return r < 0 ? r : buf_addc(out, ')');
}

static void add_rune(struct buf *out, uint64_t c)
{
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		buf_addc(out, (char)c);
	} else if (c < 0x800) {
		buf_addc(out, (char)(0xc0 | c >> 6));
		buf_addc(out, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_addc(out, (char)(0xe0 | c >> 12));
		buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addc(out, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_addc(out, (char)(0xf0 | c >> 18));
		buf_addc(out, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addc(out, (char)(0x80 | (c & 0x3f)));
	}
}

static void add_digits(struct buf *out, uint64_t u, unsigned int base,
		       const struct spec *s)
{
	const char *letters = s->verb == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[DIGITS_MAX + 65];
	size_t at = sizeof(text);
	int least = s->prec > DIGITS_MAX ? DIGITS_MAX : s->prec;

	if (!u && least < 0)
		text[--at] = '0';
	for (; u; u /= base)
		text[--at] = letters[u % base];
	while ((int)(sizeof(text) - at) < least)
		text[--at] = '0';
	buf_add(out, text + at, sizeof(text) - at);
}

static int print_int(struct buf *out, const struct spec *s, const struct value *v)
{
	bool negative = v->kind == VALUE_INT && v->i < 0;
	uint64_t u = v->kind == VALUE_UINT ? v->u
		     : negative            ? (uint64_t)0 - (uint64_t)v->i
					   : (uint64_t)v->i;
	struct spec plain = *s;
	autobuf text = { 0 };
	unsigned int base = s->verb == 'x' || s->verb == 'X'   ? 16
			    : s->verb == 'o' || s->verb == 'O' ? 8
			    : s->verb == 'b'                   ? 2
							       : 10;

	if (s->verb == 'c' || s->verb == 'q') {
		if (s->verb == 'q')
			buf_addc(&text, '\'');
		add_rune(&text, u);
		if (s->verb == 'q')
			buf_addc(&text, '\'');
		return add_padded(out, s, &text, false);
	}
	if (s->verb == 'U') {
		buf_addf(&text, "U+%04llX", (unsigned long long)u);
		return add_padded(out, s, &text, false);
	}
	if (!strchr("vdxXoOb", s->verb))
		return bad_verb(out, s, v);
	if (negative || s->plus || s->space)
		buf_addc(&text, negative ? '-' : s->plus ? '+' : ' ');
	if (base == 16 && s->sharp)
		buf_adds(&text, s->verb == 'X' ? "0X" : "0x");
	else if (base == 8 && (s->sharp || s->verb == 'O'))
		buf_adds(&text, s->verb == 'O' ? "0o" : "0");
	plain.zero = s->zero && s->prec < 0;
	add_digits(&text, u, base, s);
	return add_padded(out, &plain, &text, true);
}

static int print_float(struct buf *out, const struct spec *s, const struct value *v)
{
	int prec = s->prec > DIGITS_MAX ? DIGITS_MAX : s->prec;
	autobuf text = { 0 };

	if (!strchr("vgGeEfF", s->verb))
		return bad_verb(out, s, v);
	if (s->plus && v->f >= 0)
		buf_addc(&text, '+');
	if (prec < 0 && strchr("vgG", s->verb))
		value_print_float(&text, v->f);
	else if (s->verb == 'e' || s->verb == 'E')
		buf_addf(&text, s->verb == 'e' ? "%.*e" : "%.*E", prec < 0 ? 6 : prec,
			 v->f);
	else if (s->verb == 'f' || s->verb == 'F')
		buf_addf(&text, "%.*f", prec < 0 ? 6 : prec, v->f);
	else
		buf_addf(&text, s->verb == 'G' ? "%.*G" : "%.*g", prec, v->f);
	return add_padded(out, s, &text, true);
}

static int print_string(struct buf *out, const struct spec *s, const struct value *v)
{
	autobuf text = { .max = out->max };
	size_t n = v->str.n;
	int r = 0;

	if (!strchr("vsqxX", s->verb))
		return bad_verb(out, s, v);
	if (s->prec >= 0)
		n = first_runes(v->str.p, n, (size_t)s->prec);
	if (s->verb == 'q') {
		r = str_quote(&text, v->str.p, n);
	} else if (s->verb == 'x' || s->verb == 'X') {
		for (size_t i = 0; i < n && r >= 0; i++)
			r = buf_addf(&text, s->verb == 'x' ? "%02x" : "%02X",
				     (unsigned char)v->str.p[i]);
	} else {
		r = buf_add(&text, v->str.p, n);
	}
	return r < 0 ? r : add_padded(out, s, &text, false);
}

static int print_value(struct buf *out, const struct spec *s, const struct value *v);

/* The verb goes to each item of a list. */
static int print_items(struct buf *out, const struct spec *s, const struct value *v)
{
	int64_t n = value_len(v);
	int r = buf_addc(out, '[');

	for (int64_t i = 0; i < n && r >= 0; i++) {
		struct value item = value_item(v, (size_t)i);

		if (i)
			r = buf_addc(out, ' ');
		/* A list of lists goes by %v: no need to recurse for it. */
		if (r >= 0 && value_len(&item) >= 0 && item.kind != VALUE_STRING)
			r = value_print(out, &item);
		else if (r >= 0)
			r = print_value(out, s, &item);
	}
	return r < 0 ? r : buf_addc(out, ']');
}

static int print_value(struct buf *out, const struct spec *s, const struct value *v)
{
	autobuf text = { .max = out->max };

	if (s->verb == 'T')
		return buf_adds(out, value_type(v));
	switch (v->kind) {
	case VALUE_INT:
	case VALUE_UINT:
		return print_int(out, s, v);
	case VALUE_FLOAT:
		return print_float(out, s, v);
	case VALUE_STRING:
		return print_string(out, s, v);
	case VALUE_BOOL:
		if (s->verb != 't' && s->verb != 'v')
			return bad_verb(out, s, v);
		buf_adds(&text, v->truth ? "true" : "false");
		return add_padded(out, s, &text, false);
	case VALUE_NONE:
		if (s->verb != 'v')
			return bad_verb(out, s, v);
		buf_adds(&text, "<nil>");
		return add_padded(out, s, &text, false);
	case VALUE_LIST:
	case VALUE_JSON:
		break;
	}
	return value_is_list(v) && s->verb != 'v' ? print_items(out, s, v)
						  : value_print(out, v);
}

/* --- the format --------------------------------------------------------------------- */

struct source {
	const char *p, *end;
	const struct value *args;
	size_t next, n;
};

/* A number, or the next argument for '*'; -1 when there is none or it is too large. */
static int take_width(struct source *in)
{
	int64_t n = -1;

	if (in->p < in->end && *in->p == '*') {
		in->p++;
		if (in->next < in->n && in->args[in->next].kind == VALUE_INT)
			n = in->args[in->next].i;
		in->next++;
		return n > WIDTH_MAX || n < -WIDTH_MAX ? -1 : (int)n;
	}
	for (; in->p < in->end && *in->p >= '0' && *in->p <= '9'; in->p++) {
		n = (n < 0 ? 0 : n) * 10 + (*in->p - '0');
		if (n > WIDTH_MAX)
			n = WIDTH_MAX + 1;
	}
	return n > WIDTH_MAX ? -1 : (int)n;
}

static void take_spec(struct source *in, struct spec *s)
{
	*s = (struct spec){ .width = -1, .prec = -1 };
	for (; in->p < in->end && *in->p && strchr("-+# 0", *in->p); in->p++) {
		s->minus |= *in->p == '-';
		s->plus |= *in->p == '+';
		s->sharp |= *in->p == '#';
		s->space |= *in->p == ' ';
		s->zero |= *in->p == '0';
	}
	s->width = take_width(in);
	if (s->width < -1) { /* from '*' */
		s->minus = true;
		s->width = -s->width;
	}
	if (in->p < in->end && *in->p == '.') {
		in->p++;
		s->prec = take_width(in);
		if (s->prec < 0)
			s->prec = 0;
	}
	if (in->p < in->end)
		s->verb = *in->p++;
}

static int add_extra(struct buf *out, const struct source *in)
{
	int r = buf_adds(out, "%!(EXTRA ");

	for (size_t i = in->next; i < in->n && r >= 0; i++) {
		const struct value *v = &in->args[i];

		r = buf_addf(out, "%s%s", i > in->next ? ", " : "", value_type(v));
		if (r >= 0 && v->kind != VALUE_NONE) {
			r = buf_addc(out, '=');
			if (r >= 0)
				r = value_print(out, v);
		}
	}
	return r < 0 ? r : buf_addc(out, ')');
}

int verb_format(struct buf *out, const struct value *format, const struct value *args,
		size_t n)
{
	struct source in = { format->str.p, format->str.p + format->str.n, args, 0, n };
	int r = 0;

	while (in.p < in.end && r >= 0) {
		const char *mark = memchr(in.p, '%', (size_t)(in.end - in.p));
		struct spec s;

		r = buf_add(out, in.p, (size_t)((mark ? mark : in.end) - in.p));
		if (r < 0 || !mark)
			break;
		in.p = mark + 1;
		take_spec(&in, &s);
		if (!s.verb)
			r = buf_adds(out, "%!(NOVERB)");
		else if (s.verb == '%')
			r = buf_addc(out, '%');
		else if (in.next >= in.n)
			r = buf_addf(out, "%%!%c(MISSING)", s.verb);
		else
			r = print_value(out, &s, &in.args[in.next++]);
	}
	if (r >= 0 && in.next < in.n)
		r = add_extra(out, &in);
	return r;
}

int verb_print(struct buf *out, const struct value *args, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		if (i && args[i].kind != VALUE_STRING && args[i - 1].kind != VALUE_STRING)
			r = buf_addc(out, ' ');
		if (r >= 0)
			r = value_print(out, &args[i]);
	}
	return r;
}

int verb_println(struct buf *out, const struct value *args, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		if (i)
			r = buf_addc(out, ' ');
		if (r >= 0)
			r = value_print(out, &args[i]);
	}
	return r < 0 ? r : buf_addc(out, '\n');
}
