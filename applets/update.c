/* SPDX-License-Identifier: Apache-2.0 */
/* rootless update */
#include <errno.h>

#include "applets/create.h"
#include "applets/host.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/engine/amend.h"

struct update {
	char *restart, *cpus, *cpuset_cpus, *cpuset_mems, *memory_swap;
	int64_t blkio_weight, cpu_period, cpu_quota, cpu_shares, pids_limit;
	uint64_t memory, memory_reservation;
};

static const struct opt opts[] = {
	OPT_INT(struct update, blkio_weight, 0, "blkio-weight",
		"Block IO (relative weight), between 10 and 1000, or 0 to disable", NULL),
	OPT_INT(struct update, cpu_period, 0, "cpu-period",
		"Limit CPU CFS (Completely Fair Scheduler) period", NULL),
	OPT_INT(struct update, cpu_quota, 0, "cpu-quota",
		"Limit CPU CFS (Completely Fair Scheduler) quota", NULL),
	OPT_INT(struct update, cpu_shares, 'c', "cpu-shares",
		"CPU shares (relative weight)", NULL),
	OPT_STRING(struct update, cpus, 0, "cpus", "decimal", "Number of CPUs"),
	OPT_STRING(struct update, cpuset_cpus, 0, "cpuset-cpus", "string",
		   "CPUs in which to allow execution (0-3, 0,1)"),
	OPT_STRING(struct update, cpuset_mems, 0, "cpuset-mems", "string",
		   "MEMs in which to allow execution (0-3, 0,1)"),
	OPT_REFUSED("cpu-rt-period", "real-time groups need root"),
	OPT_REFUSED("cpu-rt-runtime", "real-time groups need root"),
	OPT_REFUSED("kernel-memory",
		    "the kernel has no such limit any more; use --memory"),
	OPT_SIZE(struct update, memory, 'm', "memory", "Memory limit"),
	OPT_SIZE(struct update, memory_reservation, 0, "memory-reservation",
		 "Memory soft limit"),
	OPT_STRING(struct update, memory_swap, 0, "memory-swap", "bytes",
		   "Swap limit equal to memory plus swap: -1 to enable unlimited swap"),
	OPT_INT(struct update, pids_limit, 0, "pids-limit",
		"Tune container pids limit (set -1 for unlimited)", NULL),
	OPT_STRING(struct update, restart, 0, "restart", "string",
		   "Restart policy to apply when a container exits"),
	OPT_END,
};

/* The limits that were given; whether there are any. */
static int read_limits(const struct update *o, struct spec *s, struct err *e)
{
	int r = o->cpus ? create_cpus(o->cpus, &s->cpus, e) : 0;

	if (r == 0 && o->memory_swap)
		r = create_swap(o->memory_swap, &s->memory_swap, e);
	if (r < 0)
		return r;
	str_set(&s->cpuset_cpus, o->cpuset_cpus);
	str_set(&s->cpuset_mems, o->cpuset_mems);
	s->memory = o->memory;
	s->memory_reservation = o->memory_reservation;
	s->blkio_weight = o->blkio_weight;
	s->cpu_period = o->cpu_period;
	s->cpu_quota = o->cpu_quota;
	s->cpu_shares = o->cpu_shares;
	s->pids_limit = o->pids_limit;
	return s->memory || s->memory_reservation || s->memory_swap || s->cpus > 0 ||
	       s->cpu_period || s->cpu_quota || s->cpu_shares || s->pids_limit ||
	       s->blkio_weight || s->cpuset_cpus || s->cpuset_mems;
}

static int update_one(struct host *h, struct container *c, void *arg, struct err *e)
{
	autostrv warnings = { 0 };
	int r = amend(&h->store, c, arg, &warnings, e);

	for (size_t i = 0; i < warnings.len; i++)
		log_warn("%s", warnings.v[i]);
	return r;
}

static int update_main(void *opts_, char **args)
{
	const struct update *o = opts_;
	autodone(spec_done) struct spec limits;
	struct amend what = { .restart = o->restart };
	struct err e = { 0 };
	int r;

	spec_init(&limits);
	r = read_limits(o, &limits, &e);
	if (r < 0)
		return host_fail(&e, 125);
	if (r > 0)
		what.limits = &limits;
	if (!o->restart && !what.limits) {
		log_error("you must provide one or more flags when using this command");
		return 1;
	}
	return host_each(args, update_one, &what);
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
