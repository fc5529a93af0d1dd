/* SPDX-License-Identifier: Apache-2.0 */
/* Finding named devices in the specs of this host. */
#include "core/engine/cdidevice.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"

#define FILES_MAX 1000

/* A folder's files come one after another. */
struct source {
	char *path;
	size_t folder;
};

struct search {
	struct cdidevice *d;
	struct strv folders;
	struct source *sources; /* as many as d->files */
	struct strv broken;     /* why files could not be read */
	char *yaml;             /* a file that is not read */
};

static void search_done(struct search *x)
{
	for (size_t i = 0; x->sources && i < x->d->files_len; i++)
		free(x->sources[i].path);
	free(x->sources);
	free(x->yaml);
	strv_done(&x->folders);
	strv_done(&x->broken);
}

/* Later ones win. */
static void list_folders(struct strv *ret)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	strv_add(ret, "/etc/cdi");
	strv_add(ret, "/var/run/cdi");
	if (!str_empty(xdg))
		strv_push(ret, path_join(xdg, "cdi"));
	else if (!str_empty(home))
		strv_push(ret, path_join(home, ".config/cdi"));
}

static void read_spec(struct search *x, size_t folder, const char *path)
{
	struct cdidevice *d = x->d;
	autobuf text = { .max = CDI_MAX };
	struct cdi c = { 0 };
	struct err e = { 0 };
	int r = file_read(AT_FDCWD, path, CDI_MAX, &text);

	if (r < 0)
		err_code(&e, r, "cannot be read");
	else
		r = cdi_parse(text.data, text.len, &c, &e);
	if (r < 0) {
		strv_addf(&x->broken, "'%s': %s", path, e.text);
		return;
	}
	d->files = mem_resize(d->files, d->files_len + 1, sizeof(*d->files));
	x->sources = mem_resize(x->sources, d->files_len + 1, sizeof(*x->sources));
	x->sources[d->files_len] = (struct source){ str_dup(path), folder };
	d->files[d->files_len++] = c;
}

static void read_folder(struct search *x, size_t folder)
{
	autostrv names = { 0 };
	DIR *dir = opendir(x->folders.v[folder]);

	if (!dir) {
		if (errno != ENOENT)
			strv_addf(&x->broken, "'%s': %s", x->folders.v[folder],
				  strerror(errno));
		return;
	}
	for (struct dirent *de; (de = readdir(dir)) && names.len < FILES_MAX;)
		strv_add(&names, de->d_name);
	closedir(dir);
	strv_sort(&names);
	for (size_t i = 0; i < names.len; i++) {
		autofree char *path = path_join(x->folders.v[folder], names.v[i]);

		if (str_ends(path, ".json"))
			read_spec(x, folder, path);
		else if (str_ends(path, ".yaml") || str_ends(path, ".yml"))
			str_set(&x->yaml, path);
	}
}

/* --- one name ------------------------------------------------------------------------
 */

static const struct cdi_device *in_file(const struct cdi *c, const char *kind,
					const char *name)
{
	if (!str_eq(c->kind, kind))
		return NULL;
	for (size_t i = 0; i < c->devices_len; i++)
		if (str_eq(c->devices[i].name, name))
			return &c->devices[i];
	return NULL;
}

static void take_edits(struct cdidevice *d, const struct cdi_edits *x)
{
	for (size_t i = 0; i < d->edits_len; i++)
		if (d->edits[i] == x)
			return; /* once is enough */
	d->edits = mem_resize(d->edits, d->edits_len + 1, sizeof(*d->edits));
	d->edits[d->edits_len++] = x;
}

/* 1, 0 (not there), -errno. */
static int take_device(struct search *x, const char *kind, const char *name,
		       struct err *e)
{
	const struct cdi_device *found = NULL;
	size_t at = 0;

