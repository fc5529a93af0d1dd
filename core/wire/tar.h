/* SPDX-License-Identifier: Apache-2.0 */
/* tar streams: V7, ustar, pax, GNU (long names, sparse files), over libarchive's formats
 * only. Bytes in, entries out; nothing here touches a file system. tar.c reads,
 * tarwriter.c writes. */
#ifndef WIRE_TAR_H
#define WIRE_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"

#define TAR_PATH_MAX  4096
#define TAR_XATTR_MAX (1u << 20) /* bytes of an entry's attributes, names included */
#define TAR_XATTRS    1024       /* attributes of an entry */

enum tar_type {
	TAR_FILE,
	TAR_DIR,
	TAR_SYMLINK,
	TAR_HARDLINK,
	TAR_FIFO,
	TAR_CHAR,
	TAR_BLOCK,
};

struct tar_xattr {
	const char *name;
	const void *value;
	size_t size;
};

/* Valid until the next tar_next. path and link are as in the archive (not cleaned), never
 * NULL (link is "" when it is none; path and a link's target never are), without NUL
 * inside, at most TAR_PATH_MAX bytes. size is that of the file, holes included, and so
 * may be far more than the archive holds. */
struct tar_entry {
	enum tar_type type;
	const char *path;
	const char *link;
	mode_t mode; /* permission and set-id bits only */
	uint32_t uid, gid;
	uint64_t size;
	int64_t mtime; /* ns */
	uint32_t rdev_major, rdev_minor;
	const struct tar_xattr *xattrs;
	size_t xattrs_len;
};

typedef ssize_t tar_read_fn(void *arg, void *p, size_t n);

struct tar_reader;
struct tar_reader *tar_reader_new(tar_read_fn *read, void *arg);
/* 1 with an entry, 0 at the end of the archive, -errno (-EINVAL malformed, -ENODATA cut
 * short, -ENAMETOOLONG, -E2BIG, or what the read function gave). No entry comes after an
 * error. */
int tar_next(struct tar_reader *t, struct tar_entry *ret, struct err *e);
/* The entry's data: blocks in order with their offset (holes of sparse files left out).
 * 1 with a block, 0 at the end of the entry, -errno. */
int tar_data(struct tar_reader *t, const void **p, size_t *n, uint64_t *offset,
	     struct err *e);
/* Reads whatever follows the archive's end so that the whole stream was seen. */
int tar_drain(struct tar_reader *t, struct err *e);
void tar_reader_free(struct tar_reader *t);

typedef int tar_write_fn(void *arg, const void *p, size_t n);
struct tar_writer;
/* pax where needed, ustar else (what docker writes); deterministic. */
struct tar_writer *tar_writer_new(tar_write_fn *write, void *arg);
int tar_add(struct tar_writer *t, const struct tar_entry *entry, struct err *e);
/* Data of the entry just added: entry.size bytes in all. */
int tar_add_data(struct tar_writer *t, const void *p, size_t n, struct err *e);
int tar_finish(struct tar_writer *t, struct err *e);
void tar_writer_free(struct tar_writer *t);

#endif
