/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: limits on reading, typed members, safe text on writing.
 *
 * yyjson keeps the values of a parsed document in one array in document order: a
 * container is followed by its children, each child by its own. So depth and keys are
 * checked by one pass over that array with a small stack of counts, and nothing here
 * recurses. */
#include "core/wire/json.h"

#include <errno.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"

/* A file below this many bytes is read to the stack. */
#define SMALL_FILE 8192
/* Keys of one object, up to so many, are told apart by a table on the stack; of more the
 * sorted neighbours are compared. */
#define TABLE_KEYS  128
#define TABLE_SLOTS 256 /* of a byte each: where the key stands, from 1 */

static int key_order(const void *a, const void *b)
{
	yyjson_val *x = *(yyjson_val *const *)a, *y = *(yyjson_val *const *)b;
	size_t xn = unsafe_yyjson_get_len(x), yn = unsafe_yyjson_get_len(y);

	if (xn != yn)
		return xn < yn ? -1 : 1;
	return memcmp(unsafe_yyjson_get_str(x), unsafe_yyjson_get_str(y), xn);
}

/* Differs for most keys that do. */
static uint32_t key_mark(yyjson_val *key)
{
	const uint8_t *s = (const uint8_t *)unsafe_yyjson_get_str(key);
	size_t n = unsafe_yyjson_get_len(key);

	if (n == 0)
		return 0;
	return (uint32_t)n ^ (uint32_t)s[0] << 24 ^ (uint32_t)s[n / 2] << 16 ^
	       (uint32_t)s[n - 1] << 8;
}

/* Chosen badly, all keys meet in one slot: that many comparisons are borne. */
static yyjson_val *double_of_few(yyjson_val *const *keys, size_t n)
{
	uint8_t slots[TABLE_SLOTS] = { 0 };
	uint32_t marks[TABLE_KEYS];

	for (size_t i = 0; i < n; i++) {
		uint32_t mark = marks[i] = key_mark(keys[i]);
		uint8_t at = (uint8_t)((mark * UINT32_C(2654435761)) >> 24);

		for (; slots[at]; at++) {
			size_t k = slots[at] - 1u;
			if (marks[k] == mark && key_order(&keys[k], &keys[i]) == 0)
				return keys[i];
		}
		slots[at] = (uint8_t)(i + 1);
	}
	return NULL;
}

/* A key found that occurs twice, or NULL. */
static yyjson_val *double_key(yyjson_val *obj)
{
	size_t n = yyjson_obj_size(obj), i = 0;
	yyjson_val *few[TABLE_KEYS], **keys = few, *key;
	autofree yyjson_val **many = NULL;
	yyjson_obj_iter iter = yyjson_obj_iter_with(obj);

	if (n > TABLE_KEYS)
		keys = many = mem_array(n, sizeof(*many));
	while ((key = yyjson_obj_iter_next(&iter)))
		keys[i++] = key;
	if (n <= TABLE_KEYS)
		return double_of_few(keys, n);
	qsort(keys, n, sizeof(*keys), key_order);
	for (i = 1; i < n; i++) {
		if (key_order(&keys[i - 1], &keys[i]) == 0)
			return keys[i];
	}
	return NULL;
}

static int check_values(yyjson_doc *doc, const char *what, struct err *e)
{
	size_t left[JSON_DEPTH_MAX]; /* children still to come, for each open container */
	size_t depth = 0, n = yyjson_doc_get_val_count(doc);
	yyjson_val *v = yyjson_doc_get_root(doc), *key;

	for (; n > 0; n--, v++) {
		while (depth > 0 && left[depth - 1] == 0)
			depth--;
		if (depth > 0)
			left[depth - 1]--;
		if (!yyjson_is_ctn(v))
			continue;
		if (depth == JSON_DEPTH_MAX)
			return err_set(e, -EINVAL, "%s: nested deeper than %d", what,
				       JSON_DEPTH_MAX);
		left[depth++] = unsafe_yyjson_get_len(v) * (yyjson_is_obj(v) ? 2 : 1);
		key = yyjson_is_obj(v) ? double_key(v) : NULL;
		if (key)
			return err_set(e, -EINVAL, "%s: key '%.100s' occurs twice", what,
				       yyjson_get_str(key));
	}
	return 0;
}

