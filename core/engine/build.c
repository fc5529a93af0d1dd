/* SPDX-License-Identifier: Apache-2.0 */
/* A build from its beginning to its image.
 *
 * A stage is a compose (core/image/compose.h): its layers are in the store as soon as
 * they are made, held by leases. The image at the end is composed anew from the notes of
 * its stage, so that its stamps are those of its last layer: the same inputs with a warm
 * cache give the same image ID. */
#include "core/engine/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/buildconfig.h"
#include "core/engine/buildmount.h"
#include "core/engine/buildnamed.h"
#include "core/engine/buildoutput.h"
#include "core/engine/buildscope.h"
#include "core/engine/buildsquash.h"
#include "core/engine/buildstage.h"
#include "core/oci/reference.h"

/* The full name of a tag, before anything is done. */
static int read_tag(const char *text, struct strv *ret, struct err *e)
{
	struct reference ref = { 0 };
	int r = reference_parse(text, &ref, e);

	if (r >= 0 && digest_is_set(&ref.digest))
		r = err_set(e, -EINVAL, "a digest cannot be a tag");
	if (r >= 0)
		strv_push(ret, reference_full(&ref));
	reference_done(&ref);
	return r < 0 ? err_wrap(e, "invalid tag \"%s\"", text) : 0;
}

/* As docker has it be asked for. */
static bool keeps_git(const struct build_options *o)
{
	const char *value = strv_getenv(&o->args, "BUILDKIT_CONTEXT_KEEP_GIT_DIR");
	bool keep = false;

	return value && str_bool(value, &keep) == 0 && keep;
}

static int read_all(struct buildjob *j, struct err *e)
{
	const struct buildcontext_want want = { .context = j->o->context,
						.file = j->o->file,
						.cfg = j->cfg,
						.keep_git = keeps_git(j->o),
						.input = j->o->input,
						.dir = j->dir,
						.place = buildjob_place(j) };
	int r = buildnamed_read(j, e);

	if (r < 0 || (r = buildcontext_open(&want, &j->context, e)) < 0)
		return r;
	j->name = j->context.name;
	r = dockerfile_parse(buf_str(&j->context.text), j->context.text.len, j->name,
			     &j->file, e);
	return r < 0 ? r : buildscope_globals(j, e);
}

static void add_labels(const struct build_options *o, struct imageconfig *c)
{
	for (size_t i = 0; i < o->labels.len; i++) {
		const char *eq = strchr(o->labels.v[i], '=');
		autofree char *key =
			str_ndup(o->labels.v[i], strcspn(o->labels.v[i], "="));
		strv_setenv(&c->labels, key, eq ? eq + 1 : "");
	}
}

/* Under each name, or none. */
static int name_image(struct compose *c, struct build_result *ret, struct err *e)
{
	const struct strv *names = &ret->names;
	int r = 0;

	for (size_t i = 0; r >= 0 && (i < names->len || i == 0); i++) {
		struct tag t = { 0 };
		r = compose_finish(c, names->len ? names->v[i] : NULL, &t, e);
		if (r >= 0) {
			ret->id = t.image_id;
			ret->manifest = t.manifest.digest;
			ret->is_image = true;
		}
		tag_done(&t);
	}
	return r < 0 ? r : 0;
}

static int compose_image(struct buildjob *j, struct buildjob_stage *st,
			 struct build_result *ret, struct err *e)
{
	struct compose_options co = {
		.realm_pidfd = j->realm.pidfd,
		.created = st->created,
		.platform = compose_config(st->compose)->platform,
	};
	struct compose *c = NULL;
	int r = compose_new(j->store, st->has_base ? &st->base : NULL, &co, &c, e);

	if (r >= 0)
		r = j->o->squash ? buildsquash_replay(j, st, c, e)
				 : buildjob_replay(st, c, e);
	if (r >= 0) {
		buildconfig_copy(compose_config(c), compose_config(st->compose));
		add_labels(j->o, compose_config(c));
		r = name_image(c, ret, e);
	}
	compose_free(c);
	return r;
}

