/* SPDX-License-Identifier: Apache-2.0 */
/* The 512-byte header block of tar, read and written: V7, POSIX ustar, star, GNU. */
#ifndef WIRE_TARHEADER_H
#define WIRE_TARHEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

#define TARHEADER_SIZE 512

struct tarheader {
	char name[260]; /* prefix/name */
	char link[104];
	char type; /* the type flag as it stands */
	bool gnu;
	int64_t mode, uid, gid, size, mtime, major, minor;
};

bool tarheader_is_zero(const uint8_t b[TARHEADER_SIZE]);
/* -EINVAL for a wrong checksum, a malformed number or a negative size. major and minor
 * are read for devices only. */
int tarheader_parse(const uint8_t b[TARHEADER_SIZE], struct tarheader *ret,
		    struct err *e);
/* Octal as every tar writes it, or GNU's base 256; -EINVAL malformed, -ERANGE. */
int tarheader_number(const uint8_t *p, size_t n, int64_t *ret);

/* Largest value that fits in a field of n bytes as octal digits and a NUL. */
int64_t tarheader_max(size_t n);
/* Lays out a POSIX header; the name is split into prefix and name. Text and numbers that
 * do not fit are left empty, 0: the caller has said them in a pax header. */
void tarheader_build(uint8_t b[TARHEADER_SIZE], const struct tarheader *h);
/* Does the name fit, by itself or split? ASCII only. */
bool tarheader_fits(const char *name);

#endif
