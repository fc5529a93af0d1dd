/* SPDX-License-Identifier: Apache-2.0 */
/* What needs a control group: memory, CPU, block devices, processes. */
#include "core/engine/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ns/scheduler.h"
#include "core/runtime/scope.h"

#define MEMORY_MIN     (6u << 20)
#define CPU_PERIOD     100000
#define CPU_PERIOD_MIN 1000
#define CPU_PERIOD_MAX 1000000
#define SHARES_MIN     2
#define SHARES_MAX     262144
#define BLKIO_MIN      10
#define BLKIO_MAX      1000
#define CGROUPS_PATH   "%s:rootless:"
#define PIDS_UNLIMITED (-1)

struct limiting {
	struct runtimeconfig *c;
	struct strv *warnings;
};

/* Is it possible? Says why not. */
static bool possible(const struct limiting *l, const char *option, const char *controller)
{
	const char *why = NULL;

	if (scope_available(controller, &why))
		return true;
	strv_addf(l->warnings, "%s discarded: %s", option, why);
	return false;
}

static int limit_memory(const struct limiting *l, const struct spec *s, struct err *e)
{
	struct strv *out = &l->c->unified;
	uint64_t swap = s->memory;

	if (s->memory && s->memory < MEMORY_MIN)
		return err_set(e, -EINVAL, "Minimum memory limit allowed is 6MB");
	if (s->memory_swap > 0 && !s->memory)
		return err_set(e, -EINVAL,
			       "You should always set the Memory limit when using "
			       "Memoryswap limit, see usage");
	if (s->memory_swap > 0 && (uint64_t)s->memory_swap < s->memory)
		return err_set(e, -EINVAL,
			       "Minimum memoryswap limit should be larger than memory "
			       "limit, see usage");
	if (s->memory_reservation && s->memory && s->memory_reservation > s->memory)
		return err_set(e, -EINVAL,
			       "Minimum memory limit can not be less than memory "
			       "reservation limit, see usage");
	if (s->memory && possible(l, "--memory", "memory")) {
		strv_addf(out, "memory.max=%llu", (unsigned long long)s->memory);
		if (s->memory_swap > 0)
			swap = (uint64_t)s->memory_swap - s->memory;
		if (s->memory_swap < 0)
			strv_add(out, "memory.swap.max=max");
		else
			strv_addf(out, "memory.swap.max=%llu", (unsigned long long)swap);
	}
	if (s->memory_reservation && possible(l, "--memory-reservation", "memory"))
		strv_addf(out, "memory.low=%llu",
			  (unsigned long long)s->memory_reservation);
	return 0;
}

/* Without a group, by affinity. */
static int limit_cpus(const struct limiting *l, const char *cpus, struct err *e)
{
	const char *why;

	if (scheduler_check(cpus) < 0)
		return err_set(e, -EINVAL, "Invalid value %s for cpuset cpus", cpus);
	if (scope_available("cpuset", &why)) {
		strv_addf(&l->c->unified, "cpuset.cpus=%s", cpus);
		return 0;
	}
	str_set(&l->c->process.scheduling.cpus_final, cpus);
	strv_addf(l->warnings,
		  "--cpuset-cpus is held from the start on by affinity alone, which the "
		  "container's processes can change: %s",
		  why);
	return 0;
}

