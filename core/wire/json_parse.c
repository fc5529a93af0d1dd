/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: limits on reading.
 *
 * yyjson keeps the values of a parsed document in one array in document order: a
 * container is followed by its children, each child by its own. So depth and keys are
 * checked by one pass over that array with a small stack of counts, and nothing here
 * recurses. */
#include <errno.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/wire/json.h"

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
