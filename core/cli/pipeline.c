/* SPDX-License-Identifier: Apache-2.0 */
/* Pipelines of templates: operands, commands, declarations. The sentences are Go's. */
#include "core/cli/pipeline.h"

#include "core/base/mem.h"
#include "core/cli/literal.h"

/* --- operands ----------------------------------------------------------------------- */

/* ".A.B" after an operand: into o->fields. */
static int parse_fields(struct cursor *p, struct pipeline_operand *o)
{
	size_t count = 0;

	for (size_t i = p->at; p->src[i] == '.' || cursor_is_word(p->src[i]); i++)
		count += p->src[i] == '.';
	if (!count)
		return 0;
	o->fields = cursor_alloc(p, (count + 1) * sizeof(*o->fields));
	if (!o->fields)
		return cursor_full(p);
	for (size_t i = 0; i < count && p->src[p->at] == '.'; i++) {
		size_t n;

		p->at++;
		n = cursor_word(p);
		if (!n || (p->src[p->at] >= '0' && p->src[p->at] <= '9')) {
			return cursor_fail(p, "unexpected . after term \"%.*s\"",
					   (int)(p->at - 1 - o->at), p->src + o->at);
		}
		o->fields[i] = arena_dup(p->arena, p->src + p->at, n);
		if (!o->fields[i])
			return cursor_full(p);
		p->at += n;
	}
	return 0;
}

static int parse_variable(struct cursor *p, struct pipeline_operand *o)
{
	size_t start = p->at++;
	size_t n = cursor_word(p) + 1;

	p->at = start + n;
	for (size_t i = p->nnames; i-- > 0;) {
		if (p->names[i].n == n && memcmp(p->names[i].p, p->src + start, n) == 0) {
			o->kind = OPERAND_VARIABLE;
			o->slot = i;
			return 0;
		}
	}
	return cursor_fail(p, "undefined variable \"%.*s\"", (int)n, p->src + start);
}

static int parse_word(struct cursor *p, struct pipeline_operand *o)
{
	size_t n = cursor_word(p);
	const char *word = p->src + p->at;

	o->kind = OPERAND_LITERAL;
	if (cursor_take(p, "true") || cursor_take(p, "false")) {
		o->literal = value_bool(*word == 't');
		return 0;
	}
	if (cursor_take(p, "nil"))
		return 0;
	o->kind = OPERAND_FUNCTION;
	o->function = builtin_find(word, n);
	if (!o->function)
		return cursor_fail(p, "function \"%.*s\" not defined", (int)n, word);
	p->at += n;
	return 0;
}

static int parse_parens(struct cursor *p, struct pipeline_operand *o)
{
	struct pipeline *pipe;
	int r;

	p->at++;
	if (++p->depth > CURSOR_DEPTH_MAX)
		return cursor_fail(p, "max expression depth exceeded");
	r = pipeline_parse(p, "parenthesized pipeline", false, &pipe);
	if (r < 0)
		return r;
	p->depth--;
	if (p->src[p->at] != ')')
		return cursor_fail(p, "unclosed left paren");
	p->at++;
	o->kind = OPERAND_PIPE;
	o->pipe = pipe;
	return 0;
}

static int parse_literal(struct cursor *p, struct pipeline_operand *o)
{
	const char *why = NULL, *end;

	o->kind = OPERAND_LITERAL;
	end = literal_parse(p->src + p->at, p->arena, &o->literal, &why);
	if (!end)
		return why ? cursor_fail(p, "%s", why) : cursor_full(p);
	p->at = (size_t)(end - p->src);
	return 0;
}

static bool starts_literal(const char *s)
{
	return strchr("\"`'", *s) || (*s >= '0' && *s <= '9') ||
	       (strchr("+-.", *s) && s[1] >= '0' && s[1] <= '9') ||
	       (strchr("+-", *s) && s[1] == '.' && s[2] >= '0' && s[2] <= '9');
}

/* *ret stays NULL where no operand starts. */
static int parse_operand(struct cursor *p, struct pipeline_operand **ret)
{
	const char *s = p->src + p->at;
	struct pipeline_operand *o;
	int r;

	*ret = NULL;
	if (!*s || cursor_at_close(p) || strchr("|),=:", *s))
		return 0;
	o = cursor_alloc(p, sizeof(*o));
	if (!o)
		return cursor_full(p);
	o->at = p->at;
	if (starts_literal(s))
		r = parse_literal(p, o);
	else if (*s == '.')
		r = 0;
	else if (*s == '$')
		r = parse_variable(p, o);
	else if (*s == '(')
		r = parse_parens(p, o);
	else if (cursor_is_word(*s))
		r = parse_word(p, o);
	else
		r = cursor_fail(p, "unexpected \"%c\" in operand", *s);
	if (r < 0)
		return r;
	if (*s == '.' && o->kind == OPERAND_DOT && !cursor_is_word(s[1]))
		p->at++; /* a dot alone */
	else
		r = parse_fields(p, o);
	if (r == 0 && o->fields &&
	    (o->kind == OPERAND_LITERAL || o->kind == OPERAND_FUNCTION))
		return cursor_fail(p, "unexpected . after term \"%.*s\"",
				   (int)(p->at - o->at), s);
	s = p->src + p->at;
	if (r == 0 && *s && !cursor_is_space(*s) && !cursor_at_close(p) &&
	    !strchr("|),=:", *s))
		return cursor_fail(p, "unexpected \"%c\" in operand", *s);
	o->len = p->at - o->at;
	*ret = o;
	return r;
}

