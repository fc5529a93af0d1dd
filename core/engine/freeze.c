/* SPDX-License-Identifier: Apache-2.0 */
/* Stopping what runs. */
#include "core/engine/freeze.h"

#include <errno.h>
#include <signal.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/engine/census.h"
#include "core/engine/container_end.h"
#include "core/ns/cgroup.h"
#include "core/ns/pidfd.h"
#include "core/runtime/scope.h"

/* Forks that were quicker than we are found by looking again. */
#define ROUNDS 100

static int signal_one(const struct procstat *p, int signo)
{
	autoclose int fd = pidfd_open(p->pid);
	struct procstat now;

	/* Is it still that very process? */
	if (fd < 0 || procstat_read(p->pid, &now) < 0 || now.start != p->start)
		return 0;
	int r = pidfd_signal(fd, signo);
	return r == -ESRCH ? 0 : r;
}

static bool is_stopped(const struct procstat *p)
{
	return p->state == 'T' || p->state == 't' || p->state == 'Z' || p->state == 'X';
}

/* One look at all: how many were signalled. */
static int signal_all(const struct container *c, int signo, struct err *e)
{
	autodone(census_done) struct census all = { 0 }, own = { 0 };
	int n = 0, r = census_take_all(&all, e);

	if (r < 0 || (r = census_take(&all, c, &own, e)) < 0)
		return r;
	for (size_t i = 0; i < own.len; i++) {
		if (is_stopped(&own.v[i]) == (signo == SIGSTOP))
			continue;
		if ((r = signal_one(&own.v[i], signo)) < 0)
			return err_code(e, r, "signal process %d", (int)own.v[i].pid);
		n++;
	}
	return n;
}

/* -ENOENT: it has no control group. */
static int by_group(const struct container *c, bool stop, struct err *e)
{
	autofree char *name = str_fmt(SCOPE_NAME, c->id);
	autoclose int group = scope_open(c->state.pid, name);
	int r = group < 0 ? -ENOENT : cgroup_freeze(group, stop);

	if (r == -ENOENT)
		return r;
	/* The thaw of one that is gone meanwhile is done. */
	if (r == -ENODEV && !stop)
		return 0;
	return r < 0 ? err_code(e, r, "container %.12s: %s its control group", c->id,
				stop ? "freeze" : "thaw")
		     : 0;
}

int freeze_stop(const struct container *c, struct err *e)
{
	int r = by_group(c, true, e);

	if (r != -ENOENT)
		return r;
	for (int i = 0; i < ROUNDS; i++) {
		int n = signal_all(c, SIGSTOP, e);
		if (n <= 0)
			return n;
	}
	return err_set(e, -EBUSY,
		       "container %.12s: its processes do not stop: one hangs "
		       "in the kernel, or they fork faster than they can be "
		       "stopped",
		       c->id);
}

int freeze_continue(const struct container *c, struct err *e)
{
	int r = by_group(c, false, e);

	if (r == -ENOENT)
		r = signal_all(c, SIGCONT, e);
	return r < 0 ? r : 0;
}

static int change(const struct store *s, struct container *c, enum state_status to,
		  struct err *e)
{
	c->state.status = to;
	int r = state_write(c->dirfd, &c->state, e);
	if (r == 0)
		container_end_tell(s, c->id, to == STATE_PAUSED ? "pause" : "unpause");
	return r;
}

int freeze_pause(const struct store *s, struct container *c, struct err *e)
{
	autoclose int lock = container_end_lock(c->dirfd, c->name, e);
	int r = lock < 0 ? lock : container_end_read_state(c->dirfd, &c->state, e);

	if (r < 0)
		return r;
	if (c->state.status == STATE_PAUSED)
		return err_set(e, -EBUSY, "Container %s is already paused", c->id);
	if (c->state.status != STATE_RUNNING)
		return err_set(e, -EBUSY, "Container %s is not running", c->id);
	if ((r = freeze_stop(c, e)) < 0) {
		freeze_continue(c, NULL);
		return r;
	}
	return change(s, c, STATE_PAUSED, e);
}

int freeze_unpause(const struct store *s, struct container *c, struct err *e)
{
	autoclose int lock = container_end_lock(c->dirfd, c->name, e);
	int r = lock < 0 ? lock : container_end_read_state(c->dirfd, &c->state, e);

	if (r < 0)
		return r;
	if (c->state.status != STATE_PAUSED)
		return err_set(e, -EBUSY, "Container %s is not paused", c->id);
	/* First the state: a process that goes on may end it at once. */
	r = change(s, c, STATE_RUNNING, e);
	return r < 0 ? r : freeze_continue(c, e);
}
