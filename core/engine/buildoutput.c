/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a build. */
#include "core/engine/buildoutput.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/buildcopy.h"
#include "core/engine/imagefile.h"
#include "core/engine/imagepush.h"

/* --- the text ------------------------------------------------------------------------
 */

static int parse_type(const char *value, struct buildoutput *o, struct err *e)
{
	static const struct {
		const char *name;
		enum buildoutput_type type;
		bool push;
	} types[] = { { "image", BUILDOUTPUT_IMAGE, false },
		      { "registry", BUILDOUTPUT_IMAGE, true },
		      { "docker", BUILDOUTPUT_ARCHIVE, false },
		      { "oci", BUILDOUTPUT_ARCHIVE, false },
		      { "local", BUILDOUTPUT_LOCAL, false },
		      { "tar", BUILDOUTPUT_TAR, false } };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_eq(types[i].name, value)) {
			o->type = types[i].type;
			o->push |= types[i].push;
			return 0;
		}
	return err_set(
		e, -EOPNOTSUPP,
		"--output type '%s' is not supported: use image, registry, docker, "
		"oci, local or tar",
		value);
}

static int parse_field(const char *field, struct buildoutput *o, struct err *e)
{
	const char *value = strchr(field, '=');

	if (!value)
		return err_set(e, -EINVAL, "invalid value %s of --output", field);
	value++;
	if (str_starts(field, "type="))
		return parse_type(value, o, e);
	if (str_starts(field, "dest=")) {
		str_set(&o->dest, value);
	} else if (str_starts(field, "name=")) {
		str_set(&o->name, value);
	} else if (str_starts(field, "push=")) {
		if (str_bool(value, &o->push) < 0)
			return err_set(e, -EINVAL, "invalid value %s of --output", field);
	} else {
		return err_set(e, -EOPNOTSUPP,
			       "--output option '%.*s' is not supported: it has type, "
			       "dest, name and push",
			       (int)(value - 1 - field), field);
	}
	return 0;
}

static int check(const char *type, struct buildoutput *o, struct err *e)
{
	bool files = o->type == BUILDOUTPUT_LOCAL || o->type == BUILDOUTPUT_TAR;

	if (files && (o->push || o->name))
		return err_set(e, -EINVAL, "--output of files has no name or push");
	if (o->type == BUILDOUTPUT_LOCAL && (!o->dest || str_eq(o->dest, "-")))
		return err_set(e, -EINVAL, "dest is required for the local exporter");
	/* As docker: without a file it is the image here; oci without one is stdout. */
	if (o->type == BUILDOUTPUT_ARCHIVE && !o->dest && str_eq(type, "docker"))
		o->type = BUILDOUTPUT_IMAGE;
	if (o->type == BUILDOUTPUT_IMAGE && o->dest)
		return err_set(e, -EINVAL,
			       "--output type=image has no dest: type=oci and "
			       "type=docker write files");
	if (!o->dest && o->type != BUILDOUTPUT_IMAGE)
		o->dest = str_dup("-");
	return 0;
}

int buildoutput_parse(const char *text, struct buildoutput *ret, struct err *e)
{
	autodone(buildoutput_done) struct buildoutput o = { 0 };
	autostrv fields = { 0 };
	const char *type = NULL;
	int r = 0;

	if (!strchr(text, '=')) {
		o.type = str_eq(text, "-") ? BUILDOUTPUT_TAR : BUILDOUTPUT_LOCAL;
		o.dest = str_dup(text);
	} else {
		strv_split(&fields, text, ',');
	}
	for (size_t i = 0; r == 0 && i < fields.len; i++) {
		if (str_starts(fields.v[i], "type="))
			type = fields.v[i] + strlen("type=");
		r = parse_field(fields.v[i], &o, e);
	}
	if (r == 0 && fields.len && !type)
		r = err_set(e, -EINVAL, "type is required for --output");
	if (r == 0)
		r = check(type, &o, e);
	if (r < 0)
		return r;
	*ret = o;
	o = (struct buildoutput){ 0 };
	return 0;
}

void buildoutput_done(struct buildoutput *o)
{
	free(o->dest);
	free(o->name);
}

bool buildoutput_is_image(const struct buildoutput *o)
{
	return o->type == BUILDOUTPUT_IMAGE || o->type == BUILDOUTPUT_ARCHIVE;
}

/* --- the work ------------------------------------------------------------------------
 */

static void say(struct buildjob *j, unsigned n, const char *text)
{
	j->view->output(j->view->arg, n, text, strlen(text));
}

struct pushing {
	struct buildjob *j;
	unsigned n;
};

