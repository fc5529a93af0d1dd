/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp profiles: the runtime-spec's object and moby's superset of it. Conditions are
 * applied while reading, as dockerd does: includes name what must all hold (caps) or one
 * of which must (arches), excludes what must not. */
#include "core/oci/seccompprofile.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/oci/capability.h"
#include "core/oci/seccompdefault.h"

#define ERRNO_MAX 4095
#define RULES_MAX 10000

#define NOTIFY    "SCMP_ACT_NOTIFY"

static const char *const actions[] = {
	"SCMP_ACT_KILL",  "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
	"SCMP_ACT_TRAP",  "SCMP_ACT_ERRNO",        "SCMP_ACT_TRACE",
	"SCMP_ACT_ALLOW", "SCMP_ACT_LOG",          NOTIFY,
};

static const char *const operators[] = {
	"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",        "SCMP_CMP_EQ",
	"SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ",
};

/* Go's names of machines, and libseccomp's. */
static const struct {
	const char *go, *scmp;
} machines[] = {
	{ "386", "SCMP_ARCH_X86" },
	{ "amd64", "SCMP_ARCH_X86_64" },
	{ "arm", "SCMP_ARCH_ARM" },
	{ "arm64", "SCMP_ARCH_AARCH64" },
	{ "loong64", "SCMP_ARCH_LOONGARCH64" },
	{ "mips64le", "SCMP_ARCH_MIPSEL64" },
	{ "ppc64le", "SCMP_ARCH_PPC64LE" },
	{ "riscv64", "SCMP_ARCH_RISCV64" },
	{ "s390x", "SCMP_ARCH_S390X" },
};

static bool listed(const char *const *list, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(list[i], s))
			return true;
	}
	return false;
}

/* --- conditions
 * --------------------------------------------------------------------------- */

/* "4.8" → 4 << 16 | 8 */
static int parse_kernel(const char *text, uint32_t *ret, struct err *e)
{
	autostrv parts = { 0 };
	uint64_t major = 0, minor = 0;

	strv_split(&parts, text, '.');
	if (parts.len != 2 || str_u64(parts.v[0], UINT16_MAX, &major) < 0 ||
	    str_u64(parts.v[1], UINT16_MAX, &minor) < 0)
		return err_set(e, -EINVAL, "'minKernel' is not like 4.8: '%.40s'", text);
	*ret = (uint32_t)(major << 16 | minor);
	return 0;
}

struct filter {
	struct strv arches;
	uint64_t caps;
	uint32_t kernel; /* 0: none */
};

static int parse_filter(yyjson_val *rule, const char *key, struct filter *f,
			struct err *e)
{
	autostrv caps = { 0 };
	yyjson_val *v = NULL;
	const char *kernel = NULL;
	int r = json_get_obj(rule, key, &v, e), bit;

	if (r == 0)
		r = json_get_strv(v, "arches", &f->arches, e);
	if (r == 0)
		r = json_get_strv(v, "caps", &caps, e);
	if (r == 0)
		r = json_get_str(v, "minKernel", &kernel, e);
	if (r == 0 && !str_empty(kernel))
		r = parse_kernel(kernel, &f->kernel, e);
	for (size_t i = 0; r == 0 && i < caps.len; i++) {
		bit = capability_parse(caps.v[i]);
		if (bit < 0 || bit >= CAPABILITY_COUNT)
			return err_set(e, -EINVAL, "unknown capability '%.40s'",
				       caps.v[i]);
		f->caps |= 1ull << bit;
	}
	return r;
}

/* Does the rule count? 1, 0, -errno. */
static int applies(yyjson_val *rule, const struct seccomp_when *when, struct err *e)
{
	struct filter in = { 0 }, ex = { 0 };
	int r = parse_filter(rule, "includes", &in, e);

	if (r == 0)
		r = parse_filter(rule, "excludes", &ex, e);
	if (r == 0)
		r = !strv_has(&ex.arches, when->arch) && !(ex.caps & when->caps) &&
		    !(ex.kernel && when->kernel >= ex.kernel) &&
		    (in.arches.len == 0 || strv_has(&in.arches, when->arch)) &&
		    (in.caps & when->caps) == in.caps &&
		    !(in.kernel && when->kernel < in.kernel);
	strv_done(&in.arches);
	strv_done(&ex.arches);
	return r;
}

/* --- rules
 * -------------------------------------------------------------------------------- */

static int get_action(yyjson_val *obj, const char *key, char dst[24], struct err *e)
{
	const char *s = "";
	int r = json_get_str(obj, key, &s, e);

	if (r < 0)
		return r;
	if (!listed(actions, ARRAY_LEN(actions), s))
		return err_set(e, -EINVAL, "'%s': unknown action '%.40s'", key, s);
	return str_copy(dst, 24, s);
}

