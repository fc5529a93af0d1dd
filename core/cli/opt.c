/* SPDX-License-Identifier: Apache-2.0 */
/* The option table's parser and its help. Forms and sentences are pflag's, because
 * scripts and people know them from docker. */
#include "core/cli/opt.h"

#include <errno.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"

#define HELP_WIDTH 79 /* docker's, on a terminal of 80 */

/* --- slots -------------------------------------------------------------------------- */

static void *slot(const struct opt *o, void *slots)
{
	return (char *)slots + o->offset;
}

/* pflag's words for a value that will not do; the option is named by its caller. */
static int bad_int(const char *value, int code, struct buf *why)
{
	buf_adds(why, "strconv.ParseInt: parsing ");
	str_quote(why, value, strlen(value));
	buf_adds(why, code == -ERANGE ? ": value out of range" : ": invalid syntax");
	return -EINVAL;
}

static int set_bool(const char *value, bool *ret, struct buf *why)
{
	if (str_bool(value, ret) == 0)
		return 0;
	buf_adds(why, "strconv.ParseBool: parsing ");
	str_quote(why, value, strlen(value));
	buf_adds(why, ": invalid syntax");
	return -EINVAL;
}

static int set_int(const char *value, int64_t *ret, struct buf *why)
{
	int r = str_i64(value[0] == '+' ? value + 1 : value, INT64_MIN, INT64_MAX, ret);

	return r < 0 ? bad_int(value, r, why) : 0;
}

static int set_duration(const char *value, int64_t *ret, struct buf *why)
{
	int64_t bare;

	if (time_duration(value, ret) == 0)
		return 0;
	/* A bare number is the usual mistake. */
	if (str_i64(value, INT64_MIN, INT64_MAX, &bare) == 0)
		buf_adds(why, "time: missing unit in duration ");
	else
		buf_adds(why, "time: invalid duration ");
	str_quote(why, value, strlen(value));
	return -EINVAL;
}

static int set_slot(const struct opt *o, void *slots, const char *value, struct buf *why)
{
	void *p = slot(o, slots);

	switch (o->type) {
	case OPT_TYPE_BOOL:
		return set_bool(value, p, why);
	case OPT_TYPE_STRING:
	case OPT_TYPE_OPTIONAL:
		str_set(p, value);
		return 0;
	case OPT_TYPE_LIST:
		strv_add(p, value);
		return 0;
	case OPT_TYPE_INT:
		return set_int(value, p, why);
	case OPT_TYPE_SIZE:
		if (str_size(value, p) == 0)
			return 0;
		buf_addf(why, "invalid size: '%s'", value);
		return -EINVAL;
	case OPT_TYPE_DURATION:
		return set_duration(value, p, why);
	case OPT_TYPE_REFUSED:
	case OPT_TYPE_END:
		break;
	}
	return -EINVAL;
}

/* --- parsing ------------------------------------------------------------------------ */

struct parser {
	const struct opt *opts;
	void *slots;
	char **next, **end; /* arguments not looked at yet */
	struct opt_result *ret;
	struct err *e;
};

static const struct opt *find_long(const struct opt *opts, const char *name, size_t n)
{
	for (const struct opt *o = opts; o && o->type != OPT_TYPE_END; o++) {
		if (o->name && strlen(o->name) == n && strncmp(o->name, name, n) == 0)
			return o;
	}
	return NULL;
}

static const struct opt *find_short(const struct opt *opts, char c)
{
	for (const struct opt *o = opts; o && o->type != OPT_TYPE_END; o++) {
		if (o->short_name && o->short_name == c)
			return o;
	}
	return NULL;
}

static int give(struct parser *p, const struct opt *o, const char *value)
{
	autobuf why = { 0 };
	autobuf quoted = { 0 };
	int r = set_slot(o, p->slots, value, &why);

	if (r == 0) {
		if (o->given)
			*((bool *)p->slots + (o->given - 1)) = true;
		return 0;
	}
	str_quote(&quoted, value, strlen(value));
	if (o->short_name)
		return err_set(p->e, -EINVAL,
			       "invalid argument %s for \"-%c, --%s\" flag: %s",
			       buf_str(&quoted), o->short_name, o->name, buf_str(&why));
	return err_set(p->e, -EINVAL, "invalid argument %s for \"--%s\" flag: %s",
		       buf_str(&quoted), o->name, buf_str(&why));
}

