/* SPDX-License-Identifier: Apache-2.0 */
/* The "process" object of config.json (runtime-spec config.md, "Process"). */
#include "core/oci/rtprocess.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/oci/capability.h"
#include "core/oci/rtscheduling.h"

#define ID_MAX (UINT32_MAX - 1) /* (uid_t)-1 means "none" to the kernel */

static int parse_id(yyjson_val *obj, const char *key, uint32_t *ret, struct err *e)
{
	int r = json_get_u32(obj, key, ret, e);

	if (r == 0 && *ret > ID_MAX)
		return err_set(e, -EINVAL, "'%s' is out of range", key);
	return r;
}

static int parse_groups(yyjson_val *user, struct strv *ret, struct err *e)
{
	yyjson_val *arr = NULL, *v;
	yyjson_arr_iter iter;
	int r = json_get_arr(user, "additionalGids", &arr, e);

	if (r < 0 || !arr)
		return r;
	iter = yyjson_arr_iter_with(arr);
	while ((v = yyjson_arr_iter_next(&iter))) {
		if (!yyjson_is_uint(v) || yyjson_get_uint(v) > ID_MAX)
			return err_set(e, -EINVAL,
				       "'additionalGids' holds what is no gid");
		strv_addf(ret, "%u", (unsigned int)yyjson_get_uint(v));
	}
	return 0;
}

static int parse_user(yyjson_val *obj, struct rt_process *p, struct err *e)
{
	yyjson_val *user = NULL;
	int r = json_get_obj(obj, "user", &user, e);

	p->umask = 022;
	if (r == 0)
		r = parse_id(user, "uid", &p->uid, e);
	if (r == 0)
		r = parse_id(user, "gid", &p->gid, e);
	if (r == 0)
		r = json_get_u32(user, "umask", &p->umask, e);
	if (r == 0 && p->umask > 0777)
		r = err_set(e, -EINVAL, "'umask' is out of range");
	return r < 0 ? r : parse_groups(user, &p->additional_gids, e);
}

static int parse_console(yyjson_val *obj, struct rt_process *p, struct err *e)
{
	uint32_t rows = 0, cols = 0;
	yyjson_val *size = NULL;
	int r = json_get_obj(obj, "consoleSize", &size, e);

	if (r == 0)
		r = json_get_u32(size, "height", &rows, e);
	if (r == 0)
		r = json_get_u32(size, "width", &cols, e);
	if (r == 0 && (rows > UINT16_MAX || cols > UINT16_MAX))
		r = err_set(e, -EINVAL, "'consoleSize' is out of range");
	if (r < 0)
		return r;
	p->rows = (uint16_t)rows;
	p->cols = (uint16_t)cols;
	return 0;
}

struct cap_set {
	const char *key;
	uint64_t *bits;
};

static int parse_caps(yyjson_val *caps, const struct cap_set *set, struct err *e)
{
	autostrv names = { 0 };
	int r = json_get_strv(caps, set->key, &names, e), bit;

	if (r < 0)
		return r;
	for (size_t i = 0; i < names.len; i++) {
		bit = capability_parse(names.v[i]);
		if (bit < 0 || bit >= CAPABILITY_COUNT)
			return err_set(e, -EINVAL, "unknown capability '%.40s'",
				       names.v[i]);
		*set->bits |= 1ull << bit;
	}
	return 0;
}

static int parse_capabilities(yyjson_val *obj, struct rt_process *p, struct err *e)
{
	const struct cap_set sets[] = {
		{ "bounding", &p->cap_bounding },
		{ "effective", &p->cap_effective },
		{ "permitted", &p->cap_permitted },
		{ "inheritable", &p->cap_inheritable },
		{ "ambient", &p->cap_ambient },
	};
	yyjson_val *caps = NULL;
	int r = json_get_obj(obj, "capabilities", &caps, e);

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(sets); i++)
		r = parse_caps(caps, &sets[i], e);
	return r;
}

