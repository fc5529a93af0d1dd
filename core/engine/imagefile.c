/* SPDX-License-Identifier: Apache-2.0 */
/* docker save and docker load. */
#include "core/engine/imagefile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/image.h"
#include "core/engine/news.h"
#include "core/engine/realm.h"
#include "core/engine/welcome.h"
#include "core/image/archive.h"

/* Docker names the image by its ID in both. */
static void tell(const struct store *s, const char *action, const char *what)
{
	autodone(image_done) struct image i = { 0 };
	char id[DIGEST_TEXT_MAX];

	if (image_open(s, what, &i, NULL) >= 0)
		news_image(s, action, &i.id, digest_text(id, &i.id), &i.config.labels);
}

int imagefile_load(const struct store *s, const struct config *cfg, int fd,
		   pull_progress_fn *progress, void *arg, struct strv *ret_names,
		   struct err *e)
{
	struct pull_options o = { .progress = progress, .progress_arg = arg };
	struct realm realm;
	int r;

	r = realm_open(s, &realm, e);
	if (r < 0)
		return r;
	o.realm_pidfd = realm.pidfd;
	o.registry = cfg ? &cfg->registry : NULL;
	r = archive_load(s, fd, &o, ret_names, e);
	realm_done(&realm);
	for (size_t n = 0; n < ret_names->len; n++)
		tell(s, "load", ret_names->v[n]);
	return r;
}

/* --- references to archives --------------------------------------------------------- */

/* The path inside what, malloc'd, or NULL. *ret_name points behind ":NAME", or is NULL.
 */
static char *path_of(const char *what, const char **ret_name)
{
	static const char *const kinds[] = { "oci:", "oci-archive:", "docker-archive:" };
	const char *path = NULL;

	for (size_t n = 0; n < ARRAY_LEN(kinds); n++)
		if (str_starts(what, kinds[n]))
			path = what + strlen(kinds[n]);
	*ret_name = NULL;
	if (!path || !*path)
		return NULL;
	if (access(path, F_OK) == 0)
		return str_dup(path);
	/* the first part that is there: "/a/b.tar:nginx:latest" */
	for (const char *c = strchr(path, ':'); c; c = strchr(c + 1, ':')) {
		autofree char *part = str_ndup(path, (size_t)(c - path));

		if (*part && access(part, F_OK) == 0) {
			*ret_name = c + 1;
			return TAKE_PTR(part);
		}
	}
	return strpbrk(path, "/") == path || path[0] == '.' ? str_dup(path) : NULL;
}

bool imagefile_is_name(const char *what)
{
	const char *name;
	autofree char *path = path_of(what, &name);

	return path != NULL;
}

/* Are all these names of one image? */
static bool same_image(const struct store *s, const struct strv *names)
{
	autodone(tags_done) struct tags all = { 0 };
	size_t first, at;

	if (tag_list(s, &all, NULL) < 0 ||
	    image_find(&all, names->v[0], &first, NULL) < 0)
		return false;
	for (size_t n = 1; n < names->len; n++)
		if (image_find(&all, names->v[n], &at, NULL) < 0 ||
		    !digest_eq(&all.v[at].image_id, &all.v[first].image_id))
			return false;
	return true;
}

/* Does the loaded name answer to what was asked for, wholly or by its tag? */
static bool answers(const char *loaded, const char *name)
{
	const char *colon = strrchr(loaded, ':');
	autofree char *latest = str_fmt("%s:latest", name);

	return str_eq(loaded, name) || str_eq(loaded, latest) ||
	       (colon && str_eq(colon + 1, name));
}

int imagefile_take(const struct store *s, const struct config *cfg, const char *what,
		   char **ret_name, struct err *e)
{
	const char *name, *found = NULL;
	autofree char *path = path_of(what, &name);
	autostrv names = { 0 };
	int r;

	if (!path)
		return err_set(e, -ENOENT, "'%s' names no archive that is there", what);
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open '%s'", path);
	r = imagefile_load(s, cfg, fd, NULL, NULL, &names, e);
	if (r < 0)
		return err_wrap(e, "'%s'", path);
	for (size_t n = 0; n < names.len && !found; n++)
		if (!name || answers(names.v[n], name))
			found = names.v[n];
	if (!found)
		return err_set(e, -ENOENT, "'%s' holds no image '%s'", path, name);
	if (!name && names.len > 1 && !same_image(s, &names))
		return err_set(e, -EINVAL,
			       "'%s' holds %zu images: say which, as in '%s:%s'", path,
			       names.len, what, names.v[0]);
	*ret_name = str_dup(found);
	return 0;
}

/* Has the text a tag or a digest of its own? */
static bool has_tag(const char *text)
{
	const char *slash = strrchr(text, '/');

	return strpbrk(slash ? slash : text, ":@") != NULL;
}

/* Which entries one operand of save means; appended as indexes. */
static int select_saved(const struct tags *all, const char *what, size_t *v, size_t *len,
			struct err *e)
{
	struct reference r = { 0 };
	size_t at, before = *len;
	int bad;

	if (!has_tag(what) && !reference_parse(what, &r, NULL)) {
		autofree char *prefix = str_fmt("%s/%s:", r.registry, r.repository);

		for (size_t n = 0; n < all->len; n++)
			if (all->v[n].name && str_starts(all->v[n].name, prefix))
				v[(*len)++] = n;
	}
	reference_done(&r);
	if (*len > before)
		return 0;
	bad = image_find(all, what, &at, e);
	if (bad < 0)
		return bad;
	v[(*len)++] = at;
	return 0;
}

int imagefile_save(const struct store *s, const struct strv *names, int fd, struct err *e)
{
	autodone(tags_done) struct tags all = { 0 };
	autofree const struct tag **picked = NULL;
	autofree struct tag *copies = NULL;
	autofree size_t *at = NULL;
	size_t len = 0;
	int r;

	r = tag_list(s, &all, e);
	if (r < 0)
		return r;
	at = mem_array(all.len * names->len + names->len, sizeof(*at));
	copies = mem_array(all.len * names->len + names->len, sizeof(*copies));
	picked = mem_array(all.len * names->len + names->len, sizeof(*picked));
	for (size_t n = 0; n < names->len; n++) {
		const char *what = names->v[n], *embedded = welcome_reference(what);
		size_t before = len;
		const char *hex = str_starts(what, "sha256:") ? what + 7 : what;

		r = select_saved(&all, embedded ? embedded : what, at, &len, e);
		if (r < 0)
			return r;
		for (size_t k = before; k < len; k++) {
			char id[DIGEST_TEXT_MAX];

			copies[k] = all.v[at[k]];
			/* Asked for by its ID, it is saved without a name. */
			if (str_starts(digest_hex(id, &copies[k].image_id), hex))
				copies[k].name = NULL;
			picked[k] = &copies[k];
		}
	}
	r = archive_save(s, picked, len, fd, e);
	for (size_t n = 0; r >= 0 && n < len; n++) {
		char id[DIGEST_TEXT_MAX];
		tell(s, "save", digest_text(id, &picked[n]->image_id));
	}
	return r;
}
