/* SPDX-License-Identifier: Apache-2.0 */
/* The "linux" object of config.json (runtime-spec config-linux.md). */
#include "core/oci/rtlinux.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"

/* The kernel takes 340 lines in a map. */
#define MAPS_MAX 340

/* By bit number of enum rt_namespace. */
static const char *const namespaces[RT_NS_COUNT] = {
	"user", "pid", "network", "mount", "ipc", "uts", "cgroup", "time",
};

static int namespace_bit(const char *name)
{
	for (int i = 0; i < RT_NS_COUNT; i++) {
		if (str_eq(namespaces[i], name))
			return i;
	}
	return -EINVAL;
}

static int parse_namespaces(yyjson_val *obj, struct runtimeconfig *c, struct err *e)
{
	yyjson_val *arr = NULL, *v;
	yyjson_arr_iter iter;
	int r = json_get_arr(obj, "namespaces", &arr, e), bit;

	if (r < 0 || !arr)
		return r;
	iter = yyjson_arr_iter_with(arr);
	while ((v = yyjson_arr_iter_next(&iter))) {
		const char *type = "";

		r = json_get_str(v, "type", &type, e);
		if (r < 0)
			return r;
		bit = namespace_bit(type);
		if (bit < 0)
			return err_set(e, -EINVAL, "unknown namespace '%.40s'", type);
		if (c->namespaces & 1u << bit)
			return err_set(e, -EINVAL, "namespace '%s' is given twice", type);
		c->namespaces |= 1u << bit;
		r = json_get_dup(v, "path", &c->ns_path[bit], e);
		if (r < 0)
			return r;
		if (c->ns_path[bit] && c->ns_path[bit][0] != '/')
			return err_set(e, -EINVAL,
				       "namespace '%s': the path is not absolute", type);
	}
	return 0;
}

static int parse_map(yyjson_val *v, struct rt_idmap *m, struct err *e)
{
	int r;

	if (!yyjson_is_obj(v) || !yyjson_obj_get(v, "containerID") ||
	    !yyjson_obj_get(v, "hostID"))
		return err_set(e, -EINVAL, "an ID map wants containerID, hostID, size");
	r = json_get_u32(v, "containerID", &m->container, e);
	if (r == 0)
		r = json_get_u32(v, "hostID", &m->host, e);
	if (r == 0)
		r = json_get_u32(v, "size", &m->size, e);
	if (r < 0)
		return r;
	if (m->size == 0 || m->container > UINT32_MAX - m->size ||
	    m->host > UINT32_MAX - m->size)
		return err_set(e, -EINVAL, "an ID map is empty or goes past 2^32");
	return 0;
}

int rtlinux_parse_maps(yyjson_val *obj, const char *key, struct rt_idmap **ret,
		       size_t *ret_len, struct err *e)
{
	yyjson_val *arr = NULL, *v;
	yyjson_arr_iter iter;
	int r = json_get_arr(obj, key, &arr, e);

	if (r < 0 || !arr)
		return r;
	if (yyjson_arr_size(arr) > MAPS_MAX)
		return err_set(e, -E2BIG, "'%s' has more than %d entries", key, MAPS_MAX);
	*ret = mem_array(yyjson_arr_size(arr), sizeof(**ret));
	iter = yyjson_arr_iter_with(arr);
	while ((v = yyjson_arr_iter_next(&iter))) {
		r = parse_map(v, &(*ret)[(*ret_len)++], e);
		if (r < 0)
			return err_wrap(e, "%s", key);
	}
	return 0;
}

static int parse_device(yyjson_val *v, struct rt_device *d, struct err *e)
{
	const char *type = "";
	int r = json_get_dup(v, "path", &d->path, e);

	d->mode = 0666;
	if (r == 0)
		r = json_get_str(v, "type", &type, e);
	if (r == 0)
		r = json_get_i64(v, "major", &d->major, e);
	if (r == 0)
		r = json_get_i64(v, "minor", &d->minor, e);
	if (r == 0)
		r = json_get_u32(v, "fileMode", &d->mode, e);
	if (r == 0)
		r = json_get_u32(v, "uid", &d->uid, e);
	if (r == 0)
		r = json_get_u32(v, "gid", &d->gid, e);
	if (r < 0)
		return r;
	if (!d->path || d->path[0] != '/')
		return err_set(e, -EINVAL, "a device's path is not absolute");
	if (strlen(type) != 1 || !strchr("cbup", type[0]))
		return err_set(e, -EINVAL, "device '%s': unknown type '%.40s'", d->path,
			       type);
	d->type = type[0];
	/* 12 and 20 bits are what the kernel has for them. */
	if (d->major < 0 || d->major > 0xfff || d->minor < 0 || d->minor > 0xfffff)
		return err_set(e, -EINVAL, "device '%s': number out of range", d->path);
	/* S_IFCHR and the like come along in files of other engines. */
	d->mode &= 07777;
	return 0;
}

