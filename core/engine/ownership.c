/* SPDX-License-Identifier: Apache-2.0 */
/* Owners beyond the user's IDs, in maps. */
#include "core/engine/ownership.h"

#include <fcntl.h>

#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/ns/userns.h"
#include "core/runtime/bundle.h"
#include "core/runtime/mapping.h"

int ownership_of_layers(const struct strv *folders, struct owners *io, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < folders->len; i++) {
		autofree char *around = path_dir(folders->v[i]);

		r = owners_read(AT_FDCWD, around, io, e);
	}
	return r;
}

void ownership_apply(const struct owners *o, bool keep, struct idmap *uid,
		     struct idmap *gid)
{
	uint32_t uids = idmap_count(uid), gids = idmap_count(gid);

	for (size_t i = 0; i < o->len; i++) {
		const struct owners_line *l = &o->v[i];
		struct idmap *m = l->group ? gid : uid;

		/* The user may have lost IDs since. */
		if (l->slot < (l->group ? gids : uids) && !(keep && idmap_has(m, l->id)))
			idmap_lend(m, l->id, l->slot);
	}
}

static void copy_map(const struct idmap *from, struct idmap *to)
{
	*to = (struct idmap){ mem_array(from->len, sizeof(*to->extents)), from->len };
	if (from->len)
		memcpy(to->extents, from->extents, from->len * sizeof(*to->extents));
}

void ownership_of_files(const struct owners *o, const struct idmap *uid,
			const struct idmap *gid, struct idmap *ret_uid,
			struct idmap *ret_gid)
{
	copy_map(uid, ret_uid);
	copy_map(gid, ret_gid);
	for (size_t i = 0; i < o->len; i++) {
		const struct owners_line *l = &o->v[i];
		int64_t out = idmap_out(l->group ? gid : uid, l->id);

		if (out >= 0)
			idmap_point(l->group ? ret_gid : ret_uid, l->slot, (uint32_t)out);
	}
}

int ownership_lend(const struct store *s, int dirfd, const struct realm *realm,
		   const int64_t ids[2], struct err *e)
{
	int r = 0;

	for (int i = 0; r == 0 && i < 2; i++) {
		const struct owners_want w = {
			.id = (uint32_t)ids[i],
			.count = idmap_count(i ? &realm->gid : &realm->uid),
			.group = i == 1,
		};
		uint32_t slot;

		if (ids[i] >= 0 && w.count > 1 && !owners_plain(w.id, w.count))
			r = owners_lend(s, dirfd, &w, &slot, e);
	}
	return r;
}

/* --- the view ------------------------------------------------------------------------
 */

/* own: what the realm has, as its own inside IDs. */
static int make_view(const struct store *s, const struct idmap own[2],
		     struct idmap ret[2], struct err *e)
{
	autodone(owners_done) struct owners all = { 0 };
	struct idmap view[2] = { { 0 }, { 0 } };
	int r = owners_all(s, &all, e);

	if (r < 0 || !all.len)
		return r;
	for (int i = 0; i < 2; i++)
		idmap_identity(&own[i], &view[i]);
	ownership_apply(&all, false, &view[0], &view[1]);
	for (int i = 0; i < 2; i++) {
		if (r == 0 && (r = idmap_fit(&view[i], &own[i], &ret[i])) < 0)
			err_code(e, r, "make an ID map");
		idmap_done(&view[i]);
	}
	return r;
}

int ownership_view(const struct store *s, const struct realm *realm,
		   struct idmap *ret_uid, struct idmap *ret_gid, struct err *e)
{
	const struct idmap own[2] = { realm->uid, realm->gid };
	struct idmap view[2] = { { 0 }, { 0 } };
	int r = make_view(s, own, view, e);

	*ret_uid = view[0];
	*ret_gid = view[1];
	return r;
}

int ownership_enter(const struct store *s, struct err *e)
{
	struct idmap own[2] = { { 0 }, { 0 } }, view[2] = { { 0 }, { 0 } };
	int r = mapping_read(0, "uid_map", &own[0], e);

	if (r == 0)
		r = mapping_read(0, "gid_map", &own[1], e);
	if (r == 0)
		r = make_view(s, own, view, e);
	if (r == 0 && view[0].len)
		r = userns_enter(&view[0], &view[1], e);
	for (int i = 0; i < 2; i++) {
		idmap_done(&own[i]);
		idmap_done(&view[i]);
	}
	return r;
}

int ownership_of_container(const struct container *c, const struct realm *realm,
			   struct idmap *ret_uid, struct idmap *ret_gid, struct err *e)
{
	autodone(bundle_done) struct bundle b = { 0 };
	autodone(idmap_done) struct idmap u = { 0 }, g = { 0 };
	int r = bundle_read(c->dirfd, NULL, &b, e);

	if (r < 0 || !b.config.uid_maps_len || !b.config.gid_maps_len)
		return r;
	mapping_from_config(b.config.uid_maps, b.config.uid_maps_len, &u);
	mapping_from_config(b.config.gid_maps, b.config.gid_maps_len, &g);
	r = idmap_fit(&u, &realm->uid, ret_uid);
	if (r == 0)
		r = idmap_fit(&g, &realm->gid, ret_gid);
	return r < 0 ? err_code(e, r, "container %.12s: its ID map", c->id) : 0;
}
