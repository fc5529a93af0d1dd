/* SPDX-License-Identifier: Apache-2.0 */
/* Ports published, and no longer.
 *
 * The truth is setup.json's plan. A port that is added is opened here, where a listener
 * that was inherited is found, and handed to the monitor, which gives it to each stack
 * that follows a dead one; then to the stack there is. A port that is removed is taken
 * from the plan first, then from the stack, and the monitor is told to close what it
 * keeps. */
#include "core/engine/portchange.h"

#include <errno.h>
#include <string.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/connect.h"
#include "core/engine/container_end.h"
#include "core/engine/describe_host.h"
#include "core/engine/netchange.h"
#include "core/runtime/bidding.h"
#include "core/runtime/handing.h"

static int open_change(struct netchange *x, struct err *e)
{
	int r = netchange_open(x, e);

	if (r < 0 || x->plan.mode == NETPLAN_NETWORKS)
		return r;
	return err_set(e, -EPERM,
		       "container %s has no network of its own to publish ports of: %s",
		       x->c->name,
		       x->plan.mode == NETPLAN_HOST ? "its ports are the host's"
		       : x->plan.mode == NETPLAN_CONTAINER
			       ? "publish those of the container whose network it shares"
			       : "it was made with --network none");
}

static yyjson_mut_val *bindings(yyjson_mut_doc *record)
{
	yyjson_mut_val *host =
		yyjson_mut_obj_get(yyjson_mut_doc_get_root(record), "HostConfig");
	yyjson_mut_val *map = yyjson_mut_obj_get(host, "PortBindings");

	if (yyjson_mut_is_obj(map))
		return map;
	yyjson_mut_obj_remove_key(host, "PortBindings");
	return json_add_obj(record, host, "PortBindings");
}

/* --- add -------------------------------------------------------------------------- */

/* A port that is being added, with its listeners while that lasts. */
struct addition {
	struct stack_published out;
	size_t at; /* in the plan */
};

static void close_all(struct addition *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].out.fds_len; k++)
			fd_close(v[i].out.fds[k]);
}

/* To the monitor, for each stack that follows; which closes what the plan has not, even
 * when nothing is handed to it, and has when this returns. */
static int offer(const struct netchange *x, const int *fds, size_t n)
{
	autoclose int sockets = container_end_socket_dir(x->store, x->c->id, false);

	return sockets < 0 ? sockets : handing_offer(x->c->dirfd, sockets, fds, n, NULL);
}

/* A monitor that does not come for them has gone, or is of before: then they go with the
 * stack, and are opened anew. */
static int hand(const struct netchange *x, const struct stack_published *out,
		enum netplan_change *ret, struct err *e)
{
	int r = offer(x, out->fds, out->fds_len);

	if (r == -E2BIG)
		return err_set(e, r, "no more published ports are possible for %s",
			       x->c->name);
	*ret = r < 0 ? NETPLAN_ADDED : NETPLAN_HANDED;
	return 0;
}

static int open_one(struct netchange *x, struct addition *a, struct err *e)
{
	struct netplan_port *p = &x->plan.ports[a->at];
	struct stack_published *out = &a->out;
	uint16_t port = 0;
	int r = publish_listen(&p->map, out->fds, &out->fds_len, &port, e);

	if (r < 0)
		return r;
	p->map.host_port = p->map.host_port_end = port;
	p->fds = out->fds_len;
	p->families = publish_families(out->fds, out->fds_len);
	out->map = p->map;
	return hand(x, out, &p->change, e);
}

static void withdraw(const struct netchange *x, const struct publish *p)
{
	const struct stack_amendment a = { .withdraw = p };

	if (x->served)
		netchange_amend(x, &a, NULL);
}

/* Ports that the plan has no more are free when this returns. */
static void forget(const struct netchange *x)
{
	bidding_send(x->c->dirfd, BIDDING_PORTS);
	offer(x, NULL, 0);
}

/* As it was: the plan on disk first, by which the monitor closes what it was handed. */
static void take_back(struct netchange *x, const struct addition *v, size_t n,
		      bool written)
{
	x->plan.ports_len -= n;
	if (!x->monitored)
		return;
	if (written)
		netchange_write(x, NULL, NULL);
	for (size_t i = 0; written && i < n; i++)
		withdraw(x, &v[i].out.map);
	forget(x);
}

/* The plan is written between monitor and stack: a stack that has died meanwhile is
 * followed by one that is told of it all by the monitor. */
