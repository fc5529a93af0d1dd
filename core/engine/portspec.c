/* SPDX-License-Identifier: Apache-2.0 */
/* pasta's port lists. */
#include "core/engine/portspec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/strv.h"

static int bad(const char *text, struct err *e)
{
	return err_set(e, -EINVAL, "invalid port specification '%s'", text);
}

static int parse_range(const char *text, struct portspec_range *ret)
{
	autostrv ends = { 0 };
	uint64_t first, last;

	strv_split(&ends, text, '-');
	if (ends.len > 2 || str_u64(ends.v[0], UINT16_MAX, &first) != 0 ||
	    str_u64(ends.v[ends.len - 1], UINT16_MAX, &last) != 0 || !first ||
	    last < first)
		return -EINVAL;
	*ret = (struct portspec_range){ (uint16_t)first, (uint16_t)last };
	return 0;
}

/* "[::1]" without its brackets; for IPv4 too, as pasta has it. */
static char *unbracket(char *addr)
{
	size_t n = strlen(addr);

	if (n < 2 || addr[0] != '[' || addr[n - 1] != ']')
		return addr;
	addr[n - 1] = 0;
	return addr + 1;
}

/* "ADDRESS/", "%INTERFACE/" or both before the ports; *text moves behind it. */
static int parse_address(const char **text, struct publish *each, struct err *e)
{
	const char *slash = strchr(*text, '/');
	autofree char *addr = slash ? str_ndup(*text, (size_t)(slash - *text)) : NULL;
	char *percent = slash ? strchr(addr, '%') : NULL;

	if (!slash)
		return 0;
	if (percent) {
		*percent++ = 0;
		if (!*percent || str_copy(each->device, sizeof(each->device), percent))
			return err_set(e, -EINVAL, "'%s' is no name for an interface",
				       percent);
	}
	if (*addr && ipam_parse_addr(unbracket(addr), &each->host_ip) != 0)
		return err_set(e, -EINVAL, "'%s' is not an address", addr);
	if (!*addr && !percent)
		return bad(*text, e);
	*text = slash + 1;
	return 0;
}

static void drop(struct portspec *p, size_t from, const struct portspec_range *r)
{
	size_t keep = from;

	for (size_t i = from; i < p->len; i++)
		if (p->v[i].host_port < r->first || p->v[i].host_port > r->last)
			p->v[keep++] = p->v[i];
	p->len = keep;
}

static int add(const char *text, const struct publish *like, struct portspec *p,
	       struct err *e)
{
	autostrv sides = { 0 };
	struct portspec_range host, inside;

	strv_split(&sides, text, ':');
	if (sides.len > 2 || parse_range(sides.v[0], &host) != 0 ||
	    parse_range(sides.v[sides.len - 1], &inside) != 0 ||
	    host.last - host.first != inside.last - inside.first)
		return bad(text, e);
	if (p->len + (size_t)(host.last - host.first) >= PORTSPEC_MAX)
		return err_set(e, -E2BIG, "more than %d ports", PORTSPEC_MAX);
	p->v = mem_resize(p->v, p->len + (size_t)(host.last - host.first) + 1,
			  sizeof(*p->v));
	for (uint32_t i = 0; i <= (uint32_t)(host.last - host.first); i++) {
		struct publish *q = &p->v[p->len++];

		*q = *like;
		q->host_port = q->host_port_end = (uint16_t)(host.first + i);
		q->port = (uint16_t)(inside.first + i);
	}
	return 0;
}

static int parse_ports(const char *text, const struct publish *like, struct portspec *p,
		       struct err *e)
{
	struct publish each = *like;
	autostrv items = { 0 };
	size_t from = p->len;
	struct portspec_range out;
	int r = parse_address(&text, &each, e);

	if (r < 0)
		return r;
	strv_split(&items, text, ',');
	for (size_t i = 0; i < items.len && r == 0; i++)
		if (items.v[i][0] != '~')
			r = add(items.v[i], &each, p, e);
	if (r == 0 && p->len == from)
		return err_set(e, -EOPNOTSUPP,
			       "'%s': an address has no ports of its own that are passed "
			       "on by themselves; name those that are to be",
			       text);
	for (size_t i = 0; i < items.len && r == 0; i++) {
		if (items.v[i][0] != '~')
			continue;
		if (parse_range(items.v[i] + 1, &out) != 0)
			return bad(items.v[i], e);
		drop(p, from, &out);
	}
	return r;
}

/* "auto,~22", or "~22" alone, which is the same. */
static int parse_auto(const char *text, struct portspec *p, struct err *e)
{
	autostrv items = { 0 };

	strv_split(&items, text, ',');
	for (size_t i = 0; i < items.len; i++) {
		struct portspec_range out;

		if (i == 0 && str_eq(items.v[i], "auto"))
			continue;
		if (items.v[i][0] != '~' || parse_range(items.v[i] + 1, &out) != 0)
			return bad(items.v[i], e);
		if (p->except_len == PORTSPEC_MAX)
			return err_set(e, -E2BIG, "more than %d exclusions",
				       PORTSPEC_MAX);
		p->except = mem_resize(p->except, p->except_len + 1, sizeof(*p->except));
		p->except[p->except_len++] = out;
	}
	return 0;
}

static bool is_auto(const char *text)
{
	if (str_eq(text, "auto") || str_starts(text, "auto,"))
		return true;
	for (const char *c = text; *c == '~'; c = strchr(c, ',') + 1)
		if (!strchr(c, ','))
			return true;
	return false;
}

int portspec_parse(const char *text, const struct publish *like, struct portspec *ret,
		   struct err *e)
{
	enum portspec_mode mode = str_eq(text, "none") ? PORTSPEC_NONE
				  : is_auto(text)      ? PORTSPEC_AUTO
						       : PORTSPEC_PORTS;

	if (str_eq(text, "all"))
		return err_set(e, -EOPNOTSUPP,
			       "'all' is for virtual machines: say 'auto', or name those "
			       "that are to be forwarded");
	if (ret->mode != PORTSPEC_UNSET && ret->mode != mode)
		return err_set(e, -EINVAL, "'%s' contradicts what was said before", text);
	ret->mode = mode;
	if (mode == PORTSPEC_NONE)
		return 0;
	return mode == PORTSPEC_AUTO ? parse_auto(text, ret, e)
				     : parse_ports(text, like, ret, e);
}

void portspec_done(struct portspec *p)
{
	free(p->v);
	free(p->except);
	*p = (struct portspec){ 0 };
}
