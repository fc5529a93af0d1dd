/* SPDX-License-Identifier: Apache-2.0 */
/* docker's tables: columns padded with three spaces, header in capitals; and the --format
 * front end over rows ("table {{.ID}}\t{{.Names}}", "json", any template, one line a
 * row). */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>

#include "core/base/err.h"

struct table;
struct yyjson_val;

/* One column of the default table: template field and its header. */
struct table_column {
	const char *field;  /* "ID": the key of the row object */
	const char *header; /* "CONTAINER ID" */
};

/* columns: every field the row has a header for; ends with { NULL, NULL }.
 * format: --format text or NULL; default_format: "table {{.ID}}\t…".
 * quiet_field: print this field alone, one a line (-q), whatever the format; or NULL.
 * format NULL, "" or "table" means default_format; "\\t" and "\\n" may be spelled out.
 * NULL and e for a template that does not parse. */
struct table *table_new(const struct table_column *columns, const char *format,
			const char *default_format, const char *quiet_field,
			struct err *e);
/* row: an object whose values are strings (or anything a template may walk); not needed
 * afterwards. */
int table_row(struct table *t, struct yyjson_val *row, struct err *e);
/* Prints all to stdout, foreign control characters escaped on a terminal. */
int table_print(struct table *t, struct err *e);
void table_free(struct table *t);

#endif
