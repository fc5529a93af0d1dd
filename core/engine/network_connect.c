/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of a container that exists: joined and left, while it runs too.
 *
 * The truth is setup.json: the next start, and a monitor that registers with a new stack,
 * do as it says. So it is written first when a network is left, and last when one is
 * joined: whoever is killed between leaves what the next start, or change, puts right
 * (passing.h). */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/engine/connect.h"
#include "core/engine/hostfiles.h"
#include "core/engine/linkage.h"
#include "core/engine/netchange.h"
#include "core/engine/netjoin.h"
#include "core/engine/network.h"
#include "core/engine/passing.h"
#include "core/ns/userns.h"

/* Only one with networks has them changed. */
static int check_mode(const struct netplan *n, struct err *e)
{
	if (n->mode == NETPLAN_CONTAINER)
		return err_set(e, -EPERM,
			       "container sharing network namespace with another "
			       "container or host cannot be connected to any other "
			       "network");
	if (n->mode != NETPLAN_NETWORKS)
		return err_set(e, -EPERM,
			       "a container with --network %s cannot be connected to a "
			       "network or disconnected from one",
			       n->mode == NETPLAN_HOST ? "host" : "none");
	return 0;
}

/* --- in the realm ----------------------------------------------------------------- */

struct arrival {
	const struct endpoint *ep;
	int netns;
};

static int attach(void *arg, struct err *e)
{
	const struct arrival *x = arg;

	return endpoint_attach(x->ep, x->netns, e);
}

static int join_live(struct netchange *x, struct netplan_end *end, struct err *e)
{
	struct arrival y = { .ep = &end->ep, .netns = x->netns };
	struct stack_attachment place = { 0 };
	const struct stack_amendment a = { .join = &place, .links = &x->plan.links };
	int r = passing_note(x, end, e);

	if (r < 0)
		return r;
	end->ep.late = true;
	r = userns_call(x->realm.pidfd, CLONE_NEWUSER | CLONE_NEWNET, attach, &y, e);
	if (r < 0)
		return r;
	netjoin_place(&x->plan, end, x->c->id, &place);
	r = netchange_amend(x, &a, e);
	strv_done(&place.names);
	return r;
}

/* What has failed, or could not be written down, is not: the next start would know
 * nothing of it. */
static void leave_again(struct netchange *x, const struct netplan_end *end)
{
	if (x->netns >= 0 && passing_remove(x, end, NULL) == 0)
		passing_note(x, NULL, NULL);
}

/* --- the verbs -------------------------------------------------------------------- */

/* The default route is that of the highest priority, from the start on. */
static int check_priority(const struct netchange *x, const struct netplan_end *end,
			  struct err *e)
{
	for (size_t i = 0; x->netns >= 0 && i < x->plan.ends_len; i++) {
		const struct netplan_end *other = &x->plan.ends[i];

		if (other != end && other->ep.gateway.family != AF_UNSPEC &&
		    other->priority < end->priority)
			return err_set(e, -EBUSY,
				       "gw-priority %lld is above that of network %s, "
				       "which has the default route: stop container %s, "
				       "connect it, and start it again",
				       (long long)end->priority, other->name, x->c->name);
	}
	return 0;
}

static int describe_end(struct netchange *x, struct netplan_end *end,
			const struct network_join *j, struct err *e)
{
	const struct netwish *w = j->wish;
	int r = 0;

	strv_addv(&end->aliases, strv_view(&w->aliases));
	str_set(&end->wanted_if, w->ifname);
	str_set(&end->wanted_mac, w->mac);
	end->priority = w->priority;
	if (w->ip &&
	    (ipam_parse_addr(w->ip, &end->fixed) || end->fixed.family != AF_INET))
		return err_set(e, -EINVAL, "invalid IPv4 address: %s", w->ip);
	if (w->ip6 &&
	    (ipam_parse_addr(w->ip6, &end->fixed6) || end->fixed6.family != AF_INET6))
		return err_set(e, -EINVAL, "invalid IPv6 address: %s", w->ip6);
	for (size_t i = 0; r == 0 && i < j->links->len; i++)
		r = linkage_add(x->store, j->links->v[i], &x->plan, e);
	return r < 0 ? r : check_priority(x, end, e);
}

/* What before was to the files that it sees. */
static int tell_inside(struct netchange *x, struct err *e)
{
	autodone(netplan_done) struct netplan before = { 0 };
	int r = x->netns < 0 ? 0 : netplan_parse(x->setup.network, &before, e);

	return r < 0 || x->netns < 0
		       ? r
		       : hostfiles_update(x->c->dirfd, &before, &x->plan, e);
}