static int get_errno(yyjson_val *obj, const char *key, int64_t *ret, struct err *e)
{
	int r;

	*ret = -1;
	r = json_get_i64(obj, key, ret, e);
	if (r == 0 && (*ret < -1 || *ret > ERRNO_MAX))
		return err_set(e, -EINVAL, "'%s' is out of range", key);
	return r;
}

static int parse_arg(yyjson_val *v, struct seccomp_arg *a, struct err *e)
{
	const char *op = "";
	int r;

	if (!yyjson_is_obj(v))
		return err_set(e, -EINVAL, "'args' is not an array of objects");
	r = json_get_u32(v, "index", &a->index, e);
	if (r == 0)
		r = json_get_u64(v, "value", &a->value, e);
	if (r == 0)
		r = json_get_u64(v, "valueTwo", &a->value_two, e);
	if (r == 0)
		r = json_get_str(v, "op", &op, e);
	if (r < 0)
		return r;
	if (a->index > 5)
		return err_set(e, -EINVAL, "'args': index %u is out of range", a->index);
	if (!listed(operators, ARRAY_LEN(operators), op))
		return err_set(e, -EINVAL, "'args': unknown op '%.40s'", op);
	return str_copy(a->op, sizeof(a->op), op);
}

static int parse_args(yyjson_val *v, struct seccomp_rule *rule, struct err *e)
{
	yyjson_val *arr = NULL, *arg;
	yyjson_arr_iter iter;
	int r = json_get_arr(v, "args", &arr, e);

	if (r < 0 || !arr)
		return r;
	if (yyjson_arr_size(arr) > ARRAY_LEN(rule->args))
		return err_set(e, -E2BIG, "'args' has more than %zu entries",
			       ARRAY_LEN(rule->args));
	iter = yyjson_arr_iter_with(arr);
	while (r == 0 && (arg = yyjson_arr_iter_next(&iter)))
		r = parse_arg(arg, &rule->args[rule->args_len++], e);
	return r;
}

static int parse_names(yyjson_val *v, struct seccomp_rule *rule, struct err *e)
{
	const char *name = NULL;
	int r = json_get_strv(v, "names", &rule->names, e);

	if (r == 0)
		r = json_get_str(v, "name", &name, e); /* as docker once wrote it */
	if (r < 0)
		return r;
	if (!str_empty(name) && rule->names.len > 0)
		return err_set(e, -EINVAL, "both 'name' and 'names' are given");
	if (!str_empty(name))
		strv_add(&rule->names, name);
	if (rule->names.len == 0)
		return err_set(e, -EINVAL, "a rule names no call");
	return 0;
}

static int parse_rule(yyjson_val *v, struct seccomp_rule *rule, struct err *e)
{
	int r = parse_names(v, rule, e);

	if (r == 0)
		r = get_action(v, "action", rule->action, e);
	if (r == 0)
		r = get_errno(v, "errnoRet", &rule->errno_ret, e);
	return r < 0 ? r : parse_args(v, rule, e);
}

static int parse_rules(yyjson_val *obj, const struct seccomp_when *when,
		       struct seccompprofile *p, struct err *e)
{
	yyjson_val *arr = NULL, *v;
	yyjson_arr_iter iter;
	size_t i = 0;
	int r = json_get_arr(obj, "syscalls", &arr, e);

	if (r < 0 || !arr)
		return r;
	if (yyjson_arr_size(arr) > RULES_MAX)
		return err_set(e, -E2BIG, "'syscalls' has more than %d entries",
			       RULES_MAX);
	p->rules = mem_array(yyjson_arr_size(arr), sizeof(*p->rules));
	iter = yyjson_arr_iter_with(arr);
	for (; (v = yyjson_arr_iter_next(&iter)); i++) {
		if (!yyjson_is_obj(v))
			return err_set(e, -EINVAL,
				       "'syscalls' is not an array of objects");
		/* Read also when it does not apply: a typing error is one everywhere. */
		r = parse_rule(v, &p->rules[p->rules_len++], e);
		if (r == 0)
			r = applies(v, when, e);
		if (r < 0)
			return err_wrap(e, "syscalls[%zu]", i);
		if (r == 0) {
			strv_done(&p->rules[--p->rules_len].names);
			p->rules[p->rules_len] = (struct seccomp_rule){ 0 };
		}
	}
	return 0;
}

/* --- architectures
 * ------------------------------------------------------------------------ */

