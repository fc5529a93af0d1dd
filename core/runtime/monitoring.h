/* SPDX-License-Identifier: Apache-2.0 */
/* What a monitor holds, and the parts of its work that every run of its container has:
 * streams, setup process, pump, end. */
#ifndef RUNTIME_MONITORING_H
#define RUNTIME_MONITORING_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/runtime/groupwatch.h"
#include "core/runtime/meeting.h"
#include "core/runtime/monitor.h"
#include "core/runtime/pump.h"
#include "core/runtime/restart.h"
#include "core/runtime/vigil.h"

struct watchman {
	int64_t interval, start_interval, start_period; /* ns; interval 0: no watch */
	int status;                                     /* MONITOR_HEALTH_* */
	pid_t looking; /* the child that looks now, or 0 */
};

struct monitoring {
	int container, sockets, realm;
	int kept[MONITOR_KEEP_MAX];
	size_t kept_len, kept_first; /* behind it: listeners handed later (-1: none) */
	const struct monitor_hooks *hooks;
	struct setup setup; /* only until the payload runs */
	struct state state;
	struct client client;
	struct logger log;
	struct pump pump;
	int lock;
	struct meeting meet;
	int stdio[3];   /* init's ends; kept for the next run when there may be one */
	int network;    /* what network_open gave, or -1 */
	int process;    /* pidfd of init */
	int mark;       /* a namespace that is this container's alone; -1: not needed */
	int supervisor; /* to the pump */
	int control;    /* bidding.h */
	pid_t builder, pumping;
	int pumps; /* that have died */
	struct vigil vigil;
	struct watchman watchman;
	struct groupwatch group;
	bool auto_remove;
	/* restarts */
	struct restart policy;
	int64_t delay; /* the last wait, ms */
	int64_t since; /* the start of this run, time_monotonic */
	bool keeps_stdio, stopped;
};

/* The bundle as it is now. */
int monitoring_read_setup(const struct monitoring *m, struct setup *ret, struct err *e);
/* By m->setup: the log; pipes; the setup process; the pump. */
int monitoring_open_log(struct monitoring *m, struct err *e);
int monitoring_make_streams(struct monitoring *m, struct err *e);
int monitoring_fork_builder(struct monitoring *m, struct err *e);
int monitoring_fork_pump(struct monitoring *m, struct err *e);
/* A next pump, for one that has died; ends the payload when too many have. */
void monitoring_renew_pump(struct monitoring *m);
/* Opens init's pidfd and its control group. */
int monitoring_hold_init(struct monitoring *m, struct err *e);
/* Waits for one child, and takes whoever else ends meanwhile. */
void monitoring_reap(pid_t pid);
/* Has the kernel killed a process for want of memory? Then that is written down and told.
 */
void monitoring_look_at_group(struct monitoring *m);
/* The same for the last time, once nothing of the run is left. */
void monitoring_leave_group(struct monitoring *m);
/* Ends what the payload left behind. */
void monitoring_end_orphans(const struct monitoring *m);
/* Ends a start that has failed: setup process and init, so that nobody works in the
 * container's folder any more. The pump stays. */
void monitoring_undo(struct monitoring *m);

#endif
