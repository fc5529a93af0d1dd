/* SPDX-License-Identifier: Apache-2.0 */
/* Limits anew: in the control group, in config.json. */
#include "core/engine/relimit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/engine/limits.h"
#include "core/runtime/scope.h"

#define NANO 1e9

void relimit_done(struct relimit *r)
{
	spec_done(&r->limits);
	runtimeconfig_done(&r->config);
}

/* --- what it comes to ----------------------------------------------------------------
 */

static int read_limits(yyjson_val *host, struct spec *s, struct err *e)
{
	int64_t nano = 0;

	if (json_get_u64(host, "Memory", &s->memory, e) < 0 ||
	    json_get_u64(host, "MemoryReservation", &s->memory_reservation, e) < 0 ||
	    json_get_i64(host, "MemorySwap", &s->memory_swap, e) < 0 ||
	    json_get_i64(host, "NanoCpus", &nano, e) < 0 ||
	    json_get_i64(host, "CpuShares", &s->cpu_shares, e) < 0 ||
	    json_get_i64(host, "CpuPeriod", &s->cpu_period, e) < 0 ||
	    json_get_i64(host, "CpuQuota", &s->cpu_quota, e) < 0 ||
	    json_get_i64(host, "PidsLimit", &s->pids_limit, e) < 0 ||
	    json_get_i64(host, "BlkioWeight", &s->blkio_weight, e) < 0 ||
	    json_get_dup(host, "CpusetCpus", &s->cpuset_cpus, e) < 0 ||
	    json_get_dup(host, "CpusetMems", &s->cpuset_mems, e) < 0 ||
	    json_get_dup(host, "CgroupParent", &s->cgroup_parent, e) < 0)
		return e->code;
	s->cpus = (double)nano / NANO;
	return 0;
}

/* docker's rules for what is there and what is given. */
static int check(const struct spec *s, const struct spec *given, struct err *e)
{
	const struct {
		bool given, there;
		const char *a, *b;
	} pairs[] = {
		{ given->cpus > 0, s->cpu_period > 0, "Nano CPUs", "CPU Period" },
		{ given->cpus > 0, s->cpu_quota > 0, "Nano CPUs", "CPU Quota" },
		{ given->cpu_period > 0, s->cpus > 0, "CPU Period", "NanoCPUs" },
		{ given->cpu_quota > 0, s->cpus > 0, "CPU Quota", "NanoCPUs" },
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (pairs[i].given && pairs[i].there)
			return err_set(e, -EINVAL,
				       "Conflicting options: %s cannot be updated as %s "
				       "has already been set",
				       pairs[i].a, pairs[i].b);
	if (given->memory && !given->memory_swap && s->memory_swap > 0 &&
	    given->memory > (uint64_t)s->memory_swap)
		return err_set(e, -EINVAL,
			       "Memory limit should be smaller than already set "
			       "memoryswap limit, update the memoryswap at the same "
			       "time");
	return 0;
}

static void merge(struct spec *s, const struct spec *given)
{
	s->memory = given->memory ? given->memory : s->memory;
	s->memory_swap = given->memory_swap ? given->memory_swap : s->memory_swap;
	if (given->memory_reservation)
		s->memory_reservation = given->memory_reservation;
	s->cpus = given->cpus > 0 ? given->cpus : s->cpus;
	s->cpu_shares = given->cpu_shares ? given->cpu_shares : s->cpu_shares;
	s->cpu_period = given->cpu_period ? given->cpu_period : s->cpu_period;
	s->cpu_quota = given->cpu_quota ? given->cpu_quota : s->cpu_quota;
	s->pids_limit = given->pids_limit ? given->pids_limit : s->pids_limit;
	s->blkio_weight = given->blkio_weight ? given->blkio_weight : s->blkio_weight;
	if (!str_empty(given->cpuset_cpus))
		str_set(&s->cpuset_cpus, given->cpuset_cpus);
	if (!str_empty(given->cpuset_mems))
		str_set(&s->cpuset_mems, given->cpuset_mems);
}

int relimit_plan(yyjson_val *host_config, const struct spec *given, struct relimit *ret,
		 struct strv *warnings, struct err *e)
{
	int r;

	*ret = (struct relimit){ 0 };
	spec_init(&ret->limits);
	r = read_limits(host_config, &ret->limits, e);
	if (r == 0)
		r = check(&ret->limits, given, e);
	if (r < 0)
		return r;
	merge(&ret->limits, given);
	return limits_resources(&ret->limits, &ret->config, warnings, e);
}

/* --- now -----------------------------------------------------------------------------
 */

int relimit_apply(const struct container *c, const struct relimit *r, struct err *e)
{
	autofree char *name = str_fmt(SCOPE_NAME, c->id);
	autoclose int group = scope_open(c->state.pid, name);

	if (group < 0)
		return err_set(e, -EBUSY,
			       "container %.12s runs without a control group, as it was "
			       "started without limits that need one: stop it, update "
			       "it, and start it again",
			       c->id);
	return scope_change(group, &r->config.unified, e);
}

/* --- from the next start on ----------------------------------------------------------
 */

static yyjson_mut_val *member(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key)
{
	yyjson_mut_val *v = yyjson_mut_obj_get(obj, key);

	return v ? v : json_add_obj(doc, obj, key);
}

/* Limits that are not given anew stay as they are. */
static void put_limits(const struct runtimeconfig *config, yyjson_mut_doc *doc)
{
	yyjson_mut_val *linux_ = member(doc, yyjson_mut_doc_get_root(doc), "linux");
	yyjson_mut_val *resources = member(doc, linux_, "resources");
	yyjson_mut_val *unified;

	yyjson_mut_val *process = member(doc, yyjson_mut_doc_get_root(doc), "process");
	if (config->process.scheduling.cpus_final) {
		yyjson_mut_obj_remove_key(process, "execCPUAffinity");
		json_add_str(doc, json_add_obj(doc, process, "execCPUAffinity"), "final",
			     config->process.scheduling.cpus_final);
	}
	yyjson_mut_obj_remove_key(resources, "pids");
	if (config->pids_limit > 0)
		yyjson_mut_obj_add_int(doc, json_add_obj(doc, resources, "pids"), "limit",
				       config->pids_limit);
	if (!config->cgroups_path)
		return;
	yyjson_mut_obj_remove_key(linux_, "cgroupsPath");
	json_add_str(doc, linux_, "cgroupsPath", config->cgroups_path);
	unified = member(doc, resources, "unified");
	for (size_t i = 0; i < config->unified.len; i++) {
		const char *text = config->unified.v[i];
		size_t n = strcspn(text, "=");

		yyjson_mut_obj_put(unified, yyjson_mut_strncpy(doc, text, n),
				   yyjson_mut_strcpy(doc, text + n + 1));
	}
}

int relimit_write(const struct container *c, const struct relimit *r, struct err *e)
{
	autoclose int bundle =
		openat(c->dirfd, "bundle", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autojson *old = NULL;
	int n = bundle < 0 ? err_sys(e, "open the container's bundle")
			   : json_read(bundle, "config.json", RUNTIMECONFIG_MAX, &old, e);

	if (n < 0)
		return n;
	autojson_mut *doc = yyjson_doc_mut_copy(old, NULL);
	put_limits(&r->config, doc);
	return json_write(bundle, "config.json", doc, 0600, true, e);
}