/* What it means without a value; NULL where it needs one. */
static const char *bare_value(const struct opt *o)
{
	return o->type == OPT_TYPE_BOOL       ? "true"
	       : o->type == OPT_TYPE_OPTIONAL ? ""
					      : NULL;
}

static int refuse(struct parser *p, const struct opt *o)
{
	return err_set(p->e, -EOPNOTSUPP, "--%s is not supported: %s", o->name, o->help);
}

static int parse_long(struct parser *p, const char *arg)
{
	const char *name = arg + 2;
	size_t n = strcspn(name, "=");
	const struct opt *o;

	if (!n || name[0] == '-')
		return err_set(p->e, -EINVAL, "bad flag syntax: %s", arg);
	o = find_long(p->opts, name, n);
	if (!o && n == 4 && strncmp(name, "help", 4) == 0) {
		p->ret->help = true;
		return 0;
	}
	if (!o)
		return err_set(p->e, -EINVAL, "unknown flag: --%.*s", (int)n, name);
	if (o->type == OPT_TYPE_REFUSED)
		return refuse(p, o);
	if (name[n] == '=')
		return give(p, o, name + n + 1);
	if (bare_value(o))
		return give(p, o, bare_value(o));
	if (p->next == p->end)
		return err_set(p->e, -EINVAL, "flag needs an argument: %s", arg);
	return give(p, o, *p->next++);
}

static int parse_shorts(struct parser *p, const char *arg)
{
	for (const char *c = arg + 1; *c; c++) {
		const struct opt *o = find_short(p->opts, *c);
		int r;

		if (!o && *c == 'h') {
			p->ret->help = true;
			return 0;
		}
		if (!o)
			return err_set(p->e, -EINVAL,
				       "unknown shorthand flag: '%c' in -%s", *c, c);
		if (o->type == OPT_TYPE_REFUSED)
			return refuse(p, o);
		if (c[1] == '=' && c[2])
			return give(p, o, c + 2);
		if (bare_value(o)) {
			r = give(p, o, bare_value(o));
			if (r < 0)
				return r;
			continue;
		}
		if (c[1])
			return give(p, o, c + 1);
		if (p->next == p->end)
			return err_set(p->e, -EINVAL,
				       "flag needs an argument: '%c' in -%s", *c, c);
		return give(p, o, *p->next++);
	}
	return 0;
}

static void set_defaults(const struct opt *opts, void *slots)
{
	for (const struct opt *o = opts; o && o->type != OPT_TYPE_END; o++) {
		autobuf why = { 0 };

		/* A default that its own type refuses is a bug in the table. */
		if (o->fallback && set_slot(o, slots, o->fallback, &why) < 0)
			abort();
	}
}

int opt_parse(const struct opt *opts, void *slots, int argc, char **argv,
	      bool stop_at_operand, struct opt_result *ret, struct err *e)
{
	struct parser p = { opts, slots, argv, argv + argc, ret, e };
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	ret->rest = mem_array((size_t)argc + 1, sizeof(*ret->rest));
	set_defaults(opts, slots);
	if (argc > 0)
		p.next++;
	while (r == 0 && p.next < p.end && !ret->help) {
		char *arg = *p.next++;

		if (str_eq(arg, "--"))
			break;
		if (arg[0] != '-' || !arg[1]) {
			ret->rest[ret->rest_len++] = arg;
			if (stop_at_operand)
				break;
		} else if (arg[1] == '-') {
			r = parse_long(&p, arg);
		} else {
			r = parse_shorts(&p, arg);
		}
	}
	while (r == 0 && p.next < p.end && !ret->help)
		ret->rest[ret->rest_len++] = *p.next++;
	if (r < 0)
		free(TAKE_PTR(ret->rest));
	return r;
}

void opt_release(const struct opt *opts, void *slots)
{
	for (const struct opt *o = opts; o && o->type != OPT_TYPE_END; o++) {
		if (o->type == OPT_TYPE_STRING || o->type == OPT_TYPE_OPTIONAL)
			str_set(slot(o, slots), NULL);
		else if (o->type == OPT_TYPE_LIST)
			strv_done(slot(o, slots));
	}
}