static int parse_rlimit(yyjson_val *v, struct rt_process *p, struct err *e)
{
	struct rt_rlimit *l = &p->rlimits[p->rlimits_len];
	int r = 0;

	if (!yyjson_is_obj(v) || !yyjson_obj_get(v, "soft") || !yyjson_obj_get(v, "hard"))
		return err_set(e, -EINVAL, "'rlimits' wants objects of type, soft, hard");
	p->rlimits_len++;
	r = json_get_dup(v, "type", &l->type, e);
	if (r == 0)
		r = json_get_u64(v, "soft", &l->soft, e);
	if (r == 0)
		r = json_get_u64(v, "hard", &l->hard, e);
	if (r < 0)
		return r;
	if (!l->type || !str_starts(l->type, "RLIMIT_"))
		return err_set(e, -EINVAL, "unknown rlimit '%.40s'",
			       l->type ? l->type : "");
	if (l->soft > l->hard)
		return err_set(e, -EINVAL, "%.40s: the soft limit is above the hard one",
			       l->type);
	for (size_t i = 0; i + 1 < p->rlimits_len; i++) {
		if (str_eq(p->rlimits[i].type, l->type))
			return err_set(e, -EINVAL, "%.40s is given twice", l->type);
	}
	return 0;
}

static int parse_rlimits(yyjson_val *obj, struct rt_process *p, struct err *e)
{
	yyjson_val *arr = NULL, *v;
	yyjson_arr_iter iter;
	int r = json_get_arr(obj, "rlimits", &arr, e);

	if (r < 0 || !arr)
		return r;
	/* There are 16 in Linux; the check for doubles below is quadratic. */
	if (yyjson_arr_size(arr) > 64)
		return err_set(e, -E2BIG, "'rlimits' has more than 64 entries");
	p->rlimits = mem_array(yyjson_arr_size(arr), sizeof(*p->rlimits));
	iter = yyjson_arr_iter_with(arr);
	while (r == 0 && (v = yyjson_arr_iter_next(&iter)))
		r = parse_rlimit(v, p, e);
	return r;
}

static int parse_strings(yyjson_val *obj, struct rt_process *p, struct err *e)
{
	int r = json_get_strv(obj, "args", &p->args, e);

	if (r == 0)
		r = json_get_strv(obj, "env", &p->env, e);
	if (r == 0)
		r = json_get_dup(obj, "cwd", &p->cwd, e);
	if (r == 0)
		r = json_get_dup(obj, "apparmorProfile", &p->apparmor_profile, e);
	if (r == 0)
		r = json_get_dup(obj, "selinuxLabel", &p->selinux_label, e);
	if (r < 0)
		return r;
	if (p->args.len == 0)
		return err_set(e, -EINVAL, "'args' is missing or empty");
	if (!p->cwd || p->cwd[0] != '/')
		return err_set(e, -EINVAL, "'cwd' is not an absolute path");
	return 0;
}

static int parse_into(yyjson_val *obj, struct rt_process *p, struct err *e)
{
	int r;

	if (!yyjson_is_obj(obj))
		return err_set(e, -EINVAL, "not an object");
	r = rtscheduling_parse(obj, &p->scheduling, e);
	if (r == 0)
		r = json_get_bool(obj, "terminal", &p->terminal, e);
	if (r == 0)
		r = json_get_bool(obj, "noNewPrivileges", &p->no_new_privileges, e);
	if (r == 0)
		r = json_get_i64(obj, "oomScoreAdj", &p->oom_score_adj, e);
	p->has_oom_score_adj = yyjson_is_int(yyjson_obj_get(obj, "oomScoreAdj"));
	if (r == 0 && (p->oom_score_adj < -1000 || p->oom_score_adj > 1000))
		r = err_set(e, -EINVAL, "'oomScoreAdj' is out of range");
	if (r == 0)
		r = parse_console(obj, p, e);
	if (r == 0)
		r = parse_user(obj, p, e);
	if (r == 0)
		r = parse_strings(obj, p, e);
	if (r == 0)
		r = parse_capabilities(obj, p, e);
	return r < 0 ? r : parse_rlimits(obj, p, e);
}

int rtprocess_parse(yyjson_val *obj, struct rt_process *ret, struct err *e)
{
	autodone(rtprocess_done) struct rt_process p = { 0 };
	int r = parse_into(obj, &p, e);

	if (r < 0)
		return err_wrap(e, "process");
	*ret = p;
	p = (struct rt_process){ 0 };
	return 0;
}

