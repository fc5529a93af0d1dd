/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of a log, as the drivers of core/runtime write it and the journal gives it
 * back. Pure parsers: what is no entry, as a torn line is, is -EINVAL. */
#ifndef ENGINE_LOGENTRY_H
#define ENGINE_LOGENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/wire/json.h"

struct logentry {
	int64_t time; /* ns */
	bool is_stderr;
	const char *text; /* of the input, doc or own */
	size_t len;
	struct strv attrs; /* "key=value" */
	yyjson_doc *doc;
	struct buf own;
};

/* A line without its newline, which follows it at p[n]. */
int logentry_parse_json(const char *p, size_t n, struct logentry *ret);
int logentry_parse_local(const char *p, size_t n, struct logentry *ret);
/* A line of `journalctl --output=json`. */
int logentry_parse_journal(const char *p, size_t n, struct logentry *ret);
/* As docker logs --details shows them: k=v,k=v, sorted, escaped as in a URL's query. */
void logentry_attrs(const struct logentry *x, struct buf *out);
void logentry_done(struct logentry *x);

#endif
