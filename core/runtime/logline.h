/* SPDX-License-Identifier: Apache-2.0 */
/* Output cut into lines, as a log keeps it. */
#ifndef RUNTIME_LOGLINE_H
#define RUNTIME_LOGLINE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"

#define LOGLINE_MAX 16384 /* longer lines are split, as docker does */

/* Zero-initialise. */
struct logline {
	struct buf rest[2]; /* unfinished lines of stdout and stderr */
};

/* Gets each line with its newline, or a part of one without. stream: 0 stdout, 1 stderr.
 */
typedef int logline_fn(void *arg, int stream, const char *p, size_t n);
/* 0, or the last thing that fn returned below it. */
int logline_feed(struct logline *l, int stream, const void *p, size_t n, logline_fn *fn,
		 void *arg);
/* What is left without a newline at the end. */
int logline_finish(struct logline *l, logline_fn *fn, void *arg);
void logline_done(struct logline *l);

#endif
