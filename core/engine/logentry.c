/* SPDX-License-Identifier: Apache-2.0 */
/* Log entries. */
#include "core/engine/logentry.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/str.h"
#include "core/base/time.h"

#define US 1000

/* --- json-file -----------------------------------------------------------------------
 */

int logentry_parse_json(const char *p, size_t n, struct logentry *ret)
{
	autodone(logentry_done) struct logentry x = { 0 };
	const char *stream = "", *stamp = "";

	if (json_parse(p, n, "log", &x.doc, NULL) < 0)
		return -EINVAL;
	yyjson_val *root = yyjson_doc_get_root(x.doc);
	yyjson_val *log = yyjson_obj_get(root, "log");
	if (!yyjson_is_str(log) || json_get_str(root, "stream", &stream, NULL) < 0 ||
	    json_get_str(root, "time", &stamp, NULL) < 0 ||
	    json_get_map(root, "attrs", &x.attrs, NULL) < 0 ||
	    time_parse(stamp, &x.time) < 0)
		return -EINVAL;
	x.is_stderr = str_eq(stream, "stderr");
	x.text = yyjson_get_str(log);
	x.len = yyjson_get_len(log);
	*ret = x;
	x = (struct logentry){ 0 };
	return 0;
}

/* --- local (runtime/logfile.h) --------------------------------------------------------
 */

/* Lower-case hexadecimal digits and the blank behind them. */
static int take_hex(const char **p, const char *end, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	const char *s = *p;

	for (; s < end && *s != ' '; s++) {
		unsigned digit = *s >= '0' && *s <= '9'   ? (unsigned)(*s - '0')
				 : *s >= 'a' && *s <= 'f' ? (unsigned)(*s - 'a') + 10
							  : 16;
		if (digit > 15 || v > max >> 4)
			return -EINVAL;
		v = v << 4 | digit;
	}
	if (s == end || s == *p)
		return -EINVAL;
	*p = s + 1;
	*ret = v;
	return 0;
}

int logentry_parse_local(const char *p, size_t n, struct logentry *ret)
{
	const char *end = p + n;
	uint64_t time, len;
	char stream;

	if (take_hex(&p, end, INT64_MAX, &time) < 0 || end - p < 2 || p[1] != ' ')
		return -EINVAL;
	stream = *p;
	p += 2;
	if (!strchr("oOeE", stream) || !stream ||
	    take_hex(&p, end, UINT32_MAX, &len) < 0 || len != (uint64_t)(end - p))
		return -EINVAL;
	*ret = (struct logentry){ .time = (int64_t)time,
				  .is_stderr = stream == 'e' || stream == 'E',
				  .text = p,
				  /* The newline behind a whole line is its own. */
				  .len = len + (stream == 'o' || stream == 'e') };
	return 0;
}

/* --- journald ------------------------------------------------------------------------
 */

/* Text, or what is no UTF-8 as an array of bytes. */
static int add_bytes(yyjson_val *v, struct buf *out)
{
	yyjson_val *byte;
	size_t i, max;

	if (yyjson_is_str(v))
		return buf_add(out, yyjson_get_str(v), yyjson_get_len(v));
	if (!yyjson_is_arr(v))
		return -EINVAL;
	yyjson_arr_foreach (v, i, max, byte) {
		if (buf_addc(out, (char)yyjson_get_uint(byte)) < 0)
			return -E2BIG;
	}
	return 0;
}

/* The journal's own fields, and those that docker sets for every entry. */
static bool is_known(const char *key)
{
	static const char *const exact[] = { "MESSAGE",   "MESSAGE_ID", "PRIORITY",
					     "CODE_FILE", "CODE_LINE",  "CODE_FUNC",
					     "ERRNO",     "IMAGE_NAME" };

	for (size_t i = 0; i < ARRAY_LEN(exact); i++)
		if (str_eq(key, exact[i]))
			return true;
	return key[0] == '_' || str_starts(key, "SYSLOG_") ||
	       str_starts(key, "CONTAINER_");
}

static int journal_time(yyjson_val *root, int64_t *ret)
{
	const char *stamp = NULL, *us = NULL;
	uint64_t n;

	json_get_str(root, "SYSLOG_TIMESTAMP", &stamp, NULL);
	if (stamp && time_parse(stamp, ret) == 0)
		return 0;
	json_get_str(root, "__REALTIME_TIMESTAMP", &us, NULL);
	if (!us || str_u64(us, INT64_MAX / US, &n) < 0)
		return -EINVAL;
	*ret = (int64_t)n * US;
	return 0;
}

int logentry_parse_journal(const char *p, size_t n, struct logentry *ret)
{
	autodone(logentry_done) struct logentry x = { 0 };
	const char *priority = "", *part = "";
	yyjson_val *key, *v;
	size_t i, max;

	if (json_parse(p, n, "journal", &x.doc, NULL) < 0)
		return -EINVAL;
	yyjson_val *root = yyjson_doc_get_root(x.doc);
	if (add_bytes(yyjson_obj_get(root, "MESSAGE"), &x.own) < 0 ||
	    journal_time(root, &x.time) < 0)
		return -EINVAL;
	json_get_str(root, "PRIORITY", &priority, NULL);
	json_get_str(root, "CONTAINER_PARTIAL_MESSAGE", &part, NULL);
	if (!str_eq(part, "true"))
		buf_addc(&x.own, '\n');
	x.is_stderr = str_eq(priority, "3");
	yyjson_obj_foreach (root, i, max, key, v) {
		if (yyjson_is_str(v) && !is_known(yyjson_get_str(key)))
			strv_addf(&x.attrs, "%s=%s", yyjson_get_str(key),
				  yyjson_get_str(v));
	}
	x.text = buf_str(&x.own);
	x.len = x.own.len;
	*ret = x;
	x = (struct logentry){ 0 };
	return 0;
}

/* --- showing -------------------------------------------------------------------------
 */

/* Go's url.QueryEscape, but for the first '=', which is ours. */
static void escape(const char *s, struct buf *out)
{
	bool in_value = false;

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (isalnum(c) || strchr("-_.~", c) || (c == '=' && !in_value))
			buf_addc(out, *s);
		else if (c == ' ')
			buf_addc(out, '+');
		else
			buf_addf(out, "%%%02X", c);
		in_value |= c == '=';
	}
}

void logentry_attrs(const struct logentry *x, struct buf *out)
{
	autostrv sorted = { 0 };

	strv_addv(&sorted, strv_view(&x->attrs));
	strv_sort(&sorted);
	for (size_t i = 0; i < sorted.len; i++) {
		if (i > 0)
			buf_addc(out, ',');
		escape(sorted.v[i], out);
	}
}

void logentry_done(struct logentry *x)
{
	strv_done(&x->attrs);
	yyjson_doc_free(x->doc);
	buf_done(&x->own);
	*x = (struct logentry){ 0 };
}