	for (size_t i = x->d->files_len; i-- > 0;) {
		const struct cdi_device *here = in_file(&x->d->files[i], kind, name);

		if (here && found && x->sources[i].folder == x->sources[at].folder)
			return err_set(
				e, -EEXIST, "CDI device '%s=%s' is in both '%s' and '%s'",
				kind, name, x->sources[i].path, x->sources[at].path);
		if (here && !found) {
			found = here;
			at = i;
		}
	}
	if (!found)
		return 0;
	take_edits(x->d, &x->d->files[at].edits);
	take_edits(x->d, &found->edits);
	return 1;
}

/* "all" that no file has as a name: every one of the kind. */
static int take_all(struct search *x, const char *kind, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < x->d->files_len; i++) {
		const struct cdi *c = &x->d->files[i];

		for (size_t n = 0; r >= 0 && n < c->devices_len; n++)
			if (str_eq(c->kind, kind))
				r = take_device(x, kind, c->devices[n].name, e);
	}
	return r;
}

static int not_found(const struct search *x, const char *name, struct err *e)
{
	autofree char *folders = strv_join(&x->folders, ", ");
	autobuf why = { 0 };

	if (x->broken.len)
		buf_addf(&why, "; %s", x->broken.v[0]);
	if (x->yaml)
		buf_addf(&why,
			 "; '%s' is not read: specs must be JSON ('nvidia-ctk cdi "
			 "generate --format=json' writes that)",
			 x->yaml);
	return err_set(e, -ENOENT, "unresolvable CDI device '%s': no spec in %s has it%s",
		       name, folders, buf_str(&why));
}

static int take_name(struct search *x, const char *text, struct err *e)
{
	const char *eq = strchr(text, '=');
	autofree char *kind = str_ndup(text, (size_t)(eq - text));
	int r = take_device(x, kind, eq + 1, e);

	if (r == 0 && str_eq(eq + 1, "all"))
		r = take_all(x, kind, e);
	return r == 0 ? not_found(x, text, e) : r;
}

/* --- all of them ---------------------------------------------------------------------
 */

static void gpu_names(const struct spec *s, struct strv *ret)
{
	if (s->gpu_count < 0)
		strv_add(ret, SPEC_GPU_KIND "=all");
	for (int64_t i = 0; i < s->gpu_count; i++)
		strv_addf(ret, SPEC_GPU_KIND "=%lld", (long long)i);
	for (size_t i = 0; i < s->gpu_ids.len; i++)
		strv_addf(ret, SPEC_GPU_KIND "=%s", s->gpu_ids.v[i]);
}

static int take_names(struct search *x, const struct spec *spec, struct err *e)
{
	autostrv gpus = { 0 };
	int r = 0;

	if (spec->gpus)
		gpu_names(spec, &gpus);
	for (size_t i = 0; r >= 0 && i < gpus.len; i++)
		r = take_name(x, gpus.v[i], e);
	if (r < 0)
		return err_wrap(e, "--gpus");
	for (size_t i = 0; r >= 0 && i < spec->cdi.len; i++)
		r = take_name(x, spec->cdi.v[i], e);
	return r < 0 ? r : 0;
}

int cdidevice_find(const struct spec *spec, struct cdidevice *ret, struct err *e)
{
	autodone(search_done) struct search x = { .d = ret };

	if (!spec->cdi.len && !spec->gpus)
		return 0;
	list_folders(&x.folders);
	for (size_t i = 0; i < x.folders.len; i++)
		read_folder(&x, i);
	for (size_t i = 0; i < x.broken.len; i++)
		strv_addf(&ret->warnings, "CDI spec left out: %s", x.broken.v[i]);
	return take_names(&x, spec, e);
}

void cdidevice_done(struct cdidevice *d)
{
	for (size_t i = 0; i < d->files_len; i++)
		cdi_done(&d->files[i]);
	free(d->files);
	free(d->edits);
	strv_done(&d->warnings);
	*d = (struct cdidevice){ 0 };
}
