/* SPDX-License-Identifier: Apache-2.0 */
/* docker's --format: a subset of Go's text/template over a JSON value.
 * Actions: {{.}} {{.A.B}} {{json .X}} {{range}}{{else}}{{end}} with {{range $i, $e :=
 * .}},
 * {{if}}{{else if}}{{else}}{{end}}, {{with}}, $variables, pipelines, comments, {{-
 * trimming -}}, functions: json println print printf len index join split upper lower
 * title truncate pad slice eq ne lt le gt ge and or not. Values print as Go prints them
 * ([a b], map[k:v], true, <no value>). A parser of untrusted text: bounded depth and
 * output; fuzz target format. */
#ifndef CLI_FORMAT_H
#define CLI_FORMAT_H

#include "core/base/buf.h"
#include "core/base/err.h"

struct yyjson_val;
struct format;

/* Parses the template. "json" counts as "{{json .}}". -EINVAL: "template parsing error:
 * …". */
int format_new(const char *text, struct format **ret, struct err *e);
void format_free(struct format *f);
/* Executes over root and appends to out (no newline added). Unknown field of an object:
 * -EINVAL with Go's words ("can't evaluate field X"), as docker does. */
int format_run(const struct format *f, struct yyjson_val *root, struct buf *out,
	       struct err *e);

/* The header line of a table: the same template over an object of headers; docker's text
 * functions (upper, json, truncate, …) leave them as they are, an unknown field is no
 * value. */
int format_run_header(const struct format *f, struct yyjson_val *headers, struct buf *out,
		      struct err *e);

#endif
