/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: typed members, safe text on writing. Reading is in json_parse.c. */
#include "core/wire/json.h"

#include <errno.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"

static int add_text(struct buf *out, char *text, size_t n)
{
	int r;

	/* The adders below keep bad UTF-8 out, so only NaN, infinity or no memory is
	 * left. */
	if (!text)
		return -EINVAL;
	r = buf_add(out, text, n);
	free(text);
	return r;
}

int json_print(struct buf *out, const yyjson_mut_doc *doc, bool pretty)
{
	size_t n = 0;
	char *text = yyjson_mut_write_opts(
		doc, pretty ? YYJSON_WRITE_PRETTY_TWO_SPACES : YYJSON_WRITE_NOFLAG, NULL,
		&n, NULL);

	return add_text(out, text, n);
}

int json_print_val(struct buf *out, const yyjson_val *val, bool pretty)
{
	size_t n = 0;
	char *text = yyjson_val_write_opts(
		val, pretty ? YYJSON_WRITE_PRETTY_TWO_SPACES : YYJSON_WRITE_NOFLAG, NULL,
		&n, NULL);

	return add_text(out, text, n);
}

int json_write(int dirfd, const char *name, const yyjson_mut_doc *doc, mode_t mode,
	       bool sync, struct err *e)
{
	autobuf b = { 0 };
	int r = json_print(&b, doc, true);

	if (r == 0)
		r = buf_addc(&b, '\n');
	if (r == 0)
		r = sync ? file_replace(dirfd, name, b.data, b.len, mode)
			 : file_replace_nosync(dirfd, name, b.data, b.len, mode);
	return r < 0 ? err_code(e, r, "write '%s'", name) : 0;
}

/* The member, or NULL when it is absent or null. */
static yyjson_val *member(yyjson_val *obj, const char *key)
{
	yyjson_val *v = yyjson_obj_get(obj, key);

	return yyjson_is_null(v) ? NULL : v;
}

static int not_a(const char *key, const char *type, struct err *e)
{
	return err_set(e, -EINVAL, "'%s' is not %s", key, type);
}

static bool has_nul(yyjson_val *v)
{
	return strlen(unsafe_yyjson_get_str(v)) != unsafe_yyjson_get_len(v);
}

int json_get_str(yyjson_val *obj, const char *key, const char **ret, struct err *e)
{
	yyjson_val *v = member(obj, key);

	if (!v)
		return 0;
	if (!yyjson_is_str(v))
		return not_a(key, "a string", e);
	if (has_nul(v))
		return err_set(e, -EINVAL, "'%s' holds a NUL byte", key);
	*ret = yyjson_get_str(v);
	return 0;
}

int json_get_text(yyjson_val *obj, const char *key, char *dst, size_t size, struct err *e)
{
	const char *s = NULL;
	int r = json_get_str(obj, key, &s, e);

	if (r < 0 || !s)
		return r;
	if (strlen(s) >= size)
		return err_set(e, -EINVAL, "'%s' is longer than %zu bytes", key,
			       size - 1);
	return str_copy(dst, size, s);
}

int json_get_dup(yyjson_val *obj, const char *key, char **ret, struct err *e)
{
	const char *s = NULL;
	int r = json_get_str(obj, key, &s, e);

	if (r == 0 && s)
		str_set(ret, s);
	return r;
}

int json_get_bool(yyjson_val *obj, const char *key, bool *ret, struct err *e)
{
	yyjson_val *v = member(obj, key);

	if (!v)
		return 0;
	if (!yyjson_is_bool(v))
		return not_a(key, "a boolean", e);
	*ret = yyjson_get_bool(v);
	return 0;
}

int json_get_i64(yyjson_val *obj, const char *key, int64_t *ret, struct err *e)
{
	yyjson_val *v = member(obj, key);

	if (!v)
		return 0;
	if (!yyjson_is_int(v) || (yyjson_is_uint(v) && yyjson_get_uint(v) > INT64_MAX))
		return not_a(key, "an integer of 64 bits", e);
	*ret = yyjson_get_sint(v);
	return 0;
}

int json_get_u64(yyjson_val *obj, const char *key, uint64_t *ret, struct err *e)
{
	yyjson_val *v = member(obj, key);

	if (!v)
		return 0;
	if (!yyjson_is_uint(v))
		return not_a(key, "a non-negative integer", e);
	*ret = yyjson_get_uint(v);
	return 0;
}

int json_get_u32(yyjson_val *obj, const char *key, uint32_t *ret, struct err *e)
{
	uint64_t n = *ret;
	int r = json_get_u64(obj, key, &n, e);

	if (r < 0)
		return r;
	if (n > UINT32_MAX)
		return not_a(key, "an integer of 32 bits", e);
	*ret = (uint32_t)n;
	return 0;
}

int json_get_obj(yyjson_val *obj, const char *key, yyjson_val **ret, struct err *e)
{
	yyjson_val *v = member(obj, key);

	if (!v)
		return 0;
	if (!yyjson_is_obj(v))
		return not_a(key, "an object", e);
	*ret = v;
	return 0;
}

