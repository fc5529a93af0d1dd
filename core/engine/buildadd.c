/* SPDX-License-Identifier: Apache-2.0 */
/* COPY, ADD and WORKDIR. */
#include "core/engine/buildadd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/buildcopy.h"
#include "core/engine/buildlayer.h"
#include "core/engine/buildscope.h"
#include "core/engine/buildsource.h"
#include "core/engine/modespec.h"
#include "core/engine/ownership.h"
#include "core/engine/rootview.h"
#include "core/oci/userspec.h"

char *buildadd_absolute(const struct buildjob_stage *st, const char *path)
{
	const char *dir = compose_config(st->compose)->workdir;
	autofree char *whole = path_is_abs(path)
				       ? str_dup(path)
				       : path_join(str_empty(dir) ? "/" : dir, path);

	return path_clean(whole);
}

/* --- owners and modes -----------------------------------------------------------------
 */

static int read_file(const struct strv *layers, const char *path, struct buf *out,
		     struct err *e)
{
	int r = rootview_read(layers, path, USERSPEC_FILE_MAX, out, e);

	if (r == -ENOENT) {
		err_clear(e);
		r = 0;
	}
	return r;
}

/* "user", "user:group"; a number alone is the group's as well, as docker has it. */
static int find_owner(const struct buildjob *j, const char *text, struct buildcopy *c,
		      struct err *e)
{
	autobuf passwd = { .max = USERSPEC_FILE_MAX },
		group = { .max = USERSPEC_FILE_MAX };
	autodone(userspec_done) struct userspec u = { 0 };
	static const struct strv none = { 0 };
	const struct strv *layers = c->target.layers;
	int r;

	if ((r = read_file(layers, "/etc/passwd", &passwd, e)) < 0 ||
	    (r = read_file(layers, "/etc/group", &group, e)) < 0 ||
	    (r = userspec_resolve(text, buf_str(&passwd), buf_str(&group), &none, &u,
				  e)) < 0)
		return r;
	c->uid = u.uid;
	c->gid = text[strspn(text, "0123456789")] ? u.gid : u.uid;
	return ownership_lend(j->store, j->dirfd, &j->realm,
			      (const int64_t[]){ c->uid, c->gid }, e);
}

static int flag_word(struct buildjob *j, const struct buildjob_stage *st,
		     const struct dockerfile_instruction *in, const char *name,
		     char **ret, struct err *e)
{
	const char *flag = dockerfile_flag(in, name);

	return flag ? buildscope_expand(j, st, flag, ret, e) : 0;
}

static int flag_bool(const struct dockerfile_instruction *in, const char *name, bool *ret,
		     struct err *e)
{
	const char *flag = dockerfile_flag(in, name);

	if (!flag)
		return 0;
	*ret = true;
	if (*flag && str_bool(flag, ret) < 0)
		return err_set(e, -EINVAL,
			       "expecting boolean value for flag --%s, not: %s", name,
			       flag);
	return 0;
}

static int read_flags(struct buildjob *j, const struct buildjob_stage *st,
		      const struct dockerfile_instruction *in, struct buildcopy *c,
		      struct err *e)
{
	autofree char *owner = NULL;
	bool link; /* the layer is the same with and without it */
	int r;

	if ((r = flag_word(j, st, in, "chown", &owner, e)) < 0 ||
	    (r = flag_bool(in, "link", &link, e)) < 0 ||
	    (r = flag_bool(in, "parents", &c->parents, e)) < 0)
		return r;
	return owner ? find_owner(j, owner, c, e) : 0;
}

static int read_mode(struct buildjob *j, const struct buildjob_stage *st,
		     const struct dockerfile_instruction *in, char **ret, struct err *e)
{
	mode_t mode;
	int r = flag_word(j, st, in, "chmod", ret, e);

	if (r < 0 || !*ret || modespec_apply(*ret, S_IFREG, &mode) == 0)
		return r;
	return err_set(e, -EINVAL,
		       "invalid chmod parameter: '%s': it should be octal and between 0 "
		       "and 07777, or as chmod(1) has it: u=rwX,go=rX",
		       *ret);
}

static int read_excludes(struct buildjob *j, const struct buildjob_stage *st,
			 const struct dockerfile_instruction *in,
			 struct dockerignore *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < in->flags.len; i++) {
		autofree char *word = NULL;
		if (!str_starts(in->flags.v[i], "exclude="))
			continue;
		r = buildscope_expand(j, st, in->flags.v[i] + strlen("exclude="), &word,
				      e);
		if (r == 0)
			r = dockerignore_add(ret, word, e);
	}
	return r;
}

/* --- copying --------------------------------------------------------------------------
 */

static void key_of(const struct buildjob_stage *st, const struct buildcopy *c,
		   const struct digest *sum, struct buf *key)
{
	char text[DIGEST_TEXT_MAX], flags[96];

	buildlayer_key_base(key, st);
	buildlayer_key(key, "copy", c->path);
	str_print(flags, sizeof(flags), "%d %d %lld %lld", c->folder, c->parents,
		  (long long)c->uid, (long long)c->gid);
	buildlayer_key(key, "how", flags);
	buildlayer_key(key, "mode", c->mode);
	buildlayer_key(key, "content", digest_text(text, sum));
}

