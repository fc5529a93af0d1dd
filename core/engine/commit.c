/* SPDX-License-Identifier: Apache-2.0 */
/* Commit. */
#include "core/engine/commit.h"

#include <errno.h>
#include <fcntl.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/engine/changes.h"
#include "core/engine/container_end.h"
#include "core/engine/freeze.h"
#include "core/engine/image.h"
#include "core/engine/ownership.h"
#include "core/image/change.h"
#include "core/image/compose.h"

/* docker's Config object, read as an image's. */
static int read_config(const struct container *c, struct imageconfig *ret, struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	yyjson_val *config = yyjson_obj_get(yyjson_doc_get_root(c->record), "Config");
	autobuf text = { 0 };

	yyjson_mut_doc_set_root(doc, root);
	json_add_str(doc, root, "architecture", "any");
	json_add_str(doc, root, "os", "linux");
	yyjson_mut_val *rootfs = json_add_obj(doc, root, "rootfs");
	json_add_str(doc, rootfs, "type", "layers");
	json_add_arr(doc, rootfs, "diff_ids");
	yyjson_mut_obj_add_val(doc, root, "config", yyjson_val_mut_copy(doc, config));
	int r = json_print(&text, doc, false);
	return r < 0 ? err_code(e, r, "read the container's configuration")
		     : imageconfig_parse(text.data, text.len, ret, e);
}

#define SWAP(a, b) \
	do { \
		typeof(a) swap_ = (a); \
		(a) = (b); \
		(b) = swap_; \
	} while (0)

/* What a run may have set differently than the image did. */
static void take_config(struct imageconfig *to, struct imageconfig *from)
{
	SWAP(to->user, from->user);
	SWAP(to->workdir, from->workdir);
	SWAP(to->stop_signal, from->stop_signal);
	SWAP(to->stop_timeout, from->stop_timeout);
	SWAP(to->env, from->env);
	SWAP(to->entrypoint, from->entrypoint);
	SWAP(to->entrypoint_null, from->entrypoint_null);
	SWAP(to->cmd, from->cmd);
	SWAP(to->cmd_null, from->cmd_null);
	SWAP(to->volumes, from->volumes);
	SWAP(to->labels, from->labels);
	SWAP(to->ports, from->ports);
	SWAP(to->health, from->health);
}

/* What its environment says of the container itself. */
static void drop_hostname(const struct container *c, struct strv *env)
{
	const char *name = "";

	json_get_str(yyjson_obj_get(yyjson_doc_get_root(c->record), "Config"), "Hostname",
		     &name, NULL);
	autofree char *entry = str_fmt("HOSTNAME=%s", name);
	for (size_t i = env->len; i > 0; i--)
		if (str_eq(env->v[i - 1], entry))
			strv_remove(env, i - 1);
}

static int configure(const struct container *c, const struct commit *o,
		     struct imageconfig *config, struct err *e)
{
	autodone(imageconfig_done) struct imageconfig own = { 0 };
	bool cmd_set = false;
	int r = read_config(c, &own, e);

	if (r < 0)
		return err_wrap(e, "container %.12s", c->id);
	take_config(config, &own);
	drop_hostname(c, &config->env);
	if (o->author)
		str_set(&config->author, o->author);
	for (size_t i = 0; r == 0 && i < o->changes->len; i++)
		r = change_apply(config, o->changes->v[i], &cmd_set, e);
	return r;
}

static int add_layer(const struct container *c, const struct commit *o,
		     struct compose *made, struct err *e)
{
	autoclose int upper =
		openat(c->dirfd, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autostrv skip = { 0 };
	bool stop = o->pause && c->state.status == STATE_RUNNING;
	int r = upper < 0 ? err_sys(e, "open the container's upper folder")
			  : changes_mounts(c, &skip, e);

	if (r == 0 && stop)
		r = freeze_stop(c, e);
	if (r == 0)
		r = compose_add_upper(made, upper, &skip, e);
	if (stop)
		freeze_continue(c, NULL);
	return r;
}

static char *command_of(const struct container *c)
{
	yyjson_val *record = yyjson_doc_get_root(c->record);
	const char *path = "";
	autostrv words = { 0 };

	json_get_str(record, "Path", &path, NULL);
	strv_add(&words, path);
	json_get_strv(record, "Args", &words, NULL);
	return strv_join(&words, " ");
}

static void tell(const struct store *s, const struct container *c, const struct commit *o,
		 const struct tag *tag)
{
	char id[DIGEST_TEXT_MAX];
	autofree char *text = str_fmt("imageID=%s", digest_text(id, &tag->image_id));

	container_end_tell_more(s, c->id, "commit", text);
}

static int make(const struct store *s, const struct container *c, const struct commit *o,
		struct compose *made, struct tag *ret, struct err *e)
{
	autofree char *command = command_of(c);
	int r = configure(c, o, compose_config(made), e);

	if (r == 0)
		r = add_layer(c, o, made, e);
	if (r < 0)
		return r;
	compose_note(made, command, o->message);
	return compose_finish(made, o->reference, ret, e);
}

int commit_make(const struct store *s, const struct container *c, const struct commit *o,
		struct digest *ret, struct err *e)
{
	autodone(image_done) struct image parent = { 0 };
	autodone(realm_done) struct realm realm = { 0 };
	autodone(idmap_done) struct idmap uid = { 0 }, gid = { 0 };
	struct compose *made = NULL;
	struct tag tag = { 0 };
	const char *id = "", *rootfs = NULL;

	json_get_str(yyjson_doc_get_root(c->record), "Image", &id, NULL);
	json_get_str(yyjson_doc_get_root(c->record), "Rootfs", &rootfs, NULL);
	if (rootfs)
		return err_set(
			e, -EOPNOTSUPP,
			"container %s runs the folder '%s', no image: export it, and "
			"import that",
			c->name, rootfs);
	int r = image_open(s, id, &parent, e);
	if (r < 0)
		return err_wrap(e, "the image of container %.12s", c->id);
	if ((r = realm_open(s, &realm, e)) < 0)
		return r;
	struct compose_options how = { .realm_pidfd = realm.pidfd };
	if ((r = ownership_of_container(c, &realm, &uid, &gid, e)) < 0)
		return r;
	r = compose_new(s, &parent.tag, &how, &made, e);
	if (r == 0)
		compose_ids(made, &uid, &gid);
	if (r == 0)
		r = make(s, c, o, made, &tag, e);
	compose_free(made);
	if (r < 0)
		return r;
	tell(s, c, o, &tag);
	*ret = tag.image_id;
	tag_done(&tag);
	return 0;
}