static int limit_cpu(const struct limiting *l, const struct spec *s, struct err *e)
{
	struct strv *out = &l->c->unified;
	int64_t shares = s->cpu_shares;
	int64_t period = s->cpu_period ? s->cpu_period : CPU_PERIOD;
	bool quota = s->cpu_quota > 0;

	if (s->cpus < 0)
		return err_set(e, -EINVAL, "invalid value for --cpus: %g", s->cpus);
	if (shares < 0)
		return err_set(e, -EINVAL, "invalid value for --cpu-shares: %lld",
			       (long long)shares);
	shares = shares < SHARES_MIN ? SHARES_MIN : shares;
	shares = shares > SHARES_MAX ? SHARES_MAX : shares;
	if (s->cpus > 0 && (s->cpu_period || s->cpu_quota))
		return err_set(e, -EINVAL,
			       "Conflicting options: Nano CPUs and CPU %s cannot both be "
			       "set",
			       s->cpu_period ? "Period" : "Quota");
	if (period < CPU_PERIOD_MIN || period > CPU_PERIOD_MAX)
		return err_set(e, -EINVAL,
			       "CPU cfs period can not be less than 1ms (i.e. 1000) or "
			       "larger than 1s (i.e. 1000000)");
	if (quota && s->cpu_quota < CPU_PERIOD_MIN)
		return err_set(e, -EINVAL,
			       "CPU cfs quota can not be less than 1ms (i.e. 1000)");
	if (quota && possible(l, "--cpu-quota", "cpu"))
		strv_addf(out, "cpu.max=%lld %lld", (long long)s->cpu_quota,
			  (long long)period);
	else if (!quota && s->cpu_period && possible(l, "--cpu-period", "cpu"))
		strv_addf(out, "cpu.max=max %lld", (long long)period);
	if (s->cpus > 0 && possible(l, "--cpus", "cpu"))
		strv_addf(out, "cpu.max=%.0f %d", s->cpus * CPU_PERIOD, CPU_PERIOD);
	/* As runc turns shares to weight. */
	if (s->cpu_shares && possible(l, "--cpu-shares", "cpu"))
		strv_addf(out, "cpu.weight=%lld",
			  (long long)(1 + (shares - SHARES_MIN) * 9999 /
						  (SHARES_MAX - SHARES_MIN)));
	if (!str_empty(s->cpuset_cpus) && limit_cpus(l, s->cpuset_cpus, e) < 0)
		return e->code;
	if (!str_empty(s->cpuset_mems) && possible(l, "--cpuset-mems", "cpuset"))
		strv_addf(out, "cpuset.mems=%s", s->cpuset_mems);
	return 0;
}

/* --- block devices -------------------------------------------------------------------
 */

/* "/dev/sda:VALUE": "8:0" and where VALUE begins. */
static int split_device(const char *text, char *dev, size_t size, const char **ret,
			struct err *e)
{
	const char *colon = strrchr(text, ':');
	struct stat st;

	if (!colon || colon == text)
		return err_set(e, -EINVAL, "bad format: %s", text);
	if (!str_starts(text, "/dev/"))
		return err_set(e, -EINVAL, "bad format for device path: %s", text);
	autofree char *path = str_ndup(text, (size_t)(colon - text));
	if (stat(path, &st))
		return err_sys(e, "device '%s'", path);
	if (!S_ISBLK(st.st_mode))
		return err_set(e, -ENOTBLK, "'%s' is no block device", path);
	str_print(dev, size, "%u:%u", major(st.st_rdev), minor(st.st_rdev));
	*ret = colon + 1;
	return 0;
}

/* As runc turns it to weight. */
static int64_t io_weight(int64_t blkio)
{
	return 1 + (blkio - BLKIO_MIN) * 9999 / (BLKIO_MAX - BLKIO_MIN);
}

static int add_weights(const struct spec *s, struct strv *lines, struct err *e)
{
	char dev[32];

	if (s->blkio_weight &&
	    (s->blkio_weight < BLKIO_MIN || s->blkio_weight > BLKIO_MAX))
		return err_set(e, -EINVAL, "Range of blkio weight is from 10 to 1000");
	if (s->blkio_weight)
		strv_addf(lines, "default %lld", (long long)io_weight(s->blkio_weight));
	for (size_t i = 0; i < s->blkio_weight_device.len; i++) {
		const char *text = s->blkio_weight_device.v[i], *value;
		uint64_t weight;
		int r = split_device(text, dev, sizeof(dev), &value, e);

		if (r < 0)
			return r;
		if (str_u64(value, BLKIO_MAX, &weight) || weight < BLKIO_MIN)
			return err_set(e, -EINVAL, "invalid weight for device: %s", text);
		strv_addf(lines, "%s %lld", dev, (long long)io_weight((int64_t)weight));
	}
	return 0;
}

/* Rates of one kind; key: io.max's. */
static int add_rates(const struct strv *list, const char *key, struct strv *lines,
		     struct err *e)
{
	bool bytes = str_ends(key, "bps");
	char dev[32];

