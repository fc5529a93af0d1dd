/* SPDX-License-Identifier: Apache-2.0 */
/* WWW-Authenticate: scheme SP key=value, key="quoted", …, next scheme … */
#include "core/image/challenge.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/str.h"

struct cursor {
	const char *p, *end;
};

static bool is_token(char c)
{
	return c > 32 && c < 127 && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

/* token68 (RFC 7235) may hold these too */
static bool is_token68(char c)
{
	return is_token(c) || c == '/' || c == '=';
}

static void skip_space(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
		c->p++;
}

static void skip_commas(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == ','))
		c->p++;
}

static size_t token(struct cursor *c)
{
	const char *from = c->p;

	while (c->p < c->end && is_token(*c->p))
		c->p++;
	return (size_t)(c->p - from);
}

/* A value, quoted or not, into dst; too long or unterminated is -EINVAL. */
static int value(struct cursor *c, char *dst, size_t size)
{
	size_t n = 0;
	bool quoted = c->p < c->end && *c->p == '"';

	c->p += quoted;
	while (c->p < c->end && (quoted ? *c->p != '"' : is_token68(*c->p))) {
		if (quoted && *c->p == '\\' && ++c->p == c->end)
			return -EINVAL;
		if (n + 1 >= size || (unsigned char)*c->p < 32)
			return -EINVAL;
		dst[n++] = *c->p++;
	}
	dst[n] = 0;
	if (!quoted)
		return n ? 0 : -EINVAL;
	if (c->p == c->end)
		return -EINVAL;
	c->p++;
	return 0;
}

static int keep(struct challenge *ch, const char *key, size_t n, const char *text)
{
	const struct {
		const char *name;
		char *dst;
		size_t size;
	} fields[] = {
		{ "realm", ch->realm, sizeof(ch->realm) },
		{ "service", ch->service, sizeof(ch->service) },
		{ "scope", ch->scope, sizeof(ch->scope) },
		{ "error", ch->error, sizeof(ch->error) },
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (strlen(fields[i].name) == n && !strncasecmp(fields[i].name, key, n))
			return str_copy(fields[i].dst, fields[i].size, text) < 0 ? -EINVAL
										 : 0;
	return 0;
}

/* key=value pairs until a token that no "=" follows: that is the next scheme. */
static int params(struct cursor *c, struct challenge *ch)
{
	char text[CHALLENGE_TEXT_MAX];

	for (;;) {
		skip_commas(c);
		struct cursor at = *c;
		const char *key = at.p;
		size_t n = token(&at);
		skip_space(&at);
		if (n == 0)
			return at.p == at.end ? 0 : -EINVAL;
		if (at.p == at.end || *at.p != '=')
			return 0;
		at.p++;
		skip_space(&at);
		if (value(&at, text, sizeof(text)) < 0 || keep(ch, key, n, text) < 0)
			return -EINVAL;
		*c = at;
		skip_space(c);
		if (c->p < c->end && *c->p != ',')
			return -EINVAL;
	}
}

int challenge_parse(const char *text, size_t n, struct challenge *ret)
{
	autofree struct challenge *best = mem_new(struct challenge);
	struct cursor c = { text, text + n };

	skip_commas(&c);
	while (c.p < c.end) {
		autofree struct challenge *ch = mem_new(struct challenge);
		const char *name = c.p;
		size_t len = token(&c);
		if (len == 0 ||
		    (c.p < c.end && *c.p != ' ' && *c.p != ',' && *c.p != '\t'))
			return -EINVAL;
		if (len == 6 && !strncasecmp(name, "bearer", 6))
			ch->scheme = CHALLENGE_BEARER;
		else if (len == 5 && !strncasecmp(name, "basic", 5))
			ch->scheme = CHALLENGE_BASIC;
		if (params(&c, ch) < 0)
			return -EINVAL;
		if (ch->scheme == CHALLENGE_BEARER && !ch->realm[0])
			ch->scheme = CHALLENGE_NONE;
		if (ch->scheme > best->scheme)
			*best = *ch;
	}
	if (best->scheme > ret->scheme)
		*ret = *best;
	return 0;
}
