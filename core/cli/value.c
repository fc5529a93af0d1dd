/* SPDX-License-Identifier: Apache-2.0 */
/* Values of templates, with Go's ideas of truth, order and printing. */
#include "core/cli/value.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/wire/json.h"

#define DEPTH_MAX 128

struct value value_of(struct yyjson_val *json)
{
	struct value v = { .kind = VALUE_NONE };

	if (yyjson_is_bool(json)) {
		v = value_bool(yyjson_get_bool(json));
	} else if (yyjson_is_uint(json) && yyjson_get_uint(json) > INT64_MAX) {
		v.kind = VALUE_UINT;
		v.u = yyjson_get_uint(json);
	} else if (yyjson_is_int(json)) {
		v = value_int(yyjson_get_sint(json));
	} else if (yyjson_is_real(json)) {
		v.kind = VALUE_FLOAT;
		v.f = yyjson_get_real(json);
	} else if (yyjson_is_str(json)) {
		v = value_string(yyjson_get_str(json), yyjson_get_len(json));
	} else if (yyjson_is_ctn(json)) {
		v.kind = VALUE_JSON;
		v.json = json;
	}
	return v;
}

struct value value_int(int64_t i)
{
	return (struct value){ .kind = VALUE_INT, .i = i };
}

struct value value_bool(bool b)
{
	return (struct value){ .kind = VALUE_BOOL, .truth = b };
}

struct value value_string(const char *p, size_t n)
{
	return (struct value){ .kind = VALUE_STRING, .str = { p, n } };
}

const char *value_type(const struct value *v)
{
	static const char *const names[] = {
		[VALUE_NONE] = "<nil>",    [VALUE_BOOL] = "bool",
		[VALUE_INT] = "int",       [VALUE_UINT] = "uint64",
		[VALUE_FLOAT] = "float64", [VALUE_STRING] = "string",
		[VALUE_LIST] = "[]string", [VALUE_JSON] = "[]interface {}",
	};

	return value_is_map(v) ? "map[string]interface {}" : names[v->kind];
}

bool value_is_map(const struct value *v)
{
	return v->kind == VALUE_JSON && yyjson_is_obj(v->json);
}

bool value_is_list(const struct value *v)
{
	return v->kind == VALUE_LIST || (v->kind == VALUE_JSON && !value_is_map(v));
}

static bool exported(const char *p, size_t n)
{
	if (!n || p[0] < 'A' || p[0] > 'Z')
		return false;
	for (size_t i = 1; i < n; i++) {
		if (!(p[i] >= 'a' && p[i] <= 'z') && !(p[i] >= 'A' && p[i] <= 'Z') &&
		    !(p[i] >= '0' && p[i] <= '9'))
			return false;
	}
	return true;
}

bool value_is_open(const struct value *v)
{
	yyjson_obj_iter iter;
	yyjson_val *key;

	if (!value_is_map(v))
		return false;
	if (yyjson_obj_size(v->json) == 0)
		return true;
	iter = yyjson_obj_iter_with(v->json);
	while ((key = yyjson_obj_iter_next(&iter))) {
		if (!exported(yyjson_get_str(key), yyjson_get_len(key)))
			return true;
	}
	return false;
}

bool value_truth(const struct value *v)
{
	switch (v->kind) {
	case VALUE_NONE:
		return false;
	case VALUE_BOOL:
		return v->truth;
	case VALUE_INT:
		return v->i != 0;
	case VALUE_UINT:
		return true;
	case VALUE_FLOAT:
		return v->f != 0;
	case VALUE_STRING:
	case VALUE_LIST:
	case VALUE_JSON:
		break;
	}
	return value_len(v) > 0;
}

int64_t value_len(const struct value *v)
{
	switch (v->kind) {
	case VALUE_NONE:
		return 0;
	case VALUE_STRING:
		return (int64_t)v->str.n;
	case VALUE_LIST:
		return (int64_t)v->list.n;
	case VALUE_JSON:
		return (int64_t)yyjson_get_len(v->json);
	default:
		return -1;
	}
}