int json_get_arr(yyjson_val *obj, const char *key, yyjson_val **ret, struct err *e)
{
	yyjson_val *v = member(obj, key);

	if (!v)
		return 0;
	if (!yyjson_is_arr(v))
		return not_a(key, "an array", e);
	*ret = v;
	return 0;
}

int json_get_strv(yyjson_val *obj, const char *key, struct strv *ret, struct err *e)
{
	yyjson_val *arr = NULL, *v;
	yyjson_arr_iter iter;
	int r = json_get_arr(obj, key, &arr, e);

	if (r < 0 || !arr)
		return r;
	iter = yyjson_arr_iter_with(arr);
	while ((v = yyjson_arr_iter_next(&iter))) {
		if (!yyjson_is_str(v))
			return not_a(key, "an array of strings", e);
		if (has_nul(v))
			return err_set(e, -EINVAL, "'%s' holds a NUL byte", key);
	}
	iter = yyjson_arr_iter_with(arr);
	while ((v = yyjson_arr_iter_next(&iter)))
		strv_add(ret, yyjson_get_str(v));
	return 0;
}

int json_get_map(yyjson_val *obj, const char *key, struct strv *ret, struct err *e)
{
	yyjson_val *map = NULL, *k, *v;
	yyjson_obj_iter iter;
	int r = json_get_obj(obj, key, &map, e);

	if (r < 0 || !map)
		return r;
	iter = yyjson_obj_iter_with(map);
	while ((k = yyjson_obj_iter_next(&iter))) {
		v = yyjson_obj_iter_get_val(k);
		/* null in a map of strings is "", as Go reads it. */
		if (!yyjson_is_str(v) && !yyjson_is_null(v))
			return not_a(key, "an object of strings", e);
		if (has_nul(k) || (yyjson_is_str(v) && has_nul(v)))
			return err_set(e, -EINVAL, "'%s' holds a NUL byte", key);
	}
	iter = yyjson_obj_iter_with(map);
	while ((k = yyjson_obj_iter_next(&iter))) {
		v = yyjson_obj_iter_get_val(k);
		strv_addf(ret, "%s=%s", yyjson_get_str(k),
			  yyjson_is_str(v) ? yyjson_get_str(v) : "");
	}
	return 0;
}

/* Length of the well-formed UTF-8 sequence at s (n bytes left), 0 when there is none. */
static size_t utf8_len(const uint8_t *s, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0x80   ? 1
		     : s[0] < 0xc2 ? 0
		     : s[0] < 0xe0 ? 2
		     : s[0] < 0xf0 ? 3
				   : 4;
	uint32_t c;

	if (len <= 1)
		return len;
	if (len > n || s[0] > 0xf4)
		return 0;
	c = s[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return len;
}

/* A copy in doc; bytes that are not UTF-8 become U+FFFD, as Go's encoder writes them:
 * what we write must be what we can read again. */
static yyjson_mut_val *text_value(yyjson_mut_doc *d, const char *s, size_t n)
{
	const uint8_t *p = (const uint8_t *)s;
	autobuf fixed = { 0 };
	size_t i = 0, len;

	while (i < n && (len = utf8_len(p + i, n - i)) > 0)
		i += len;
	if (i == n)
		return yyjson_mut_strncpy(d, s, n);
	for (i = 0; i < n; i += len ? len : 1) {
		len = utf8_len(p + i, n - i);
		if (buf_add(&fixed, len ? s + i : "\xef\xbf\xbd", len ? len : 3) < 0)
			break;
	}
	return yyjson_mut_strncpy(d, buf_str(&fixed), fixed.len);
}

static yyjson_mut_val *text_of(yyjson_mut_doc *d, const char *s)
{
	return text_value(d, s, strlen(s));
}

void json_add_str(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key,
		  const char *val)
{
	if (val)
		yyjson_mut_obj_add(obj, text_of(d, key), text_of(d, val));
}

void json_add_strv(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key,
		   const struct strv *val)
{
	yyjson_mut_val *arr = json_add_arr(d, obj, key);

	for (size_t i = 0; i < val->len; i++)
		yyjson_mut_arr_append(arr, text_of(d, val->v[i]));
}

void json_add_strv_or_null(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key,
			   const struct strv *val)
{
	if (val->len)
		json_add_strv(d, obj, key, val);
	else
		yyjson_mut_obj_add_null(d, obj, key);
}

void json_add_map(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key,
		  const struct strv *val)
{
	yyjson_mut_val *map = json_add_obj(d, obj, key);

	for (size_t i = 0; i < val->len; i++) {
		const char *item = val->v[i], *eq = strchr(item, '=');
		size_t n = eq ? (size_t)(eq - item) : strlen(item);

		yyjson_mut_obj_add(map, text_value(d, item, n),
				   text_of(d, eq ? eq + 1 : ""));
	}
}

yyjson_mut_val *json_add_obj(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key)
{
	yyjson_mut_val *v = yyjson_mut_obj(d);

	yyjson_mut_obj_add(obj, text_of(d, key), v);
	return v;
}

yyjson_mut_val *json_add_arr(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key)
{
	yyjson_mut_val *v = yyjson_mut_arr(d);

	yyjson_mut_obj_add(obj, text_of(d, key), v);
	return v;
}
