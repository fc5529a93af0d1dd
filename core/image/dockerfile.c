/* SPDX-License-Identifier: Apache-2.0 */
/* From lines to instructions: parser directives, comments, continued lines, heredocs. */
#include "core/image/dockerfile.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"

static const char *const op_names[] = {
	"ADD",    "ARG",   "CMD",         "COPY",  "ENTRYPOINT", "ENV",
	"EXPOSE", "FROM",  "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
	"RUN",    "SHELL", "STOPSIGNAL",  "USER",  "VOLUME",     "WORKDIR",
};

/* The text, line by line. */
struct lines {
	const char *p, *end;
	unsigned number; /* of the line given last */
};

const char *dockerfile_op_name(enum dockerfile_op op)
{
	return op_names[op];
}

/* Without its newline (and a carriage return before it); false at the end. */
static bool next_line(struct lines *l, const char **ret, size_t *ret_n)
{
	const char *nl;
	size_t n;

	if (l->p == l->end)
		return false;
	nl = memchr(l->p, '\n', (size_t)(l->end - l->p));
	n = (size_t)((nl ? nl : l->end) - l->p);
	*ret = l->p;
	l->p = nl ? nl + 1 : l->end;
	l->number++;
	*ret_n = n > 0 && (*ret)[n - 1] == '\r' ? n - 1 : n;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

static void skip_space(const char **p, size_t *n)
{
	while (*n > 0 && is_space(**p)) {
		(*p)++;
		(*n)--;
	}
}

/* Takes the mark of a continued line off: the escape character, not itself escaped, and
 * blanks after it. */
static bool take_continuation(const char *p, size_t *n, char escape)
{
	size_t k = *n;

	while (k > 0 && (p[k - 1] == ' ' || p[k - 1] == '\t'))
		k--;
	if (k == 0 || p[k - 1] != escape || (k > 1 && p[k - 2] == escape))
		return false;
	*n = k - 1;
	return true;
}

/* "# name=value" as its two halves, or NULL. */
static char *directive(const char *p, size_t n, char **ret_value)
{
	autofree char *line = NULL;
	char *eq, *end;

	if (n == 0 || *p != '#')
		return NULL;
	p++;
	n--;
	skip_space(&p, &n);
	line = str_ndup(p, n);
	eq = strchr(line, '=');
	if (!eq)
		return NULL;
	for (end = eq; end > line && is_space(end[-1]); end--)
		;
	size_t len = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (len == 0 || line + len != end)
		return NULL;
	for (eq++; is_space(*eq); eq++)
		;
	for (end = eq + strlen(eq); end > eq && is_space(end[-1]); end--)
		;
	*ret_value = str_ndup(eq, (size_t)(end - eq));
	return str_ndup(line, len);
}

/* Directives stand before everything else. syntax and check speak to other builders. */
static int read_directives(struct lines *l, char *ret_escape, struct err *e)
{
	static const char *const names[] = { "escape", "syntax", "check" };
	bool seen[ARRAY_LEN(names)] = { false };

	for (struct lines ahead = *l;; *l = ahead) {
		autofree char *name = NULL, *value = NULL;
		const char *p;
		size_t n;
		if (!next_line(&ahead, &p, &n) || !(name = directive(p, n, &value)))
			return 0;
		size_t which = 0;
		while (which < ARRAY_LEN(names) && strcasecmp(name, names[which]))
			which++;
		if (which == ARRAY_LEN(names))
			return 0;
		l->number = ahead.number;
		if (seen[which])
			return err_set(e, -EINVAL,
				       "only one %s parser directive can be used",
				       names[which]);
		seen[which] = true;
		if (which > 0)
			continue;
		if (!str_eq(value, "\\") && !str_eq(value, "`"))
			return err_set(e, -EINVAL,
				       "invalid escape token '%s': it must be ` or \\",
				       value);
		*ret_escape = value[0];
	}
}

/* One instruction's lines joined; comments and empty lines in between are left out. False
 * at the end. */
static bool join_lines(struct lines *l, char escape, struct buf *out, unsigned *ret_first)
{
	bool more = false;
	const char *p, *t;
	size_t n, k;

	*ret_first = 0;
	while (next_line(l, &p, &n)) {
		t = p;
		k = n;
		skip_space(&t, &k);
		if (k == 0 || *t == '#')
			continue;
		if (!*ret_first) {
			*ret_first = l->number;
			p = t;
			n = k;
		}
		more = take_continuation(p, &n, escape);
		buf_add(out, p, n);
		if (!more)
			return true;
	}
	return *ret_first != 0;
}

static int read_heredoc(struct lines *l, struct dockerfile_heredoc *h, bool tabs,
			struct err *e)
{
	autobuf text = { 0 };
	const char *p;
	size_t n;

	while (next_line(l, &p, &n)) {
		for (; tabs && n > 0 && *p == '\t'; n--)
			p++;
		if (n == strlen(h->name) && !memcmp(p, h->name, n)) {
			h->text = buf_take(&text);
			return 0;
		}
		buf_add(&text, p, n);
		buf_addc(&text, '\n');
	}
	return err_set(e, -EINVAL, "unterminated heredoc '%s'", h->name);
}

static int find_op(const char *word, size_t n, enum dockerfile_op *ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(op_names); i++) {
		if (strlen(op_names[i]) == n && !strncasecmp(op_names[i], word, n)) {
			*ret = (enum dockerfile_op)i;
			return 0;
		}
	}
	return err_set(e, -EINVAL, "unknown instruction: %.*s", (int)(n > 64 ? 64 : n),
		       word);
}