static void build_user(const struct rt_process *p, yyjson_mut_doc *doc,
		       yyjson_mut_val *obj)
{
	yyjson_mut_val *user = json_add_obj(doc, obj, "user"), *gids;
	uint64_t gid;

	yyjson_mut_obj_add_uint(doc, user, "uid", p->uid);
	yyjson_mut_obj_add_uint(doc, user, "gid", p->gid);
	yyjson_mut_obj_add_uint(doc, user, "umask", p->umask);
	if (p->additional_gids.len == 0)
		return;
	gids = json_add_arr(doc, user, "additionalGids");
	for (size_t i = 0; i < p->additional_gids.len; i++) {
		if (str_u64(p->additional_gids.v[i], ID_MAX, &gid) == 0)
			yyjson_mut_arr_add_uint(doc, gids, gid);
	}
}

static void build_capabilities(const struct rt_process *p, yyjson_mut_doc *doc,
			       yyjson_mut_val *obj)
{
	yyjson_mut_val *caps = json_add_obj(doc, obj, "capabilities"), *arr;
	const struct {
		const char *key;
		uint64_t bits;
	} sets[] = {
		{ "bounding", p->cap_bounding },   { "effective", p->cap_effective },
		{ "permitted", p->cap_permitted }, { "inheritable", p->cap_inheritable },
		{ "ambient", p->cap_ambient },
	};

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		arr = json_add_arr(doc, caps, sets[i].key);
		for (int bit = 0; bit < CAPABILITY_COUNT; bit++) {
			if (sets[i].bits >> bit & 1)
				yyjson_mut_arr_add_str(doc, arr, capability_name(bit));
		}
	}
}

static void build_rlimits(const struct rt_process *p, yyjson_mut_doc *doc,
			  yyjson_mut_val *obj)
{
	yyjson_mut_val *arr, *v;

	if (p->rlimits_len == 0)
		return;
	arr = json_add_arr(doc, obj, "rlimits");
	for (size_t i = 0; i < p->rlimits_len; i++) {
		v = yyjson_mut_arr_add_obj(doc, arr);
		json_add_str(doc, v, "type", p->rlimits[i].type);
		yyjson_mut_obj_add_uint(doc, v, "soft", p->rlimits[i].soft);
		yyjson_mut_obj_add_uint(doc, v, "hard", p->rlimits[i].hard);
	}
}

void rtprocess_build(const struct rt_process *p, yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
	yyjson_mut_obj_add_bool(doc, obj, "terminal", p->terminal);
	if (p->rows || p->cols) {
		yyjson_mut_val *size = json_add_obj(doc, obj, "consoleSize");

		yyjson_mut_obj_add_uint(doc, size, "height", p->rows);
		yyjson_mut_obj_add_uint(doc, size, "width", p->cols);
	}
	build_user(p, doc, obj);
	json_add_strv(doc, obj, "args", &p->args);
	json_add_strv(doc, obj, "env", &p->env);
	json_add_str(doc, obj, "cwd", p->cwd);
	build_capabilities(p, doc, obj);
	build_rlimits(p, doc, obj);
	yyjson_mut_obj_add_bool(doc, obj, "noNewPrivileges", p->no_new_privileges);
	json_add_str(doc, obj, "apparmorProfile", p->apparmor_profile);
	json_add_str(doc, obj, "selinuxLabel", p->selinux_label);
	if (p->has_oom_score_adj)
		yyjson_mut_obj_add_int(doc, obj, "oomScoreAdj", p->oom_score_adj);
	rtscheduling_build(&p->scheduling, doc, obj);
}

void rtprocess_done(struct rt_process *p)
{
	strv_done(&p->additional_gids);
	strv_done(&p->args);
	strv_done(&p->env);
	free(p->cwd);
	for (size_t i = 0; i < p->rlimits_len; i++)
		free(p->rlimits[i].type);
	free(p->rlimits);
	free(p->apparmor_profile);
	free(p->selinux_label);
	rtscheduling_done(&p->scheduling);
	*p = (struct rt_process){ 0 };
}
