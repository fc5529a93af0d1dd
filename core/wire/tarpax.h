/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a pax extended header (POSIX.1-2001 pax, "pax Extended Header"), read. */
#ifndef WIRE_TARPAX_H
#define WIRE_TARPAX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/wire/tar.h"
#include "core/wire/tarsparse.h"

#define TARPAX_MAX        (1u << 20) /* bytes of a whole header */
#define TARPAX_XATTRS_MAX 1024

/* What a header says about the entry that follows. Text points into the body parsed; NULL
 * or has_… false: not said. Zero-initialise. */
struct tarpax {
	bool seen;
	const char *path, *link;
	bool has_uid, has_gid, has_size, has_mtime;
	int64_t uid, gid, size;
	int64_t mtime; /* ns */
	struct tar_xattr *xattrs;
	size_t xattrs_len;
	/* sparse files of GNU tar */
	int64_t sparse_major, sparse_minor;
	bool has_sparse, has_map, has_real_size;
	const char *sparse_name;
	int64_t real_size;
	int64_t piece_offset; /* 0.0: an offset whose size comes next; -1 none */
	struct tarsparse map;
};

/* Reads the records of body (n bytes, changed in place; body[n] must be a NUL). A key
 * that comes twice counts the last time. NUL in a name, malformed records: -EINVAL. */
int tarpax_parse(struct tarpax *p, char *body, size_t n, struct err *e);
/* Forgets all, keeps memory. */
void tarpax_reset(struct tarpax *p);
void tarpax_done(struct tarpax *p);

#endif