static const char *native(const char *arch)
{
	for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
		if (str_eq(machines[i].go, arch))
			return machines[i].scmp;
	}
	return NULL;
}

static int parse_map(yyjson_val *arr, const char *arch, struct strv *ret, struct err *e)
{
	const char *own = native(arch);
	yyjson_arr_iter iter = yyjson_arr_iter_with(arr);
	yyjson_val *v;
	int r = 0;

	while (r == 0 && (v = yyjson_arr_iter_next(&iter))) {
		const char *name = "";

		r = json_get_str(v, "architecture", &name, e);
		if (r < 0 || !own || !str_eq(name, own) || ret->len > 0)
			continue;
		strv_add(ret, name);
		r = json_get_strv(v, "subArchitectures", ret, e);
	}
	return r;
}

static int parse_architectures(yyjson_val *obj, const char *arch, struct strv *ret,
			       struct err *e)
{
	yyjson_val *map = NULL;
	int r = json_get_strv(obj, "architectures", ret, e);

	if (r == 0)
		r = json_get_arr(obj, "archMap", &map, e);
	if (r == 0 && ret->len > 0 && yyjson_arr_size(map) > 0)
		return err_set(e, -EINVAL,
			       "both 'architectures' and 'archMap' are given");
	if (r == 0 && map)
		r = parse_map(map, arch, ret, e);
	for (size_t i = 0; r == 0 && i < ret->len; i++) {
		if (!str_starts(ret->v[i], "SCMP_ARCH_"))
			return err_set(e, -EINVAL, "unknown architecture '%.40s'",
				       ret->v[i]);
	}
	return r;
}

/* --- the whole
 * ---------------------------------------------------------------------------- */

bool seccompprofile_notifies(yyjson_val *obj)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(yyjson_obj_get(obj, "syscalls"));
	yyjson_val *v;

	if (str_empty(yyjson_get_str(yyjson_obj_get(obj, "listenerPath"))))
		return false;
	while ((v = yyjson_arr_iter_next(&iter))) {
		const char *action = yyjson_get_str(yyjson_obj_get(v, "action"));

		if (str_eq(action, NOTIFY))
			return true;
	}
	return false;
}

/* The first call after the filter stands is the one that hands it over: nobody could
 * answer for it yet. */
static int check_agent(struct seccompprofile *p, const char *listener, struct err *e)
{
	if (str_eq(p->default_action, NOTIFY))
		return err_set(e, -ENOTSUP, "'" NOTIFY "' cannot be the default action");
	for (size_t i = 0; i < p->rules_len; i++) {
		if (!str_eq(p->rules[i].action, NOTIFY))
			continue;
		if (strv_has(&p->rules[i].names, "sendmsg"))
			return err_set(e, -ENOTSUP,
				       "'" NOTIFY "' cannot be for 'sendmsg'");
		p->notifies = true;
	}
	if (p->notifies && str_empty(listener))
		return err_set(e, -ENOTSUP,
			       "'" NOTIFY "' needs an agent ('listenerPath')");
	return 0;
}

static int parse_into(yyjson_val *obj, const struct seccomp_when *when,
		      struct seccompprofile *p, struct err *e)
{
	const char *listener = NULL;
	int r;

	if (!yyjson_is_obj(obj))
		return err_set(e, -EINVAL, "not an object");
	r = get_action(obj, "defaultAction", p->default_action, e);
	if (r == 0)
		r = get_errno(obj, "defaultErrnoRet", &p->default_errno, e);
	if (r == 0)
		r = json_get_str(obj, "listenerPath", &listener, e);
	if (r == 0)
		r = json_get_strv(obj, "flags", &p->flags, e);
	if (r == 0)
		r = parse_architectures(obj, when->arch, &p->architectures, e);
	if (r == 0)
		r = parse_rules(obj, when, p, e);
	return r < 0 ? r : check_agent(p, listener, e);
}

int seccompprofile_parse(yyjson_val *obj, const struct seccomp_when *when,
			 struct seccompprofile *ret, struct err *e)
{
	autodone(seccompprofile_done) struct seccompprofile p = { 0 };
	int r = parse_into(obj, when, &p, e);

	if (r < 0)
		return err_wrap(e, "seccomp profile");
	*ret = p;
	p = (struct seccompprofile){ 0 };
	return 0;
}

const char *seccompprofile_default(void)
{
	return seccompdefault_text();
}

void seccompprofile_done(struct seccompprofile *p)
{
	strv_done(&p->architectures);
	strv_done(&p->flags);
	for (size_t i = 0; i < p->rules_len; i++)
		strv_done(&p->rules[i].names);
	free(p->rules);
	*p = (struct seccompprofile){ 0 };
}
