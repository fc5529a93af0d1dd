/* SPDX-License-Identifier: Apache-2.0 */
/* Container Device Interface, versions 0.1.0 to 1.1.0. */
#include "core/oci/cdi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"

static const char *const versions[] = { "0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0",
					"0.6.0", "0.7.0", "0.8.0", "1.0.0", "1.1.0" };

static const char *const hook_names[RT_HOOK_COUNT] = {
	[RT_HOOK_PRESTART] = "prestart",
	[RT_HOOK_CREATE_RUNTIME] = "createRuntime",
	[RT_HOOK_CREATE_CONTAINER] = "createContainer",
	[RT_HOOK_START_CONTAINER] = "startContainer",
	[RT_HOOK_POSTSTART] = "poststart",
	[RT_HOOK_POSTSTOP] = "poststop",
};

const char *cdi_hook_name(enum rt_hook_kind kind)
{
	return hook_names[kind];
}

/* --- names ---------------------------------------------------------------------------
 */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

/* Alphanumeric at both ends, some others too in between. */
static bool is_word(const char *s, size_t n, const char *others)
{
	if (n == 0 || !is_alnum(s[0]) || !is_alnum(s[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(s[i]) && !strchr(others, s[i]))
			return false;
	return true;
}

/* The n bytes: "vendor/class". */
static bool is_kind(const char *s, size_t n)
{
	const char *slash = memchr(s, '/', n);
	size_t vendor = slash ? (size_t)(slash - s) : 0;

	return slash && is_letter(s[0]) && is_word(s, vendor, "_-.") &&
	       is_letter(slash[1]) && is_word(slash + 1, n - vendor - 1, "_-.");
}

bool cdi_is_name(const char *text)
{
	const char *eq = strchr(text, '=');

	return eq && is_kind(text, (size_t)(eq - text)) &&
	       is_word(eq + 1, strlen(eq + 1), "_-.:");
}

/* --- objects -------------------------------------------------------------------------
 */

/* keys: ends with NULL. */
static int check_keys(yyjson_val *obj, const char *const *keys, struct err *e)
{
	yyjson_val *key, *val;
	size_t i, max;

	if (!yyjson_is_obj(obj))
		return err_set(e, -EINVAL, "not an object");
	yyjson_obj_foreach (obj, i, max, key, val) {
		size_t k = 0;

		while (keys[k] && !yyjson_equals_str(key, keys[k]))
			k++;
		if (!keys[k])
			return err_set(e, -EINVAL, "unknown member '%.40s'",
				       yyjson_get_str(key));
	}
	return 0;
}

static int need_path(const char *path, const char *key, struct err *e)
{
	if (str_empty(path))
		return err_set(e, -EINVAL, "'%s' is missing", key);
	if (!path_is_abs(path))
		return err_set(e, -EINVAL, "'%s' is not absolute: '%.200s'", key, path);
	return 0;
}

typedef int parse_fn(yyjson_val *v, void *item, struct err *e);

/* The items of a list, each of size bytes, into a malloc'd array. */
struct list {
	const char *key;
	parse_fn *parse;
	size_t size;
};

static int parse_list(yyjson_val *obj, const struct list *l, void *array, size_t *ret_len,
		      struct err *e)
{
	yyjson_val *arr = NULL, *v;
	yyjson_arr_iter iter;
	char *items;
	int r = json_get_arr(obj, l->key, &arr, e);

	if (r < 0 || !arr || !yyjson_arr_size(arr))
		return r;
	items = mem_array(yyjson_arr_size(arr), l->size);
	memcpy(array, &items, sizeof(items));
	iter = yyjson_arr_iter_with(arr);
	while (r == 0 && (v = yyjson_arr_iter_next(&iter)))
		r = l->parse(v, items + l->size * (*ret_len)++, e);
	return r < 0 ? err_wrap(e, "'%s'", l->key) : 0;
}

static int node_type(yyjson_val *v, struct cdi_node *d, struct err *e)
{
	const char *type = "";
	int r = json_get_str(v, "type", &type, e);

	if (r < 0)
		return r;
	if (*type && (!strchr("bcup", *type) || type[1]))
		return err_set(e, -EINVAL, "'type' is '%.40s', not b, c, u or p", type);
	d->type = *type;
	return 0;
}

static int node_numbers(yyjson_val *v, struct cdi_node *d, struct err *e)
{
	static const char *const owner[] = { "fileMode", "uid", "gid" };
	int r;

	d->major = d->minor = -1;
	if ((r = json_get_i64(v, "major", &d->major, e)) < 0 ||
	    (r = json_get_i64(v, "minor", &d->minor, e)) < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(owner); i++) {
		uint32_t value;

		if ((r = json_get_u32(v, owner[i], &value, e)) < 0)
			return r;
		d->owned |= yyjson_is_int(yyjson_obj_get(v, owner[i]));
	}
	return 0;
}

static int parse_node(yyjson_val *v, void *item, struct err *e)
{
	static const char *const keys[] = { "path",  "hostPath", "type",        "major",
					    "minor", "fileMode", "permissions", "uid",
					    "gid",   NULL };
	struct cdi_node *d = item;
	int r;

	if ((r = check_keys(v, keys, e)) < 0 ||
	    (r = json_get_dup(v, "path", &d->path, e)) < 0 ||
	    (r = need_path(d->path, "path", e)) < 0 ||
	    (r = json_get_dup(v, "hostPath", &d->host_path, e)) < 0 ||
	    (r = json_get_dup(v, "permissions", &d->permissions, e)) < 0 ||
	    (r = node_type(v, d, e)) < 0 || (r = node_numbers(v, d, e)) < 0)
		return r;
	if (str_empty(d->host_path))
		str_set(&d->host_path, d->path);
	if (str_empty(d->permissions))
		str_set(&d->permissions, "rwm");
	if (d->permissions[strspn(d->permissions, "rwm")])
		return err_set(e, -EINVAL, "'permissions' are '%.40s', not of r, w and m",
			       d->permissions);
	return need_path(d->host_path, "hostPath", e);
}

static int parse_mount(yyjson_val *v, void *item, struct err *e)
{
	static const char *const keys[] = { "hostPath", "containerPath", "options",
					    "type", NULL };
	struct rt_mount *m = item;
	int r;

	if ((r = check_keys(v, keys, e)) < 0 ||
	    (r = json_get_dup(v, "hostPath", &m->source, e)) < 0 ||
	    (r = json_get_dup(v, "containerPath", &m->destination, e)) < 0 ||
	    (r = json_get_dup(v, "type", &m->type, e)) < 0 ||
	    (r = json_get_strv(v, "options", &m->options, e)) < 0)
		return r;
	if (str_empty(m->source))
		return err_set(e, -EINVAL, "'hostPath' is missing");
	return need_path(m->destination, "containerPath", e);
}

static int parse_hook(yyjson_val *v, void *item, struct err *e)
{
	static const char *const keys[] = { "hookName", "path",    "args",
					    "env",      "timeout", NULL };
	struct cdi_hook *h = item;
	const char *name = "";
	size_t kind = 0;
	int r;

	if ((r = check_keys(v, keys, e)) < 0 ||
	    (r = json_get_str(v, "hookName", &name, e)) < 0 ||
	    (r = json_get_dup(v, "path", &h->hook.path, e)) < 0 ||
	    (r = json_get_strv(v, "args", &h->hook.args, e)) < 0 ||
	    (r = json_get_strv(v, "env", &h->hook.env, e)) < 0 ||
	    (r = json_get_i64(v, "timeout", &h->hook.timeout, e)) < 0)
		return r;
	while (kind < RT_HOOK_COUNT && !str_eq(name, hook_names[kind]))
		kind++;
	if (kind == RT_HOOK_COUNT)
		return err_set(e, -EINVAL, "unknown 'hookName' '%.40s'", name);
	h->kind = (enum rt_hook_kind)kind;
	if (h->hook.timeout < 0)
		return err_set(e, -EINVAL, "'timeout' is below zero");
	return need_path(h->hook.path, "path", e);
}

static int parse_gids(yyjson_val *obj, struct strv *gids, struct err *e)
{
	yyjson_val *arr = NULL, *v;
	yyjson_arr_iter iter;
	int r = json_get_arr(obj, "additionalGids", &arr, e);

	if (r < 0 || !arr)
		return r;
	iter = yyjson_arr_iter_with(arr);
	while ((v = yyjson_arr_iter_next(&iter))) {
		uint64_t id = yyjson_get_uint(v);

		if (!yyjson_is_uint(v) || id > INT32_MAX)
			return err_set(e, -EINVAL,
				       "'additionalGids' has what is no group ID");
		/* 0 stands for none. */
		if (id > 0)
			strv_addf(gids, "%llu", (unsigned long long)id);
	}
	return 0;
}

static int check_env(const struct strv *env, struct err *e)
{
	for (size_t i = 0; i < env->len; i++)
		if (!strchr(env->v[i], '=') || env->v[i][0] == '=')
			return err_set(e, -EINVAL, "'env' has '%.40s', not KEY=value",
				       env->v[i]);
	return 0;
}

static int parse_edits(yyjson_val *obj, struct cdi_edits *x, struct err *e)
{
	static const char *const keys[] = { "env",        "deviceNodes", "mounts",
					    "hooks",      "intelRdt",    "additionalGids",
					    "netDevices", NULL };
	static const struct list nodes = { "deviceNodes", parse_node,
					   sizeof(struct cdi_node) };
	static const struct list mounts = { "mounts", parse_mount,
					    sizeof(struct rt_mount) };
	static const struct list hooks = { "hooks", parse_hook, sizeof(struct cdi_hook) };
	yyjson_val *v = NULL;
	int r = json_get_obj(obj, "containerEdits", &v, e);

	if (r < 0 || !v)
		return r;
	if ((r = check_keys(v, keys, e)) < 0 ||
	    (r = json_get_strv(v, "env", &x->env, e)) < 0 ||
	    (r = check_env(&x->env, e)) < 0 ||
	    (r = parse_list(v, &nodes, &x->nodes, &x->nodes_len, e)) < 0 ||
	    (r = parse_list(v, &mounts, &x->mounts, &x->mounts_len, e)) < 0 ||
	    (r = parse_list(v, &hooks, &x->hooks, &x->hooks_len, e)) < 0 ||
	    (r = parse_gids(v, &x->gids, e)) < 0)
		return err_wrap(e, "'containerEdits'");
	if (yyjson_obj_get(v, "intelRdt"))
		x->other = "intelRdt";
	else if (yyjson_obj_get(v, "netDevices"))
		x->other = "netDevices";
	return 0;
}

static int parse_device(yyjson_val *v, void *item, struct err *e)
{
	static const char *const keys[] = { "name", "annotations", "containerEdits",
					    NULL };
	autostrv annotations = { 0 };
	struct cdi_device *d = item;
	int r;

	if ((r = check_keys(v, keys, e)) < 0 ||
	    (r = json_get_dup(v, "name", &d->name, e)) < 0 ||
	    (r = json_get_map(v, "annotations", &annotations, e)) < 0)
		return r;
	if (!d->name)
		return err_set(e, -EINVAL, "'name' is missing");
	if (!is_word(d->name, strlen(d->name), "_-.:"))
		return err_set(e, -EINVAL, "invalid name '%.80s'", d->name);
	r = parse_edits(v, &d->edits, e);
	if (r == 0 && !yyjson_obj_size(yyjson_obj_get(v, "containerEdits")))
		r = err_set(e, -EINVAL, "no 'containerEdits'");
	return r < 0 ? err_wrap(e, "'%s'", d->name) : 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct cdi_device *)a)->name,
		      ((const struct cdi_device *)b)->name);
}