static int parse_devices(yyjson_val *obj, struct runtimeconfig *c, struct err *e)
{
	yyjson_val *arr = NULL, *v;
	yyjson_arr_iter iter;
	int r = json_get_arr(obj, "devices", &arr, e);

	if (r < 0 || !arr)
		return r;
	c->devices = mem_array(yyjson_arr_size(arr), sizeof(*c->devices));
	iter = yyjson_arr_iter_with(arr);
	while (r == 0 && (v = yyjson_arr_iter_next(&iter)))
		r = parse_device(v, &c->devices[c->devices_len++], e);
	return r;
}

static int parse_unified(yyjson_val *resources, struct strv *ret, struct err *e)
{
	yyjson_val *unified = NULL, *key;
	yyjson_obj_iter iter;
	int r = json_get_obj(resources, "unified", &unified, e);

	if (r < 0 || !unified)
		return r;
	iter = yyjson_obj_iter_with(unified);
	while ((key = yyjson_obj_iter_next(&iter))) {
		const char *value = yyjson_get_str(yyjson_obj_iter_get_val(key));

		if (!value)
			return err_set(e, -EINVAL, "unified resource '%s' is no text",
				       yyjson_get_str(key));
		strv_addf(ret, "%s=%s", yyjson_get_str(key), value);
	}
	return 0;
}

static int parse_resources(yyjson_val *obj, struct runtimeconfig *c, struct err *e)
{
	yyjson_val *pids = NULL;
	int64_t limit = 0;
	int r = json_get_obj(obj, "resources", &c->resources, e);

	if (r == 0)
		r = json_get_obj(c->resources, "pids", &pids, e);
	if (r == 0)
		r = json_get_i64(pids, "limit", &limit, e);
	if (r == 0 && limit > 0) /* -1 is no limit */
		c->pids_limit = limit;
	return r < 0 ? r : parse_unified(c->resources, &c->unified, e);
}

static int refuse_unsupported(yyjson_val *obj, struct err *e)
{
	static const char *const keys[] = { "intelRdt", "netDevices", "memoryPolicy" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		yyjson_val *v = yyjson_obj_get(obj, keys[i]);

		if (v && !yyjson_is_null(v))
			return err_set(e, -ENOTSUP, "'%s' is not supported", keys[i]);
	}
	return 0;
}

/* PER_LINUX and PER_LINUX32 of personality(2). */
static const struct domain {
	const char *name;
	uint32_t value;
} domains[] = { { "LINUX", 0 }, { "LINUX32", 8 } };

static int parse_personality(yyjson_val *obj, struct runtimeconfig *c, struct err *e)
{
	yyjson_val *v = NULL, *flags = NULL;
	const char *name = "";
	int r = json_get_obj(obj, "personality", &v, e);

	if (r < 0 || !v)
		return r;
	r = json_get_str(v, "domain", &name, e);
	if (r == 0)
		r = json_get_arr(v, "flags", &flags, e);
	if (r < 0)
		return r;
	if (yyjson_arr_size(flags) > 0)
		return err_set(e, -ENOTSUP, "'personality.flags' is not supported");
	for (size_t i = 0; i < ARRAY_LEN(domains); i++) {
		if (!str_eq(name, domains[i].name))
			continue;
		c->has_personality = true;
		c->personality = domains[i].value;
		return 0;
	}
	return err_set(e, -EINVAL, "'personality.domain' is unknown: '%.40s'", name);
}

static const char *const clocks[] = { "monotonic", "boottime" };

static int parse_clock(yyjson_val *offsets, const char *clock, struct strv *ret,
		       struct err *e)
{
	yyjson_val *v = NULL;
	int64_t seconds = 0;
	uint32_t nanoseconds = 0;
	int r = json_get_obj(offsets, clock, &v, e);

	if (r < 0 || !v)
		return r;
	r = json_get_i64(v, "secs", &seconds, e);
	if (r == 0)
		r = json_get_u32(v, "nanosecs", &nanoseconds, e);
	if (r == 0 && nanoseconds > 999999999)
		r = err_set(e, -EINVAL, "'timeOffsets.%s.nanosecs' is out of range",
			    clock);
	if (r == 0)
		strv_addf(ret, "%s %lld %u", clock, (long long)seconds, nanoseconds);
	return r;
}

