/* SPDX-License-Identifier: Apache-2.0 */
/* Limits: rlimits, sysctls, and what needs a control group. */
#include "core/engine/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ns/rlimit.h"
#include "core/runtime/scope.h"

#define NOFILE_SOFT    1024
#define MEMORY_MIN     (6u << 20)
#define CPU_PERIOD     100000
#define CPU_PERIOD_MIN 1000
#define CPU_PERIOD_MAX 1000000
#define SHARES_MIN     2
#define SHARES_MAX     262144
#define CGROUPS_PATH   "%s:rootless:"
#define PIDS_UNLIMITED (-1)

static int ulimit_value(const char *text, uint64_t *ret)
{
	if (str_eq(text, "-1") || str_eq(text, "unlimited")) {
		*ret = UINT64_MAX;
		return 0;
	}
	return str_u64(text, INT64_MAX, ret);
}

/* "RLIMIT_NOFILE" of config.json, malloc'd. */
static char *rlimit_type(int number)
{
	char *type = str_fmt("RLIMIT_%s", rlimit_name(number));

	for (char *p = type; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return type;
}

static void set(struct rt_process *p, int number, uint64_t soft, uint64_t hard)
{
	autofree char *type = rlimit_type(number);

	for (size_t i = 0; i < p->rlimits_len; i++) {
		if (str_eq(p->rlimits[i].type, type)) {
			p->rlimits[i].soft = soft;
			p->rlimits[i].hard = hard;
			return;
		}
	}
	p->rlimits = mem_resize(p->rlimits, p->rlimits_len + 1, sizeof(*p->rlimits));
	p->rlimits[p->rlimits_len++] =
		(struct rt_rlimit){ .type = TAKE_PTR(type), .soft = soft, .hard = hard };
}

static uint64_t hard_of(int number)
{
	struct rlimit now;

	if (getrlimit(number, &now) || now.rlim_max == RLIM_INFINITY)
		return UINT64_MAX;
	return now.rlim_max;
}

static int add_ulimit(struct rt_process *p, const char *text, struct err *e)
{
	const char *eq = strchr(text, '=');
	autostrv part = { 0 };
	uint64_t soft, hard;

	if (!eq)
		return err_set(e, -EINVAL, "invalid ulimit argument: %s", text);
	autofree char *name = str_ndup(text, (size_t)(eq - text));
	int number = rlimit_number(name);
	if (number < 0)
		return err_set(e, -EINVAL, "invalid ulimit type: %s", name);
	strv_split(&part, eq + 1, ':');
	if (part.len > 2)
		return err_set(
			e, -EINVAL,
			"too many limit value arguments - %s, can only have up to two, "
			"`soft[:hard]`",
			eq + 1);
	if (ulimit_value(part.v[0], &soft) || ulimit_value(part.v[part.len - 1], &hard))
		return err_set(e, -EINVAL, "invalid ulimit argument: %s", text);
	if (soft > hard)
		return err_set(
			e, -EINVAL,
			"ulimit soft limit must be less than or equal to hard limit: "
			"%s > %s",
			part.v[0], part.v[part.len - 1]);
	uint64_t most = hard_of(number);
	if (hard > most)
		return err_set(
			e, -EPERM,
			"ulimit '%s': your own hard limit is %llu, and only root may "
			"raise it (limits.conf(5))",
			text, (unsigned long long)most);
	set(p, number, soft, hard);
	return 0;
}

int limits_ulimits(const struct config *cfg, const struct spec *spec,
		   struct rt_process *p, struct err *e)
{
	const struct strv *lists[] = { &cfg->default_ulimits, &spec->ulimits };
	uint64_t files = hard_of(RLIMIT_NOFILE);
	int r;

	set(p, RLIMIT_NOFILE, files < NOFILE_SOFT ? files : NOFILE_SOFT, files);
	set(p, RLIMIT_CORE, 0, hard_of(RLIMIT_CORE));
	for (size_t l = 0; l < ARRAY_LEN(lists); l++)
		for (size_t i = 0; i < lists[l]->len; i++)
			if ((r = add_ulimit(p, lists[l]->v[i], e)) < 0)
				return r;
	return 0;
}

static bool is_ipc_sysctl(const char *key)
{
	static const char *const names[] = { "kernel.msgmax", "kernel.msgmnb",
					     "kernel.msgmni", "kernel.sem",
					     "kernel.shmall", "kernel.shmmax",
					     "kernel.shmmni", "kernel.shm_rmid_forced" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(key, names[i]))
			return true;
	return str_starts(key, "fs.mqueue.");
}

int limits_sysctls(const struct spec *spec, unsigned namespaces, struct strv *ret,
		   struct err *e)
{
	for (size_t i = 0; i < spec->sysctls.len; i++) {
		const char *text = spec->sysctls.v[i], *eq = strchr(text, '=');
		if (!eq || eq == text)
			return err_set(e, -EINVAL, "invalid sysctl: %s", text);
		autofree char *key = str_ndup(text, (size_t)(eq - text));
		for (char *p = key; *p; p++)
			*p = *p == '/' ? '.' : *p;
		if (strstr(key, ".."))
			return err_set(e, -EINVAL, "invalid sysctl: %s", text);
		bool net = str_starts(key, "net."), ipc = is_ipc_sysctl(key);
		if (!net && !ipc)
			return err_set(
				e, -EINVAL,
				"sysctl '%s' is not in a separate kernel namespace", key);
		if (net && !(namespaces & RT_NS_NET))
			return err_set(e, -EINVAL,
				       "sysctl '%s' is not allowed in the host's network "
				       "namespace",
				       key);
		if (ipc && !(namespaces & RT_NS_IPC))
			return err_set(
				e, -EINVAL,
				"sysctl '%s' is not allowed in the host's ipc namespace",
				key);
		strv_addf(ret, "%s=%s", key, eq + 1);
	}
	return 0;
}

/* --- control groups ------------------------------------------------------------------
 */

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
	if (s->cpuset_cpus && possible(l, "--cpuset-cpus", "cpuset"))
		strv_addf(out, "cpuset.cpus=%s", s->cpuset_cpus);
	if (s->cpuset_mems && possible(l, "--cpuset-mems", "cpuset"))
		strv_addf(out, "cpuset.mems=%s", s->cpuset_mems);
	return 0;
}

int limits_resources(const struct spec *spec, struct runtimeconfig *c,
		     struct strv *warnings, struct err *e)
{
	const struct limiting l = { c, warnings };
	bool placed;
	int r = limit_memory(&l, spec, e);

	if (r == 0)
		r = limit_cpu(&l, spec, e);
	if (r < 0)
		return r;
	if (spec->pids_limit < PIDS_UNLIMITED)
		return err_set(e, -EINVAL, "invalid value for --pids-limit: %lld",
			       (long long)spec->pids_limit);
	/* Held without a cgroup too, by RLIMIT_NPROC in the container's own user
	 * namespace. */
	c->pids_limit = spec->pids_limit == 0  ? LIMITS_PIDS_DEFAULT
			: spec->pids_limit < 0 ? 0
					       : spec->pids_limit;
	placed = spec->cgroup_parent && possible(&l, "--cgroup-parent", "memory");
	/* A scope costs a start some time, so only who asks for one has it. */
	if (c->unified.len || placed) {
		if (c->pids_limit > 0 && scope_available("pids", NULL))
			strv_addf(&c->unified, "pids.max=%lld", (long long)c->pids_limit);
		c->cgroups_path =
			str_fmt(CGROUPS_PATH, placed ? spec->cgroup_parent : "");
	}
	return 0;
}