/* Those of RUN, COPY and ADD (in ONBUILD, too) whose marks are in the line follow it. */
static int read_heredocs(struct lines *l, char escape, struct dockerfile_instruction *i,
			 const char *rest, struct err *e)
{
	enum dockerfile_op op = i->op;
	autostrv words = { 0 };
	int r = 0;

	if (op == DOCKERFILE_ONBUILD &&
	    find_op(rest, strcspn(rest, " \t\v\f\r"), &op, NULL) < 0)
		return 0;
	if (op != DOCKERFILE_RUN && op != DOCKERFILE_COPY && op != DOCKERFILE_ADD)
		return 0;
	dockerfile_split(rest, escape, &words);
	for (size_t k = 0; r == 0 && k < words.len; k++) {
		struct dockerfile_heredoc h = { 0 };
		bool tabs;
		if (!dockerfile_read_heredoc(words.v[k], escape, &h, &tabs))
			continue;
		i->heredocs = mem_resize(i->heredocs, i->heredocs_len + 1, sizeof(h));
		i->heredocs[i->heredocs_len] = h;
		r = read_heredoc(l, &i->heredocs[i->heredocs_len++], tabs, e);
	}
	return r;
}

static int parse_instruction(struct lines *l, char escape, const char *text,
			     struct dockerfile_instruction *i, struct err *e)
{
	size_t n = strcspn(text, " \t\v\f\r");
	const char *rest = text + n;
	int r = find_op(text, n, &i->op, e);

	if (r < 0)
		return r;
	rest += strspn(rest, " \t\v\f\r");
	i->text = str_dup(text);
	for (n = strlen(i->text); n > 0 && is_space(i->text[n - 1]); n--)
		i->text[n - 1] = 0;
	if ((r = read_heredocs(l, escape, i, rest, e)) < 0)
		return r;
	autofree char *trimmed = str_dup(rest);
	for (n = strlen(trimmed); n > 0 && is_space(trimmed[n - 1]); n--)
		trimmed[n - 1] = 0;
	if ((r = dockerfile_fill(i, escape, trimmed, e)) < 0)
		return r;
	return dockerfile_check(i, e);
}

static struct dockerfile_instruction *add_instruction(struct dockerfile *d)
{
	/* Room grows by halves of what is there: powers of two. */
	if ((d->len & (d->len - 1)) == 0)
		d->v = mem_resize(d->v, d->len ? d->len * 2 : 1, sizeof(*d->v));
	d->v[d->len] = (struct dockerfile_instruction){ 0 };
	return &d->v[d->len++];
}

