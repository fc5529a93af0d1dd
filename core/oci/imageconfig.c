/* SPDX-License-Identifier: Apache-2.0 */
/* The image configuration. */
#include "core/oci/imageconfig.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/wire/hasher.h"

#define LAYERS_MAX 500 /* lowerdir+ */

/* --- reading
 * ------------------------------------------------------------------------------ */

/* {"80/tcp": {}, …}: a set, in which only the keys count. */
static int get_set(yyjson_val *obj, const char *key, struct strv *ret, struct err *e)
{
	yyjson_val *set = NULL, *k;
	yyjson_obj_iter iter;
	int r = json_get_obj(obj, key, &set, e);

	if (r < 0 || !set)
		return r;
	iter = yyjson_obj_iter_with(set);
	while ((k = yyjson_obj_iter_next(&iter))) {
		if (strlen(yyjson_get_str(k)) != yyjson_get_len(k))
			return err_set(e, -EINVAL, "'%s' holds a NUL byte", key);
		strv_add(ret, yyjson_get_str(k));
	}
	strv_sort(ret);
	return 0;
}

static int parse_health(yyjson_val *config, struct image_health *h, struct err *e)
{
	yyjson_val *v = NULL;
	int r = json_get_obj(config, "Healthcheck", &v, e);

	if (r < 0 || !v)
		return r;
	r = json_get_strv(v, "Test", &h->test, e);
	if (r == 0)
		r = json_get_i64(v, "Interval", &h->interval, e);
	if (r == 0)
		r = json_get_i64(v, "Timeout", &h->timeout, e);
	if (r == 0)
		r = json_get_i64(v, "StartPeriod", &h->start_period, e);
	if (r == 0)
		r = json_get_i64(v, "StartInterval", &h->start_interval, e);
	if (r == 0)
		r = json_get_i64(v, "Retries", &h->retries, e);
	return r;
}

static bool is_null(yyjson_val *obj, const char *key)
{
	yyjson_val *v = yyjson_obj_get(obj, key);

	return !v || yyjson_is_null(v);
}

static int parse_lists(yyjson_val *v, struct imageconfig *c, struct err *e)
{
	const struct {
		const char *key;
		struct strv *list;
	} lists[] = {
		{ "Env", &c->env },     { "Entrypoint", &c->entrypoint },
		{ "Cmd", &c->cmd },     { "OnBuild", &c->on_build },
		{ "Shell", &c->shell },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(lists); i++)
		r = json_get_strv(v, lists[i].key, lists[i].list, e);
	if (r == 0)
		r = get_set(v, "Volumes", &c->volumes, e);
	if (r == 0)
		r = get_set(v, "ExposedPorts", &c->ports, e);
	if (r == 0)
		r = json_get_map(v, "Labels", &c->labels, e);
	if (r == 0)
		strv_sort(&c->labels);
	return r;
}

static int parse_config(yyjson_val *root, struct imageconfig *c, struct err *e)
{
	yyjson_val *v = NULL;
	int r = json_get_obj(root, "config", &v, e);

	c->entrypoint_null = is_null(v, "Entrypoint");
	c->cmd_null = is_null(v, "Cmd");
	if (r < 0 || !v)
		return r;
	r = json_get_dup(v, "User", &c->user, e);
	if (r == 0)
		r = json_get_dup(v, "WorkingDir", &c->workdir, e);
	if (r == 0)
		r = json_get_dup(v, "StopSignal", &c->stop_signal, e);
	if (r == 0)
		r = json_get_i64(v, "StopTimeout", &c->stop_timeout, e);
	if (r == 0)
		r = json_get_bool(v, "ArgsEscaped", &c->args_escaped, e);
	if (r == 0)
		r = parse_lists(v, c, e);
	return r < 0 ? r : parse_health(v, &c->health, e);
}