static int parse_offsets(yyjson_val *obj, struct runtimeconfig *c, struct err *e)
{
	yyjson_val *v = NULL;
	int r = json_get_obj(obj, "timeOffsets", &v, e);

	for (size_t i = 0; r == 0 && v && i < ARRAY_LEN(clocks); i++)
		r = parse_clock(v, clocks[i], &c->time_offsets, e);
	if (r == 0 && c->time_offsets.len > 0 &&
	    (!(c->namespaces & RT_NS_TIME) || c->ns_path[__builtin_ctz(RT_NS_TIME)]))
		r = err_set(e, -EINVAL,
			    "'timeOffsets' needs a new namespace of type 'time'");
	return r;
}

int rtlinux_parse(yyjson_val *obj, struct runtimeconfig *c, struct err *e)
{
	int r = refuse_unsupported(obj, e);

	if (r == 0)
		r = parse_namespaces(obj, c, e);
	if (r == 0)
		r = rtlinux_parse_maps(obj, "uidMappings", &c->uid_maps, &c->uid_maps_len,
				       e);
	if (r == 0)
		r = rtlinux_parse_maps(obj, "gidMappings", &c->gid_maps, &c->gid_maps_len,
				       e);
	if (r == 0)
		r = parse_devices(obj, c, e);
	if (r == 0)
		r = json_get_map(obj, "sysctl", &c->sysctl, e);
	if (r == 0)
		r = json_get_strv(obj, "maskedPaths", &c->masked_paths, e);
	if (r == 0)
		r = json_get_strv(obj, "readonlyPaths", &c->readonly_paths, e);
	if (r == 0)
		r = json_get_dup(obj, "rootfsPropagation", &c->rootfs_propagation, e);
	if (r == 0)
		r = json_get_dup(obj, "cgroupsPath", &c->cgroups_path, e);
	if (r == 0)
		r = json_get_dup(obj, "mountLabel", &c->mount_label, e);
	if (r == 0)
		r = json_get_obj(obj, "seccomp", &c->seccomp, e);
	if (r == 0)
		r = parse_personality(obj, c, e);
	if (r == 0)
		r = parse_offsets(obj, c, e);
	return r < 0 ? r : parse_resources(obj, c, e);
}

static void build_namespaces(const struct runtimeconfig *c, yyjson_mut_doc *doc,
			     yyjson_mut_val *obj)
{
	yyjson_mut_val *arr = json_add_arr(doc, obj, "namespaces"), *v;

	for (int i = 0; i < RT_NS_COUNT; i++) {
		if (!(c->namespaces & 1u << i))
			continue;
		v = yyjson_mut_arr_add_obj(doc, arr);
		json_add_str(doc, v, "type", namespaces[i]);
		json_add_str(doc, v, "path", c->ns_path[i]);
	}
}

void rtlinux_build_maps(const struct rt_idmap *maps, size_t n, yyjson_mut_doc *doc,
			yyjson_mut_val *obj, const char *key)
{
	yyjson_mut_val *arr = n ? json_add_arr(doc, obj, key) : NULL;

	for (size_t i = 0; i < n; i++) {
		yyjson_mut_val *v = yyjson_mut_arr_add_obj(doc, arr);

		yyjson_mut_obj_add_uint(doc, v, "containerID", maps[i].container);
		yyjson_mut_obj_add_uint(doc, v, "hostID", maps[i].host);
		yyjson_mut_obj_add_uint(doc, v, "size", maps[i].size);
	}
}

static void build_devices(const struct runtimeconfig *c, yyjson_mut_doc *doc,
			  yyjson_mut_val *obj)
{
	yyjson_mut_val *arr = json_add_arr(doc, obj, "devices");

	for (size_t i = 0; i < c->devices_len; i++) {
		const struct rt_device *d = &c->devices[i];
		yyjson_mut_val *v = yyjson_mut_arr_add_obj(doc, arr);

		json_add_str(doc, v, "path", d->path);
		yyjson_mut_obj_add_strncpy(doc, v, "type", &d->type, 1);
		yyjson_mut_obj_add_int(doc, v, "major", d->major);
		yyjson_mut_obj_add_int(doc, v, "minor", d->minor);
		yyjson_mut_obj_add_uint(doc, v, "fileMode", d->mode);
		yyjson_mut_obj_add_uint(doc, v, "uid", d->uid);
		yyjson_mut_obj_add_uint(doc, v, "gid", d->gid);
	}
}