static void show_push(void *arg, const char *id, const char *status, uint64_t done,
		      uint64_t total)
{
	const struct pushing *p = arg;
	autofree char *line = str_fmt("%s%s%s\n", id ? id : "", id ? ": " : "", status);

	if (!id || str_eq(status, "Pushed") || str_eq(status, "Layer already exists"))
		say(p->j, p->n, line);
}

static int push_one(struct pushing *p, const char *name, struct err *e)
{
	autodone(reference_done) struct reference ref = { 0 };
	autofree char *line = str_fmt("pushing %s\n", name);
	struct descriptor d = { 0 };
	int r = reference_parse(name, &ref, e);

	say(p->j, p->n, line);
	if (r >= 0)
		r = imagepush_run(p->j->store, p->j->cfg, &ref, show_push, p, &d, e);
	descriptor_done(&d);
	return r < 0 ? r : 0;
}

int buildoutput_push(struct buildjob *j, const struct strv *names, struct err *e)
{
	const struct build_view *v = j->view;
	struct pushing p = { j, ++j->shown };
	int r = 0;

	if (!names->len)
		return err_set(e, -EINVAL, "there is no name to push: give one by -t");
	v->begin(v->arg, p.n, "pushing");
	for (size_t i = 0; r == 0 && i < names->len; i++)
		r = push_one(&p, names->v[i], e);
	v->end(v->arg, p.n, r < 0 ? "ERROR" : "DONE");
	return r;
}

/* Its files are the caller's own, or, in an archive, as they are. */
static int write_files(struct buildjob *j, const struct buildjob_stage *st, bool tar,
		       int fd, struct err *e)
{
	autofree char *scratch = buildjob_scratch(j, e);
	autostrv layers = { 0 };
	struct buildcopy_source from = {
		.fd = -1, .layers = &layers, .path = (char *)"/", .literal = true
	};
	const struct buildcopy c = { .store = j->store,
				     .realm_pidfd = j->realm.pidfd,
				     .sources = &from,
				     .sources_len = 1,
				     .source_scratch = scratch,
				     .path = "/" };

	if (!scratch)
		return e->code;
	buildjob_layers(j, st->compose, &layers);
	return tar ? buildcopy_tar(&c, fd, e) : buildcopy_out(&c, fd, e);
}

static int write_folder(struct buildjob *j, const struct buildjob_stage *st,
			const char *dest, struct err *e)
{
	int r = file_mkdirs(dest, 0755);

	if (r < 0)
		return err_code(e, r, "make '%s'", dest);
	autoclose int fd = open(dest, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open '%s'", dest) : write_files(j, st, false, fd, e);
}

/* Beside the file, which it becomes when it is whole. */
static int write_file(struct buildjob *j, const struct buildjob_stage *st,
		      const struct buildoutput *o, const struct strv *what, struct err *e)
{
	bool out = str_eq(o->dest, "-");
	autofree char *temp = str_fmt("%s.rootless-%d", o->dest, (int)getpid());
	autoclose int fd =
		out ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
		    : open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int r;

	if (fd < 0)
		return err_sys(e, "write '%s'", o->dest);
	if (out && isatty(fd))
		return err_set(e, -EINVAL,
			       "the archive is not written to a terminal: use dest=FILE");
	r = o->type == BUILDOUTPUT_TAR ? write_files(j, st, true, fd, e)
				       : imagefile_save(j->store, what, fd, e);
	if (out)
		return r < 0 ? r : 0;
	if (r >= 0 && rename(temp, o->dest))
		r = err_sys(e, "write '%s'", o->dest);
	if (r < 0)
		unlink(temp);
	return r < 0 ? r : 0;
}

int buildoutput_run(struct buildjob *j, const struct buildjob_stage *st,
		    const struct buildoutput *o, const struct build_result *image,
		    struct err *e)
{
	const struct build_view *v = j->view;
	autofree char *title = str_fmt("exporting to %s",
				       o->type == BUILDOUTPUT_ARCHIVE ? "image archive"
				       : o->type == BUILDOUTPUT_TAR   ? "archive"
								      : "folder");
	char text[DIGEST_TEXT_MAX];
	autostrv what = { 0 };
	unsigned n;
	int r;

	if (o->type == BUILDOUTPUT_IMAGE)
		return o->push ? buildoutput_push(j, &image->names, e) : 0;
	strv_addv(&what, strv_view(&image->names));
	if (!what.len && image->is_image)
		strv_add(&what, digest_text(text, &image->id));
	n = ++j->shown;
	v->begin(v->arg, n, title);
	r = o->type == BUILDOUTPUT_LOCAL ? write_folder(j, st, o->dest, e)
					 : write_file(j, st, o, &what, e);
	v->end(v->arg, n, r < 0 ? "ERROR" : "DONE");
	return r;
}