static int parse_all(struct lines *l, struct dockerfile *d, struct err *e)
{
	autobuf line = { .max = DOCKERFILE_MAX };
	size_t stages = 0;
	unsigned first;
	int r;

	for (; join_lines(l, d->escape, &line, &first); buf_reset(&line)) {
		struct dockerfile_instruction *i = add_instruction(d);
		i->line = first;
		r = parse_instruction(l, d->escape, buf_str(&line), i, e);
		i->last_line = l->number;
		l->number = r < 0 ? first : l->number;
		if (r < 0)
			return r;
		stages += i->op == DOCKERFILE_FROM;
		if (!stages && i->op != DOCKERFILE_ARG)
			return err_set(e, -EINVAL,
				       "no build stage in current context: the first "
				       "instruction must be FROM (or ARG before it)");
		if (d->len > DOCKERFILE_INSTRUCTIONS_MAX ||
		    stages > DOCKERFILE_STAGES_MAX)
			return err_set(e, -E2BIG, "too many instructions or stages");
	}
	return stages ? 0
		      : err_set(e, -EINVAL,
				d->len ? "no build stage: there is no FROM"
				       : "file with no instructions");
}

int dockerfile_parse(const char *p, size_t n, const char *name, struct dockerfile *ret,
		     struct err *e)
{
	autodone(dockerfile_done) struct dockerfile d = { .escape = '\\' };
	struct lines l = { .p = p, .end = p + n };
	int r;

	if (n > DOCKERFILE_MAX)
		return err_set(e, -E2BIG, "%s: larger than %u bytes", name,
			       DOCKERFILE_MAX);
	if (n && memchr(p, 0, n))
		return err_set(e, -EINVAL, "%s: not a text file", name);
	if (n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		l.p += 3;
	if ((r = read_directives(&l, &d.escape, e)) < 0 ||
	    (r = parse_all(&l, &d, e)) < 0) {
		err_wrap(e, "%s:%u", name, l.number ? l.number : 1);
		return r;
	}
	*ret = d;
	d = (struct dockerfile){ 0 };
	return 0;
}

int dockerfile_parse_trigger(const char *text, char escape, struct dockerfile *ret,
			     struct err *e)
{
	autodone(dockerfile_done) struct dockerfile d = { .escape = escape };
	size_t n = strcspn(text += strspn(text, " \t\v\f\r"), "\n");
	autofree char *line = str_ndup(text, n);
	struct lines l = { .p = text + n + !!text[n] };
	enum dockerfile_op op;
	int r = find_op(line, strcspn(line, " \t\v\f\r"), &op, e);

	if (r < 0)
		return r;
	/* Before its arguments are looked at: no chain, however long, goes deep. */
	if (op == DOCKERFILE_ONBUILD)
		return err_set(e, -EINVAL,
			       "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
	if (op == DOCKERFILE_FROM || op == DOCKERFILE_MAINTAINER)
		return err_set(e, -EINVAL, "%s isn't allowed as an ONBUILD trigger",
			       op_names[op]);
	l.end = l.p + strlen(l.p);
	if ((r = parse_instruction(&l, escape, line, add_instruction(&d), e)) < 0)
		return r;
	if (l.p != l.end)
		return err_set(e, -EINVAL, "an ONBUILD trigger is one instruction");
	*ret = d;
	d = (struct dockerfile){ 0 };
	return 0;
}

const char *dockerfile_flag(const struct dockerfile_instruction *i, const char *name)
{
	size_t n = strlen(name);

	for (size_t k = 0; k < i->flags.len; k++) {
		const char *f = i->flags.v[k];
		if (!strncmp(f, name, n) && (f[n] == '=' || !f[n]))
			return f[n] ? f + n + 1 : f + n;
	}
	return NULL;
}

static void instruction_done(struct dockerfile_instruction *i)
{
	free(i->text);
	strv_done(&i->flags);
	strv_done(&i->args);
	for (size_t k = 0; k < i->heredocs_len; k++) {
		free(i->heredocs[k].name);
		free(i->heredocs[k].text);
	}
	free(i->heredocs);
}

void dockerfile_done(struct dockerfile *d)
{
	for (size_t k = 0; k < d->len; k++)
		instruction_done(&d->v[k]);
	free(d->v);
	*d = (struct dockerfile){ 0 };
}
