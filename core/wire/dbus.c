/* SPDX-License-Identifier: Apache-2.0 */
/* D-Bus messages. */
#include "core/wire/dbus.h"

#include <errno.h>
#include <string.h>

#include "core/base/str.h"

#define HEADER      16 /* fixed part and the length of the fields */
#define BODY_LEN_AT 4
#define FIELDS_AT   12
#define VERSION     1

enum field {
	FIELD_PATH = 1,
	FIELD_INTERFACE = 2,
	FIELD_MEMBER = 3,
	FIELD_ERROR = 4,
	FIELD_REPLY = 5,
	FIELD_DESTINATION = 6,
	FIELD_SIGNATURE = 8,
};

static char byte_order(void)
{
	const uint16_t one = 1;
	char first;

	memcpy(&first, &one, 1);
	return first ? 'l' : 'B';
}

/* --- writing -------------------------------------------------------------------------
 */

static void align_to(struct buf *b, size_t n)
{
	while (b->len % n)
		buf_addc(b, 0);
}

void dbus_u32(struct buf *b, uint32_t v)
{
	align_to(b, sizeof(v));
	buf_add(b, &v, sizeof(v));
}

void dbus_bool(struct buf *b, bool v)
{
	dbus_u32(b, v);
}

void dbus_string(struct buf *b, const char *s)
{
	dbus_u32(b, (uint32_t)strlen(s));
	buf_add(b, s, strlen(s) + 1);
}

void dbus_signature(struct buf *b, const char *s)
{
	buf_addc(b, (char)strlen(s));
	buf_add(b, s, strlen(s) + 1);
}

void dbus_struct(struct buf *b)
{
	align_to(b, 8);
}

size_t dbus_array(struct buf *b, size_t align)
{
	size_t at;

	dbus_u32(b, 0);
	at = b->len - sizeof(uint32_t);
	align_to(b, align);
	return at;
}

/* What lies between the length and the first element is not counted. */
void dbus_array_end(struct buf *b, size_t array, size_t align)
{
	size_t first = (array + sizeof(uint32_t) + align - 1) / align * align;
	uint32_t n = (uint32_t)(b->len - first);

	memcpy(b->data + array, &n, sizeof(n));
}

static void field(struct buf *b, enum field code, const char *type, const char *value)
{
	if (!value)
		return;
	dbus_struct(b);
	buf_addc(b, (char)code);
	dbus_signature(b, type);
	if (*type == 'g')
		dbus_signature(b, value);
	else
		dbus_string(b, value);
}

void dbus_begin(struct buf *b, const struct dbus_call *c)
{
	const char head[] = { byte_order(), DBUS_CALL, 0, VERSION };
	uint32_t n;

	buf_reset(b);
	buf_add(b, head, sizeof(head));
	dbus_u32(b, 0);
	dbus_u32(b, c->serial);
	dbus_u32(b, 0);
	field(b, FIELD_PATH, "o", c->path);
	field(b, FIELD_INTERFACE, "s", c->interface);
	field(b, FIELD_MEMBER, "s", c->member);
	field(b, FIELD_DESTINATION, "s", c->destination);
	field(b, FIELD_SIGNATURE, "g", c->signature);
	n = (uint32_t)(b->len - HEADER);
	memcpy(b->data + FIELDS_AT, &n, sizeof(n));
	align_to(b, 8);
}

void dbus_end(struct buf *b)
{
	uint32_t fields, body;

	memcpy(&fields, b->data + FIELDS_AT, sizeof(fields));
	body = (uint32_t)(b->len - (HEADER + (fields + 7) / 8 * 8));
	memcpy(b->data + BODY_LEN_AT, &body, sizeof(body));
}

/* --- reading -------------------------------------------------------------------------
 */

struct reader {
	const uint8_t *p;
	size_t n, at;
	bool swap, bad;
};

static void skip_to(struct reader *r, size_t align)
{
	r->at = (r->at + align - 1) / align * align;
	r->bad |= r->at > r->n;
}

static uint8_t take_byte(struct reader *r)
{
	if (r->bad || r->at >= r->n) {
		r->bad = true;
		return 0;
	}
	return r->p[r->at++];
}

static uint32_t take_u32(struct reader *r)
{
	uint32_t v;

	skip_to(r, sizeof(v));
	if (r->bad || r->n - r->at < sizeof(v)) {
		r->bad = true;
		return 0;
	}
	memcpy(&v, r->p + r->at, sizeof(v));
	r->at += sizeof(v);
	return r->swap ? __builtin_bswap32(v) : v;
}

/* n bytes and their NUL; dst may be NULL. What is too long for it is cut. */
static void take_text(struct reader *r, size_t n, char *dst, size_t size)
{
	size_t copy = n < size ? n : size - 1;

	if (r->bad || n >= r->n - r->at || r->p[r->at + n]) {
		r->bad = true;
		return;
	}
	if (dst) {
		memcpy(dst, r->p + r->at, copy);
		dst[copy] = 0;
	}
	r->at += n + 1;
}

/* The types that header fields have; any other ends the reading of fields. */
static void take_field(struct reader *r, struct dbus_answer *ret, char *signature)
{
	char type[4] = "";
	uint8_t code;

	skip_to(r, 8);
	code = take_byte(r);
	take_text(r, take_byte(r), type, sizeof(type));
	if (str_eq(type, "u")) {
		uint32_t v = take_u32(r);

		if (code == FIELD_REPLY)
			ret->reply_to = v;
	} else if (str_eq(type, "g")) {
		take_text(r, take_byte(r), code == FIELD_SIGNATURE ? signature : NULL, 2);
	} else if (str_eq(type, "s") || str_eq(type, "o")) {
		take_text(r, take_u32(r), code == FIELD_ERROR ? ret->error : NULL,
			  sizeof(ret->error));
	} else {
		r->bad = true;
	}
}

int dbus_parse(const void *p, size_t n, struct dbus_answer *ret)
{
	struct reader r = { .p = p, .n = n };
	char signature[2] = "";
	uint32_t fields, body;
	size_t total;

	*ret = (struct dbus_answer){ 0 };
	if (n < HEADER)
		return 0;
	if ((r.p[0] != 'l' && r.p[0] != 'B') || r.p[3] != VERSION)
		return -EPROTO;
	r.swap = (char)r.p[0] != byte_order();
	ret->type = r.p[1];
	r.at = BODY_LEN_AT;
	body = take_u32(&r);
	r.at = FIELDS_AT;
	fields = take_u32(&r);
	if (fields > DBUS_MESSAGE_MAX || body > DBUS_MESSAGE_MAX)
		return -E2BIG;
	total = HEADER + (fields + 7) / 8 * 8 + body;
	if (n < total)
		return 0;
	r.n = HEADER + fields;
	while (!r.bad && r.at < r.n)
		take_field(&r, ret, signature);
	if (r.bad)
		return -EPROTO;
	r.n = total;
	r.at = total - body;
	if (*signature == 's')
		take_text(&r, take_u32(&r), ret->text, sizeof(ret->text));
	return r.bad ? -EPROTO : (int)total;
}