const struct value *value_items(const struct value *v, struct arena *arena)
{
	size_t n = (size_t)value_len(v);
	yyjson_arr_iter iter;
	struct value *items;

	if (v->kind == VALUE_LIST)
		return v->list.items;
	if (n > arena->max / sizeof(*items))
		return NULL;
	items = arena_alloc(arena, n * sizeof(*items));
	iter = yyjson_arr_iter_with(v->json);
	for (size_t i = 0; items && i < n; i++)
		items[i] = value_of(yyjson_arr_iter_next(&iter));
	return items;
}

struct value value_item(const struct value *v, size_t i)
{
	return v->kind == VALUE_LIST ? v->list.items[i]
				     : value_of(yyjson_arr_get(v->json, i));
}

bool value_member(const struct value *v, const char *key, size_t n, struct value *ret)
{
	yyjson_val *json = value_is_map(v) ? yyjson_obj_getn(v->json, key, n) : NULL;

	if (!json)
		return false;
	*ret = value_of(json);
	return true;
}

struct value value_absent(const struct value *map)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(map->json);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&iter))) {
		if (!yyjson_is_str(yyjson_obj_iter_get_val(key)))
			return (struct value){ .kind = VALUE_NONE };
	}
	return value_string("", 0);
}

static int bytes_order(const char *a, size_t n, const char *b, size_t m)
{
	size_t both = n < m ? n : m;
	int order = both ? memcmp(a, b, both) : 0;

	return order ? order : n < m ? -1 : n > m;
}

static int pair_order(const void *a, const void *b)
{
	const struct value *x = &((const struct value_pair *)a)->key;
	const struct value *y = &((const struct value_pair *)b)->key;

	return bytes_order(x->str.p, x->str.n, y->str.p, y->str.n);
}

static void fill_pairs(const struct value *v, struct value_pair *pairs)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(v->json);
	yyjson_val *key;
	size_t n = 0;

	while ((key = yyjson_obj_iter_next(&iter))) {
		pairs[n].key = value_of(key);
		pairs[n++].value = value_of(yyjson_obj_iter_get_val(key));
	}
	qsort(pairs, n, sizeof(*pairs), pair_order);
}

const struct value_pair *value_pairs(const struct value *v, struct arena *arena)
{
	size_t n = yyjson_obj_size(v->json);
	struct value_pair *pairs;

	if (n > arena->max / sizeof(*pairs))
		return NULL;
	pairs = arena_alloc(arena, n * sizeof(*pairs));
	if (pairs)
		fill_pairs(v, pairs);
	return pairs;
}

bool value_compare(const struct value *a, const struct value *b, int *ret)
{
	if (a->kind == VALUE_UINT && b->kind == VALUE_INT)
		*ret = 1;
	else if (a->kind == VALUE_INT && b->kind == VALUE_UINT)
		*ret = -1;
	else if (a->kind != b->kind)
		return false;
	else if (a->kind == VALUE_BOOL)
		*ret = (int)a->truth - (int)b->truth;
	else if (a->kind == VALUE_INT)
		*ret = a->i < b->i ? -1 : a->i > b->i;
	else if (a->kind == VALUE_UINT)
		*ret = a->u < b->u ? -1 : a->u > b->u;
	else if (a->kind == VALUE_FLOAT)
		*ret = a->f < b->f ? -1 : a->f > b->f;
	else if (a->kind == VALUE_STRING)
		*ret = bytes_order(a->str.p, a->str.n, b->str.p, b->str.n);
	else
		return false;
	return true;
}

/* --- printing ----------------------------------------------------------------------- */

/* The fewest digits that read back as f: "d.ddde±xx" in text. */
static int shortest(char *text, size_t size, double f)
{
	int digits = 0;

	for (; digits < 17; digits++) {
		(void)str_print(text, size, "%.*e", digits, f);
		if (strtod(text, NULL) == f)
			break;
	}
	return digits;
}

int value_print_float(struct buf *out, double f)
{
	char text[40];
	const char *mark;
	int64_t exponent = 0;
	int digits;

	if (__builtin_isnan(f))
		return buf_adds(out, "NaN");
	if (__builtin_isinf(f))
		return buf_adds(out, f > 0 ? "+Inf" : "-Inf");
	digits = shortest(text, sizeof(text), f);
	mark = strchr(text, 'e');
	if (!mark)
		return -EINVAL;
	(void)str_i64(mark + (mark[1] == '+' ? 2 : 1), -400, 400, &exponent);
	/* Go takes the exponent form below 1e-4 and from 1e21 on. */
	if (exponent < -4 || exponent >= 21)
		return buf_adds(out, text);
	digits -= (int)exponent;
	return buf_addf(out, "%.*f", digits > 0 ? digits : 0, f);
}