static int add_all(struct netchange *x, const struct publish *v, struct addition *all,
		   size_t n, struct err *e)
{
	autojson_mut *record = yyjson_doc_mut_copy(x->c->record, NULL);
	bool written = false;
	size_t len = 0;
	int r = 0;

	for (; r == 0 && len < n; len++) {
		describe_host_binding(&v[len], record, bindings(record));
		all[len].at = x->plan.ports_len;
		netplan_add_port(&x->plan, &v[len]);
		r = connect_bind_ports(x->store, x->cfg, &x->plan, all[len].at, e);
		if (r == 0 && x->monitored)
			r = open_one(x, &all[len], e);
	}
	if (r == 0) {
		r = netchange_write(x, record, e);
		written = true;
	}
	for (size_t i = 0; r == 0 && x->served && i < n; i++) {
		const struct stack_amendment a = { .publish = &all[i].out };

		r = netchange_amend(x, &a, e);
	}
	if (r < 0)
		take_back(x, all, len, written);
	return r;
}

int portchange_add(const struct store *s, const struct config *cfg, struct container *c,
		   const char *spec, struct err *e)
{
	autodone(netchange_done) struct netchange x = {
		.store = s, .cfg = cfg, .c = c, .lock = -1, .netns = -1
	};
	autofree struct publish *v = NULL;
	size_t n = 0;
	int r;

	if ((r = publish_parse(spec, &v, &n, e)) < 0 || (r = open_change(&x, e)) < 0)
		return r;
	autofree struct addition *all = mem_array(n + 1, sizeof(*all));
	r = add_all(&x, v, all, n, e);
	close_all(all, n);
	return r;
}

/* --- remove ----------------------------------------------------------------------- */

static bool is_port(const struct publish *p, const struct publish *want)
{
	return p->proto == want->proto && p->port == want->port &&
	       (!want->host_port || want->host_port == p->host_port) &&
	       (want->host_ip.family == AF_UNSPEC ||
		ipam_addr_eq(&want->host_ip, &p->host_ip));
}

/* The binding of the plan's port i: they stand in the same order. */
static void drop_binding(const struct netplan *n, size_t i, yyjson_mut_doc *record)
{
	const struct publish *p = &n->ports[i].map;
	autofree char *key = str_fmt("%u/%s", p->port, publish_proto_name(p->proto));
	yyjson_mut_val *map = bindings(record);
	yyjson_mut_val *list = yyjson_mut_obj_get(map, key);
	size_t nth = 0;

	for (size_t k = 0; k < i; k++)
		nth += n->ports[k].change != NETPLAN_REMOVED &&
		       n->ports[k].map.port == p->port &&
		       n->ports[k].map.proto == p->proto;
	yyjson_mut_arr_remove(list, nth);
	if (list && !yyjson_mut_arr_size(list))
		yyjson_mut_obj_remove_key(map, key);
}

/* Takes what matches from the plan and the record, and notes it in gone. */
static size_t take(struct netchange *x, const struct publish *want,
		   yyjson_mut_doc *record, struct publish *gone)
{
	struct netplan *n = &x->plan;
	size_t found = 0;

	for (size_t i = 0; i < n->ports_len; i++) {
		struct netplan_port *p = &n->ports[i];

		if (p->change == NETPLAN_REMOVED || !is_port(&p->map, want))
			continue;
		gone[found++] = p->map;
		drop_binding(n, i, record);
		if (x->monitored && p->change == NETPLAN_KEPT && p->fds)
			p->change = NETPLAN_REMOVED;
		else
			netplan_drop_port(n, i--);
	}
	return found;
}

int portchange_remove(const struct store *s, const struct config *cfg,
		      struct container *c, const char *spec, struct err *e)
{
	autodone(netchange_done) struct netchange x = {
		.store = s, .cfg = cfg, .c = c, .lock = -1, .netns = -1
	};
	autofree struct publish *v = NULL;
	size_t n = 0, found = 0;
	int r;

	if ((r = publish_parse(spec, &v, &n, e)) < 0 || (r = open_change(&x, e)) < 0)
		return r;
	autofree struct publish *gone = mem_array(x.plan.ports_len + 1, sizeof(*gone));
	autojson_mut *record = yyjson_doc_mut_copy(c->record, NULL);
	for (size_t i = 0; i < n; i++) {
		size_t more = take(&x, &v[i], record, gone + found);

		if (!more)
			return err_set(e, -ENOENT, "no port '%u/%s'%s published for %s",
				       v[i].port, publish_proto_name(v[i].proto),
				       v[i].host_port ? " of that host port" : "",
				       c->name);
		found += more;
	}
	if ((r = netchange_write(&x, record, e)) < 0 || !x.monitored)
		return r;
	/* A stack that was started anew meanwhile has read the plan already. */
	for (size_t i = 0; i < found; i++)
		withdraw(&x, &gone[i]);
	forget(&x);
	return 0;
}
