/* SPDX-License-Identifier: Apache-2.0 */
/* D-Bus messages: layout by the specification's rules, answers, and what is none. */
#include "core/wire/dbus.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/unit/test.h"

static uint32_t u32_at(const struct buf *b, size_t at)
{
	uint32_t v;

	memcpy(&v, b->data + at, sizeof(v));
	return v;
}

/* An answer has a call's layout but for its type. */
static void make_answer(struct buf *b, char type, const char *signature, const char *text)
{
	struct dbus_call c = { .serial = 7,
			       .destination = ":1.5",
			       .signature = signature };

	dbus_begin(b, &c);
	if (text)
		dbus_string(b, text);
	dbus_end(b);
	b->data[1] = type;
}

TEST(layout)
{
	autobuf b = { 0 };
	struct dbus_call c = {
		.serial = 9, .path = "/a", .member = "M", .signature = "sau"
	};
	size_t array;

	dbus_begin(&b, &c);
	CHECK_INT(b.len % 8, 0);
	CHECK_INT(u32_at(&b, 8), 9);
	/* path: code, "o", padding, length 2, "/a"; member; signature */
	CHECK(memcmp(b.data + 16, "\1\1o\0", 4) == 0);
	CHECK(memcmp(b.data + 24, "/a", 3) == 0);
	size_t body = b.len;
	dbus_string(&b, "xyz");
	array = dbus_array(&b, 4);
	dbus_u32(&b, 1);
	dbus_u32(&b, 2);
	dbus_array_end(&b, array, 4);
	dbus_end(&b);
	CHECK_INT(u32_at(&b, body), 3);
	CHECK_INT(u32_at(&b, array), 8);
	CHECK_INT(u32_at(&b, 4), b.len - body);
}

TEST(an_array_of_structs_counts_no_padding)
{
	autobuf b = { 0 };
	struct dbus_call c = { .serial = 1, .member = "M", .signature = "a(sv)" };
	size_t array;

	dbus_begin(&b, &c);
	array = dbus_array(&b, 8);
	dbus_array_end(&b, array, 8);
	CHECK_INT(u32_at(&b, array), 0);
	array = dbus_array(&b, 8);
	dbus_struct(&b);
	dbus_u32(&b, 5);
	dbus_array_end(&b, array, 8);
	CHECK_INT(u32_at(&b, array), 4);
}

TEST(answers)
{
	autobuf b = { 0 };
	struct dbus_answer a;

	make_answer(&b, DBUS_RETURN, "s", ":1.5");
	CHECK_INT(dbus_parse(b.data, b.len, &a), b.len);
	CHECK_INT(a.type, DBUS_RETURN);
	CHECK_STR(a.text, ":1.5");
	for (size_t n = 0; n < b.len; n++)
		CHECK_INT(dbus_parse(b.data, n, &a), 0);
	make_answer(&b, DBUS_ERROR, "s", "no such unit");
	CHECK_INT(dbus_parse(b.data, b.len, &a), b.len);
	CHECK_STR(a.text, "no such unit");
	make_answer(&b, DBUS_RETURN, NULL, NULL);
	CHECK_INT(dbus_parse(b.data, b.len, &a), b.len);
	CHECK_STR(a.text, "");
}

TEST(no_messages)
{
	static const char junk[32] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	autobuf b = { 0 };
	struct dbus_answer a;
	uint32_t huge = DBUS_MESSAGE_MAX + 1;

	CHECK_INT(dbus_parse(junk, sizeof(junk), &a), -EPROTO);
	make_answer(&b, DBUS_RETURN, "s", "x");
	memcpy(b.data + 4, &huge, sizeof(huge));
	CHECK_INT(dbus_parse(b.data, b.len, &a), -E2BIG);
	make_answer(&b, DBUS_RETURN, "s", "x");
	memset(b.data + 16, 0xff, 8);
	CHECK_INT(dbus_parse(b.data, b.len, &a), -EPROTO);
}