static int add_end(struct netchange *x, const struct network *net,
		   const struct network_join *j, struct err *e)
{
	struct connect_want w = { x->store, x->cfg, &x->realm, x->c };
	struct netplan_end *end = netplan_add_end(&x->plan, net->name);
	int r;

	str_set(&end->id, net->id);
	r = describe_end(x, end, j, e);
	if (r < 0 || x->netns < 0)
		return r;
	r = connect_lease(&w, &x->plan, end, e);
	if (r == 0)
		r = linkage_resolve(x->store, x->c->id, &x->plan, e);
	if (r < 0) {
		connect_release(x->store, x->c->id, end);
		return r;
	}
	if ((r = join_live(x, end, e)) < 0)
		leave_again(x, end);
	return r;
}

int network_connect(const struct store *s, const struct config *cfg, struct container *c,
		    const struct network_join *j, struct err *e)
{
	autodone(network_done) struct network net = { 0 };
	autodone(netchange_done) struct netchange x = {
		.store = s, .cfg = cfg, .c = c, .lock = -1, .netns = -1
	};
	int r = network_open(s, cfg, j->wish->name, &net, e);

	if (r < 0 || (r = netchange_open(&x, e)) < 0 || (r = check_mode(&x.plan, e)) < 0)
		return r;
	if (net.plain)
		return err_set(e, -EPERM,
			       "network %s is chosen when a container is made: it "
			       "cannot be connected to others besides",
			       net.name);
	if (netplan_find_end(&x.plan, net.name) || netplan_find_end(&x.plan, net.id))
		return err_set(e, -EEXIST,
			       "endpoint with name %s already exists in network %s",
			       c->name, net.name);
	if (str_eq(net.name, NETWORK_DEFAULT) &&
	    (j->wish->ip || j->wish->ip6 || j->wish->aliases.len))
		return err_set(e, -EINVAL,
			       "addresses and aliases are for user-defined networks");
	if (x.plan.ends_len == STACK_NETWORKS_MAX)
		return err_set(e, -E2BIG, "more than %d networks for one container",
			       STACK_NETWORKS_MAX);
	if ((r = add_end(&x, &net, j, e)) < 0)
		return r;
	if ((r = tell_inside(&x, e)) < 0 || (r = netchange_record(&x, NULL, e)) < 0 ||
	    (r = netchange_note(&x, &x.plan, e)) < 0) {
		leave_again(&x, netplan_find_end(&x.plan, net.id));
		return r;
	}
	network_tell(s, &net, "connect", c->id);
	x.lock = fd_close(x.lock);
	linkage_follow(s, c->id, c->dirfd);
	return 0;
}

/* Another network with a way out takes the default route over. */
static struct netplan_end *heir(struct netchange *x, bool six)
{
	for (size_t i = 0; i < x->plan.ends_len; i++) {
		struct netplan_end *end = &x->plan.ends[i];

		if (!end->internal &&
		    (six ? end->resolver6 : end->resolver).family != AF_UNSPEC)
			return end;
	}
	return NULL;
}

static void bequeath(struct netchange *x, const struct endpoint *ep)
{
	struct netplan_end *next;

	next = ep->gateway.family == AF_UNSPEC ? NULL : heir(x, false);
	if (next)
		next->ep.gateway = next->resolver;
	next = ep->gateway6.family == AF_UNSPEC ? NULL : heir(x, true);
	if (next)
		next->ep.gateway6 = next->resolver6;
}

static int leave_live(struct netchange *x, struct netplan_end *end, struct err *e)
{
	int r;

	bequeath(x, &end->ep);
	if ((r = netchange_write(x, NULL, e)) < 0 || (r = passing_remove(x, end, e)) < 0)
		return r;
	/* A link over this network alone is broken. */
	linkage_renew(x->store, &x->plan);
	r = tell_inside(x, e);
	return r < 0 ? r : passing_done(x, e);
}

int network_disconnect(const struct store *s, const struct config *cfg,
		       struct container *c, const char *network, struct err *e)
{
	autodone(network_done) struct network net = { 0 };
	autodone(netchange_done) struct netchange x = {
		.store = s, .cfg = cfg, .c = c, .lock = -1, .netns = -1
	};
	int r = network_open(s, cfg, network, &net, e);

	if (r < 0 || (r = netchange_open(&x, e)) < 0 || (r = check_mode(&x.plan, e)) < 0)
		return r;
	struct netplan_end *end = netplan_find_end(&x.plan, net.name);
	/* Another has begun with it, and was killed. */
	if (!end && strv_has(&x.swept, net.id)) {
		network_tell(s, &net, "disconnect", c->id);
		return 0;
	}
	if (!end)
		return err_set(e, -ENOENT, "container %s is not connected to network %s",
			       c->name, net.name);
	end = netplan_pass(&x.plan, end);
	if (x.netns < 0) {
		netplan_drop_passing(&x.plan);
		linkage_renew(s, &x.plan);
	}
	r = x.netns < 0 ? netchange_write(&x, NULL, e) : leave_live(&x, end, e);
	if (r < 0)
		return r;
	network_tell(s, &net, "disconnect", c->id);
	x.lock = fd_close(x.lock);
	linkage_follow(s, c->id, c->dirfd);
	return 0;
}