/* --- pipelines ---------------------------------------------------------------------- */

static int parse_command(struct cursor *p, bool first, struct pipeline_command **ret)
{
	struct pipeline_command *c = cursor_alloc(p, sizeof(*c));
	struct pipeline_operand **end, *o;
	int r;

	if (!c)
		return cursor_full(p);
	cursor_skip_space(p);
	c->at = p->at;
	end = &c->operands;
	for (;;) {
		r = parse_operand(p, &o);
		if (r < 0)
			return r;
		if (!o)
			break;
		*end = o;
		end = &o->next;
		c->len = p->at - c->at;
		cursor_skip_space(p);
	}
	if (!c->operands)
		return p->src[p->at] ? cursor_fail(p, "missing value for command")
				     : cursor_fail(p, "unclosed action");
	o = c->operands;
	/* What comes through a pipe needs somebody to take it. */
	if (!first &&
	    (o->kind == OPERAND_LITERAL || (o->kind == OPERAND_DOT && !o->fields)))
		return cursor_fail(p, "non executable command in pipeline stage 2");
	*ret = c;
	return 0;
}

static int declare(struct cursor *p, const char *name, size_t n, size_t *ret)
{
	if (p->nnames == CURSOR_VARS_MAX)
		return cursor_fail(p, "too many variables");
	p->names[p->nnames].p = name;
	p->names[p->nnames].n = n;
	*ret = p->nnames++;
	if (p->nnames > p->most_names)
		p->most_names = p->nnames;
	return 0;
}

static int assign(struct cursor *p, const char *name, size_t n, size_t *ret)
{
	for (size_t i = p->nnames; i-- > 0;) {
		if (p->names[i].n == n && memcmp(p->names[i].p, name, n) == 0) {
			*ret = i;
			return 0;
		}
	}
	return cursor_fail(p, "undefined variable \"%.*s\"", (int)n, name);
}

struct names {
	size_t at[2], len[2], n;
	bool declare;
};

/* "$x :=", "$x =", in range also "$i, $x :="; names->n is 0 where none of these stands.
 */
static int parse_names(struct cursor *p, bool range, struct names *names)
{
	size_t start = p->at;

	memset(names, 0, sizeof(*names));
	while (p->src[p->at] == '$' && names->n < 2) {
		names->at[names->n] = p->at++;
		p->at += cursor_word(p);
		names->len[names->n] = p->at - names->at[names->n];
		names->n++;
		cursor_skip_space(p);
		if (p->src[p->at] != ',')
			break;
		if (!range || names->n == 2)
			return cursor_fail(p, "too many declarations in %s",
					   range ? "range" : "command");
		p->at++;
		cursor_skip_space(p);
	}
	if (names->n && (cursor_ahead(p, ":=") || cursor_ahead(p, "="))) {
		names->declare = p->src[p->at] == ':';
		p->at += names->declare ? 2 : 1;
		return 0;
	}
	if (names->n == 2)
		return cursor_fail(p, "range can only initialize variables");
	p->at = start;
	names->n = 0;
	return 0;
}

/* The pipeline itself; variables it declares are known only after it. */
int pipeline_parse(struct cursor *p, const char *context, bool range,
		   struct pipeline **ret)
{
	struct pipeline *pipe = cursor_alloc(p, sizeof(*pipe));
	struct pipeline_command **end;
	struct names names;
	int r;

	if (!pipe)
		return cursor_full(p);
	cursor_skip_space(p);
	pipe->at = p->at;
	r = parse_names(p, range, &names);
	if (r < 0)
		return r;
	cursor_skip_space(p);
	if (!names.n && (cursor_at_close(p) || p->src[p->at] == ')'))
		return cursor_fail(p, "missing value for %s", context);
	for (end = &pipe->commands;; end = &(*end)->next) {
		r = parse_command(p, end == &pipe->commands, end);
		if (r < 0)
			return r;
		if (p->src[p->at] != '|')
			break;
		p->at++;
	}
	pipe->len = p->at - pipe->at;
	while (pipe->len && cursor_is_space(p->src[pipe->at + pipe->len - 1]))
		pipe->len--;
	pipe->nslots = names.n;
	pipe->declares = names.n > 0;
	for (size_t i = 0; i < names.n && r == 0; i++)
		r = (names.declare ? declare : assign)(p, p->src + names.at[i],
						       names.len[i], &pipe->slots[i]);
	*ret = pipe;
	return r;
}
