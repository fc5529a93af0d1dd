/* SPDX-License-Identifier: Apache-2.0 */
/* rootless update */
#include <errno.h>

#include "applets/host.h"
#include "core/cli/applet.h"
#include "core/engine/amend.h"

struct update {
	char *restart;
	/* Limits: the text is not looked at. */
	char *blkio_weight, *cpu_period, *cpu_quota, *cpu_shares, *cpus, *cpuset_cpus,
		*cpuset_mems, *memory, *memory_reservation, *memory_swap, *pids_limit;
};

static const struct opt opts[] = {
	OPT_STRING(struct update, blkio_weight, 0, "blkio-weight", "uint16",
		   "Block IO (relative weight), between 10 and 1000, or 0 to disable"),
	OPT_STRING(struct update, cpu_period, 0, "cpu-period", "int",
		   "Limit CPU CFS (Completely Fair Scheduler) period"),
	OPT_STRING(struct update, cpu_quota, 0, "cpu-quota", "int",
		   "Limit CPU CFS (Completely Fair Scheduler) quota"),
	OPT_STRING(struct update, cpu_shares, 'c', "cpu-shares", "int",
		   "CPU shares (relative weight)"),
	OPT_STRING(struct update, cpus, 0, "cpus", "decimal", "Number of CPUs"),
	OPT_STRING(struct update, cpuset_cpus, 0, "cpuset-cpus", "string",
		   "CPUs in which to allow execution (0-3, 0,1)"),
	OPT_STRING(struct update, cpuset_mems, 0, "cpuset-mems", "string",
		   "MEMs in which to allow execution (0-3, 0,1)"),
	OPT_STRING(struct update, memory, 'm', "memory", "bytes", "Memory limit"),
	OPT_STRING(struct update, memory_reservation, 0, "memory-reservation", "bytes",
		   "Memory soft limit"),
	OPT_STRING(struct update, memory_swap, 0, "memory-swap", "bytes",
		   "Swap limit equal to memory plus swap: -1 to enable unlimited swap"),
	OPT_STRING(struct update, pids_limit, 0, "pids-limit", "int",
		   "Tune container pids limit (set -1 for unlimited)"),
	OPT_STRING(struct update, restart, 0, "restart", "string",
		   "Restart policy to apply when a container exits"),
	OPT_END,
};

/* The first limit that was asked for. */
static const char *limit_of(const struct update *o)
{
	const struct {
		const char *value, *name;
	} limits[] = {
		{ o->blkio_weight, "blkio-weight" },
		{ o->cpu_period, "cpu-period" },
		{ o->cpu_quota, "cpu-quota" },
		{ o->cpu_shares, "cpu-shares" },
		{ o->cpus, "cpus" },
		{ o->cpuset_cpus, "cpuset-cpus" },
		{ o->cpuset_mems, "cpuset-mems" },
		{ o->memory, "memory" },
		{ o->memory_reservation, "memory-reservation" },
		{ o->memory_swap, "memory-swap" },
		{ o->pids_limit, "pids-limit" },
	};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (limits[i].value)
			return limits[i].name;
	return NULL;
}

static int update_one(struct host *h, struct container *c, void *arg, struct err *e)
{
	const struct update *o = arg;

	return amend_restart(&h->store, c, o->restart, e);
}

static int update_main(void *opts_, char **args)
{
	const struct update *o = opts_;
	const char *limit = limit_of(o);

	if (limit) {
		log_error("--%s: the limits of a container that exists cannot be "
			  "changed: its cgroup is made anew at each start from what it "
			  "was created with; create it again with the new limit",
			  limit);
		return 1;
	}
	if (!o->restart) {
		log_error("you must provide one or more flags when using this command");
		return 1;
	}
	return host_each(args, update_one, opts_);
}

const struct applet update_applet = {
	.name = "update",
	.args = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Update configuration of one or more containers",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct update),
	.min_args = 1,
	.max_args = -1,
	.main = update_main,
};