static int parse_rootfs(yyjson_val *root, struct imageconfig *c, struct err *e)
{
	autostrv ids = { 0 };
	yyjson_val *v = NULL;
	const char *type = "layers";
	int r = json_get_obj(root, "rootfs", &v, e);

	if (r == 0)
		r = json_get_str(v, "type", &type, e);
	if (r == 0)
		r = json_get_strv(v, "diff_ids", &ids, e);
	if (r < 0)
		return r;
	if (!str_eq(type, "layers"))
		return err_set(e, -EINVAL, "'rootfs.type' is '%.40s', not 'layers'",
			       type);
	if (ids.len > LAYERS_MAX)
		return err_set(e, -E2BIG, "more than %d layers", LAYERS_MAX);
	c->diff_ids = mem_array(ids.len, sizeof(*c->diff_ids));
	for (; c->diff_ids_len < ids.len; c->diff_ids_len++) {
		const char *text = ids.v[c->diff_ids_len];

		if (digest_parse(text, &c->diff_ids[c->diff_ids_len]) < 0)
			return err_set(
				e, -EINVAL,
				"diff_ids[%zu]: '%.150s' is not a sha256 or sha512 "
				"digest",
				c->diff_ids_len, text);
	}
	return 0;
}

static int parse_history(yyjson_val *root, struct imageconfig *c, struct err *e)
{
	yyjson_val *arr = NULL, *v;
	yyjson_arr_iter iter;
	int r = json_get_arr(root, "history", &arr, e);

	if (r < 0 || !arr)
		return r;
	c->history = mem_array(yyjson_arr_size(arr), sizeof(*c->history));
	iter = yyjson_arr_iter_with(arr);
	while (r == 0 && (v = yyjson_arr_iter_next(&iter))) {
		struct image_history *h = &c->history[c->history_len++];

		if (!yyjson_is_obj(v))
			return err_set(e, -EINVAL,
				       "'history' is not an array of objects");
		r = json_get_dup(v, "created", &h->created, e);
		if (r == 0)
			r = json_get_dup(v, "created_by", &h->created_by, e);
		if (r == 0)
			r = json_get_dup(v, "author", &h->author, e);
		if (r == 0)
			r = json_get_dup(v, "comment", &h->comment, e);
		if (r == 0)
			r = json_get_bool(v, "empty_layer", &h->empty_layer, e);
	}
	return r;
}

static int parse_root(yyjson_val *root, struct imageconfig *c, struct err *e)
{
	struct platform *p = &c->platform;
	int r;

	if (!yyjson_is_obj(root))
		return err_set(e, -EINVAL, "not an object");
	r = json_get_dup(root, "created", &c->created, e);
	if (r == 0)
		r = json_get_dup(root, "author", &c->author, e);
	if (r == 0)
		r = json_get_text(root, "os", p->os, sizeof(p->os), e);
	if (r == 0)
		r = json_get_text(root, "architecture", p->architecture,
				  sizeof(p->architecture), e);
	if (r == 0)
		r = json_get_text(root, "variant", p->variant, sizeof(p->variant), e);
	if (r == 0)
		r = parse_config(root, c, e);
	if (r == 0)
		r = parse_rootfs(root, c, e);
	return r < 0 ? r : parse_history(root, c, e);
}

int imageconfig_parse(const void *p, size_t n, struct imageconfig *ret, struct err *e)
{
	autodone(imageconfig_done) struct imageconfig c = { .stop_timeout = -1 };
	autojson *doc = NULL;
	int r;

	if (n > IMAGECONFIG_MAX)
		return err_set(e, -E2BIG, "image config: larger than %u bytes",
			       IMAGECONFIG_MAX);
	r = json_parse(p, n, "image config", &doc, e);
	if (r < 0)
		return r;
	r = parse_root(yyjson_doc_get_root(doc), &c, e);
	if (r < 0)
		return err_wrap(e, "image config");
	*ret = c;
	c = (struct imageconfig){ 0 };
	return 0;
}

/* --- writing
 * ------------------------------------------------------------------------------ */

static void add_set(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key,
		    const struct strv *set)
{
	yyjson_mut_val *v;

	if (set->len == 0)
		return;
	v = json_add_obj(doc, obj, key);
	for (size_t i = 0; i < set->len; i++)
		json_add_obj(doc, v, set->v[i]);
}

