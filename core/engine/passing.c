/* SPDX-License-Identifier: Apache-2.0 */
/* A network on its way in or out. */
#include "core/engine/passing.h"

#include <errno.h>
#include <sched.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/engine/connect.h"
#include "core/engine/hostfiles.h"
#include "core/engine/linkage.h"
#include "core/ns/userns.h"

int passing_note(struct netchange *x, struct netplan_end *end, struct err *e)
{
	autodone(netplan_done) struct netplan before = { 0 };
	int r = netplan_parse(x->setup.network, &before, e);

	if (r < 0)
		return r;
	netplan_drop_passing(&before);
	/* What may be found in its hosts file. */
	strv_done(&before.link_hosts);
	strv_addv(&before.link_hosts, strv_view(&x->plan.link_hosts));
	/* Lent for as long as it is written. */
	before.passing = end;
	before.passing_len = end ? 1 : 0;
	if (end)
		end->at = before.ends_len;
	r = netchange_note(x, &before, e);
	before.passing = NULL;
	before.passing_len = 0;
	return r;
}

/* --- in the realm ----------------------------------------------------------------- */

struct removal {
	const struct endpoint *gone;
	const struct endpoint *then[2]; /* get the default routes; or NULL */
	int netns;
};

static int remove_in_realm(void *arg, struct err *e)
{
	const struct removal *x = arg;
	int r = endpoint_detach(x->gone, x->netns, e);

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(x->then); i++)
		if (x->then[i])
			r = endpoint_route(x->then[i], i ? AF_INET6 : AF_INET, x->netns,
					   e);
	return r;
}

/* The one with the default route, by the plan. */
static const struct endpoint *routed(const struct netplan *n, const struct endpoint *but,
				     bool six)
{
	for (size_t i = 0; i < n->ends_len; i++) {
		const struct endpoint *ep = &n->ends[i].ep;

		if (ep != but && (six ? ep->gateway6 : ep->gateway).family != AF_UNSPEC)
			return ep;
	}
	return NULL;
}

int passing_remove(struct netchange *x, const struct netplan_end *end, struct err *e)
{
	const struct endpoint *ep = &end->ep;
	struct removal y = { .gone = ep, .netns = x->netns };
	autodone(netplan_done) struct netplan before = { 0 };
	/* The links, too, are those of before it came. */
	const struct stack_amendment a = { .leave = end->id, .links = &before.links };
	int r = netplan_parse(x->setup.network, &before, e);

	if (r < 0)
		return r;
	if (ep->gateway.family != AF_UNSPEC)
		y.then[0] = routed(&x->plan, ep, false);
	if (ep->gateway6.family != AF_UNSPEC)
		y.then[1] = routed(&x->plan, ep, true);
	r = netchange_amend(x, &a, e);
	/* A stack that has been started anew meanwhile has read the plan already. */
	if (r < 0 && r != -ENOENT)
		return r;
	err_clear(e);
	r = userns_call(x->realm.pidfd, CLONE_NEWUSER | CLONE_NEWNET, remove_in_realm, &y,
			e);
	if (r < 0)
		return r;
	connect_release(x->store, x->c->id, end);
	return 0;
}

/* --- the end ---------------------------------------------------------------------- */

int passing_done(struct netchange *x, struct err *e)
{
	netplan_drop_passing(&x->plan);
	return netchange_note(x, &x->plan, e);
}

int passing_sweep(struct netchange *x, struct err *e)
{
	autodone(netplan_done) struct netplan before = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < x->plan.passing_len; i++) {
		const struct netplan_end *end = &x->plan.passing[i];

		strv_add(&x->swept, end->id ? end->id : "");
		if (x->netns >= 0)
			r = passing_remove(x, end, e);
		else
			connect_release(x->store, x->c->id, end);
	}
	if (r < 0 || !x->plan.passing_len)
		return r;
	r = netplan_parse(x->setup.network, &before, e);
	/* Who is linked may be gone itself. */
	if (r == 0)
		linkage_renew(x->store, &x->plan);
	if (r == 0 && x->netns >= 0) {
		netplan_admit(&before);
		r = hostfiles_update(x->c->dirfd, &before, &x->plan, e);
	}
	netplan_drop_passing(&x->plan);
	/* The record, too, may be of before. */
	return r < 0 ? r : netchange_write(x, NULL, e);
}

static bool passes(const struct container *c, const char *network_id)
{
	autodone(setup_done) struct setup setup = { 0 };
	autodone(netplan_done) struct netplan n = { 0 };
	autoclose int bundle = container_open_bundle(c->dirfd, NULL);

	if (bundle < 0 || netplan_read(bundle, &setup, &n, NULL) < 0)
		return false;
	for (size_t i = 0; i < n.passing_len; i++)
		if (n.passing[i].id && str_eq(n.passing[i].id, network_id))
			return true;
	return false;
}

bool passing_end(const struct store *s, const char *network_id, const struct strv *ids)
{
	bool any = false;

	for (size_t i = 0; i < ids->len; i++) {
		autodone(container_done) struct container c = { 0 };
		autodone(netchange_done) struct netchange x = {
			.store = s, .c = &c, .lock = -1, .netns = -1
		};

		/* Who is at it still has the lock until it is done. */
		if (container_open(s, ids->v[i], &c, NULL) == 0 && passes(&c, network_id))
			any |= netchange_open(&x, NULL) == 0;
	}
	return any;
}
