/* SPDX-License-Identifier: Apache-2.0 */
/* docker save and docker load. */
#include "core/engine/imagefile.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/image.h"
#include "core/engine/realm.h"
#include "core/engine/welcome.h"
#include "core/image/archive.h"

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
	return r;
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
	return archive_save(s, picked, len, fd, e);
}
