/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of the monitor. */
#include "core/engine/netjoin.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/container_end.h"
#include "core/engine/hostfiles.h"
#include "core/engine/hostloop.h"
#include "core/engine/linkage.h"
#include "core/engine/network.h"
#include "core/engine/sharing.h"
#include "core/ns/userns.h"
#include "core/store/record.h"
#include "core/store/trash.h"

#define SHORT_ID     12
#define ENROLL_TRIES 5
#define ENROLL_MS    20

int netjoin_attach(const struct setup *s, int netns_fd, struct err *e)
{
	autodone(netplan_done) struct netplan n = { 0 };
	int r = netplan_parse(s->network, &n, e);

	if (r < 0)
		return r;
	if (n.mode == NETPLAN_NONE)
		return endpoint_loopback(netns_fd, e);
	for (size_t i = 0; r == 0 && i < n.ends_len; i++)
		r = endpoint_attach(&n.ends[i].ep, netns_fd, e);
	return r;
}

void netjoin_place(const struct netplan *n, const struct netplan_end *end, const char *id,
		   struct stack_attachment *a)
{
	autofree char *brief = str_ndup(id, SHORT_ID);
	char gateway[IPAM_TEXT_MAX];

	str_copy(a->network, sizeof(a->network), end->id);
	str_copy(a->bridge, sizeof(a->bridge), end->ep.bridge);
	str_copy(a->port, sizeof(a->port), end->ep.host_ifname);
	a->subnet = end->subnet;
	/* A plan of before has no resolver of its own. */
	a->gateway = end->resolver.family ? end->resolver : end->ep.gateway;
	a->addr = end->ep.addr;
	a->subnet6 = end->subnet6;
	a->gateway6 = end->resolver6;
	a->addr6 = end->ep.addr6;
	a->internal = end->internal;
	/* As hostfiles_resolv lists it: the gateway, then those given. */
	a->own_dns = n->dns.len && !str_eq(end->name, NETWORK_DEFAULT) &&
		     !strv_has(&n->dns, ipam_addr_text(gateway, &a->gateway));
	/* It was looked at when the container was made. */
	hostloop_parse(n->host_loopback, a, NULL);
	strv_add(&a->names, n->name);
	strv_add(&a->names, brief);
	if (!strv_has(&a->names, n->hostname))
		strv_add(&a->names, n->hostname);
	for (size_t i = 0; i < end->aliases.len; i++)
		if (!strv_has(&a->names, end->aliases.v[i]))
			strv_add(&a->names, end->aliases.v[i]);
}

/* A port that was added to the running container: its listeners went with the stack that
 * had them. Should another program have been faster, the container is without it. */
static bool listen_anew(const struct netplan_port *p, struct stack_published *ret)
{
	uint16_t port;

	return publish_listen(&p->map, ret->fds, &ret->fds_len, &port, NULL) == 0;
}

/* Is it one of the start, whose listeners stand in their order? */
static bool is_given(const struct netplan_port *p)
{
	return p->change == NETPLAN_KEPT || p->change == NETPLAN_REMOVED;
}

/* The listeners of a run: the first `given` are those of the start. */
struct listeners {
	const int *v;
	size_t len, given;
};

static struct listeners listeners_of(const struct netplan *n, const int *kept,
				     size_t kept_len)
{
	struct listeners l = { kept + NETJOIN_KEPT_STACK + 1,
			       kept_len - NETJOIN_KEPT_STACK - 1, 0 };

	for (size_t i = 0; i < n->ports_len; i++)
		l.given += is_given(&n->ports[i]) ? n->ports[i].fds : 0;
	return l;
}

/* Those that were handed over later are known by where they listen. */
static void find_handed(const struct netplan_port *p, const struct listeners *l,
			struct stack_published *ret)
{
	for (size_t i = l->given; i < l->len && ret->fds_len < ARRAY_LEN(ret->fds); i++)
		if (l->v[i] >= 0 && publish_is(&p->map, l->v[i]))
			ret->fds[ret->fds_len++] = l->v[i];
}

/* anew: a flag for each port at reg->published. */
static int fill_published(const struct netplan *n, const struct listeners *l,
			  struct stack_registration *reg, bool *anew, struct err *e)
{
	size_t at = 0;

