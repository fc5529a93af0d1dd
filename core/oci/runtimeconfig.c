/* SPDX-License-Identifier: Apache-2.0 */
/* config.json of a bundle (runtime-spec config.md): the document and its top level.
 * Unknown members are ignored, as the spec says; known ones that are not honoured are
 * errors. */
#include "core/oci/runtimeconfig.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/oci/rtlinux.h"
#include "core/oci/rtprocess.h"

static const char *const hook_kinds[RT_HOOK_COUNT] = {
	"prestart",       "createRuntime", "createContainer",
	"startContainer", "poststart",     "poststop",
};

/* --- reading
 * ------------------------------------------------------------------------------ */

static int parse_mount(yyjson_val *v, struct rt_mount *m, struct err *e)
{
	int r = json_get_dup(v, "destination", &m->destination, e);

	if (r == 0)
		r = json_get_dup(v, "type", &m->type, e);
	if (r == 0)
		r = json_get_dup(v, "source", &m->source, e);
	if (r == 0)
		r = json_get_strv(v, "options", &m->options, e);
	if (r == 0)
		r = rtlinux_parse_maps(v, "uidMappings", &m->uid_maps, &m->uid_maps_len,
				       e);
	if (r == 0)
		r = rtlinux_parse_maps(v, "gidMappings", &m->gid_maps, &m->gid_maps_len,
				       e);
	if (r < 0)
		return r;
	if (str_empty(m->destination))
		return err_set(e, -EINVAL, "a mount has no destination");
	if ((m->uid_maps_len > 0) != (m->gid_maps_len > 0))
		return err_set(e, -EINVAL,
			       "mount '%s': uidMappings and gidMappings go together",
			       m->destination);
	return 0;
}

static int parse_mounts(yyjson_val *root, struct runtimeconfig *c, struct err *e)
{
	yyjson_val *arr = NULL, *v;
	yyjson_arr_iter iter;
	int r = json_get_arr(root, "mounts", &arr, e);

	if (r < 0 || !arr)
		return r;
	c->mounts = mem_array(yyjson_arr_size(arr), sizeof(*c->mounts));
	iter = yyjson_arr_iter_with(arr);
	while (r == 0 && (v = yyjson_arr_iter_next(&iter)))
		r = parse_mount(v, &c->mounts[c->mounts_len++], e);
	return r;
}

static int parse_hook(yyjson_val *v, struct rt_hook *h, struct err *e)
{
	int r = json_get_dup(v, "path", &h->path, e);

	if (r == 0)
		r = json_get_strv(v, "args", &h->args, e);
	if (r == 0)
		r = json_get_strv(v, "env", &h->env, e);
	if (r == 0)
		r = json_get_i64(v, "timeout", &h->timeout, e);
	if (r < 0)
		return r;
	if (!h->path || h->path[0] != '/')
		return err_set(e, -EINVAL, "the path is not absolute");
	if (h->timeout < 0 || (yyjson_obj_get(v, "timeout") && h->timeout == 0))
		return err_set(e, -EINVAL, "the timeout is not above zero");
	return 0;
}

static int parse_hooks(yyjson_val *root, struct runtimeconfig *c, struct err *e)
{
	yyjson_val *hooks = NULL, *v;
	int r = json_get_obj(root, "hooks", &hooks, e);

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(hook_kinds); i++) {
		yyjson_val *arr = NULL;
		yyjson_arr_iter iter;

		r = json_get_arr(hooks, hook_kinds[i], &arr, e);
		if (r < 0 || !arr)
			continue;
		c->hooks[i] = mem_array(yyjson_arr_size(arr), sizeof(*c->hooks[i]));
		iter = yyjson_arr_iter_with(arr);
		while (r == 0 && (v = yyjson_arr_iter_next(&iter)))
			r = parse_hook(v, &c->hooks[i][c->hooks_len[i]++], e);
		if (r < 0)
			err_wrap(e, "hook '%s'", hook_kinds[i]);
	}
	return r;
}

