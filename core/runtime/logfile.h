/* SPDX-License-Identifier: Apache-2.0 */
/* A container's log in docker's json-file format, one line of output a line of JSON,
 * rotated by size: path, path.1 (the one before), … */
#ifndef RUNTIME_LOGFILE_H
#define RUNTIME_LOGFILE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"

#define LOGFILE_LINE_MAX 16384 /* longer lines are split, as docker does */

struct logfile {
	int dir; /* folder of the log */
	char *name;
	int fd;
	uint64_t size, max_size; /* max 0: no limit */
	int64_t max_files;
	struct buf line[2]; /* unfinished lines of stdout and stderr */
	struct buf pending; /* entries of one call, written together */
};

/* Appends to path (made 0600). */
int logfile_open(struct logfile *l, const char *path, uint64_t max_size,
		 int64_t max_files, struct err *e);
/* stream: 0 stdout, 1 stderr. now: ns since the epoch. A full disk loses lines, never the
 * container: 0, or -errno of the last failed write. */
int logfile_write(struct logfile *l, int stream, const void *p, size_t n, int64_t now);
/* What is left without a newline at the end. */
int logfile_finish(struct logfile *l, int64_t now);
void logfile_done(struct logfile *l);

/* One entry: {"log":"…","stream":"stdout","time":"…"}\n. Bytes that are no UTF-8 become
 * U+FFFD. */
void logfile_entry(struct buf *out, int stream, const void *p, size_t n, int64_t now);

#endif
