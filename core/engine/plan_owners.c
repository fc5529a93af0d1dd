/* SPDX-License-Identifier: Apache-2.0 */
/* Owners beyond the user's IDs, in a plan. */
#include "core/engine/plan_owners.h"

#include <errno.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/borrow.h"
#include "core/engine/keepid.h"
#include "core/engine/ownership.h"
#include "core/engine/remap.h"

/* From the host's maps to the container's, which are the identity so far. */
static void own_maps(struct plan *p)
{
	struct idmap uid = { 0 }, gid = { 0 };

	idmap_identity(&p->uid, &uid);
	idmap_identity(&p->gid, &gid);
	idmap_done(&p->uid);
	idmap_done(&p->gid);
	p->uid = uid;
	p->gid = gid;
	p->maps_differ = true;
}

static int of_image(const struct store *s, const char *name, struct owners *io,
		    struct err *e)
{
	autodone(image_done) struct image image = { 0 };
	int r = image_open(s, name, &image, e);

	for (size_t n = 1; r == 0 && n <= image.config.diff_ids_len; n++) {
		struct digest chain;
		char hex[DIGEST_TEXT_MAX];

		imageconfig_chain_id(image.config.diff_ids, n, &chain);
		r = owners_read(s->layers_fd, digest_hex(hex, &chain), io, e);
	}
	return r;
}

static int of_mounts(const struct store *s, const struct spec *spec, struct owners *io,
		     struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->mounts_len; i++) {
		const struct spec_mount *m = &spec->mounts[i];
		autofree char *folder = NULL;

		if (m->type == SPEC_IMAGE)
			r = of_image(s, m->source, io, e);
		if (m->type != SPEC_VOLUME || str_empty(m->source))
			continue;
		folder = str_fmt("volumes/%s", m->source);
		r = owners_read(s->data_fd, folder, io, e);
	}
	return r;
}

/* The owners of what the container will see. */
int plan_owners_find(const struct store *s, struct plan *p, struct err *e)
{
	const struct spec *spec = p->spec;
	int r = spec->rootfs ? 0 : ownership_of_layers(&p->layers, &p->owners, e);

	if (r == 0)
		r = of_mounts(s, spec, &p->owners, e);
	for (size_t i = 0; r == 0 && i < spec->volumes_from.len; i++) {
		autodone(spec_done) struct spec borrowed = { 0 };

		spec_init(&borrowed);
		r = borrow_mounts(s, spec->volumes_from.v[i], &borrowed, e);
		if (r == 0)
			r = of_mounts(s, &borrowed, &p->owners, e);
	}
	if (r < 0 || !p->owners.len)
		return r;
	if (!p->maps_differ)
		own_maps(p);
	ownership_apply(&p->owners, keepid_is(spec->userns), &p->uid, &p->gid);
	return 0;
}

int plan_owners_lend(const struct store *s, struct plan *p, const struct owners_want *w,
		     struct err *e)
{
	struct owners_line l;
	int r = 0;

	if (w->count <= 1)
		return -EOVERFLOW;
	if (p->owners_fd <= 0 && (r = p->owners_fd = owners_lock(s, e)) < 0)
		return r;
	if ((r = owners_pick(s, &p->owners, w, &l, e)) < 0)
		return r;
	if (!p->maps_differ)
		own_maps(p);
	idmap_lend(w->group ? &p->gid : &p->uid, l.id, l.slot);
	owners_add(&p->owners, &l);
	return 0;
}

void plan_owners_files(const struct plan *p, struct idmap *ret_uid, struct idmap *ret_gid)
{
	ownership_of_files(&p->owners, &p->uid, &p->gid, ret_uid, ret_gid);
}

int plan_owners_remap(const struct store *s, struct plan *p, const struct copyup_ids *ids,
		      struct err *e)
{
	/* A folder given by --rootfs is as it is. */
	if (!p->maps_differ || !p->layers.len || p->spec->rootfs ||
	    (idmap_out(&p->uid, 0) == 0 && idmap_out(&p->gid, 0) == 0))
		return 0;
	return remap_layers(s, ids->uid, ids->gid, &p->layers, &p->mapped,
			    &p->mapped_meta, e);
}

int plan_owners_tell(const struct store *s, struct plan *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && p->owners.len && i < p->mounts.len; i++) {
		autodone(owners_done) struct owners o = { 0 };
		autofree char *folder = NULL;

		if (!p->mounts.v[i].volume)
			continue;
		if (p->owners_fd <= 0 && (r = p->owners_fd = owners_lock(s, e)) < 0)
			return r;
		folder = str_fmt("volumes/%s", p->mounts.v[i].volume);
		r = owners_read(s->data_fd, folder, &o, e);
		size_t had = o.len;
		owners_merge(&o, &p->owners);
		if (r == 0 && o.len > had)
			r = owners_write(s->data_fd, folder, &o, e);
	}
	return r < 0 ? r : 0;
}

void plan_owners_done(struct plan *p)
{
	owners_done(&p->owners);
	if (p->owners_fd > 0)
		p->owners_fd = fd_close(p->owners_fd);
}