static int parse_rootfs(yyjson_val *root, struct runtimeconfig *c, struct err *e)
{
	yyjson_val *v = NULL;
	int r = json_get_obj(root, "root", &v, e);

	if (r == 0)
		r = json_get_dup(v, "path", &c->root_path, e);
	if (r == 0)
		r = json_get_bool(v, "readonly", &c->root_readonly, e);
	if (r == 0 && str_empty(c->root_path))
		r = err_set(e, -EINVAL, "'root.path' is missing");
	return r;
}

static int check_version(yyjson_val *root, struct err *e)
{
	const char *version = "";
	int r = json_get_str(root, "ociVersion", &version, e);

	if (r == 0 && !str_starts(version, "1."))
		r = err_set(e, -EINVAL, "'ociVersion' is '%.40s', not 1.x", version);
	return r;
}

static int parse_root(yyjson_val *root, struct runtimeconfig *c, struct err *e)
{
	yyjson_val *process = NULL, *lin = NULL;
	int r;

	if (!yyjson_is_obj(root))
		return err_set(e, -EINVAL, "not an object");
	r = check_version(root, e);
	if (r == 0)
		r = json_get_obj(root, "process", &process, e);
	if (r == 0 && process)
		r = rtprocess_parse(process, &c->process, e);
	if (r == 0)
		r = parse_rootfs(root, c, e);
	if (r == 0)
		r = json_get_dup(root, "hostname", &c->hostname, e);
	if (r == 0)
		r = json_get_dup(root, "domainname", &c->domainname, e);
	if (r == 0)
		r = parse_mounts(root, c, e);
	if (r == 0)
		r = parse_hooks(root, c, e);
	if (r == 0)
		r = json_get_map(root, "annotations", &c->annotations, e);
	if (r == 0)
		r = json_get_obj(root, "linux", &lin, e);
	if (r == 0 && lin && rtlinux_parse(lin, c, e) < 0)
		r = err_wrap(e, "linux");
	return r;
}

int runtimeconfig_parse(const void *p, size_t n, struct runtimeconfig *ret, struct err *e)
{
	autodone(runtimeconfig_done) struct runtimeconfig c = { 0 };
	int r;

	if (n > RUNTIMECONFIG_MAX)
		return err_set(e, -E2BIG, "config.json: larger than %u bytes",
			       RUNTIMECONFIG_MAX);
	r = json_parse(p, n, "config.json", &c.doc, e);
	if (r < 0)
		return r;
	r = parse_root(yyjson_doc_get_root(c.doc), &c, e);
	if (r < 0)
		return err_wrap(e, "config.json");
	*ret = c;
	c = (struct runtimeconfig){ 0 };
	return 0;
}

int runtimeconfig_parse_process(yyjson_val *obj, struct rt_process *ret, struct err *e)
{
	return rtprocess_parse(obj, ret, e);
}

/* --- writing
 * ------------------------------------------------------------------------------ */

static void build_mounts(const struct runtimeconfig *c, yyjson_mut_doc *doc,
			 yyjson_mut_val *root)
{
	yyjson_mut_val *arr = json_add_arr(doc, root, "mounts"), *v;

	for (size_t i = 0; i < c->mounts_len; i++) {
		const struct rt_mount *m = &c->mounts[i];

		v = yyjson_mut_arr_add_obj(doc, arr);
		json_add_str(doc, v, "destination", m->destination);
		json_add_str(doc, v, "type", m->type);
		json_add_str(doc, v, "source", m->source);
		json_add_strv(doc, v, "options", &m->options);
		rtlinux_build_maps(m->uid_maps, m->uid_maps_len, doc, v, "uidMappings");
		rtlinux_build_maps(m->gid_maps, m->gid_maps_len, doc, v, "gidMappings");
	}
}

static void build_hook(const struct rt_hook *h, yyjson_mut_doc *doc, yyjson_mut_val *v)
{
	json_add_str(doc, v, "path", h->path);
	if (h->args.len > 0)
		json_add_strv(doc, v, "args", &h->args);
	if (h->env.len > 0)
		json_add_strv(doc, v, "env", &h->env);
	if (h->timeout > 0)
		yyjson_mut_obj_add_int(doc, v, "timeout", h->timeout);
}

