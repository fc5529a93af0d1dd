/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of templates: Go's own and docker's. */
#include "core/cli/builtin.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/cli/verb.h"

#define ANY SIZE_MAX

static int fail(struct builtin_call *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int fail(struct builtin_call *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)buf_addv(c->why, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int give_text(struct builtin_call *c, const char *p, size_t n)
{
	char *copy = arena_dup(c->arena, p, n);

	if (!copy)
		return -E2BIG;
	c->ret = value_string(copy, n);
	return 0;
}

/* What was printed to text, unless that failed. */
static int give_printed(struct builtin_call *c, const struct buf *text, int r)
{
	return r < 0 ? r : give_text(c, buf_str(text), text->len);
}

static int wrong_type(struct builtin_call *c, const char *wanted, const struct value *v)
{
	return fail(c, "wrong type for value; expected %s; got %s", wanted,
		    value_type(v));
}

/* Text of an argument that must be a string; nil counts as "". */
static int want_text(struct builtin_call *c, size_t i, const char **p, size_t *n)
{
	const struct value *v = &c->args[i];

	*p = "";
	*n = 0;
	if (v->kind == VALUE_NONE)
		return 0;
	if (v->kind != VALUE_STRING)
		return wrong_type(c, "string", v);
	*p = v->str.p;
	*n = v->str.n;
	return 0;
}

/* The same, copied to where it may be changed, and already the result. */
static int want_copy(struct builtin_call *c, char **ret, size_t *n)
{
	const char *p;
	int r = want_text(c, 0, &p, n);

	if (r < 0)
		return r;
	*ret = arena_dup(c->arena, p, *n);
	if (!*ret)
		return -E2BIG;
	c->ret = value_string(*ret, *n);
	return 0;
}

static int want_int(struct builtin_call *c, size_t i, int64_t *ret)
{
	const struct value *v = &c->args[i];

	if (v->kind != VALUE_INT)
		return wrong_type(c, "int", v);
	*ret = v->i;
	return 0;
}

/* --- printing ----------------------------------------------------------------------- */

static int run_print(struct builtin_call *c)
{
	autobuf text = { .max = c->arena->max };

	return give_printed(c, &text, verb_print(&text, c->args, c->n));
}

static int run_println(struct builtin_call *c)
{
	autobuf text = { .max = c->arena->max };

	return give_printed(c, &text, verb_println(&text, c->args, c->n));
}

static int run_printf(struct builtin_call *c)
{
	autobuf text = { .max = c->arena->max };

	if (c->args[0].kind != VALUE_STRING)
		return wrong_type(c, "string", &c->args[0]);
	return give_printed(c, &text,
			    verb_format(&text, &c->args[0], c->args + 1, c->n - 1));
}

static int run_json(struct builtin_call *c)
{
	autobuf text = { .max = c->arena->max };

	return give_printed(c, &text, value_json(&text, &c->args[0]));
}

/* --- text --------------------------------------------------------------------------- */

static int run_case(struct builtin_call *c, bool upper)
{
	char *copy;
	size_t n;
	int r = want_copy(c, &copy, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (upper ? copy[i] >= 'a' && copy[i] <= 'z'
			  : copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] ^= 0x20;
	}
	return r;
}

static int run_lower(struct builtin_call *c)
{
	return run_case(c, false);
}

static int run_upper(struct builtin_call *c)
{
	return run_case(c, true);
}

/* The first letter of each word in capitals, as strings.Title. */
static int run_title(struct builtin_call *c)
{
	char *copy;
	size_t n;
	bool start = true;
	int r = want_copy(c, &copy, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		unsigned char b = (unsigned char)copy[i];

		if (start && b >= 'a' && b <= 'z')
			copy[i] ^= 0x20;
		start = !(b >= 0x80 || b == '_' || b == '\'' || (b >= '0' && b <= '9') ||
			  (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z'));
	}
	return r;
}

static int run_split(struct builtin_call *c)
{
	const char *p, *sep;
	size_t n, gap, count = 1;
	struct value *items;
	int r = want_text(c, 0, &p, &n);

	if (r == 0)
		r = want_text(c, 1, &sep, &gap);
	if (r < 0)
		return r;
	/* With an empty separator Go gives the single characters. */
	for (const char *at = p; gap && (at = memmem(at, n - (size_t)(at - p), sep, gap));
	     at += gap)
		count++;
	if (!gap)
		count = n;
	items = arena_alloc(c->arena, count * sizeof(*items));
	if (!items)
		return -E2BIG;
	for (size_t i = 0; i < count; i++) {
		const char *end = gap ? memmem(p, n, sep, gap) : p + 1;
		size_t len = end ? (size_t)(end - p) : n;

		while (!gap && len < n && ((unsigned char)p[len] & 0xc0) == 0x80)
			len++;
		items[i] = value_string(p, len);
		n -= len == n ? n : len + gap;
		p += len + gap;
		if (!gap && !n)
			count = i + 1;
	}
	c->ret = (struct value){ .kind = VALUE_LIST, .list = { items, count } };
	return 0;
}

static int run_join(struct builtin_call *c)
{
	autobuf text = { .max = c->arena->max };
	const struct value *list = &c->args[0], *items;
	const char *sep;
	size_t gap;
	int r = want_text(c, 1, &sep, &gap);

	if (r < 0)
		return r;
	if (list->kind == VALUE_NONE)
		return give_text(c, "", 0);
	if (!value_is_list(list))
		return wrong_type(c, "[]string", list);
	items = value_items(list, c->arena);
	if (!items)
		return -E2BIG;
	for (size_t i = 0; i < (size_t)value_len(list) && r >= 0; i++) {
		if (i)
			r = buf_add(&text, sep, gap);
		if (r >= 0)
			r = value_print(&text, &items[i]);
	}
	return give_printed(c, &text, r);
}

/* pad TEXT BEFORE AFTER: spaces on both sides; "" stays "". */
static int run_pad(struct builtin_call *c)
{
	int64_t before, after;
	const char *p;
	char *copy;
	size_t n;
	int r = want_text(c, 0, &p, &n);

	if (r == 0)
		r = want_int(c, 1, &before);
	if (r == 0)
		r = want_int(c, 2, &after);
	if (r < 0)
		return r;
	if (before < 0 || after < 0)
		return fail(c, "negative padding");
	if (before > (int64_t)c->arena->max / 2 || after > (int64_t)c->arena->max / 2)
		return -E2BIG;
	if (!n)
		return give_text(c, "", 0);
	copy = arena_alloc(c->arena, (size_t)before + n + (size_t)after + 1);
	if (!copy)
		return -E2BIG;
	memset(copy, ' ', (size_t)before + n + (size_t)after);
	memcpy(copy + before, p, n);
	c->ret = value_string(copy, (size_t)before + n + (size_t)after);
	return 0;
}

static int run_truncate(struct builtin_call *c)
{
	int64_t max;
	const char *p;
	size_t n;
	int r = want_text(c, 0, &p, &n);

	if (r == 0)
		r = want_int(c, 1, &max);
	if (r < 0)
		return r;
	if (max < 0)
		return fail(c, "negative length");
	c->ret = value_string(p, (uint64_t)max < n ? (size_t)max : n);
	return 0;
}

/* --- looking into ------------------------------------------------------------------- */

static int run_len(struct builtin_call *c)
{
	int64_t n = value_len(&c->args[0]);

	if (n < 0)
		return fail(c, "len of type %s", value_type(&c->args[0]));
	c->ret = value_int(n);
	return 0;
}

static int index_one(struct builtin_call *c, struct value *v, const struct value *key)
{
	int64_t n = value_len(v);

	if (v->kind == VALUE_NONE)
		return fail(c, "index of untyped nil");
	if (value_is_map(v)) {
		if (key->kind != VALUE_STRING)
			return fail(c, "value has type %s; should be string",
				    value_type(key));
		if (!value_member(v, key->str.p, key->str.n, v))
			*v = value_absent(v);
		return 0;
	}
	if (!value_is_list(v) && v->kind != VALUE_STRING)
		return fail(c, "can't index item of type %s", value_type(v));
	if (key->kind != VALUE_INT)
		return fail(c, "cannot index slice/array with type %s", value_type(key));
	if (key->i < 0 || key->i >= n)
		return fail(c, "index out of range: %lld", (long long)key->i);
	*v = v->kind == VALUE_STRING ? value_int((unsigned char)v->str.p[key->i])
				     : value_item(v, (size_t)key->i);
	return 0;
}

static int run_index(struct builtin_call *c)
{
	struct value v = c->args[0];
	int r = 0;

	for (size_t i = 1; i < c->n && r == 0; i++)
		r = index_one(c, &v, &c->args[i]);
	c->ret = v;
	return r;
}

static int run_slice(struct builtin_call *c)
{
	const struct value *v = &c->args[0];
	int64_t n = value_len(v), from = 0, to = n;
	const struct value *items;
	int r = 0;

	if (!value_is_list(v) && v->kind != VALUE_STRING)
		return fail(c, "can't slice item of type %s", value_type(v));
	if (c->n > 1)
		r = want_int(c, 1, &from);
	if (r == 0 && c->n > 2)
		r = want_int(c, 2, &to);
	if (r < 0)
		return r;
	if (from < 0 || from > n || to < 0 || to > n)
		return fail(c, "index out of range: %lld",
			    (long long)(from < 0 || from > n ? from : to));
	if (from > to)
		return fail(c, "invalid slice index: %lld > %lld", (long long)from,
			    (long long)to);
	if (v->kind == VALUE_STRING) {
		c->ret = value_string(v->str.p + from, (size_t)(to - from));
		return 0;
	}
	items = value_items(v, c->arena);
	if (!items)
		return -E2BIG;
	c->ret = (struct value){ .kind = VALUE_LIST,
				 .list = { items + from, (size_t)(to - from) } };
	return 0;
}

struct value builtin_label(const struct value *labels, const struct value *key)
{
	struct value found = value_string("", 0);
	const char *p, *end;

	if (key->kind != VALUE_STRING)
		return found;
	if (value_is_map(labels)) {
		(void)value_member(labels, key->str.p, key->str.n, &found);
		return found;
	}
	if (labels->kind != VALUE_STRING)
		return found;
	p = labels->str.p;
	end = p + labels->str.n;
	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		size_t n = (size_t)((comma ? comma : end) - p);

		if (n > key->str.n && p[key->str.n] == '=' &&
		    memcmp(p, key->str.p, key->str.n) == 0)
			return value_string(p + key->str.n + 1, n - key->str.n - 1);
		p += n + 1;
	}
	return found;
}

/* --- truth and order ---------------------------------------------------------------- */

static int run_last(struct builtin_call *c)
{
	/* The caller stopped at the argument that decides. */
	c->ret = c->args[c->n - 1];
	return 0;
}

static int run_not(struct builtin_call *c)
{
	c->ret = value_bool(!value_truth(&c->args[0]));
	return 0;
}

static int equal(struct builtin_call *c, const struct value *a, const struct value *b,
		 bool *ret)
{
	int order;

	if (a->kind == VALUE_NONE || b->kind == VALUE_NONE) {
		*ret = a->kind == b->kind;
		return 0;
	}
	if (value_is_map(a) || value_is_list(a) || value_is_map(b) || value_is_list(b))
		return fail(c, "non-comparable type %s",
			    value_type(value_is_map(a) || value_is_list(a) ? a : b));
	if (!value_compare(a, b, &order))
		return fail(c, "incompatible types for comparison");
	*ret = order == 0;
	return 0;
}

static int run_eq(struct builtin_call *c)
{
	bool same = false;

	for (size_t i = 1; i < c->n && !same; i++) {
		int r = equal(c, &c->args[0], &c->args[i], &same);

		if (r < 0)
			return r;
	}
	c->ret = value_bool(same);
	return 0;
}

static int run_ne(struct builtin_call *c)
{
	bool same;
	int r = equal(c, &c->args[0], &c->args[1], &same);

	if (r == 0)
		c->ret = value_bool(!same);
	return r;
}

static int order(struct builtin_call *c, int *ret)
{
	if (c->args[0].kind == VALUE_BOOL || c->args[0].kind == VALUE_NONE)
		return fail(c, "invalid type for comparison");
	if (!value_compare(&c->args[0], &c->args[1], ret))
		return fail(c, "incompatible types for comparison");
	return 0;
}

#define ORDER(name, test) \
	static int run_##name(struct builtin_call *c) \
	{ \
		int sign = 0, r = order(c, &sign); \
		if (r == 0) \
			c->ret = value_bool(sign test 0); \
		return r; \
	}
ORDER(lt, <)
ORDER(le, <=)
ORDER(gt, >)
ORDER(ge, >=)

static const struct builtin builtins[] = {
	{ "and", 1, ANY, false, true, false, run_last },
	{ "eq", 2, ANY, false, false, false, run_eq },
	{ "ge", 2, 2, false, false, false, run_ge },
	{ "gt", 2, 2, false, false, false, run_gt },
	{ "index", 1, ANY, false, false, false, run_index },
	{ "join", 2, 2, true, false, false, run_join },
	{ "json", 1, 1, true, false, false, run_json },
	{ "le", 2, 2, false, false, false, run_le },
	{ "len", 1, 1, false, false, false, run_len },
	{ "lower", 1, 1, true, false, false, run_lower },
	{ "lt", 2, 2, false, false, false, run_lt },
	{ "ne", 2, 2, false, false, false, run_ne },
	{ "not", 1, 1, false, false, false, run_not },
	{ "or", 1, ANY, false, true, true, run_last },
	{ "pad", 3, 3, true, false, false, run_pad },
	{ "print", 0, ANY, false, false, false, run_print },
	{ "printf", 1, ANY, false, false, false, run_printf },
	{ "println", 0, ANY, false, false, false, run_println },
	{ "slice", 1, 3, true, false, false, run_slice },
	{ "split", 2, 2, true, false, false, run_split },
	{ "title", 1, 1, true, false, false, run_title },
	{ "truncate", 2, 2, true, false, false, run_truncate },
	{ "upper", 1, 1, true, false, false, run_upper },
};

const struct builtin *builtin_find(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++) {
		if (strlen(builtins[i].name) == n &&
		    memcmp(builtins[i].name, name, n) == 0)
			return &builtins[i];
	}
	return NULL;
}
