/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: a bounded, strict skin over yyjson, whose types are used as they are. */
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <yyjson.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/strv.h"

#define JSON_DEPTH_MAX 64

/* The library's own loop steps from NULL for what is absent or no object, which is not
 * defined; this one has no turn then. (Its loop over arrays is right as it is.) */
#undef yyjson_obj_foreach
#define yyjson_obj_foreach(obj, idx, max, key, val) \
	for ((idx) = 0, (max) = yyjson_obj_size(obj), \
	    (key) = (max) ? unsafe_yyjson_get_first(obj) : NULL, \
	    (val) = (max) ? (key) + 1 : NULL; \
	     (idx) < (max); \
	     (idx)++, (key) = unsafe_yyjson_get_next(val), (val) = (key) + 1)

static inline void json_autofree(yyjson_doc **d)
{
	yyjson_doc_free(*d);
}
static inline void json_mut_autofree(yyjson_mut_doc **d)
{
	yyjson_mut_doc_free(*d);
}
#define autojson     __attribute__((cleanup(json_autofree))) yyjson_doc
#define autojson_mut __attribute__((cleanup(json_mut_autofree))) yyjson_mut_doc

/* Parses one document; nesting past JSON_DEPTH_MAX, trailing bytes, a key twice in one
 * object, or invalid UTF-8 are -EINVAL. what names it in the sentence. The input is not
 * needed afterwards. */
int json_parse(const void *p, size_t n, const char *what, yyjson_doc **ret,
	       struct err *e);
/* Reads dirfd/name (at most max bytes) and parses it. */
int json_read(int dirfd, const char *name, size_t max, yyjson_doc **ret, struct err *e);
/* Writes the document, never torn (file_replace); pretty: two spaces. */
int json_write(int dirfd, const char *name, const yyjson_mut_doc *doc, mode_t mode,
	       bool sync, struct err *e);
/* Appends the text: compact, or indented by two spaces. -EINVAL for NaN and infinity,
 * -E2BIG past the buffer's maximum. */
int json_print(struct buf *out, const yyjson_mut_doc *doc, bool pretty);
int json_print_val(struct buf *out, const yyjson_val *val, bool pretty);

/* Typed members of an object: absent or null leaves *ret as it is (so set the fallback
 * first); another type is -EINVAL with "'key' is not a string" etc. Strings returned
 * point into the document. Strings with an embedded NUL are refused. */
int json_get_str(yyjson_val *obj, const char *key, const char **ret, struct err *e);
/* The same into dst; -EINVAL when it does not fit. Absent: dst is unchanged. */
int json_get_text(yyjson_val *obj, const char *key, char *dst, size_t size,
		  struct err *e);
/* The same as a copy: *ret is released and replaced. Absent: *ret is unchanged. */
int json_get_dup(yyjson_val *obj, const char *key, char **ret, struct err *e);
int json_get_bool(yyjson_val *obj, const char *key, bool *ret, struct err *e);
int json_get_i64(yyjson_val *obj, const char *key, int64_t *ret, struct err *e);
int json_get_u64(yyjson_val *obj, const char *key, uint64_t *ret, struct err *e);
int json_get_u32(yyjson_val *obj, const char *key, uint32_t *ret, struct err *e);
int json_get_obj(yyjson_val *obj, const char *key, yyjson_val **ret, struct err *e);
int json_get_arr(yyjson_val *obj, const char *key, yyjson_val **ret, struct err *e);
/* Array of strings, appended to ret. */
int json_get_strv(yyjson_val *obj, const char *key, struct strv *ret, struct err *e);
/* Object of strings, appended to ret as "key=value". */
int json_get_map(yyjson_val *obj, const char *key, struct strv *ret, struct err *e);

/* Building: each copies its strings into doc; bytes that are not UTF-8 become U+FFFD.
 * NULL strings are left out by json_add_str. */
void json_add_str(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key,
		  const char *val);
void json_add_strv(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key,
		   const struct strv *val);
/* The same, and null when there is none. */
void json_add_strv_or_null(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key,
			   const struct strv *val);
/* "key=value" items as an object of strings. */
void json_add_map(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key,
		  const struct strv *val);
yyjson_mut_val *json_add_obj(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key);
yyjson_mut_val *json_add_arr(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key);

#endif
