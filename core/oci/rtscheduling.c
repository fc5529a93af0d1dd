/* SPDX-License-Identifier: Apache-2.0 */
/* When and where a process of config.json runs. The numbers are the kernel's
 * (linux/sched.h, linux/ioprio.h). */
#include "core/oci/rtscheduling.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define NICE_MIN     (-20)
#define NICE_MAX     19
#define PRIORITY_MAX 99
#define LEVEL_MAX    7
#define DEADLINE     6

struct word {
	const char *name;
	uint32_t value;
};

static const struct word policies[] = {
	{ "SCHED_OTHER", 0 },           { "SCHED_FIFO", 1 }, { "SCHED_RR", 2 },
	{ "SCHED_BATCH", 3 },           { "SCHED_ISO", 4 },  { "SCHED_IDLE", 5 },
	{ "SCHED_DEADLINE", DEADLINE },
};

static const struct word flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 0x01 },  { "SCHED_FLAG_RECLAIM", 0x02 },
	{ "SCHED_FLAG_DL_OVERRUN", 0x04 },     { "SCHED_FLAG_KEEP_POLICY", 0x08 },
	{ "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 },
};

static const struct word classes[] = {
	{ "IOPRIO_CLASS_RT", 1 },
	{ "IOPRIO_CLASS_BE", 2 },
	{ "IOPRIO_CLASS_IDLE", 3 },
};

static const struct word *find(const struct word *all, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(all[i].name, name))
			return &all[i];
	}
	return NULL;
}

static const char *name_of(const struct word *all, size_t n, uint32_t value)
{
	for (size_t i = 0; i < n; i++) {
		if (all[i].value == value)
			return all[i].name;
	}
	return NULL;
}

static int parse_flags(yyjson_val *obj, uint64_t *ret, struct err *e)
{
	autostrv names = { 0 };
	int r = json_get_strv(obj, "flags", &names, e);

	for (size_t i = 0; r == 0 && i < names.len; i++) {
		const struct word *w = find(flags, ARRAY_LEN(flags), names.v[i]);

		if (!w)
			return err_set(e, -EINVAL, "'scheduler.flags': unknown '%.40s'",
				       names.v[i]);
		*ret |= w->value;
	}
	return r;
}

static int check_scheduler(const struct rt_scheduling *s, struct err *e)
{
	if (s->nice < NICE_MIN || s->nice > NICE_MAX)
		return err_set(e, -EINVAL, "'scheduler.nice' is not within %d and %d",
			       NICE_MIN, NICE_MAX);
	if (s->priority < 0 || s->priority > PRIORITY_MAX)
		return err_set(e, -EINVAL, "'scheduler.priority' is not within 0 and %d",
			       PRIORITY_MAX);
	if (s->policy != DEADLINE && (s->runtime || s->deadline || s->period))
		return err_set(e, -EINVAL,
			       "'scheduler': runtime, deadline and period are for "
			       "SCHED_DEADLINE");
	return 0;
}

static int parse_scheduler(yyjson_val *process, struct rt_scheduling *s, struct err *e)
{
	yyjson_val *v = NULL;
	const char *policy = "";
	const struct word *w;
	int r = json_get_obj(process, "scheduler", &v, e);

	if (r < 0 || !v)
		return r;
	r = json_get_str(v, "policy", &policy, e);
	if (r == 0)
		r = json_get_i64(v, "nice", &s->nice, e);
	if (r == 0)
		r = json_get_i64(v, "priority", &s->priority, e);
	if (r == 0)
		r = json_get_u64(v, "runtime", &s->runtime, e);
	if (r == 0)
		r = json_get_u64(v, "deadline", &s->deadline, e);
	if (r == 0)
		r = json_get_u64(v, "period", &s->period, e);
	if (r == 0)
		r = parse_flags(v, &s->flags, e);
	if (r < 0)
		return r;
	w = find(policies, ARRAY_LEN(policies), policy);
	if (!w)
		return err_set(e, -EINVAL, "'scheduler.policy' is unknown: '%.40s'",
			       policy);
	s->policy = w->value;
	s->has_policy = true;
	return check_scheduler(s, e);
}

static int parse_io(yyjson_val *process, struct rt_scheduling *s, struct err *e)
{
	yyjson_val *v = NULL;
	const char *class = "";
	const struct word *w;
	int r = json_get_obj(process, "ioPriority", &v, e);

	if (r < 0 || !v)
		return r;
	r = json_get_str(v, "class", &class, e);
	if (r == 0)
		r = json_get_u32(v, "priority", &s->io_level, e);
	if (r < 0)
		return r;
	w = find(classes, ARRAY_LEN(classes), class);
	if (!w)
		return err_set(e, -EINVAL, "'ioPriority.class' is unknown: '%.40s'",
			       class);
	if (s->io_level > LEVEL_MAX)
		return err_set(e, -EINVAL, "'ioPriority.priority' is not within 0 and %d",
			       LEVEL_MAX);
	s->io_class = w->value;
	return 0;
}

static int parse_cpus(yyjson_val *process, struct rt_scheduling *s, struct err *e)
{
	yyjson_val *v = NULL;
	int r = json_get_obj(process, "execCPUAffinity", &v, e);

	if (r == 0)
		r = json_get_dup(v, "initial", &s->cpus_initial, e);
	return r < 0 ? r : json_get_dup(v, "final", &s->cpus_final, e);
}

int rtscheduling_parse(yyjson_val *process, struct rt_scheduling *ret, struct err *e)
{
	int r = parse_scheduler(process, ret, e);

	if (r == 0)
		r = parse_io(process, ret, e);
	return r < 0 ? r : parse_cpus(process, ret, e);
}

static void build_scheduler(const struct rt_scheduling *s, yyjson_mut_doc *doc,
			    yyjson_mut_val *obj)
{
	autostrv names = { 0 };

	json_add_str(doc, obj, "policy",
		     name_of(policies, ARRAY_LEN(policies), s->policy));
	yyjson_mut_obj_add_int(doc, obj, "nice", s->nice);
	yyjson_mut_obj_add_int(doc, obj, "priority", s->priority);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (s->flags & flags[i].value)
			strv_add(&names, flags[i].name);
	}
	if (names.len > 0)
		json_add_strv(doc, obj, "flags", &names);
	if (s->policy != DEADLINE)
		return;
	yyjson_mut_obj_add_uint(doc, obj, "runtime", s->runtime);
	yyjson_mut_obj_add_uint(doc, obj, "deadline", s->deadline);
	yyjson_mut_obj_add_uint(doc, obj, "period", s->period);
}

void rtscheduling_build(const struct rt_scheduling *s, yyjson_mut_doc *doc,
			yyjson_mut_val *process)
{
	yyjson_mut_val *obj;

	if (s->has_policy)
		build_scheduler(s, doc, json_add_obj(doc, process, "scheduler"));
	if (s->io_class) {
		obj = json_add_obj(doc, process, "ioPriority");
		json_add_str(doc, obj, "class",
			     name_of(classes, ARRAY_LEN(classes), s->io_class));
		yyjson_mut_obj_add_uint(doc, obj, "priority", s->io_level);
	}
	if (s->cpus_initial || s->cpus_final) {
		obj = json_add_obj(doc, process, "execCPUAffinity");
		json_add_str(doc, obj, "initial", s->cpus_initial);
		json_add_str(doc, obj, "final", s->cpus_final);
	}
}

void rtscheduling_done(struct rt_scheduling *s)
{
	free(s->cpus_initial);
	free(s->cpus_final);
}
