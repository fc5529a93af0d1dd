/* SPDX-License-Identifier: Apache-2.0 */
/* A container's log in files, rotated by size: path, path.1 (the one before), …, each but
 * the first path.N.gz when they are compressed.
 *
 * LOGFILE_JSON is docker's json-file, one line of output a line of JSON.
 * LOGFILE_LOCAL is our own, smaller and exact for bytes that are no UTF-8. An entry is
 *     TIME STREAM LENGTH TEXT\n
 * with TIME in ns since the epoch and LENGTH of TEXT, both in lower-case hexadecimal,
 * STREAM o or e, and O or E where TEXT is a part of a line; the newline of a whole one is
 * not in TEXT. An entry that a power cut has torn is known by its length. */
#ifndef RUNTIME_LOGFILE_H
#define RUNTIME_LOGFILE_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/runtime/logline.h"

/* A compressed part says in its gzip comment which file it was: this, then the inode in
 * decimal digits. So who follows the log finds what comes next. */
#define LOGFILE_COMMENT "inode "

enum logfile_form { LOGFILE_JSON, LOGFILE_LOCAL };

struct logfile_conf {
	const char *path;
	enum logfile_form form;
	uint64_t max_size; /* 0: no limit */
	int64_t max_files;
	bool compress;
	const char *attrs; /* of JSON: an object's text, in each entry; NULL: none */
};

struct logfile {
	int dir; /* folder of the log */
	char *name;
	int fd;
	uint64_t size;
	struct logfile_conf conf; /* path: no more */
	char *attrs;
	struct logline lines;
	struct buf pending; /* entries of one call, written together */
	int64_t now;        /* of the call */
};

/* Appends to path (made 0600). */
int logfile_open(struct logfile *l, const struct logfile_conf *conf, struct err *e);
/* stream: 0 stdout, 1 stderr. now: ns since the epoch. A full disk loses lines, never the
 * container: 0, or -errno of the last failed write. */
int logfile_write(struct logfile *l, int stream, const void *p, size_t n, int64_t now);
/* What is left without a newline at the end. */
int logfile_finish(struct logfile *l, int64_t now);
void logfile_done(struct logfile *l);

/* One entry: {"log":"…","stream":"stdout","attrs":{…},"time":"…"}\n. Bytes that are no
 * UTF-8 become U+FFFD. */
void logfile_entry(struct buf *out, int stream, const void *p, size_t n, int64_t now,
		   const char *attrs);

#endif