	for (size_t i = 0; i < list->len; i++) {
		const char *value;
		uint64_t rate = 0;
		int r = split_device(list->v[i], dev, sizeof(dev), &value, e);

		if (r < 0)
			return r;
		r = bytes ? str_size(value, &rate) : str_u64(value, UINT32_MAX, &rate);
		if (r < 0 || !rate)
			return err_set(
				e, -EINVAL,
				"invalid rate for device: %s. The correct format is "
				"<device-path>:<number>%s. Number must be a positive "
				"integer",
				list->v[i], bytes ? "[<unit>]" : "");
		strv_addf(lines, "%s %s=%llu", dev, key, (unsigned long long)rate);
	}
	return 0;
}

static void add_lines(const struct limiting *l, const char *option, const char *file,
		      const struct strv *lines)
{
	autofree char *text = strv_join(lines, "\n");

	if (lines->len && possible(l, option, "io"))
		strv_addf(&l->c->unified, "%s=%s", file, text);
}

static int limit_io(const struct limiting *l, const struct spec *s, struct err *e)
{
	autostrv weights = { 0 }, rates = { 0 };
	int r = add_weights(s, &weights, e);

	if (r == 0)
		r = add_rates(&s->device_read_bps, "rbps", &rates, e);
	if (r == 0)
		r = add_rates(&s->device_write_bps, "wbps", &rates, e);
	if (r == 0)
		r = add_rates(&s->device_read_iops, "riops", &rates, e);
	if (r == 0)
		r = add_rates(&s->device_write_iops, "wiops", &rates, e);
	if (r < 0)
		return r;
	add_lines(l, "--blkio-weight", "io.weight", &weights);
	add_lines(l, "--device-read-bps and its like", "io.max", &rates);
	return 0;
}

/* --- all of them ---------------------------------------------------------------------
 */

/* The parent's name where it can be had. */
static int place(const struct limiting *l, const struct spec *s, const char **ret,
		 struct err *e)
{
	if (str_empty(s->cgroup_parent) || !possible(l, "--cgroup-parent", "memory"))
		return 0;
	if (scope_driver() != SCOPE_SYSTEMD) {
		strv_add(l->warnings,
			 "--cgroup-parent discarded: it takes a systemd user "
			 "manager");
		return 0;
	}
	if (!str_ends(s->cgroup_parent, ".slice") || strchr(s->cgroup_parent, '/'))
		return err_set(e, -EINVAL,
			       "cgroup-parent for systemd cgroup should be a valid slice "
			       "named as \"xxx.slice\"");
	*ret = s->cgroup_parent;
	return 0;
}

static void add_pids(struct runtimeconfig *c)
{
	if (c->pids_limit > 0)
		strv_addf(&c->unified, "pids.max=%lld", (long long)c->pids_limit);
	else
		strv_add(&c->unified, "pids.max=max");
}

static int limit_pids(const struct limiting *l, const struct spec *s, struct err *e)
{
	bool given = s->pids_limit > 0;

	if (s->pids_limit < PIDS_UNLIMITED)
		return err_set(e, -EINVAL, "invalid value for --pids-limit: %lld",
			       (long long)s->pids_limit);
	l->c->pids_limit = s->pids_limit == 0  ? LIMITS_PIDS_DEFAULT
			   : s->pids_limit < 0 ? 0
					       : s->pids_limit;
	if (!scope_available("pids", NULL)) {
		if (given)
			strv_add(l->warnings, "--pids-limit is held without a control "
					      "group, by RLIMIT_NPROC: for each user of "
					      "the container by itself");
		return 0;
	}
	/* A scope costs a start some time, so only who asks for one has it. */
	if (given || l->c->unified.len || l->c->cgroups_path)
		add_pids(l->c);
	return 0;
}

int limits_resources(const struct spec *spec, struct runtimeconfig *c,
		     struct strv *warnings, struct err *e)
{
	const struct limiting l = { c, warnings };
	const char *parent = NULL;
	int r = limit_memory(&l, spec, e);

	if (r == 0)
		r = limit_cpu(&l, spec, e);
	if (r == 0)
		r = limit_io(&l, spec, e);
	if (r == 0)
		r = place(&l, spec, &parent, e);
	if (r < 0)
		return r;
	if (parent)
		c->cgroups_path = str_fmt(CGROUPS_PATH, parent);
	r = limit_pids(&l, spec, e);
	if (r == 0 && c->unified.len && !c->cgroups_path)
		c->cgroups_path = str_fmt(CGROUPS_PATH, "");
	return r;
}
