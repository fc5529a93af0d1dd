/* SPDX-License-Identifier: Apache-2.0 */
/* D-Bus messages, as much as a call of systemd's manager takes
 * (https://dbus.freedesktop.org/doc/dbus-specification.html): calls are written, answers
 * read. Pure functions. */
#ifndef WIRE_DBUS_H
#define WIRE_DBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"

#define DBUS_MESSAGE_MAX (64u << 10)

enum dbus_type { DBUS_CALL = 1, DBUS_RETURN = 2, DBUS_ERROR = 3, DBUS_SIGNAL = 4 };

struct dbus_call {
	uint32_t serial; /* not 0 */
	const char *destination, *path, *interface, *member;
	const char *signature; /* of the body; NULL: none */
};

/* Begins the message; the body follows by the functions below, in the order of the
 * signature, then dbus_end. The machine's own byte order. */
void dbus_begin(struct buf *b, const struct dbus_call *c);
void dbus_end(struct buf *b);
void dbus_u32(struct buf *b, uint32_t v);
void dbus_bool(struct buf *b, bool v);
void dbus_string(struct buf *b, const char *s);
void dbus_signature(struct buf *b, const char *s);
/* A struct or dict entry begins. */
void dbus_struct(struct buf *b);
/* Elements are aligned to align bytes; end wants what begin gave. */
size_t dbus_array(struct buf *b, size_t align);
void dbus_array_end(struct buf *b, size_t array, size_t align);

struct dbus_answer {
	enum dbus_type type;
	uint32_t reply_to;
	char error[128]; /* the name, of an error */
	char text[256];  /* the body's first value, when it is a string */
};

/* Reads the message at the front of n bytes: its length, 0 when more is needed, -EPROTO
 * for what is no message, -E2BIG past DBUS_MESSAGE_MAX. */
int dbus_parse(const void *p, size_t n, struct dbus_answer *ret);

#endif