static void build_hooks(const struct runtimeconfig *c, yyjson_mut_doc *doc,
			yyjson_mut_val *root)
{
	yyjson_mut_val *hooks = NULL, *arr;

	for (size_t i = 0; i < ARRAY_LEN(hook_kinds); i++) {
		if (c->hooks_len[i] == 0)
			continue;
		if (!hooks)
			hooks = json_add_obj(doc, root, "hooks");
		arr = json_add_arr(doc, hooks, hook_kinds[i]);
		for (size_t j = 0; j < c->hooks_len[i]; j++)
			build_hook(&c->hooks[i][j], doc,
				   yyjson_mut_arr_add_obj(doc, arr));
	}
}

int runtimeconfig_print(const struct runtimeconfig *c, struct buf *out)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *v;

	yyjson_mut_doc_set_root(doc, root);
	json_add_str(doc, root, "ociVersion", RUNTIMECONFIG_VERSION);
	if (c->process.args.len > 0)
		rtprocess_build(&c->process, doc, json_add_obj(doc, root, "process"));
	v = json_add_obj(doc, root, "root");
	json_add_str(doc, v, "path", c->root_path);
	if (c->root_readonly)
		yyjson_mut_obj_add_bool(doc, v, "readonly", true);
	json_add_str(doc, root, "hostname", c->hostname);
	json_add_str(doc, root, "domainname", c->domainname);
	build_mounts(c, doc, root);
	build_hooks(c, doc, root);
	if (c->annotations.len > 0)
		json_add_map(doc, root, "annotations", &c->annotations);
	rtlinux_build(c, doc, json_add_obj(doc, root, "linux"));
	return json_print(out, doc, true);
}

void runtimeconfig_build_process(const struct rt_process *p, yyjson_mut_doc *doc,
				 yyjson_mut_val *obj)
{
	rtprocess_build(p, doc, obj);
}

void runtimeconfig_add_mount(struct runtimeconfig *c, const char *destination,
			     const char *type, const char *source, const char *options)
{
	struct rt_mount *m;

	c->mounts = mem_resize(c->mounts, c->mounts_len + 1, sizeof(*c->mounts));
	m = &c->mounts[c->mounts_len++];
	*m = (struct rt_mount){
		.destination = str_dup(destination),
		.type = str_dup(type),
		.source = str_dup(source),
	};
	if (!str_empty(options))
		strv_split(&m->options, options, ',');
}

void runtimeconfig_add_rlimit(struct runtimeconfig *c, const char *type, uint64_t soft,
			      uint64_t hard)
{
	struct rt_process *p = &c->process;

	p->rlimits = mem_resize(p->rlimits, p->rlimits_len + 1, sizeof(*p->rlimits));
	p->rlimits[p->rlimits_len++] =
		(struct rt_rlimit){ .type = str_dup(type), .soft = soft, .hard = hard };
}

/* --- releasing
 * ---------------------------------------------------------------------------- */

static void done_hooks(struct runtimeconfig *c)
{
	for (size_t i = 0; i < ARRAY_LEN(hook_kinds); i++) {
		for (size_t j = 0; j < c->hooks_len[i]; j++) {
			free(c->hooks[i][j].path);
			strv_done(&c->hooks[i][j].args);
			strv_done(&c->hooks[i][j].env);
		}
		free(c->hooks[i]);
	}
}

void runtimeconfig_done_process(struct rt_process *p)
{
	rtprocess_done(p);
}

void runtimeconfig_done(struct runtimeconfig *c)
{
	rtprocess_done(&c->process);
	free(c->root_path);
	free(c->hostname);
	free(c->domainname);
	for (size_t i = 0; i < c->mounts_len; i++) {
		free(c->mounts[i].destination);
		free(c->mounts[i].type);
		free(c->mounts[i].source);
		strv_done(&c->mounts[i].options);
		free(c->mounts[i].uid_maps);
		free(c->mounts[i].gid_maps);
	}
	free(c->mounts);
	strv_done(&c->annotations);
	done_hooks(c);
	rtlinux_done(c);
	yyjson_doc_free(c->doc);
	*c = (struct runtimeconfig){ 0 };
}