/* A small document with all that belongs to it in one piece of memory: a list of some
 * hundred containers would map and unmap three for each. Released with the last of the
 * two things that the library keeps in it. */
struct piece {
	size_t used, size, last; /* bytes; where the last thing begins */
	unsigned int live;
	_Alignas(16) char memory[];
};

#define PIECE_TEXT_MAX (64u << 10)
#define PIECE_ALIGN    16

static void *piece_malloc(void *ctx, size_t size)
{
	struct piece *p = ctx;

	size = (size + PIECE_ALIGN - 1) / PIECE_ALIGN * PIECE_ALIGN;
	if (size > p->size - p->used)
		return NULL;
	p->last = p->used;
	p->used += size;
	p->live++;
	return p->memory + p->last;
}

static void *piece_realloc(void *ctx, void *of, size_t old, size_t size)
{
	struct piece *p = ctx;

	if (of != p->memory + p->last || size > p->size - p->last)
		return NULL;
	p->used = p->last + size;
	return of;
}

static void piece_free(void *ctx, void *of)
{
	struct piece *p = ctx;

	if (--p->live == 0)
		free(p);
}

/* Without the in-place flag yyjson copies the input before it writes to it. Its values
 * take some 16 bytes for each 7 to 12 of text; where there are more, the piece is too
 * small (and gone). */
static yyjson_doc *read_document(const void *text, size_t n, yyjson_read_err *why)
{
	char *input = (char *)(uintptr_t)text;
	size_t size = 4 * n + 512;
	yyjson_doc *doc;

	if (n > PIECE_TEXT_MAX)
		return yyjson_read_opts(input, n, YYJSON_READ_NOFLAG, NULL, why);
	struct piece *p = mem_alloc(sizeof(*p) + size);
	const yyjson_alc alc = { piece_malloc, piece_realloc, piece_free, p };
	p->size = size;
	doc = yyjson_read_opts(input, n, YYJSON_READ_NOFLAG, &alc, why);
	return doc || why->code != YYJSON_READ_ERROR_MEMORY_ALLOCATION
		       ? doc
		       : yyjson_read_opts(input, n, YYJSON_READ_NOFLAG, NULL, why);
}

int json_parse(const void *p, size_t n, const char *what, yyjson_doc **ret, struct err *e)
{
	yyjson_read_err why = { 0 };
	autojson *doc = NULL;
	int r;

	if (n == 0)
		return err_set(e, -EINVAL, "%s: empty", what);
	doc = read_document(p, n, &why);
	if (!doc)
		return err_set(e,
			       why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION ? -ENOMEM
									       : -EINVAL,
			       "%s: not JSON at byte %zu: %s", what, why.pos, why.msg);
	r = check_values(doc, what, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(doc);
	return 0;
}

int json_read(int dirfd, const char *name, size_t max, yyjson_doc **ret, struct err *e)
{
	char small[SMALL_FILE];
	ssize_t n = file_read_into(dirfd, name, small,
				   max < sizeof(small) ? max + 1 : sizeof(small));

	if (n >= 0)
		return json_parse(small, (size_t)n, name, ret, e);
	if (n != -EFBIG)
		return err_code(e, (int)n, "read '%s'", name);
	autobuf b = { .max = max + 1 }; /* file_read looks for one byte too many */
	int r = file_read(dirfd, name, max, &b);
	if (r < 0)
		return err_code(e, r, "read '%s'", name);
	return json_parse(buf_str(&b), b.len, name, ret, e);
}

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
