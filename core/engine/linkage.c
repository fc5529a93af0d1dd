/* SPDX-License-Identifier: Apache-2.0 */
/* Links. */
#include "core/engine/linkage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/container.h"
#include "core/engine/linkenv.h"
#include "core/engine/network.h"
#include "core/runtime/setup.h"

#define SHORT_ID 12

int linkage_add(const struct store *s, const char *text, struct netplan *n, struct err *e)
{
	autodone(container_done) struct container c = { 0 };
	autostrv part = { 0 };

	strv_split(&part, text, ':');
	if (part.len > 2 || !*part.v[0] || (part.len == 2 && !*part.v[1]))
		return err_set(e, -EINVAL, "bad format for links: %s", text);
	int r = container_open(s, part.v[0], &c, e);
	if (r < 0)
		return r;
	strv_addf(&n->links, "%s:%s", c.id, part.len == 2 ? part.v[1] : c.name);
	return 0;
}

static int peer_plan(const struct container *c, struct netplan *ret, struct err *e)
{
	autodone(setup_done) struct setup setup = { 0 };
	autoclose int bundle =
		openat(c->dirfd, "bundle", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = bundle < 0 ? err_sys(e, "open the bundle of container %s", c->name)
			   : setup_read(bundle, &setup, e);

	return r < 0 || !setup.network ? r : netplan_parse(setup.network, ret, e);
}

/* One line of /etc/hosts for each of its addresses on a network of both. */
static size_t add_lines(struct netplan *n, struct netplan *theirs,
			const struct container *c, const char *alias)
{
	size_t before = n->link_hosts.len;

	for (size_t i = 0; i < theirs->ends_len; i++) {
		const struct netplan_end *end = &theirs->ends[i];
		const struct ip_addr *addrs[] = { &end->ep.addr, &end->ep.addr6 };
		char text[IPAM_TEXT_MAX];

		if (!end->id || !netplan_find_end(n, end->id))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(addrs); k++)
			if (addrs[k]->family != AF_UNSPEC)
				strv_addf(&n->link_hosts, "%s\t%s %.*s%s%s",
					  ipam_addr_text(text, addrs[k]), alias, SHORT_ID,
					  c->id, str_eq(alias, c->name) ? "" : " ",
					  str_eq(alias, c->name) ? "" : c->name);
	}
	return n->link_hosts.len - before;
}

/* Of "ID:ALIAS". */
static int open_link(const struct store *s, const char *link, struct container *c,
		     const char **ret_alias, struct err *e)
{
	size_t len = strcspn(link, ":");
	autofree char *id = str_ndup(link, len);

	*ret_alias = link + len + 1;
	return container_open(s, id, c, e);
}

/* Before its addresses are read: it looks for the note after it has written them. */
static int note(const struct container *target, const char *id, struct err *e)
{
	autofree char *name = str_fmt(LINKAGE_NOTES "/%s", id);

	if (mkdirat(target->dirfd, LINKAGE_NOTES, 0700) && errno != EEXIST)
		return err_sys(e, "note a link to container %s", target->name);
	autoclose int fd = openat(target->dirfd, name,
				  O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? err_sys(e, "note a link to container %s", target->name) : 0;
}

static int resolve_one(const struct store *s, const char *id, struct netplan *n,
		       const char *link, struct err *e)
{
	autodone(container_done) struct container c = { 0 };
	autodone(netplan_done) struct netplan theirs = { 0 };
	const char *alias;
	int r = open_link(s, link, &c, &alias, e);

	if (r < 0 || (r = note(&c, id, e)) < 0)
		return r;
	if (c.state.status != STATE_RUNNING && c.state.status != STATE_PAUSED)
		return err_set(e, -EBUSY,
			       "Cannot link to a non running container: /%s AS /%s/%s",
			       c.name, n->name, alias);
	if ((r = peer_plan(&c, &theirs, e)) < 0)
		return r;
	return add_lines(n, &theirs, &c, alias)
		       ? 0
		       : err_set(e, -ENOENT,
				 "Cannot link to /%s: it is on none of the networks of "
				 "this container",
				 c.name);
}

int linkage_resolve(const struct store *s, const char *id, struct netplan *n,
		    struct err *e)
{
	int r = 0;

	strv_reset(&n->link_hosts);
	for (size_t i = 0; r == 0 && i < n->links.len; i++)
		r = resolve_one(s, id, n, n->links.v[i], e);
	return r;
}

void linkage_renew(const struct store *s, struct netplan *n)
{
	strv_reset(&n->link_hosts);
	for (size_t i = 0; i < n->links.len; i++) {
		autodone(container_done) struct container c = { 0 };
		autodone(netplan_done) struct netplan theirs = { 0 };
		const char *alias;

		if (open_link(s, n->links.v[i], &c, &alias, NULL) == 0 &&
		    peer_plan(&c, &theirs, NULL) == 0)
			add_lines(n, &theirs, &c, alias);
	}
}

static int env_of_one(const struct store *s, struct netplan *n, const char *link,
		      struct err *e)
{
	autodone(container_done) struct container c = { 0 };
	autodone(netplan_done) struct netplan theirs = { 0 };
	struct linkenv l = { .self = n->name };
	char addr[IPAM_TEXT_MAX];
	int r = open_link(s, link, &c, &l.alias, e);

	if (r < 0 || (r = peer_plan(&c, &theirs, e)) < 0)
		return r;
	const struct netplan_end *end = netplan_find_end(&theirs, NETWORK_DEFAULT);
	if (!end)
		return 0;
	l.addr = ipam_addr_text(addr, &end->ep.addr);
	l.config = yyjson_obj_get(yyjson_doc_get_root(c.record), "Config");
	linkenv_add(&l, &n->link_env);
	return 0;
}

int linkage_env(const struct store *s, struct netplan *n, yyjson_val *own_config,
		struct err *e)
{
	int r = 0;

	strv_reset(&n->link_env);
	if (!netplan_find_end(n, NETWORK_DEFAULT))
		return 0;
	for (size_t i = 0; r == 0 && i < n->links.len; i++)
		r = env_of_one(s, n, n->links.v[i], e);
	linkenv_yield(&n->link_env, own_config);
	return r;
}
