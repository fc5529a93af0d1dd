/* SPDX-License-Identifier: Apache-2.0 */
/* The stack's tenants. */
#include "core/net/tenant.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/fd.h"
#include "core/base/str.h"

struct tenant *tenant_new(struct tenants *ts, int sock)
{
	struct tenant *t = NULL;
	uint16_t gen;

	for (uint32_t i = 0; i < ts->used && !t; i++)
		if (ts->v[i].sock < 0)
			t = &ts->v[i];
	if (!t && ts->used < TENANT_MAX)
		t = &ts->v[ts->used++];
	if (!t)
		return NULL;
	gen = (uint16_t)(t->gen + 1);
	memset(t, 0, sizeof(*t));
	t->gen = gen;
	t->sock = sock;
	ts->live++;
	return t;
}

void tenant_free(struct tenants *ts, struct tenant *t)
{
	for (size_t i = 0; i < t->places_len; i++)
		strv_done(&t->places[i].names);
	strv_done(&t->links);
	free(t->places);
	free(t->hosts);
	t->places = NULL;
	t->hosts = NULL;
	t->places_len = t->hosts_len = 0;
	if (t->live)
		ts->registered--;
	t->live = false;
	t->sock = fd_close(t->sock);
	t->gen++;
	ts->live--;
}

void tenant_commit(struct tenants *ts, struct tenant *t)
{
	if (!t->live)
		ts->registered++;
	t->live = true;
}

uint32_t tenant_index(const struct tenants *ts, const struct tenant *t)
{
	return (uint32_t)(t - ts->v);
}

struct tenant *tenant_get(struct tenants *ts, uint32_t index, uint16_t gen)
{
	if (index >= ts->used || ts->v[index].sock < 0 || ts->v[index].gen != gen)
		return NULL;
	return &ts->v[index];
}

const struct stack_attachment *tenant_entrance(const struct tenant *t)
{
	for (size_t i = 0; i < t->places_len; i++)
		if (!t->places[i].internal)
			return &t->places[i];
	return NULL;
}

int tenant_set_router(struct tenant *t, const struct stack_attachment *r)
{
	struct stack_attachment *last;

	if (!t->places_len)
		return -EPROTO;
	last = &t->places[t->places_len - 1];
	last->router = r->router;
	last->router6 = r->router6;
	last->loopback = r->loopback;
	last->closed = r->closed;
	return 0;
}

int tenant_set_ports(struct tenant *t, const char (*ports)[IFNAMSIZ], size_t n)
{
	if (n > t->places_len)
		return -EPROTO;
	for (size_t i = 0; i < n; i++)
		memcpy(t->places[t->places_len - n + i].port, ports[i], IFNAMSIZ);
	return 0;
}

struct tenant *tenant_of(struct tenants *ts, const char *id)
{
	for (uint32_t i = 0; i < ts->used; i++)
		if (ts->v[i].sock >= 0 && ts->v[i].live && str_eq(ts->v[i].id, id))
			return &ts->v[i];
	return NULL;
}

static const struct stack_attachment *tenant_place(const struct tenant *t,
						   const struct ip_addr *addr)
{
	for (size_t i = 0; t->live && i < t->places_len; i++) {
		const struct stack_attachment *p = &t->places[i];

		if (addr->family != AF_UNSPEC &&
		    (ipam_addr_eq(&p->addr, addr) || ipam_addr_eq(&p->addr6, addr)))
			return p;
	}
	return NULL;
}

struct tenant *tenant_find(struct tenants *ts, const struct ip_addr *addr,
			   const struct stack_attachment **ret_place)
{
	for (uint32_t i = 0; i < ts->used; i++) {
		const struct stack_attachment *p = tenant_place(&ts->v[i], addr);

		if (p) {
			*ret_place = p;
			return &ts->v[i];
		}
	}
	return NULL;
}

