/* SPDX-License-Identifier: Apache-2.0 */
/* Adding up. */
#include "core/engine/diskusage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/str.h"
#include "core/engine/measure.h"
#include "core/store/layer.h"
#include "core/store/reach.h"

void diskusage_done(struct diskusage *u)
{
	for (size_t i = 0; i < u->images.total && u->image; i++)
		image_done(&u->image[i]);
	for (size_t i = 0; i < u->containers.total && u->container; i++)
		container_done(&u->container[i]);
	volume_list_done(u->volume, u->volumes.total);
	free(u->image);
	free(u->container);
	free(u->shared);
	free(u->holders);
	free(u->written);
	free(u->content);
	free(u->links);
	strv_done(&u->layer);
	free(u->layer_size);
	free(u->layer_made);
	*u = (struct diskusage){ 0 };
}

static uint64_t layer_size(const struct store *s, const char *hex)
{
	autofree char *text = str_fmt("sha256:%s", hex);
	struct layer l = { 0 };
	struct digest d;

	return digest_parse(text, &d) || layer_read(s, &d, &l, NULL) < 0 ? 0 : l.size;
}

static size_t count(const struct strv *v, const char *item)
{
	size_t n = 0;

	for (size_t i = 0; i < v->len; i++)
		n += str_eq(v->v[i], item);
	return n;
}

static size_t count_holders(const struct diskusage *u, const struct image *image)
{
	char id[DIGEST_TEXT_MAX];
	size_t n = 0;

	digest_text(id, &image->id);
	for (size_t i = 0; i < u->containers.total; i++) {
		const char *of = NULL;
		json_get_str(yyjson_doc_get_root(u->container[i].record), "Image", &of,
			     NULL);
		n += of && str_eq(of, id);
	}
	return n;
}

/* It is renamed into place when it is whole, and not changed after. */
static int64_t layer_made(const struct store *s, const char *chain)
{
	autofree char *path = str_fmt("layers/%s", chain);
	struct stat st;

	if (fstatat(s->data_fd, path, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

/* Layers that neither an image nor a container has: what builds remember. */
static void add_cache(const struct store *s, struct diskusage *u, struct strv *seen)
{
	autostrv all = { 0 };

	for (size_t i = 0; i < u->containers.total; i++) {
		yyjson_val *record = yyjson_doc_get_root(u->container[i].record);

		json_get_strv(record, "LayerChain", seen, NULL);
		json_get_strv(record, "MountChain", seen, NULL);
	}
	layer_list(s, &all, NULL);
	u->layer_size = mem_array(all.len, sizeof(*u->layer_size));
	u->layer_made = mem_array(all.len, sizeof(*u->layer_made));
	for (size_t i = 0; i < all.len; i++) {
		size_t n = u->cache.total;

		if (strv_has(seen, all.v[i]))
			continue;
		strv_add(&u->layer, all.v[i]);
		u->layer_size[n] = layer_size(s, all.v[i]);
		u->layer_made[n] = layer_made(s, all.v[i]);
		u->cache.size += u->layer_size[n];
		u->cache.total++;
	}
	u->cache.reclaimable = u->cache.size;
}

/* Each layer counts once, however many images have it. */
static int add_images(const struct store *s, struct diskusage *u, struct err *e)
{
	size_t n = u->images.total;
	struct strv *chains = mem_array(n, sizeof(*chains));
	autostrv all = { 0 }, active = { 0 }, seen = { 0 };
	int r = 0;

	u->shared = mem_array(n, sizeof(*u->shared));
	u->holders = mem_array(n, sizeof(*u->holders));
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = reach_tag(s, &u->image[i].tag, NULL, &chains[i], e);
		u->holders[i] = count_holders(u, &u->image[i]);
		u->images.active += u->holders[i] > 0;
		strv_addv(&all, strv_view(&chains[i]));
		if (u->holders[i])
			strv_addv(&active, strv_view(&chains[i]));
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < chains[i].len; k++) {
			const char *chain = chains[i].v[k];
			uint64_t size = layer_size(s, chain);
			u->shared[i] += count(&all, chain) > 1 ? size : 0;
			if (strv_has(&seen, chain))
				continue;
			strv_add(&seen, chain);
			u->images.size += size;
			u->images.reclaimable += strv_has(&active, chain) ? 0 : size;
		}
		strv_done(&chains[i]);
	}
	free(chains);
	if (r == 0)
		add_cache(s, u, &seen);
	return r;
}

static bool is_active(const struct container *c)
{
	return c->state.status == STATE_RUNNING || c->state.status == STATE_PAUSED ||
	       c->state.status == STATE_RESTARTING;
}

static void add_containers(struct diskusage *u)
{
	for (size_t i = 0; i < u->containers.total; i++) {
		bool active = is_active(&u->container[i]);
		u->containers.active += active;
		u->containers.size += u->written[i];
		u->containers.reclaimable += active ? 0 : u->written[i];
	}
}

static void add_volumes(struct diskusage *u, const struct strv *used)
{
	for (size_t i = 0; i < u->volumes.total; i++) {
		u->links[i] = count(used, u->volume[i].name);
		u->volumes.active += u->links[i] > 0;
		u->volumes.size += u->content[i];
		u->volumes.reclaimable += u->links[i] ? 0 : u->content[i];
	}
}

/* What was copied of the images' layers for other ID maps (remap.h). */
static void add_maps(const struct store *s, struct strv *paths)
{
	autostrv all = { 0 };

	layer_list(s, &all, NULL);
	for (size_t i = 0; i < all.len; i++) {
		autofree char *path = str_fmt("%s/layers/%s/maps", s->data, all.v[i]);

		if (faccessat(AT_FDCWD, path, F_OK, 0) == 0)
			strv_push(paths, TAKE_PTR(path));
	}
}

/* All trees in one trip. */
static void measure(const struct store *s, struct diskusage *u)
{
	size_t nc = u->containers.total, nv = u->volumes.total;
	autostrv paths = { 0 };

	for (size_t i = 0; i < nc; i++)
		strv_addf(&paths, "%s/containers/%s/upper", s->data, u->container[i].id);
	for (size_t i = 0; i < nv; i++)
		strv_push(&paths, volume_path(s, u->volume[i].name));
	add_maps(s, &paths);
	autofree uint64_t *sizes = mem_array(paths.len, sizeof(*sizes));
	measure_trees(s, &paths, sizes);
	u->written = mem_array(nc, sizeof(*sizes));
	u->content = mem_array(nv, sizeof(*sizes));
	u->links = mem_array(nv, sizeof(*u->links));
	for (size_t i = 0; i < nc; i++)
		u->written[i] = sizes[i];
	for (size_t i = 0; i < nv; i++)
		u->content[i] = sizes[nc + i];
	for (size_t i = nc + nv; i < paths.len; i++)
		u->images.size += sizes[i];
}

int diskusage_take(const struct store *s, struct diskusage *ret, struct err *e)
{
	autodone(diskusage_done) struct diskusage u = { 0 };
	autostrv used = { 0 };
	int r = container_list(s, &u.container, &u.containers.total, e);

	if (r < 0 || (r = image_list(s, &u.image, &u.images.total, e)) < 0 ||
	    (r = volume_list(s, &u.volume, &u.volumes.total, e)) < 0 ||
	    (r = volume_used(s, &used, e)) < 0)
		return r;
	measure(s, &u);
	if ((r = add_images(s, &u, e)) < 0)
		return r;
	add_containers(&u);
	add_volumes(&u, &used);
	*ret = u;
	u = (struct diskusage){ 0 };
	return 0;
}
