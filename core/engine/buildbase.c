/* SPDX-License-Identifier: Apache-2.0 */
/* Bases of stages. */
#include "core/engine/buildbase.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/buildconfig.h"
#include "core/engine/buildnamed.h"
#include "core/engine/buildscope.h"
#include "core/engine/buildstage.h"
#include "core/engine/image.h"

#define SCRATCH      "scratch"
#define PATH_DEFAULT "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* A line for each layer that is there; what comes in between is for terminals. */
static void show_pull(void *arg, const char *id, const char *status, uint64_t done,
		      uint64_t total)
{
	const struct buildjob *j = arg;
	autofree char *line =
		id ? str_fmt("%s: %s\n", id, status) : str_fmt("%s\n", status);

	if (!id || str_eq(status, "Pull complete") || str_eq(status, "Already exists"))
		j->view->output(j->view->arg, j->shown, line, strlen(line));
}

/* Gets the image and holds its layers. */
static int hold_image(struct buildjob *j, const char *what, const char *platform,
		      struct image *image, struct compose **ret, struct err *e)
{
	const struct compose_options co = { .realm_pidfd = j->realm.pidfd };
	int r = image_ensure(j->store, j->cfg, what, j->o->pull ? "always" : "missing",
			     platform, show_pull, j, image, e);

	return r < 0 ? r : compose_new(j->store, &image->tag, &co, ret, e);
}

static struct compose *replay_parent(struct buildjob *j, struct buildjob_stage *st,
				     const struct buildjob_stage *parent, struct err *e)
{
	const struct compose_options co = {
		.realm_pidfd = j->realm.pidfd,
		.platform = compose_config(parent->compose)->platform
	};
	struct compose *c = NULL;
	int r = compose_new(j->store, parent->has_base ? &parent->base : NULL, &co, &c,
			    e);

	if (r == 0)
		r = buildjob_replay(parent, c, e);
	if (r < 0) {
		compose_free(c);
		return NULL;
	}
	buildconfig_copy(compose_config(c), compose_config(parent->compose));
	return c;
}

static void copy_notes(struct buildjob_stage *st, const struct buildjob_stage *parent)
{
	st->notes = mem_array(parent->notes_len, sizeof(*st->notes));
	st->notes_len = parent->notes_len;
	for (size_t i = 0; i < parent->notes_len; i++) {
		st->notes[i] = parent->notes[i];
		st->notes[i].by = str_dup(parent->notes[i].by);
	}
}

/* The tag of an image is found again by its name or ID. */
static void copy_base(struct buildjob_stage *st, const struct tag *from)
{
	st->base = *from;
	st->base.name = str_dup(from->name);
	st->base.repo = str_dup(from->repo);
	st->base.manifest.annotations = (struct strv){ 0 };
	st->has_base = true;
}

static int begin_stage(struct buildjob *j, struct buildjob_stage *st,
		       const struct buildjob_stage *parent, struct err *e)
{
	st->compose = replay_parent(j, st, parent, e);
	if (!st->compose)
		return e->code;
	if (parent->has_base)
		copy_base(st, &parent->base);
	copy_notes(st, parent);
	st->created = parent->created;
	return 0;
}

static int begin_scratch(struct buildjob *j, struct buildjob_stage *st,
			 const char *platform, struct err *e)
{
	struct compose_options co = { .realm_pidfd = j->realm.pidfd };
	int r = platform ? platform_parse(platform, &co.platform, e) : 0;

	if (r == 0)
		r = compose_new(j->store, NULL, &co, &st->compose, e);
	if (r < 0)
		return r;
	/* As docker begins it. */
	strv_add(&compose_config(st->compose)->env, PATH_DEFAULT);
	str_set(&compose_config(st->compose)->workdir, "/");
	return 0;
}

static int begin_image(struct buildjob *j, struct buildjob_stage *st, const char *what,
		       const char *platform, struct err *e)
{
	autodone(image_done) struct image image = { 0 };
	int r = hold_image(j, what, platform, &image, &st->compose, e);

	if (r < 0)
		return r;
	copy_base(st, &image.tag);
	st->created = image.created;
	return 0;
}

static int begin_named(struct buildjob *j, struct buildjob_stage *st,
		       struct buildnamed *named, const char *platform, struct err *e)
{
	int r = buildnamed_open(j, named, e);

	if (r < 0)
		return r;
	if (!named->image)
		return err_set(
			e, -EOPNOTSUPP,
			"the build context '%s' is no image: FROM scratch and COPY "
			"--from=%s . /",
			named->name, named->name);
	return begin_image(j, st, named->image, platform, e);
}

int buildbase_begin(struct buildjob *j, struct buildjob_stage *st, struct err *e)
{
	const struct dockerfile_instruction *in = &j->file.v[st->from];
	const char *flag = dockerfile_flag(in, "platform");
	autofree char *what = NULL, *platform = NULL;
	struct buildjob_stage *parent;
	int r = buildscope_expand(j, NULL, in->args.v[0], &what, e);

	if (r == 0 && flag)
		r = buildscope_expand(j, NULL, flag, &platform, e);
	if (r < 0)
		return r;
	if (!*what)
		return err_set(e, -EINVAL, "base name (%s) should not be blank",
			       in->args.v[0]);
	if (!platform || !*platform)
		str_set(&platform, j->o->platform);
	st->base_cmd = true;
	struct buildnamed *named = buildnamed_find(j, what);
	if (named)
		return begin_named(j, st, named, platform, e);
	parent = buildjob_find(j, what, (size_t)(st - j->stages));
	/* A number means a stage for --from only. */
	if (parent && parent->name && what[0] > '9')
		return begin_stage(j, st, parent, e);
	if (str_eq(what, SCRATCH))
		return begin_scratch(j, st, platform, e);
	return begin_image(j, st, what, platform, e);
}

int buildbase_folder(struct buildjob *j, const char *what,
		     const struct buildcontext **ret, struct err *e)
{
	struct buildnamed *named = buildnamed_find(j, what);
	int r = named ? buildnamed_open(j, named, e) : 0;

	*ret = r == 0 && named && !named->image ? &named->context : NULL;
	return r;
}

int buildbase_tree(struct buildjob *j, const struct buildjob_stage *st, const char *what,
		   struct strv *ret, struct err *e)
{
	const struct buildnamed *named = buildnamed_find(j, what);
	struct buildjob_stage *from =
		named ? NULL : buildjob_find(j, what, (size_t)(st - j->stages));
	autodone(image_done) struct image image = { 0 };
	struct compose *c = NULL;
	uint64_t number;
	int r;

	/* In ONBUILD, or by a variable of the stage: nobody saw that it is needed. */
	if (from && !from->done && (r = buildstage_run(j, from, e)) < 0)
		return r;
	if (from) {
		buildjob_layers(j, from->compose, ret);
		return 0;
	}
	if (!named && !str_u64(what, UINT32_MAX, &number))
		return err_set(e, -EINVAL, "invalid stage index %s", what);
	if (!named && st->name && !strcasecmp(st->name, what))
		return err_set(e, -EINVAL, "circular dependency: stage '%s' needs itself",
			       what);
	r = hold_image(j, named ? named->image : what, j->o->platform, &image, &c, e);
	if (r < 0)
		return r;
	j->held = mem_resize(j->held, j->held_len + 1, sizeof(*j->held));
	j->held[j->held_len++] = c;
	buildjob_layers(j, c, ret);
	return 0;
}