/* --- help --------------------------------------------------------------------------- */

/* Where to break the first line of at most n bytes (slop more when that ends the text):
 * bytes of the line; *ret_rest: what comes after the break, NULL when nothing. */
static size_t break_line(const char *text, size_t n, size_t slop, const char **ret_rest)
{
	const char *newline;
	size_t len = strlen(text), at = n;

	*ret_rest = NULL;
	if (n + slop > len)
		return len;
	newline = memrchr(text, '\n', n);
	while (at > 0 && !strchr(" \t\n", text[at - 1]))
		at--;
	if (at <= 1)
		return len;
	at--;
	if (newline && newline > text && (size_t)(newline - text) < at)
		at = (size_t)(newline - text);
	*ret_rest = text + at + 1;
	return at;
}

/* Adds text with its lines after the first indented, and broken before width. */
static void add_wrapped(struct buf *out, const char *text, size_t indent, size_t width)
{
	const size_t slop = 5;
	size_t room = width > indent ? width - indent : 0;

	if (room < 24) { /* too narrow: a block on the next line */
		indent = 16;
		room = width - indent;
		buf_addf(out, "\n%*s", (int)indent, "");
	}
	while (text) {
		const char *rest;
		size_t n = break_line(text, room - slop, slop, &rest);

		for (size_t i = 0; i < n; i++) {
			buf_addc(out, text[i]);
			if (text[i] == '\n')
				buf_addf(out, "%*s", (int)indent, "");
		}
		if (rest)
			buf_addf(out, "\n%*s", (int)indent, "");
		text = rest;
	}
}

/* The left column: "  -d, --detach" or "      --name string". */
static void add_name(struct buf *out, const struct opt *o)
{
	if (o->short_name)
		buf_addf(out, "  -%c, --%s", o->short_name, o->name);
	else
		buf_addf(out, "      --%s", o->name);
	if (o->arg)
		buf_addf(out, o->type == OPT_TYPE_OPTIONAL ? "[=%s]" : " %s", o->arg);
}

/* pflag leaves out a default that is the type's zero. */
static bool shows_default(const struct opt *o)
{
	return !str_empty(o->fallback) && !str_eq(o->fallback, "0") &&
	       !(o->type == OPT_TYPE_BOOL && str_eq(o->fallback, "false")) &&
	       !(o->type == OPT_TYPE_DURATION && str_eq(o->fallback, "0s"));
}

static int by_name(const void *a, const void *b)
{
	const struct opt *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

size_t opt_listed(const struct opt *opts, const struct opt ***ret)
{
	const struct opt **list;
	size_t n = 0, kept = 0;

	while (opts && opts[n].type != OPT_TYPE_END)
		n++;
	list = mem_array(n + 1, sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		if (!opts[i].hidden)
			list[kept++] = &opts[i];
	}
	qsort(list, kept, sizeof(*list), by_name);
	*ret = list;
	return kept;
}

void opt_describe(const struct opt *o, struct buf *out)
{
	buf_adds(out, o->help);
	if (!shows_default(o))
		return;
	if (o->type == OPT_TYPE_STRING)
		buf_addf(out, " (default \"%s\")", o->fallback);
	else
		buf_addf(out, " (default %s)", o->fallback);
}

void opt_help(const struct opt *opts, struct buf *out)
{
	autofree const struct opt **list = NULL;
	size_t n = opt_listed(opts, &list), widest = 0;

	for (size_t i = 0; i < n; i++) {
		autobuf name = { 0 };

		add_name(&name, list[i]);
		if (name.len > widest)
			widest = name.len;
	}
	for (size_t i = 0; i < n; i++) {
		autobuf name = { 0 };
		autobuf text = { 0 };

		add_name(&name, list[i]);
		opt_describe(list[i], &text);
		buf_addf(out, "%-*s", (int)widest + 3, buf_str(&name));
		add_wrapped(out, buf_str(&text), widest + 3, HELP_WIDTH);
		buf_addc(out, '\n');
	}
}