static void add_list(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key,
		     const struct strv *list)
{
	if (list->len > 0)
		json_add_strv(doc, obj, key, list);
}

static void add_text(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key,
		     const char *val)
{
	if (!str_empty(val))
		json_add_str(doc, obj, key, val);
}

static void add_i64(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key,
		    int64_t val)
{
	if (val != 0)
		yyjson_mut_obj_add_int(doc, obj, key, val);
}

static void add_health(const struct image_health *h, yyjson_mut_doc *doc,
		       yyjson_mut_val *obj)
{
	yyjson_mut_val *v;

	if (h->test.len == 0 && h->interval == 0 && h->timeout == 0 &&
	    h->start_period == 0 && h->start_interval == 0 && h->retries == 0)
		return;
	v = json_add_obj(doc, obj, "Healthcheck");
	add_list(doc, v, "Test", &h->test);
	add_i64(doc, v, "Interval", h->interval);
	add_i64(doc, v, "Timeout", h->timeout);
	add_i64(doc, v, "StartPeriod", h->start_period);
	add_i64(doc, v, "StartInterval", h->start_interval);
	add_i64(doc, v, "Retries", h->retries);
}

/* null and [] differ for Entrypoint and Cmd: [] was said by someone. */
static void add_command(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key,
			const struct strv *list, bool null)
{
	if (list->len > 0 || !null)
		json_add_strv(doc, obj, key, list);
}

/* As it stands in the document: what is empty is left out. */
static void build_stored(const struct imageconfig *c, yyjson_mut_doc *doc,
			 yyjson_mut_val *obj)
{
	add_text(doc, obj, "User", c->user);
	add_set(doc, obj, "ExposedPorts", &c->ports);
	add_list(doc, obj, "Env", &c->env);
	add_command(doc, obj, "Entrypoint", &c->entrypoint, c->entrypoint_null);
	add_command(doc, obj, "Cmd", &c->cmd, c->cmd_null);
	add_health(&c->health, doc, obj);
	if (c->args_escaped)
		yyjson_mut_obj_add_bool(doc, obj, "ArgsEscaped", true);
	add_set(doc, obj, "Volumes", &c->volumes);
	add_text(doc, obj, "WorkingDir", c->workdir);
	add_list(doc, obj, "OnBuild", &c->on_build);
	if (c->labels.len > 0)
		json_add_map(doc, obj, "Labels", &c->labels);
	add_text(doc, obj, "StopSignal", c->stop_signal);
	if (c->stop_timeout >= 0)
		yyjson_mut_obj_add_int(doc, obj, "StopTimeout", c->stop_timeout);
	add_list(doc, obj, "Shell", &c->shell);
}

static void list_or_null(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key,
			 const struct strv *list, bool null)
{
	if (list->len == 0 && null)
		yyjson_mut_obj_add_null(doc, obj, key);
	else
		json_add_strv(doc, obj, key, list);
}

/* As inspect shows it: templates of users name these keys, so they are always there. */
void imageconfig_build(const struct imageconfig *c, yyjson_mut_doc *doc,
		       yyjson_mut_val *obj)
{
	static const char *const off[] = { "AttachStdin", "AttachStdout", "AttachStderr",
					   "Tty",         "OpenStdin",    "StdinOnce" };

	json_add_str(doc, obj, "Hostname", "");
	json_add_str(doc, obj, "Domainname", "");
	json_add_str(doc, obj, "User", c->user ? c->user : "");
	for (size_t i = 0; i < ARRAY_LEN(off); i++) {
		if (i == 3) /* Docker's place for it */
			add_set(doc, obj, "ExposedPorts", &c->ports);
		yyjson_mut_obj_add_bool(doc, obj, off[i], false);
	}
	list_or_null(doc, obj, "Env", &c->env, true);
	list_or_null(doc, obj, "Cmd", &c->cmd, c->cmd_null);
	add_health(&c->health, doc, obj);
	if (c->args_escaped)
		yyjson_mut_obj_add_bool(doc, obj, "ArgsEscaped", true);
	json_add_str(doc, obj, "Image", "");
	if (c->volumes.len > 0)
		add_set(doc, obj, "Volumes", &c->volumes);
	else
		yyjson_mut_obj_add_null(doc, obj, "Volumes");
	json_add_str(doc, obj, "WorkingDir", c->workdir ? c->workdir : "");
	list_or_null(doc, obj, "Entrypoint", &c->entrypoint, c->entrypoint_null);
	list_or_null(doc, obj, "OnBuild", &c->on_build, true);
	if (c->labels.len > 0)
		json_add_map(doc, obj, "Labels", &c->labels);
	else
		yyjson_mut_obj_add_null(doc, obj, "Labels");
	add_text(doc, obj, "StopSignal", c->stop_signal);
	if (c->stop_timeout >= 0)
		yyjson_mut_obj_add_int(doc, obj, "StopTimeout", c->stop_timeout);
	add_list(doc, obj, "Shell", &c->shell);
}

