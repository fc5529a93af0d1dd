/* SPDX-License-Identifier: Apache-2.0 */
/* Substitution of variables, by the rules of docker's shell lexer. A recursive descent:
 * what stands behind an operator in braces is a word itself. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/dockerfile.h"

#define DEPTH_MAX 32
#define PATTERN_MAX \
	1024 /* bytes of a value that a pattern is tried on, and of patterns */

struct lexer {
	const struct dockerfile_scope *s;
	const char *p;
	int depth;
	bool keep_escapes; /* inside a pattern they mean something later */
	struct err *e;
};

static int expand_until(struct lexer *x, char stop, struct buf *out);

static int add(struct lexer *x, struct buf *out, const char *p, size_t n)
{
	return buf_add(out, p, n) < 0
		       ? err_set(x->e, -E2BIG, "too long after substitution")
		       : 0;
}

static const char *lookup(const struct lexer *x, const char *name, size_t n)
{
	const struct strv *env = x->s->env;

	for (size_t i = 0; env && i < env->len; i++)
		if (!strncmp(env->v[i], name, n) && env->v[i][n] == '=')
			return env->v[i] + n + 1;
	return NULL;
}

/* Length of the variable's name at p: letters, digits and _; or one digit or special. */
static size_t name_length(const char *p)
{
	size_t n = 0;

	if (isalpha((unsigned char)*p) || *p == '_') {
		while (isalnum((unsigned char)p[n]) || p[n] == '_')
			n++;
		return n;
	}
	if (isdigit((unsigned char)*p)) {
		while (isdigit((unsigned char)p[n]))
			n++;
		return n;
	}
	return *p && strchr("@*#?-$!", *p) ? 1 : 0;
}

enum extent { SHORTEST, LONGEST, WHOLE };

/* A set of places in a pattern. */
struct places {
	bool at[PATTERN_MAX + 1];
	bool any;
};

/* Being at a star is being behind it as well. */
static void places_add(struct places *s, const char *pat, size_t i)
{
	for (; !s->at[i]; i++) {
		s->at[i] = s->any = true;
		if (pat[i] != '*')
			return;
	}
}

/* From each place of from over the character c. */
static void places_step(const struct places *from, const char *pat, char c,
			struct places *to)
{
	*to = (struct places){ 0 };
	for (size_t i = 0; pat[i]; i++) {
		bool escaped = pat[i] == '\\' && pat[i + 1];
		char lit = escaped ? pat[i + 1] : pat[i];
		if (from->at[i] && pat[i] == '*')
			places_add(to, pat, i);
		else if (from->at[i] && (pat[i] == '?' || lit == c))
			places_add(to, pat, i + 1 + escaped);
	}
}

/* How much of the n bytes at s the pattern (with * and ?) matches from their start on, or
 * -1. */
static ssize_t match(const char *pat, const char *s, size_t n, enum extent want)
{
	struct places now = { 0 }, next;
	size_t last = strlen(pat);
	ssize_t found = -1;

	places_add(&now, pat, 0);
	for (size_t i = 0; now.any; i++) {
		if (now.at[last] && (want != WHOLE || i == n))
			found = (ssize_t)i;
		if (i == n || (found >= 0 && want == SHORTEST))
			break;
		places_step(&now, pat, s[i], &next);
		now = next;
	}
	return found;
}

/* ${x#p} ${x##p}: what is left of value without the shortest or longest start. */
static int cut_start(struct lexer *x, const char *value, const char *pat, bool longest,
		     struct buf *out)
{
	ssize_t k = match(pat, value, strlen(value), longest ? LONGEST : SHORTEST);

	value += k > 0 ? k : 0;
	return add(x, out, value, strlen(value));
}

static int cut_end(struct lexer *x, const char *value, const char *pat, bool longest,
		   struct buf *out)
{
	size_t n = strlen(value);

	for (size_t i = 0; i <= n; i++) {
		size_t k = longest ? i : n - i;
		if (match(pat, value + k, n - k, WHOLE) >= 0)
			return add(x, out, value, k);
	}
	return add(x, out, value, n);
}

/* ${x/p/w} ${x//p/w}: the longest match at each place. */
static int replace(struct lexer *x, const char *value, const char *pat, bool all,
		   const struct buf *with, struct buf *out)
{
	int r = 0;

	while (r == 0 && *value) {
		ssize_t n = match(pat, value, strlen(value), LONGEST);
		if (n <= 0) {
			r = add(x, out, value++, 1);
			continue;
		}
		r = add(x, out, buf_str(with), with->len);
		value += n;
		if (!all)
			return r < 0 ? r : add(x, out, value, strlen(value));
	}
	return r;
}

/* The word from here to stop, substituted; the stop is taken. */
static int take_word(struct lexer *x, char stop, bool pattern, struct buf *out)
{
	bool kept = x->keep_escapes;
	int r;

	x->keep_escapes = pattern;
	r = expand_until(x, stop, out);
	x->keep_escapes = kept;
	if (r < 0)
		return r;
	if (*x->p != stop)
		return err_set(x->e, -EINVAL,
			       "syntax error: missing '%c' in substitution", stop);
	x->p++;
	return 0;
}

static int expand_pattern(struct lexer *x, const char *value, struct buf *out)
{
	autobuf pat = { .max = PATTERN_MAX + 1 }, with = { .max = DOCKERFILE_MAX };
	char op = *x->p++;
	bool twice = *x->p == op;
	int r;

	x->p += twice;
	r = take_word(x, op == '/' ? '/' : '}', true, &pat);
	if (r == 0 && op == '/')
		r = take_word(x, '}', false, &with);
	if (r < 0)
		return r;
	if (!value)
		return 0;
	if (strlen(value) > PATTERN_MAX)
		return err_set(x->e, -E2BIG,
			       "a value longer than %d bytes cannot be matched",
			       PATTERN_MAX);
	if (op == '#')
		return cut_start(x, value, buf_str(&pat), twice, out);
	if (op == '%')
		return cut_end(x, value, buf_str(&pat), twice, out);
	return replace(x, value, buf_str(&pat), twice, &with, out);
}