	for (size_t i = 0; i < n->ports_len; i++) {
		const struct netplan_port *p = &n->ports[i];
		struct stack_published *to = &reg->published[reg->published_len];

		*to = (struct stack_published){ .map = p->map };
		if (!is_given(p)) {
			find_handed(p, l, to);
			anew[reg->published_len] = !to->fds_len;
			reg->published_len += to->fds_len || listen_anew(p, to);
			continue;
		}
		if (p->fds > 2 || at + p->fds > l->len)
			return err_set(e, -EPROTO, "listeners are missing");
		to->fds_len = p->fds;
		memcpy(to->fds, l->v + at, p->fds * sizeof(*l->v));
		at += p->fds;
		reg->published_len += p->change == NETPLAN_KEPT;
	}
	return 0;
}

/* The stack has its own copies by now. */
static void drop_anew(const struct stack_registration *reg, const bool *anew)
{
	for (size_t i = 0; i < reg->published_len; i++)
		for (size_t k = 0; anew[i] && k < reg->published[i].fds_len; k++)
			fd_close(reg->published[i].fds[k]);
}

static bool is_handed(const struct netplan *n, int fd)
{
	for (size_t i = 0; i < n->ports_len; i++)
		if (n->ports[i].change == NETPLAN_HANDED &&
		    publish_is(&n->ports[i].map, fd))
			return true;
	return false;
}

