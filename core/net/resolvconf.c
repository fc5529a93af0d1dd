/* SPDX-License-Identifier: Apache-2.0 */
/* resolv.conf(5): the host's resolvers. */
#include "core/net/resolvconf.h"

#include <string.h>

#include "core/base/str.h"

#define RESOLVCONF_WORD_MAX 128

/* Copies the next word of [*p, end) into word; false at the end of the line. A word too
 * long to mean anything comes out empty. */
static bool resolvconf_word(const char **p, const char *end,
			    char word[RESOLVCONF_WORD_MAX])
{
	const char *from;
	size_t n;

	while (*p < end && (**p == ' ' || **p == '\t' || **p == '\r'))
		(*p)++;
	from = *p;
	while (*p < end && **p != ' ' && **p != '\t' && **p != '\r')
		(*p)++;
	n = (size_t)(*p - from);
	if (!n)
		return false;
	if (n >= RESOLVCONF_WORD_MAX || memchr(from, 0, n))
		n = 0;
	memcpy(word, from, n);
	word[n] = 0;
	return true;
}

static void resolvconf_server(struct resolvconf *c, char *word)
{
	struct resolvconf_server s = { 0 };
	char *zone = strchr(word, '%');

	if (zone)
		*zone++ = 0;
	if (zone && str_copy(s.zone, sizeof(s.zone), zone) != 0)
		return;
	if (c->servers_len < RESOLVCONF_SERVERS_MAX &&
	    ipam_parse_addr(word, &s.addr) == 0)
		c->servers[c->servers_len++] = s;
}

static void resolvconf_option(struct resolvconf *c, const char *word)
{
	uint64_t v;

	if (str_starts(word, "timeout:") && str_u64(word + 8, 30, &v) == 0 && v)
		c->timeout = (uint8_t)v;
	else if (str_starts(word, "attempts:") && str_u64(word + 9, 5, &v) == 0 && v)
		c->attempts = (uint8_t)v;
}

static void resolvconf_line(struct resolvconf *c, const char *p, const char *end)
{
	char word[RESOLVCONF_WORD_MAX];

	if (!resolvconf_word(&p, end, word))
		return;
	if (str_eq(word, "nameserver")) {
		if (resolvconf_word(&p, end, word))
			resolvconf_server(c, word);
	} else if (str_eq(word, "options")) {
		while (resolvconf_word(&p, end, word))
			resolvconf_option(c, word);
	}
}

void resolvconf_parse(const char *text, size_t n, struct resolvconf *ret)
{
	struct resolvconf c = { .timeout = 5, .attempts = 2 };
	const char *p = text, *end = text + n;

	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));

		if (!eol)
			eol = end;
		resolvconf_line(&c, p, eol);
		p = eol + 1;
	}
	if (!c.servers_len) {
		c.servers[0].addr =
			(struct ip_addr){ .family = AF_INET, .bytes = { 127, 0, 0, 1 } };
		c.servers_len = 1;
	}
	*ret = c;
}
