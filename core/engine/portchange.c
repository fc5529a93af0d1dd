/* SPDX-License-Identifier: Apache-2.0 */
/* Ports published, and no longer.
 *
 * The truth is setup.json's plan. A port that is added is opened here and handed to the
 * stack; the monitor, which hands its own listeners to a stack that follows a dead one,
 * opens this one anew then. A port that is removed is taken from the plan first, then
 * from the stack, and the monitor is told to close what it keeps. */
#include "core/engine/portchange.h"

#include <errno.h>
#include <string.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/describe_host.h"
#include "core/engine/netchange.h"
#include "core/engine/network.h"
#include "core/net/stack.h"
#include "core/runtime/bidding.h"

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

static int add_live(struct netchange *x, struct netplan_port *p, struct err *e)
{
	struct stack_published out = { .map = p->map };
	uint16_t port = 0;
	int r = publish_listen(&p->map, out.fds, &out.fds_len, &port, e);

	if (r < 0)
		return r;
	p->map.host_port = p->map.host_port_end = port;
	p->fds = out.fds_len;
	p->change = NETPLAN_ADDED;
	out.map = p->map;
	const struct stack_amendment a = { .publish = &out };
	r = netchange_amend(x, &a, e);
	for (size_t i = 0; i < out.fds_len; i++)
		fd_close(out.fds[i]);
	return r;
}

static void withdraw(const struct netchange *x, const struct publish *p)
{
	const struct stack_amendment a = { .withdraw = p };

	netchange_amend(x, &a, NULL);
}

static int add_all(struct netchange *x, const struct publish *v, size_t n,
		   yyjson_mut_doc *record, struct err *e)
{
	size_t first = x->plan.ports_len;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		describe_host_binding(&v[i], record, bindings(record));
		netplan_add_port(&x->plan, &v[i]);
		if (x->netns >= 0)
			r = add_live(x, &x->plan.ports[first + i], e);
		if (r < 0)
			x->plan.ports_len--;
	}
	if (r == 0)
		r = netchange_write(x, record, e);
	for (size_t i = first; r < 0 && x->netns >= 0 && i < x->plan.ports_len; i++)
		withdraw(x, &x->plan.ports[i].map);
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
	autojson_mut *record = yyjson_doc_mut_copy(c->record, NULL);
	return add_all(&x, v, n, record, e);
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
		if (x->netns >= 0 && p->change == NETPLAN_KEPT && p->fds)
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
	if ((r = netchange_write(&x, record, e)) < 0 || x.netns < 0)
		return r;
	/* A stack that was started anew meanwhile has read the plan already. */
	for (size_t i = 0; i < found; i++)
		withdraw(&x, &gone[i]);
	bidding_send(c->dirfd, BIDDING_PORTS);
	return 0;
}
