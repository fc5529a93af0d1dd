/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns are run as sets of places in them, one step for each character of the path: no
 * pattern takes longer than its length times the path's. */
#include "core/image/dockerignore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"

enum kind { LITERAL, ANY, STAR, DEEP, DEEP_END, CLASS };

/* One element of a pattern, and where the next begins. */
struct element {
	enum kind kind;
	char c;
	const char *set; /* of CLASS: behind "[" */
	size_t next;
};

struct places {
	bool at[DOCKERIGNORE_PATTERN_MAX + 1];
	bool any;
};

/* Past the "]" that ends the set at p, or NULL when nothing does. */
static const char *set_end(const char *p)
{
	p += *p == '^' || *p == '!';
	for (bool first = true; *p && (first || *p != ']'); first = false) {
		if (*p == '\\' && p[1])
			p++;
		p++;
	}
	return *p ? p + 1 : NULL;
}

static bool set_has(const char *p, char c)
{
	bool negated = *p == '^' || *p == '!', found = false;

	p += negated;
	for (bool first = true; first || *p != ']'; first = false) {
		char low, high;
		p += *p == '\\' && p[1];
		low = high = *p++;
		if (*p == '-' && p[1] != ']' && p[1]) {
			p++;
			p += *p == '\\' && p[1];
			high = *p++;
		}
		found |= (unsigned char)c >= (unsigned char)low &&
			 (unsigned char)c <= (unsigned char)high;
	}
	return found != negated && c != '/';
}

static struct element element_at(const char *pat, size_t i)
{
	struct element el = { .kind = LITERAL, .c = pat[i], .next = i + 1 };
	const char *end;

	if (pat[i] == '?') {
		el.kind = ANY;
	} else if (pat[i] == '\\' && pat[i + 1]) {
		el.c = pat[i + 1];
		el.next = i + 2;
	} else if (pat[i] == '[' && (end = set_end(pat + i + 1))) {
		el.kind = CLASS;
		el.set = pat + i + 1;
		el.next = (size_t)(end - pat);
	} else if (pat[i] == '*') {
		el.kind = STAR;
		if (pat[i + 1] == '*') {
			el.next = i + 2 + (pat[i + 2] == '/');
			el.kind = pat[el.next] ? DEEP : DEEP_END;
		}
	}
	return el;
}

/* Arrives at a place: what may match nothing is passed at once. */
static void arrive(struct places *s, const char *pat, size_t i)
{
	while (!s->at[i]) {
		struct element el = element_at(pat, i);
		s->at[i] = s->any = true;
		if (!pat[i] ||
		    (el.kind != STAR && el.kind != DEEP && el.kind != DEEP_END))
			return;
		i = el.next;
	}
}

static void step(const struct places *from, const char *pat, char c, struct places *to)
{
	*to = (struct places){ 0 };
	for (size_t i = 0; pat[i];) {
		struct element el = element_at(pat, i);
		if (from->at[i]) {
			switch (el.kind) {
			case LITERAL:
				if (c == el.c)
					arrive(to, pat, el.next);
				break;
			case ANY:
			case CLASS:
				if (el.kind == ANY ? c != '/' : set_has(el.set, c))
					arrive(to, pat, el.next);
				break;
			case STAR:
				if (c != '/')
					arrive(to, pat, i);
				break;
			case DEEP_END:
				arrive(to, pat, i);
				break;
			case DEEP:
				/* whole folders only: what follows begins after a slash
				 */
				to->at[i] = to->any = true;
				if (c == '/')
					arrive(to, pat, el.next);
				break;
			}
		}
		i = el.next;
	}
}

/* Matches path, or (folders) something path is in. */
static bool run(const char *pat, const char *path, bool folders)
{
	struct places now = { 0 }, next;
	size_t last = strlen(pat);

	arrive(&now, pat, 0);
	for (; *path && now.any; path++) {
		if (folders && *path == '/' && now.at[last])
			return true;
		step(&now, pat, *path, &next);
		now = next;
	}
	return !*path && now.at[last];
}