static void build_history(const struct imageconfig *c, yyjson_mut_doc *doc,
			  yyjson_mut_val *obj)
{
	yyjson_mut_val *arr, *v;

	if (c->history_len == 0)
		return;
	arr = json_add_arr(doc, obj, "history");
	for (size_t i = 0; i < c->history_len; i++) {
		const struct image_history *h = &c->history[i];

		v = yyjson_mut_obj(doc);
		json_add_str(doc, v, "created", h->created);
		add_text(doc, v, "created_by", h->created_by);
		add_text(doc, v, "author", h->author);
		add_text(doc, v, "comment", h->comment);
		if (h->empty_layer)
			yyjson_mut_obj_add_bool(doc, v, "empty_layer", true);
		yyjson_mut_arr_append(arr, v);
	}
}

static void build_rootfs(const struct imageconfig *c, yyjson_mut_doc *doc,
			 yyjson_mut_val *obj)
{
	yyjson_mut_val *v = json_add_obj(doc, obj, "rootfs"), *ids;
	char text[DIGEST_TEXT_MAX];

	json_add_str(doc, v, "type", "layers");
	ids = json_add_arr(doc, v, "diff_ids");
	for (size_t i = 0; i < c->diff_ids_len; i++)
		yyjson_mut_arr_add_strcpy(doc, ids, digest_text(text, &c->diff_ids[i]));
}

int imageconfig_print(const struct imageconfig *c, struct buf *out)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	json_add_str(doc, root, "architecture", c->platform.architecture);
	add_text(doc, root, "author", c->author);
	build_stored(c, doc, json_add_obj(doc, root, "config"));
	json_add_str(doc, root, "created", c->created);
	build_history(c, doc, root);
	json_add_str(doc, root, "os", c->platform.os);
	build_rootfs(c, doc, root);
	add_text(doc, root, "variant", c->platform.variant);
	return json_print(out, doc, false);
}

void imageconfig_chain_id(const struct digest *diff_ids, size_t n, struct digest *ret)
{
	char chain[DIGEST_TEXT_MAX], diff[DIGEST_TEXT_MAX], both[2 * DIGEST_TEXT_MAX];

	*ret = n > 0 ? diff_ids[0] : (struct digest){ 0 };
	for (size_t i = 1; i < n; i++) {
		str_print(both, sizeof(both), "%s %s", digest_text(chain, ret),
			  digest_text(diff, &diff_ids[i]));
		hasher_of(both, strlen(both), ret);
	}
}

void imageconfig_done(struct imageconfig *c)
{
	struct strv *lists[] = { &c->env,      &c->entrypoint, &c->cmd,
				 &c->volumes,  &c->labels,     &c->ports,
				 &c->on_build, &c->shell,      &c->health.test };

	free(c->created);
	free(c->author);
	free(c->user);
	free(c->workdir);
	free(c->stop_signal);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		strv_done(lists[i]);
	free(c->diff_ids);
	for (size_t i = 0; i < c->history_len; i++) {
		free(c->history[i].created);
		free(c->history[i].created_by);
		free(c->history[i].author);
		free(c->history[i].comment);
	}
	free(c->history);
	*c = (struct imageconfig){ 0 };
}