bool tenant_inside(const struct tenants *ts, const struct ip_addr *addr)
{
	for (uint32_t i = 0; i < ts->used; i++) {
		const struct tenant *t = &ts->v[i];

		for (size_t k = 0; t->live && k < t->places_len; k++)
			if (ipam_contains(&t->places[k].subnet, addr) ||
			    ipam_contains(&t->places[k].subnet6, addr) ||
			    ipam_addr_eq(&t->places[k].gateway6, addr) ||
			    ipam_addr_eq(&t->places[k].addr6, addr))
				return true;
	}
	return false;
}

bool tenant_gateway(const struct tenants *ts, const struct ip_addr *addr)
{
	for (uint32_t i = 0; i < ts->used; i++) {
		const struct tenant *t = &ts->v[i];

		for (size_t k = 0; t->live && k < t->places_len; k++)
			if (ipam_addr_eq(&t->places[k].gateway, addr) ||
			    ipam_addr_eq(&t->places[k].gateway6, addr))
				return true;
	}
	return false;
}

static bool tenant_shares(const struct tenant *t, const char *network)
{
	for (size_t i = 0; i < t->places_len; i++)
		if (str_eq(t->places[i].network, network))
			return true;
	return false;
}

static bool tenant_named(const struct stack_attachment *p, const char *name)
{
	for (size_t i = 0; i < p->names.len; i++)
		if (strcasecmp(p->names.v[i], name) == 0)
			return true;
	return false;
}

/* Where addresses of one family are gathered. */
struct tenant_found {
	sa_family_t family;
	struct ip_addr *v;
	size_t len;
	bool known;
};

static void tenant_add(struct tenant_found *f, const struct ip_addr *a)
{
	f->known = true;
	if (a->family == f->family && f->len < TENANT_ADDRS_MAX)
		f->v[f->len++] = *a;
}

/* Of t's places those that the asker shares; name: only where it goes by that one. */
static void tenant_match(const struct tenant *asker, const struct tenant *t,
			 const char *name, struct tenant_found *f)
{
	for (size_t i = 0; t->live && i < t->places_len; i++) {
		const struct stack_attachment *p = &t->places[i];

		if (!tenant_shares(asker, p->network) || (name && !tenant_named(p, name)))
			continue;
		tenant_add(f, &p->addr);
		tenant_add(f, &p->addr6);
	}
}

/* "ID:ALIAS", with that alias: the length of the ID; else 0. */
static size_t tenant_linked(const char *link, const char *alias)
{
	size_t len = strcspn(link, ":");

	return link[len] && strcasecmp(link + len + 1, alias) == 0 ? len : 0;
}

/* Whoever is registered by that ID now, with the address that it has now. */
static void tenant_follow(const struct tenants *ts, const struct tenant *asker,
			  const char *alias, struct tenant_found *f)
{
	for (size_t k = 0; k < asker->links.len; k++) {
		const char *link = asker->links.v[k];
		size_t len = tenant_linked(link, alias);

		for (uint32_t i = 0; len && i < ts->used; i++)
			if (strlen(ts->v[i].id) == len &&
			    strncmp(ts->v[i].id, link, len) == 0)
				tenant_match(asker, &ts->v[i], NULL, f);
	}
}

size_t tenant_resolve(const struct tenants *ts, const struct tenant *t, const char *name,
		      sa_family_t family, struct ip_addr *ret, bool *ret_known)
{
	struct tenant_found f = { .family = family, .v = ret };

	for (size_t i = 0; i < t->hosts_len; i++)
		if (strcasecmp(t->hosts[i].name, name) == 0)
			tenant_add(&f, &t->hosts[i].addr);
	/* --add-host stands before everything, as /etc/hosts does. */
	if (!f.known)
		tenant_follow(ts, t, name, &f);
	if (!f.known)
		for (uint32_t i = 0; i < ts->used; i++)
			tenant_match(t, &ts->v[i], name, &f);
	*ret_known = f.known;
	return f.len;
}

const char *tenant_name_of(const struct tenants *ts, const struct tenant *t,
			   const struct ip_addr *addr)
{
	for (uint32_t i = 0; i < ts->used; i++) {
		const struct stack_attachment *p = tenant_place(&ts->v[i], addr);

		if (p && p->names.len && tenant_shares(t, p->network))
			return p->names.v[0];
	}
	return NULL;
}