/* Also puts them in order. */
static int check_devices(struct cdi *c, struct err *e)
{
	if (!c->devices_len)
		return err_set(e, -EINVAL, "no 'devices'");
	qsort(c->devices, c->devices_len, sizeof(*c->devices), compare_names);
	for (size_t i = 1; i < c->devices_len; i++)
		if (str_eq(c->devices[i - 1].name, c->devices[i].name))
			return err_set(e, -EINVAL, "device '%s' is there twice",
				       c->devices[i].name);
	return 0;
}

static int check_version(yyjson_val *root, struct err *e)
{
	const char *version = "";
	int r = json_get_str(root, "cdiVersion", &version, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (str_eq(version, versions[i]))
			return 0;
	return err_set(e, -EINVAL, "unknown 'cdiVersion' '%.40s' (up to %s)", version,
		       versions[ARRAY_LEN(versions) - 1]);
}

int cdi_parse(const void *p, size_t n, struct cdi *ret, struct err *e)
{
	static const char *const keys[] = { "cdiVersion", "kind",           "annotations",
					    "devices",    "containerEdits", NULL };
	static const struct list devices = { "devices", parse_device,
					     sizeof(struct cdi_device) };
	autodone(cdi_done) struct cdi c = { 0 };
	autostrv annotations = { 0 };
	autojson *doc = NULL;
	yyjson_val *root;
	int r = json_parse(p, n, "device spec", &doc, e);

	if (r < 0)
		return r;
	root = yyjson_doc_get_root(doc);
	if (!yyjson_is_obj(root))
		return err_set(e, -EINVAL, "not an object");
	if ((r = check_version(root, e)) < 0 || (r = check_keys(root, keys, e)) < 0 ||
	    (r = json_get_dup(root, "kind", &c.kind, e)) < 0 ||
	    (r = json_get_map(root, "annotations", &annotations, e)) < 0)
		return r;
	if (!c.kind || !is_kind(c.kind, strlen(c.kind)))
		return err_set(e, -EINVAL, "invalid 'kind' '%.80s'",
			       c.kind ? c.kind : "");
	if ((r = parse_edits(root, &c.edits, e)) < 0 ||
	    (r = parse_list(root, &devices, &c.devices, &c.devices_len, e)) < 0 ||
	    (r = check_devices(&c, e)) < 0)
		return r;
	*ret = c;
	c = (struct cdi){ 0 };
	return 0;
}

static void edits_done(struct cdi_edits *x)
{
	for (size_t i = 0; i < x->nodes_len; i++) {
		free(x->nodes[i].path);
		free(x->nodes[i].host_path);
		free(x->nodes[i].permissions);
	}
	for (size_t i = 0; i < x->mounts_len; i++) {
		free(x->mounts[i].source);
		free(x->mounts[i].destination);
		free(x->mounts[i].type);
		strv_done(&x->mounts[i].options);
	}
	for (size_t i = 0; i < x->hooks_len; i++) {
		free(x->hooks[i].hook.path);
		strv_done(&x->hooks[i].hook.args);
		strv_done(&x->hooks[i].hook.env);
	}
	free(x->nodes);
	free(x->mounts);
	free(x->hooks);
	strv_done(&x->env);
	strv_done(&x->gids);
}

void cdi_done(struct cdi *c)
{
	for (size_t i = 0; i < c->devices_len; i++) {
		free(c->devices[i].name);
		edits_done(&c->devices[i].edits);
	}
	free(c->devices);
	free(c->kind);
	edits_done(&c->edits);
	*c = (struct cdi){ 0 };
}