bool dockerignore_match(const char *pattern, const char *path)
{
	return strlen(pattern) <= DOCKERIGNORE_PATTERN_MAX && run(pattern, path, false);
}

bool dockerignore_is_pattern(const char *text)
{
	return strpbrk(text, "*?[\\");
}

bool dockerignore_has(const struct dockerignore *d, const char *path)
{
	bool out = false;

	for (size_t i = 0; i < d->len; i++)
		if (d->v[i].exception == out && run(d->v[i].text, path, true))
			out = !out;
	return out;
}

/* A set that does not end is what Go calls a syntax error. */
static bool is_sound(const char *pat)
{
	for (; *pat; pat++) {
		if (*pat == '\\' && !*++pat)
			return false;
		if (*pat == '[') {
			pat = set_end(pat + 1);
			if (!pat)
				return false;
			pat--;
		}
	}
	return true;
}

/* Leads out of the folder it starts in: such a pattern matches nothing. */
static bool climbs(const char *pattern)
{
	int depth = 0;

	if (*pattern == '/')
		return false;
	for (const char *p = pattern; *p && depth >= 0; p += strspn(p, "/")) {
		size_t n = strcspn(p, "/");
		bool up = n == 2 && p[0] == '.' && p[1] == '.';
		depth += up ? -1 : !(n == 1 && *p == '.');
		p += n;
	}
	return depth < 0;
}

int dockerignore_add(struct dockerignore *d, const char *pattern, struct err *e)
{
	bool exception = *pattern == '!';
	autofree char *clean = NULL;

	pattern += exception;
	pattern += strspn(pattern, " \t");
	if (!*pattern)
		return err_set(e, -EINVAL, "illegal exclusion pattern: \"!\"");
	if (strlen(pattern) > DOCKERIGNORE_PATTERN_MAX - 1)
		return err_set(e, -E2BIG, "a pattern is longer than %d bytes",
			       DOCKERIGNORE_PATTERN_MAX - 1);
	clean = path_clean(pattern);
	/* "." excludes nothing by itself: the context's own folder stays. */
	if (str_eq(clean, "/") || climbs(pattern))
		return 0;
	if (d->len >= DOCKERIGNORE_PATTERNS_MAX)
		return err_set(e, -E2BIG, "more than %d patterns",
			       DOCKERIGNORE_PATTERNS_MAX);
	if (!is_sound(clean + 1))
		return err_set(e, -EINVAL, "syntax error in pattern '%.200s'", pattern);
	d->v = mem_resize(d->v, d->len + 1, sizeof(*d->v));
	d->v[d->len++] = (struct dockerignore_pattern){ .text = str_dup(clean + 1),
							.exception = exception };
	d->exceptions |= exception;
	return 0;
}

int dockerignore_parse(const char *p, size_t n, const char *name,
		       struct dockerignore *ret, struct err *e)
{
	autodone(dockerignore_done) struct dockerignore d = { 0 };
	const char *end = p + n, *nl;

	if (n > DOCKERIGNORE_MAX)
		return err_set(e, -E2BIG, "%s: larger than %u bytes", name,
			       DOCKERIGNORE_MAX);
	if (n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		p += 3;
	for (unsigned line = 1; p < end; line++, p = nl + (nl < end)) {
		nl = memchr(p, '\n', (size_t)(end - p));
		nl = nl ? nl : end;
		autofree char *text = str_ndup(p, (size_t)(nl - p));
		char *t = text + strspn(text, " \t\r\v\f");
		for (size_t k = strlen(t); k > 0 && strchr(" \t\r\v\f", t[k - 1]); k--)
			t[k - 1] = 0;
		if (!*t || text[0] == '#')
			continue;
		int r = dockerignore_add(&d, t, e);
		if (r < 0) {
			err_wrap(e, "%s:%u", name, line);
			return r;
		}
	}
	*ret = d;
	d = (struct dockerignore){ 0 };
	return 0;
}

void dockerignore_done(struct dockerignore *d)
{
	for (size_t i = 0; i < d->len; i++)
		free(d->v[i].text);
	free(d->v);
	*d = (struct dockerignore){ 0 };
}