static void build_unified(const struct strv *unified, yyjson_mut_doc *doc,
			  yyjson_mut_val *res)
{
	yyjson_mut_val *obj;

	yyjson_mut_obj_remove_key(res, "unified");
	if (!unified->len)
		return;
	obj = json_add_obj(doc, res, "unified");
	for (size_t i = 0; i < unified->len; i++) {
		const char *eq = strchr(unified->v[i], '=');
		size_t n = eq ? (size_t)(eq - unified->v[i]) : 0;

		if (eq)
			yyjson_mut_obj_add(obj, yyjson_mut_strncpy(doc, unified->v[i], n),
					   yyjson_mut_strcpy(doc, eq + 1));
	}
}

static void build_resources(const struct runtimeconfig *c, yyjson_mut_doc *doc,
			    yyjson_mut_val *obj)
{
	yyjson_mut_val *res;

	if (!c->resources && c->pids_limit <= 0 && !c->unified.len)
		return;
	res = c->resources ? yyjson_val_mut_copy(doc, c->resources) : yyjson_mut_obj(doc);
	if (c->pids_limit > 0) {
		yyjson_mut_obj_remove_key(res, "pids");
		yyjson_mut_obj_add_int(doc, json_add_obj(doc, res, "pids"), "limit",
				       c->pids_limit);
	}
	build_unified(&c->unified, doc, res);
	yyjson_mut_obj_add_val(doc, obj, "resources", res);
}

static void build_personality(const struct runtimeconfig *c, yyjson_mut_doc *doc,
			      yyjson_mut_val *obj)
{
	for (size_t i = 0; c->has_personality && i < ARRAY_LEN(domains); i++) {
		if (domains[i].value == c->personality)
			json_add_str(doc, json_add_obj(doc, obj, "personality"), "domain",
				     domains[i].name);
	}
}

static void build_offsets(const struct runtimeconfig *c, yyjson_mut_doc *doc,
			  yyjson_mut_val *obj)
{
	yyjson_mut_val *all =
		c->time_offsets.len ? json_add_obj(doc, obj, "timeOffsets") : NULL;

	for (size_t i = 0; i < c->time_offsets.len; i++) {
		autostrv words = { 0 };
		yyjson_mut_val *v;
		int64_t secs, nanosecs;

		strv_split(&words, c->time_offsets.v[i], ' ');
		if (words.len != 3 ||
		    str_i64(words.v[1], INT64_MIN, INT64_MAX, &secs) < 0 ||
		    str_i64(words.v[2], 0, UINT32_MAX, &nanosecs) < 0)
			continue;
		v = json_add_obj(doc, all, words.v[0]);
		yyjson_mut_obj_add_int(doc, v, "secs", secs);
		yyjson_mut_obj_add_int(doc, v, "nanosecs", nanosecs);
	}
}

void rtlinux_build(const struct runtimeconfig *c, yyjson_mut_doc *doc,
		   yyjson_mut_val *obj)
{
	build_namespaces(c, doc, obj);
	rtlinux_build_maps(c->uid_maps, c->uid_maps_len, doc, obj, "uidMappings");
	rtlinux_build_maps(c->gid_maps, c->gid_maps_len, doc, obj, "gidMappings");
	if (c->devices_len > 0)
		build_devices(c, doc, obj);
	if (c->sysctl.len > 0)
		json_add_map(doc, obj, "sysctl", &c->sysctl);
	json_add_strv(doc, obj, "maskedPaths", &c->masked_paths);
	json_add_strv(doc, obj, "readonlyPaths", &c->readonly_paths);
	json_add_str(doc, obj, "rootfsPropagation", c->rootfs_propagation);
	json_add_str(doc, obj, "cgroupsPath", c->cgroups_path);
	json_add_str(doc, obj, "mountLabel", c->mount_label);
	build_resources(c, doc, obj);
	build_personality(c, doc, obj);
	build_offsets(c, doc, obj);
	if (c->seccomp)
		yyjson_mut_obj_add_val(doc, obj, "seccomp",
				       yyjson_val_mut_copy(doc, c->seccomp));
}

void rtlinux_done(struct runtimeconfig *c)
{
	for (int i = 0; i < RT_NS_COUNT; i++)
		free(c->ns_path[i]);
	free(c->uid_maps);
	free(c->gid_maps);
	for (size_t i = 0; i < c->devices_len; i++)
		free(c->devices[i].path);
	free(c->devices);
	strv_done(&c->sysctl);
	strv_done(&c->masked_paths);
	strv_done(&c->readonly_paths);
	free(c->rootfs_propagation);
	free(c->cgroups_path);
	free(c->mount_label);
	strv_done(&c->unified);
	strv_done(&c->time_offsets);
}