static int print_depth(struct buf *out, const struct value *v, int depth);

static int print_map(struct buf *out, const struct value *v, int depth)
{
	size_t n = yyjson_obj_size(v->json);
	autofree struct value_pair *pairs = mem_array(n, sizeof(*pairs));
	int r = buf_adds(out, "map[");

	fill_pairs(v, pairs);
	for (size_t i = 0; i < n && r >= 0; i++) {
		if (i)
			r = buf_addc(out, ' ');
		if (r >= 0)
			r = buf_add(out, pairs[i].key.str.p, pairs[i].key.str.n);
		if (r >= 0)
			r = buf_addc(out, ':');
		if (r >= 0)
			r = print_depth(out, &pairs[i].value, depth + 1);
	}
	return r < 0 ? r : buf_addc(out, ']');
}

static int print_array(struct buf *out, const struct value *v, int depth)
{
	yyjson_arr_iter iter = { 0 };
	int r = buf_addc(out, '[');

	if (v->kind == VALUE_JSON)
		iter = yyjson_arr_iter_with(v->json);
	for (int64_t i = 0; i < value_len(v) && r >= 0; i++) {
		struct value item = v->kind == VALUE_JSON
					    ? value_of(yyjson_arr_iter_next(&iter))
					    : v->list.items[i];

		if (i)
			r = buf_addc(out, ' ');
		if (r >= 0)
			r = print_depth(out, &item, depth + 1);
	}
	return r < 0 ? r : buf_addc(out, ']');
}

static int print_depth(struct buf *out, const struct value *v, int depth)
{
	if (depth > DEPTH_MAX)
		return -E2BIG;
	switch (v->kind) {
	case VALUE_NONE:
		return buf_adds(out, "<nil>");
	case VALUE_BOOL:
		return buf_adds(out, v->truth ? "true" : "false");
	case VALUE_INT:
		return buf_addf(out, "%lld", (long long)v->i);
	case VALUE_UINT:
		return buf_addf(out, "%llu", (unsigned long long)v->u);
	case VALUE_FLOAT:
		return value_print_float(out, v->f);
	case VALUE_STRING:
		return buf_add(out, v->str.p, v->str.n);
	case VALUE_LIST:
	case VALUE_JSON:
		break;
	}
	return value_is_map(v) ? print_map(out, v, depth) : print_array(out, v, depth);
}

int value_print(struct buf *out, const struct value *v)
{
	return print_depth(out, v, 0);
}

static yyjson_mut_val *to_json(yyjson_mut_doc *doc, const struct value *v)
{
	yyjson_mut_val *list;

	switch (v->kind) {
	case VALUE_NONE:
		return yyjson_mut_null(doc);
	case VALUE_BOOL:
		return yyjson_mut_bool(doc, v->truth);
	case VALUE_INT:
		return yyjson_mut_sint(doc, v->i);
	case VALUE_UINT:
		return yyjson_mut_uint(doc, v->u);
	case VALUE_FLOAT:
		return yyjson_mut_real(doc, v->f);
	case VALUE_STRING:
		return yyjson_mut_strn(doc, v->str.p, v->str.n);
	case VALUE_JSON:
		return yyjson_val_mut_copy(doc, v->json);
	case VALUE_LIST:
		break;
	}
	list = yyjson_mut_arr(doc);
	/* Functions make lists of strings only, so this goes one level deep. */
	for (size_t i = 0; i < v->list.n; i++)
		yyjson_mut_arr_append(list, yyjson_mut_strn(doc, v->list.items[i].str.p,
							    v->list.items[i].str.n));
	return list;
}

int value_json(struct buf *out, const struct value *v)
{
	autojson_mut *doc = NULL;
	autofree char *text = NULL;
	size_t n;

	if (v->kind == VALUE_JSON)
		return json_print_val(out, v->json, false);
	doc = yyjson_mut_doc_new(NULL);
	/* Text that a function cut may end within a character. */
	text = yyjson_mut_val_write_opts(
		to_json(doc, v), YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL, &n, NULL);
	return text ? buf_add(out, text, n) : -EINVAL;
}
