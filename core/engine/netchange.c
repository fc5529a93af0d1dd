/* SPDX-License-Identifier: Apache-2.0 */
/* A container whose network is being changed. */
#include "core/engine/netchange.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/engine/container_end.h"
#include "core/engine/describe.h"
#include "core/engine/network.h"
#include "core/engine/passing.h"
#include "core/store/record.h"

#define AMEND_TRIES 100
#define AMEND_MS    20

void netchange_done(struct netchange *x)
{
	setup_done(&x->setup);
	netplan_done(&x->plan);
	realm_done(&x->realm);
	strv_done(&x->swept);
	fd_close(x->netns);
	fd_close(x->lock);
}

static int open_live(struct netchange *x, struct err *e)
{
	autofree char *path = str_fmt("/proc/%d/ns/net", (int)x->c->state.pid);
	bool rests = x->c->state.status == STATE_RESTARTING;
	int r;

	x->monitored = rests || x->c->state.status == STATE_RUNNING ||
		       x->c->state.status == STATE_PAUSED;
	if (!x->monitored)
		return 0;
	r = realm_find(x->store, &x->realm, rests ? NULL : e);
	x->served = r >= 0;
	/* The next run finds the realm, or another one. */
	if (rests)
		return 0;
	if (r < 0)
		return r;
	x->netns = open(path, O_RDONLY | O_CLOEXEC);
	return x->netns < 0 ? err_sys(e, "open '%s'", path) : 0;
}

int netchange_open(struct netchange *x, struct err *e)
{
	int r;

	x->netns = -1;
	x->lock = container_end_lock(x->c->dirfd, x->c->name, e);
	if (x->lock < 0)
		return x->lock;
	if ((r = container_end_await_change(x->c->dirfd, &x->c->state, e)) < 0)
		return r;
	autoclose int bundle = container_open_bundle(x->c->dirfd, e);
	if (bundle < 0)
		return bundle;
	if ((r = netplan_read(bundle, &x->setup, &x->plan, e)) < 0)
		return r;
	if (x->plan.mode != NETPLAN_NETWORKS)
		return 0;
	r = open_live(x, e);
	return r < 0 ? r : passing_sweep(x, e);
}

int netchange_note(struct netchange *x, const struct netplan *n, struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	autoclose int bundle = container_open_bundle(x->c->dirfd, e);

	return bundle < 0 ? bundle
			  : setup_write(bundle, &x->setup, netplan_build(n, doc), e);
}

int netchange_record(struct netchange *x, yyjson_mut_doc *record, struct err *e)
{
	autojson_mut *copy = record ? NULL : yyjson_doc_mut_copy(x->c->record, NULL);
	yyjson_mut_doc *to = record ? record : copy;

	describe_network(&x->plan, x->c->id, to, yyjson_mut_doc_get_root(to));
	return record_write_nosync(x->store->containers_fd, x->c->id, to, e);
}

int netchange_write(struct netchange *x, yyjson_mut_doc *record, struct err *e)
{
	int r = netchange_note(x, &x->plan, e);

	return r < 0 ? r : netchange_record(x, record, e);
}

static int amend(const struct netchange *x, const struct stack_amendment *a,
		 struct err *e)
{
	autoclose int sock = network_stack(x->store, &x->realm, e);

	return sock < 0 ? sock : stack_amend(sock, x->c->id, a, e);
}

static bool is_between_stacks(int r, const struct stack_amendment *a)
{
	return r == -ECONNRESET || r == -EPIPE || r == -ECONNREFUSED ||
	       (r == -ENOENT && (a->join || a->publish));
}

int netchange_amend(const struct netchange *x, const struct stack_amendment *a,
		    struct err *e)
{
	int r = amend(x, a, e);

	for (int i = 0; i < AMEND_TRIES && is_between_stacks(r, a); i++) {
		poll(NULL, 0, AMEND_MS);
		err_clear(e);
		r = amend(x, a, e);
	}
	return r;
}