static int export_image(struct buildjob *j, struct buildjob_stage *st,
			struct build_result *ret, struct err *e)
{
	const struct build_view *v = j->view;
	unsigned n = ++j->shown;
	char text[DIGEST_TEXT_MAX];
	int r;

	v->begin(v->arg, n, "exporting to image");
	r = compose_image(j, st, ret, e);
	if (r >= 0) {
		autofree char *line =
			str_fmt("writing image %s\n", digest_text(text, &ret->id));
		v->output(v->arg, n, line, strlen(line));
	}
	for (size_t i = 0; r >= 0 && i < ret->names.len; i++) {
		autofree char *line = str_fmt("naming to %s\n", ret->names.v[i]);
		v->output(v->arg, n, line, strlen(line));
	}
	v->end(v->arg, n, r < 0 ? "ERROR" : "DONE");
	return r;
}

/* --- outputs --------------------------------------------------------------------------
 */

struct outputs {
	struct buildoutput *v;
	size_t len;
	bool image;
};

static void outputs_done(struct outputs *o)
{
	for (size_t i = 0; i < o->len; i++)
		buildoutput_done(&o->v[i]);
	free(o->v);
}

/* Their names belong to those of the image. */
static int read_outputs(const struct build_options *o, struct outputs *ret,
			struct strv *names, struct err *e)
{
	ret->v = mem_array(o->outputs.len, sizeof(*ret->v));
	ret->image = !o->outputs.len || o->push;
	for (size_t i = 0; i < o->outputs.len; i++) {
		struct buildoutput *out = &ret->v[ret->len];
		int r = buildoutput_parse(o->outputs.v[i], out, e);
		if (r < 0)
			return r;
		ret->len++;
		ret->image |= buildoutput_is_image(out);
		if (out->name && (r = read_tag(out->name, names, e)) < 0)
			return r;
	}
	return 0;
}

static int export_all(struct buildjob *j, struct buildjob_stage *st,
		      const struct outputs *out, struct build_result *ret, struct err *e)
{
	int r = out->image ? export_image(j, st, ret, e) : 0;

	for (size_t i = 0; r >= 0 && i < out->len; i++)
		r = buildoutput_run(j, st, &out->v[i], ret, e);
	if (r >= 0 && j->o->push)
		r = buildoutput_push(j, &ret->names, e);
	return r;
}

static int run(struct buildjob *j, const struct outputs *out, struct build_result *ret,
	       struct err *e)
{
	struct buildjob_stage *target;
	int r;

	if ((r = buildjob_open(j, e)) < 0 || (r = read_all(j, e)) < 0 ||
	    (r = buildstage_plan(j, &target, e)) < 0)
		return r;
	for (struct buildjob_stage *st = j->stages; r == 0 && st <= target; st++)
		if (st->needed && !st->done)
			r = buildstage_run(j, st, e);
	if (r < 0)
		return r;
	buildscope_warn(j);
	return export_all(j, target, out, ret, e);
}

void build_result_done(struct build_result *r)
{
	strv_done(&r->names);
}

int build_image(const struct store *s, const struct config *cfg,
		const struct build_options *o, const struct build_view *v,
		struct build_result *ret, struct err *e)
{
	struct buildjob j = { .store = s, .cfg = cfg, .o = o, .view = v, .dirfd = -1 };
	autodone(outputs_done) struct outputs out = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->tags.len; i++)
		r = read_tag(o->tags.v[i], &ret->names, e);
	if (r == 0)
		r = read_outputs(o, &out, &ret->names, e);
	if (r == 0)
		r = buildmount_check_ssh(&o->ssh, e);
	j.context.fd = -1;
	j.watch.pipe = -1;
	if (r == 0) {
		r = run(&j, &out, ret, e);
		buildjob_done(&j);
	}
	return r;
}