/* ${x-w} and the like; colon: an empty value counts as none. */
static int expand_default(struct lexer *x, const char *name, const char *value,
			  struct buf *out)
{
	autobuf word = { .max = DOCKERFILE_MAX };
	bool colon = *x->p == ':';
	char op = *(x->p += colon);
	bool set = value && (!colon || *value);
	int r;

	if (!op || !strchr("-+?", op))
		return err_set(x->e, -EINVAL, "unsupported modifier (%c) in substitution",
			       op ? op : ':');
	x->p++;
	if ((r = take_word(x, '}', false, &word)) < 0)
		return r;
	if (op == '?' && !set)
		return err_set(x->e, -EINVAL, "%s: %s", name,
			       word.len ? buf_str(&word) : "is not allowed to be unset");
	if (op == '+')
		return set ? add(x, out, buf_str(&word), word.len) : 0;
	return set ? add(x, out, value, strlen(value))
		   : add(x, out, buf_str(&word), word.len);
}

static int expand_braces(struct lexer *x, struct buf *out)
{
	size_t n = name_length(x->p);
	autofree char *name = str_ndup(x->p, n);
	const char *value = lookup(x, x->p, n);

	if (!n)
		return err_set(x->e, -EINVAL, "bad substitution: '${%.20s'", x->p);
	x->p += n;
	switch (*x->p) {
	case '}':
		x->p++;
		return value ? add(x, out, value, strlen(value)) : 0;
	case '#':
	case '%':
	case '/':
		return expand_pattern(x, value, out);
	case 0:
		return err_set(x->e, -EINVAL,
			       "syntax error: missing '}' in substitution");
	default:
		return expand_default(x, name, value, out);
	}
}

static int expand_dollar(struct lexer *x, struct buf *out)
{
	const char *value;
	size_t n;

	x->p++;
	if (*x->p == '{') {
		x->p++;
		return expand_braces(x, out);
	}
	n = name_length(x->p);
	if (n == 0)
		return add(x, out, "$", 1);
	value = lookup(x, x->p, n);
	x->p += n;
	return value ? add(x, out, value, strlen(value)) : 0;
}

static int expand_escape(struct lexer *x, bool quoted, struct buf *out)
{
	char next = x->p[1];
	/* In double quotes, and in a heredoc, only what would mean something is escaped.
	 */
	bool plain = quoted || x->s->raw
			     ? !next || (next != '$' && next != x->s->escape &&
					 (next != '"' || x->s->raw))
			     : false;
	int r = plain || x->keep_escapes ? add(x, out, x->p, 1) : 0;

	x->p++;
	if (r == 0 && *x->p && (!plain || x->keep_escapes)) {
		r = add(x, out, x->p, 1);
		x->p++;
	}
	return r;
}

static int expand_single(struct lexer *x, struct buf *out)
{
	const char *end = strchr(++x->p, '\'');
	int r;

	if (!end)
		return err_set(x->e, -EINVAL,
			       "unexpected end of statement while looking for matching "
			       "single-quote");
	r = add(x, out, x->p, (size_t)(end - x->p));
	x->p = end + 1;
	return r;
}

static int expand_double(struct lexer *x, struct buf *out)
{
	int r = 0;

	for (x->p++; r == 0 && *x->p != '"';) {
		if (!*x->p)
			return err_set(x->e, -EINVAL,
				       "unexpected end of statement while looking for "
				       "matching double-quote");
		if (*x->p == '$')
			r = expand_dollar(x, out);
		else if (*x->p == x->s->escape)
			r = expand_escape(x, true, out);
		else
			r = add(x, out, x->p++, 1);
	}
	x->p += r == 0;
	return r;
}

static int expand_until(struct lexer *x, char stop, struct buf *out)
{
	int r = 0;

	if (++x->depth > DEPTH_MAX)
		return err_set(x->e, -EINVAL, "substitution nested too deeply");
	while (r == 0 && *x->p && *x->p != stop) {
		if (*x->p == '\'' && !x->s->raw)
			r = expand_single(x, out);
		else if (*x->p == '"' && !x->s->raw)
			r = expand_double(x, out);
		else if (*x->p == '$')
			r = expand_dollar(x, out);
		else if (*x->p == x->s->escape)
			r = expand_escape(x, false, out);
		else
			r = add(x, out, x->p++, 1);
	}
	x->depth--;
	return r;
}

int dockerfile_expand(const struct dockerfile_scope *s, const char *word, char **ret,
		      struct err *e)
{
	autobuf out = { .max = DOCKERFILE_MAX };
	struct lexer x = { .s = s, .p = word, .e = e };
	int r = expand_until(&x, 0, &out);

	if (r < 0)
		return r;
	*ret = buf_take(&out);
	return 0;
}

int dockerfile_expand_words(const struct dockerfile_scope *s, const char *text,
			    struct strv *ret, struct err *e)
{
	autofree char *all = NULL;
	int r = dockerfile_expand(s, text, &all, e);

	if (r < 0)
		return r;
	for (const char *p = all + strspn(all, " \t\v\f\r\n"); *p;
	     p += strspn(p, " \t\v\f\r\n")) {
		size_t n = strcspn(p, " \t\v\f\r\n");
		strv_push(ret, str_ndup(p, n));
		p += n;
	}
	return 0;
}