static int copy_all(struct buildjob *j, struct buildjob_stage *st, struct buildcopy *c,
		    bool *ret_layer, struct err *e)
{
	autobuf key = { 0 };
	struct digest sum;
	int r = buildcopy_sum(c, &sum, e);

	if (r < 0)
		return r;
	key_of(st, c, &sum, &key);
	r = buildlayer_find(j, st, &key, ret_layer, e);
	if (r != 0)
		return r;
	r = buildcopy_run(c, e);
	if (r < 0)
		return r;
	autofree char *upper = str_fmt("%s/upper", c->target.scratch);
	const struct buildlayer_changes made = { .upper = upper };
	return buildlayer_add(j, st, &key, &made, ret_layer, e);
}

static int set_target(struct buildjob *j, struct buildjob_stage *st,
		      const struct dockerfile_instruction *in, struct buildcopy *c,
		      struct err *e)
{
	autofree char *word = NULL;
	size_t last = in->args.len - 1;
	int r = buildscope_expand(j, st, in->args.v[last], &word, e);

	if (r < 0)
		return r;
	if (!*word || dockerfile_is_heredoc(in->args.v[last], j->file.escape))
		return err_set(e, -EINVAL, "%s requires a destination",
			       dockerfile_op_name(in->op));
	c->folder = str_ends(word, "/") || str_eq(word, ".") || str_ends(word, "/.");
	if (!c->folder && in->args.len > 2)
		return err_set(e, -EINVAL,
			       "When using %s with more than one source file, the "
			       "destination must be a directory and end with a /",
			       dockerfile_op_name(in->op));
	c->path = buildadd_absolute(st, word);
	return 0;
}

int buildadd_copy(struct buildjob *j, struct buildjob_stage *st,
		  const struct dockerfile_instruction *in, struct err *e)
{
	autodone(dockerignore_done) struct dockerignore exclude = { 0 };
	autodone(buildsource_done) struct buildsource from = { 0 };
	autofree char *scratch = buildjob_scratch(j, e), *other = NULL;
	autostrv layers = { 0 };
	bool layer;
	int r;

	if (!scratch || !(other = buildjob_scratch(j, e)))
		return e->code;
	autofree char *mode = NULL;
	if ((r = read_mode(j, st, in, &mode, e)) < 0)
		return r;
	buildjob_layers(j, st->compose, &layers);
	struct buildcopy c = {
		.store = j->store,
		.realm_pidfd = j->realm.pidfd,
		.exclude = &exclude,
		.target = { .layers = &layers, .scratch = scratch },
		.source_scratch = other,
		.uid = -1,
		.gid = -1,
		.mode = mode,
	};
	if ((r = read_flags(j, st, in, &c, e)) < 0 ||
	    (r = read_excludes(j, st, in, &exclude, e)) < 0 ||
	    (r = set_target(j, st, in, &c, e)) < 0)
		return r;
	autofree char *path = (char *)c.path;
	if ((r = buildsource_find(j, st, in, &from, e)) < 0)
		return r;
	c.sources = from.v;
	c.ignore = from.ignore;
	c.sources_len = from.len;
	r = copy_all(j, st, &c, &layer, e);
	if (r < 0)
		return r;
	autofree char *note = str_fmt("%s # buildkit", in->text);
	buildjob_note(st, note, layer);
	return r;
}

/* --- WORKDIR --------------------------------------------------------------------------
 */

static int make_folder(struct buildjob *j, struct buildjob_stage *st, const char *path,
		       bool *ret_layer, struct err *e)
{
	const char *user = compose_config(st->compose)->user;
	autofree char *scratch = buildjob_scratch(j, e);
	autostrv layers = { 0 };
	autobuf key = { 0 };
	char owner[64];
	int r;

	if (!scratch)
		return e->code;
	buildjob_layers(j, st->compose, &layers);
	struct buildcopy c = { .store = j->store,
			       .realm_pidfd = j->realm.pidfd,
			       .target = { .layers = &layers, .scratch = scratch },
			       .path = path };
	if (!str_empty(user) && (r = find_owner(j, user, &c, e)) < 0)
		return r;
	buildlayer_key_base(&key, st);
	buildlayer_key(&key, "workdir", path);
	str_print(owner, sizeof(owner), "%lld %lld", (long long)c.uid, (long long)c.gid);
	buildlayer_key(&key, "owner", owner);
	if ((r = buildlayer_find(j, st, &key, ret_layer, e)) != 0)
		return r;
	r = buildcopy_mkdir(&c, e);
	if (r <= 0)
		return r;
	autofree char *upper = str_fmt("%s/upper", scratch);
	const struct buildlayer_changes made = { .upper = upper };
	return buildlayer_add(j, st, &key, &made, ret_layer, e);
}

int buildadd_workdir(struct buildjob *j, struct buildjob_stage *st,
		     const struct dockerfile_instruction *in, struct err *e)
{
	struct imageconfig *c = compose_config(st->compose);
	autofree char *word = NULL, *path = NULL;
	bool layer = false;
	int r = buildscope_expand(j, st, in->args.v[0], &word, e);

	if (r < 0)
		return r;
	if (!*word)
		return err_set(e, -EINVAL, "WORKDIR with an empty path");
	path = buildadd_absolute(st, word);
	r = make_folder(j, st, path, &layer, e);
	if (r < 0)
		return r;
	str_set(&c->workdir, path);
	autofree char *note = str_fmt("WORKDIR %s", path);
	buildjob_note(st, note, layer);
	return r;
}