void netjoin_ports(const struct setup *s, int *kept, size_t kept_len)
{
	autodone(netplan_done) struct netplan n = { 0 };
	size_t at = NETJOIN_KEPT_STACK + 1;

	if (netplan_parse(s->network, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n.ports_len; i++) {
		const struct netplan_port *p = &n.ports[i];

		for (size_t k = 0; is_given(p) && k < p->fds && at < kept_len; k++, at++)
			if (p->change == NETPLAN_REMOVED)
				kept[at] = fd_close(kept[at]);
	}
	for (; at < kept_len; at++)
		if (kept[at] >= 0 && !is_handed(&n, kept[at]))
			kept[at] = fd_close(kept[at]);
}

static int enroll(const struct setup *s, const struct netplan *n, const int *kept,
		  size_t kept_len, struct err *e)
{
	const struct listeners l = listeners_of(n, kept, kept_len);
	autofree struct stack_attachment *at = mem_array(n->ends_len + 1, sizeof(*at));
	autofree struct stack_published *ports =
		mem_array(n->ports_len + 1, sizeof(*ports));
	autofree bool *anew = mem_array(n->ports_len + 1, sizeof(*anew));
	struct stack_registration reg = { .attachments = at,
					  .attachments_len = n->ends_len,
					  .published = ports,
					  .links = &n->links };
	int r = str_copy(reg.id, sizeof(reg.id), s->id);

	for (size_t i = 0; r == 0 && i < n->add_host.len; i++)
		r = hostfiles_add_host(n->add_host.v[i], &reg.hosts, e);
	for (size_t i = 0; r == 0 && i < n->ends_len; i++)
		netjoin_place(n, &n->ends[i], s->id, &at[i]);
	if (r == 0)
		r = fill_published(n, &l, &reg, anew, e);
	if (r == 0)
		r = stack_register(kept[NETJOIN_KEPT_STACK], &reg, e);
	drop_anew(&reg, anew);
	for (size_t i = 0; i < n->ends_len; i++)
		strv_done(&at[i].names);
	strv_done(&reg.hosts);
	return r < 0 ? err_wrap(e, "network") : 0;
}

static int take_stack(const struct store *store, const struct realm *realm,
		      const int *kept, struct err *e)
{
	autoclose int fd = network_stack(store, realm, e);

	if (fd < 0)
		return fd;
	return dup3(fd, kept[NETJOIN_KEPT_STACK], O_CLOEXEC) < 0 ? err_sys(e, "dup") : 0;
}

/* A new connection to a stack that lives, under the number of the old one. -ESRCH: there
 * is no way back to the container's realm. */
static int reconnect(const struct setup *s, const int *kept, struct err *e)
{
	autodone(store_done) struct store store = { 0 };
	autodone(realm_done) struct realm realm = { 0 };
	int r = netjoin_store(s, &store);

	if (r < 0)
		return err_code(e, r, "open the store");
	r = realm_recover(&store, kept[NETJOIN_KEPT_REALM], kept[NETJOIN_KEPT_NETNS],
			  &realm, e);
	return r < 0 ? r : take_stack(&store, &realm, kept, e);
}

/* Bridges of a new realm, and its stack. */
static int raise_networks(const struct store *store, const struct realm *realm,
			  const struct netplan *n, const int *kept, struct err *e)
{
	autodone(config_done) struct config cfg = { 0 };
	int r = config_read(NULL, &cfg, e);

	for (size_t i = 0; r == 0 && i < n->ends_len; i++) {
		autodone(network_done) struct network net = { 0 };

		r = network_open(store, &cfg, n->ends[i].name, &net, e);
		if (r == 0)
			r = network_ensure(store, realm, &net, e);
	}
	return r < 0 ? r : take_stack(store, realm, kept, e);
}

/* The others may run anew. */
static int share_again(const struct store *store, const struct setup *s, struct err *e)
{
	autojson *record = NULL;
	autoclose int dir = openat(store->containers_fd, s->id,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = record_read(store->containers_fd, s->id, &record, e);

	if (dir < 0)
		return err_sys(e, "open the container's folder");
	return r < 0 ? r : sharing_join(store, dir, yyjson_doc_get_root(record), e);
}

static bool has_keeper(const int *kept)
{
	struct pollfd keeper = { .fd = kept[NETJOIN_KEPT_REALM] };

	return poll(&keeper, 1, 0) == 0;
}

/* The realm's descriptors under the numbers of the old. The connection last: until then
 * the old one says that this is still to be done. */
static int take_realm(const struct realm *realm, int realm_fd, const int *kept,
		      struct err *e)
{
	if (dup3(realm->pidfd, realm_fd, O_CLOEXEC) < 0 ||
	    dup3(realm->users_fd, kept[NETJOIN_KEPT_REALM], O_CLOEXEC) < 0)
		return err_sys(e, "dup");
	return 0;
}

static int recover(const struct store *store, int realm_fd, const int *kept,
		   struct err *e)
{
	autodone(realm_done) struct realm realm = { 0 };
	int r = realm_recover(store, kept[NETJOIN_KEPT_REALM], kept[NETJOIN_KEPT_NETNS],
			      &realm, e);

	return r < 0 ? r : take_realm(&realm, realm_fd, kept, e);
}

int netjoin_recover(const struct setup *s, int realm_fd, const int *kept, struct err *e)
{
	autodone(store_done) struct store store = { 0 };

	if (has_keeper(kept))
		return 0;
	int r = netjoin_store(s, &store);
	if (r < 0)
		return err_code(e, r, "open the store");
	r = recover(&store, realm_fd, kept, e);
	/* Nobody is to wait for what will not come. */
	if (r == -ESRCH)
		flock(kept[NETJOIN_KEPT_TOLD], LOCK_UN);
	return r;
}

/* Another realm: that one is to come back from now on. */
static int take_hold(const struct store *store, const struct realm *realm,
		     const int *kept, struct err *e)
{
	struct realm_hold hold;
	int r = realm_hold(store, realm, &hold, e);

	if (r < 0)
		return r;
	if (dup3(hold.netns, kept[NETJOIN_KEPT_NETNS], O_CLOEXEC) < 0 ||
	    dup3(hold.told, kept[NETJOIN_KEPT_TOLD], O_CLOEXEC) < 0)
		r = err_sys(e, "dup");
	fd_close(hold.netns);
	fd_close(hold.told);
	return r;
}

int netjoin_revive(const struct setup *s, int realm_fd, const int *kept, size_t kept_len,
		   struct err *e)
{
	autodone(netplan_done) struct netplan n = { 0 };
	autodone(store_done) struct store store = { 0 };
	autodone(realm_done) struct realm realm = { 0 };
	int r;

	if ((r = netplan_parse(s->network, &n, e)) < 0)
		return r;
	if ((r = netjoin_store(s, &store)) < 0)
		return err_code(e, r, "open the store");
	if ((r = share_again(&store, s, e)) < 0)
		return r;
	r = has_keeper(kept) ? 0 : recover(&store, realm_fd, kept, e);
	if (r != -ESRCH)
		return r;
	err_clear(e);
	if ((r = realm_open(&store, &realm, e)) < 0)
		return r;
	if (n.mode == NETPLAN_NETWORKS && kept_len > NETJOIN_KEPT_STACK &&
	    (r = raise_networks(&store, &realm, &n, kept, e)) < 0)
		return r;
	r = take_hold(&store, &realm, kept, e);
	if (r == 0)
		r = take_realm(&realm, realm_fd, kept, e);
	return r < 0 ? r : 1;
}

/* A stack that has died; or the next one, while sockets of the dead one still are. */
static bool worth_trying(int r)
{
	return r == -ECONNRESET || r == -EPIPE || r == -ECONNREFUSED || r == -EADDRINUSE;
}

/* The stack may be killed, or leave for want of tenants, after we were connected and
 * before it has taken us in: then the next one does. */
static int enroll_surely(const struct setup *s, const struct netplan *n, const int *kept,
			 size_t kept_len, struct err *e)
{
	int r = enroll(s, n, kept, kept_len, e);

	for (int i = 0; i < ENROLL_TRIES && worth_trying(r); i++) {
		if (r == -EADDRINUSE)
			poll(NULL, 0, ENROLL_MS);
		err_clear(e);
		r = reconnect(s, kept, e);
		if (r == 0)
			r = enroll(s, n, kept, kept_len, e);
	}
	return r;
}

/* The lock's descriptor is the container's folder. */
static void tell_linked(const struct setup *s, int dirfd)
{
	autodone(store_done) struct store store = { 0 };

	if (linkage_is_target(dirfd) && netjoin_store(s, &store) == 0)
		linkage_follow(&store, s->id, dirfd);
}

int netjoin_open(const struct setup *s, const int *kept, size_t kept_len, struct err *e)
{
	autodone(netplan_done) struct netplan n = { 0 };
	int r = netplan_parse(s->network, &n, e);

	if (r < 0 || kept_len < NETJOIN_KEPT_STACK)
		return r < 0 ? r : err_set(e, -EPROTO, "descriptors are missing");
	/* The monitor has its own lock by now; the one that kept others from starting or
	 * removing this container meanwhile goes, for all who share it. */
	flock(kept[NETJOIN_KEPT_LOCK], LOCK_UN);
	if (n.mode != NETPLAN_NETWORKS)
		return 0;
	if (kept_len <= NETJOIN_KEPT_STACK)
		return err_set(e, -EPROTO, "the stack's connection is missing");
	r = enroll_surely(s, &n, kept, kept_len, e);
	/* Another keeper's realm is not this container's. */
	if (r == -ESRCH)
		return 0;
	if (r < 0)
		return r;
	tell_linked(s, kept[NETJOIN_KEPT_LOCK]);
	/* The connection is kept already; a copy is what the monitor asks for. */
	int fd = fcntl(kept[NETJOIN_KEPT_STACK], F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? err_sys(e, "dup") : fd;
}

void netjoin_close(int *kept, size_t kept_len)
{
	for (size_t i = NETJOIN_KEPT_STACK + 1; i < kept_len; i++)
		kept[i] = fd_close(kept[i]);
	if (kept_len > NETJOIN_KEPT_STACK)
		stack_unregister(kept[NETJOIN_KEPT_STACK]);
}

/* The store is found by the environment, which setup.json may correct: the container
 * belongs to this store, whatever the caller's variables said. */
int netjoin_store(const struct setup *s, struct store *ret)
{
	autodone(netplan_done) struct netplan n = { 0 };

	if (netplan_parse(s->network, &n, NULL) < 0)
		return -EINVAL;
	autofree char *parent = str_dup(n.run);
	char *slash = parent ? strrchr(parent, '/') : NULL;
	if (n.data)
		setenv("ROOTLESS_DATA", n.data, 1);
	if (slash && str_eq(slash, "/rootless")) {
		*slash = 0;
		setenv("XDG_RUNTIME_DIR", parent, 1);
	}
	return store_open(ret, NULL);
}

void container_exited(const struct setup *setup, const struct state *st, bool told)
{
	autodone(store_done) struct store s = { 0 };

	if (netjoin_store(setup, &s) < 0)
		return;
	autoclose int dir = openat(s.containers_fd, setup->id,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autofree char *trash = NULL; /* emptied by container_ended, when nobody waits */
	if (dir >= 0)
		container_end_run(&s, setup->id, dir,
				  told ? CONTAINER_END_TOLD : st->exit_code, &trash);
}

struct leftover {
	int dirfd;
	const char *name;
};

static int remove_tree(void *arg, struct err *e)
{
	const struct leftover *l = arg;

	return file_remove_tree(l->dirfd, l->name);
}

/* The folder's own descriptor says where in the trash it is by now. */
void container_ended(int container_dirfd, int realm_pidfd)
{
	char link[32], path[PATH_MAX];

	str_print(link, sizeof(link), "/proc/self/fd/%d", container_dirfd);
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = 0;
	char *slash = strrchr(path, '/');
	if (!slash || !str_starts(slash + 1, TRASH_PREFIX))
		return;
	*slash = 0;
	/* Told to the sweeps of others: this is being removed. */
	flock(container_dirfd, LOCK_EX | LOCK_NB);
	autoclose int tmp = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct leftover l = { tmp, slash + 1 };
	if (tmp >= 0 && remove_tree(&l, NULL) < 0)
		userns_call(realm_pidfd, CLONE_NEWUSER, remove_tree, &l, NULL);
}
