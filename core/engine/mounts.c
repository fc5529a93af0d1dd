/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the sources of mounts, and writing them down for runtime and inspect. */
#include "core/engine/mounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/borrow.h"
#include "core/engine/image.h"
#include "core/engine/remap.h"
#include "core/engine/sharing.h"
#include "core/engine/volume.h"
#include "core/runtime/mounting.h"
#include "core/store/layer.h"

static void item_done(struct mounts_item *i)
{
	free(i->source);
	free(i->volume);
	free(i->target);
	free(i->from);
	free(i->subpath);
	free(i->options);
	free(i->propagation);
}

void mounts_done(struct mounts *m)
{
	for (size_t i = 0; i < m->len; i++)
		item_done(&m->v[i]);
	free(m->v);
	strv_done(&m->chain);
	*m = (struct mounts){ 0 };
}

void mounts_undo(const struct store *s, struct mounts *m)
{
	for (size_t i = 0; i < m->len; i++)
		if (m->v[i].made)
			volume_remove(s, m->v[i].volume, NULL);
}

static const struct mounts_item *find(const struct mounts *m, const char *target)
{
	for (size_t i = 0; i < m->len; i++)
		if (str_eq(m->v[i].target, target))
			return &m->v[i];
	return NULL;
}

static struct mounts_item *add(struct mounts *m, enum spec_mount_type type,
			       const char *target)
{
	m->v = mem_resize(m->v, m->len + 1, sizeof(*m->v));
	m->v[m->len] = (struct mounts_item){ .type = type, .target = str_dup(target) };
	return &m->v[m->len++];
}

static char *bind_options(const struct spec_mount *sm, struct mounts_item *i)
{
	autostrv o = { 0 };

	str_set(&i->propagation, sm->propagation ? sm->propagation : "rprivate");

	strv_add(&o, sm->non_recursive ? "bind" : "rbind");
	strv_add(&o, i->propagation);
	strv_addv(&o, strv_view(&sm->options));
	if (i->read_only)
		strv_add(&o, "ro");
	if (i->subpath)
		strv_addf(&o, MOUNTING_SUBPATH "%s", i->subpath);
	return strv_join(&o, ",");
}

static int bind_source(const struct spec_mount *sm, struct mounts_item *i, struct err *e)
{
	struct stat st;
	int r;

	i->source = str_dup(sm->source);
	i->options = bind_options(sm, i);
	if (!stat(sm->source, &st))
		return 0;
	if (errno != ENOENT)
		return err_sys(e, "bind source '%s'", sm->source);
	if (!sm->create_source)
		return err_set(
			e, -EINVAL,
			"invalid mount config for type \"bind\": bind source path does "
			"not exist: %s",
			sm->source);
	r = file_mkdirs(sm->source, 0755);
	return r < 0 ? err_code(e, r, "make bind source '%s'", sm->source) : 0;
}

static void tmpfs_options(const struct spec_mount *sm, struct mounts_item *i)
{
	autostrv o = { 0 };

	/* docker's defaults; what is given comes after and wins. */
	strv_add(&o, "noexec");
	strv_add(&o, "nosuid");
	strv_add(&o, "nodev");
	strv_addv(&o, strv_view(&sm->options));
	if (i->read_only)
		strv_add(&o, "ro");
	if (sm->tmpfs_size)
		strv_addf(&o, "size=%llu", (unsigned long long)sm->tmpfs_size);
	if (sm->tmpfs_mode >= 0)
		strv_addf(&o, "mode=%llo", (unsigned long long)sm->tmpfs_mode);
	i->options = strv_join(&o, ",");
}

/* A volume with driver options. */
static int volume_kind(const struct spec_mount *sm, const struct spec_mount *own,
		       struct mounts_item *i, struct err *e)
{
	i->read_only |= own->read_only;
	if (own->type == SPEC_BIND) {
		i->kind = "bind";
		i->from = str_dup(own->source);
		i->options = bind_options(own, i);
		return access(own->source, F_OK) ? err_sys(e, "volume '%s': device '%s'",
							   i->volume, own->source)
						 : 0;
	}
	if (sm->subpath)
		return err_set(e, -EOPNOTSUPP,
			       "volume '%s' is a tmpfs, which has no part '%s' yet",
			       i->volume, sm->subpath);
	i->kind = "tmpfs";
	tmpfs_options(own, i);
	return 0;
}

static int volume_source(const struct store *s, const struct spec_mount *sm,
			 const struct mounts_want *want, struct mounts_item *i,
			 struct err *e)
{
	autodone(spec_mount_done) struct spec_mount own = { 0 };
	const struct spec_mount plain = { .subpath = sm->subpath };
	const struct volume_want w = { .name = sm->source,
				       .labels = &sm->labels,
				       .options = &sm->driver_opts };
	int r = volume_ensure(s, &w, &i->volume, &i->made, e);

	if (r < 0 || (r = volume_mounts(s, i->volume, &own, e)) < 0)
		return r;
	i->source = volume_path(s, i->volume);
	i->subpath = str_dup(sm->subpath);
	if (own.type != SPEC_VOLUME)
		r = volume_kind(sm, &own, i, e);
	else
		i->options = bind_options(&plain, i);
	if (r < 0 || sm->no_copy || own.type == SPEC_TMPFS)
		return r;
	const struct volume_fill f = { .name = i->volume,
				       .folder = i->from ? i->from : i->source,
				       .layers = want->layers,
				       .ids = want->ids,
				       .path = sm->target };
	return volume_copy_up(s, &f, e);
}

/* Top first. */
static void image_layers(const struct store *s, const struct imageconfig *c,
			 struct strv *ret_chain, struct strv *ret_layers)
{
	for (size_t n = c->diff_ids_len; n > 0; n--) {
		struct digest chain;
		char hex[DIGEST_TEXT_MAX];

		imageconfig_chain_id(c->diff_ids, n, &chain);
		strv_add(ret_chain, digest_hex(hex, &chain));
		strv_push(ret_layers, layer_path(s, &chain));
	}
}

/* The image's root, read-only, its owners by the container's map. One folder is bound: an
 * overlay needs two. */
static int image_source(const struct store *s, const struct mounts_want *want,
			const struct spec_mount *sm, struct mounts *m, struct err *e)
{
	struct mounts_item *i = &m->v[m->len - 1];
	autodone(image_done) struct image image = { 0 };
	autostrv o = { 0 }, layers = { 0 }, mapped = { 0 };
	bool meta = false;
	int r = image_open(s, sm->source, &image, e);

	if (r < 0)
		return r;
	i->source = str_dup(sm->source);
	i->subpath = str_dup(sm->subpath);
	i->read_only = true;
	image_layers(s, &image.config, &m->chain, &layers);
	if (want->ids && layers.len)
		r = remap_layers(s, want->ids->uid, want->ids->gid, &layers, &mapped,
				 &meta, e);
	if (r < 0)
		return r;
	const struct strv *use = mapped.len ? &mapped : &layers;
	if (use->len == 1 && !meta) {
		i->kind = "bind";
		i->from = str_dup(use->v[0]);
		i->options = bind_options(&(struct spec_mount){ 0 }, i);
		return 0;
	}
	i->kind = "overlay";
	str_set(&i->from, "overlay");
	for (size_t k = 0; k < use->len; k++)
		strv_addf(&o, MOUNTING_LAYER "%s", use->v[k]);
	for (size_t k = 0; meta && k < layers.len; k++)
		strv_addf(&o, MOUNTING_DATA "%s", layers.v[k]);
	strv_add(&o, "ro");
	if (i->subpath)
		strv_addf(&o, MOUNTING_SUBPATH "%s", i->subpath);
	i->options = strv_join(&o, ",");
	return 0;
}

static int resolve_one(const struct store *s, const struct spec_mount *sm,
		       const struct mounts_want *want, struct mounts *m, struct err *e)
{
	if (find(m, sm->target))
		return err_set(e, -EINVAL, "Duplicate mount point: %s", sm->target);
	struct mounts_item *i = add(m, sm->type, sm->target);
	i->read_only = sm->read_only;
	switch (sm->type) {
	case SPEC_BIND:
		return bind_source(sm, i, e);
	case SPEC_VOLUME:
		return volume_source(s, sm, want, i, e);
	case SPEC_TMPFS:
		i->kind = "tmpfs";
		i->quiet = !sm->long_form;
		tmpfs_options(sm, i);
		return 0;
	case SPEC_IMAGE:
		return image_source(s, want, sm, m, e);
	}
	return -EINVAL;
}

/* Those of other containers, the last of them first: it wins. What was asked for itself
 * goes before all of them. */
static int resolve_borrowed(const struct store *s, const struct mounts_want *w,
			    struct mounts *m, struct err *e)
{
	const struct strv *from = &w->spec->volumes_from;
	int r = 0;

	for (size_t i = from->len; r == 0 && i > 0; i--) {
		autodone(spec_done) struct spec theirs;
		spec_init(&theirs);
		r = borrow_mounts(s, from->v[i - 1], &theirs, e);
		for (size_t k = 0; r == 0 && k < theirs.mounts_len; k++)
			if (!find(m, theirs.mounts[k].target))
				r = resolve_one(s, &theirs.mounts[k], w, m, e);
	}
	return r;
}

int mounts_resolve(const struct store *s, const struct mounts_want *w, struct mounts *ret,
		   struct err *e)
{
	autodone(mounts_done) struct mounts m = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < w->spec->mounts_len; i++)
		r = resolve_one(s, &w->spec->mounts[i], w, &m, e);
	if (r == 0)
		r = resolve_borrowed(s, w, &m, e);
	for (size_t i = 0; r == 0 && i < w->image_volumes->len; i++) {
		autofree char *target = path_clean(w->image_volumes->v[i]);
		struct spec_mount sm = { .type = SPEC_VOLUME, .target = target };
		if (!str_eq(target, "/") && !find(&m, target))
			r = resolve_one(s, &sm, w, &m, e);
	}
	if (r < 0) {
		mounts_undo(s, &m);
		return r;
	}
	*ret = m;
	m = (struct mounts){ 0 };
	return 0;
}

static void add_shared_memory(const struct mounts_defaults *d, struct runtimeconfig *c)
{
	autofree char *shm = str_fmt("nosuid,noexec,nodev,mode=1777,size=%llu",
				     (unsigned long long)d->shm_size);

	if (!(d->namespaces & RT_NS_IPC)) {
		const char *options = "rbind,rprivate,nosuid,noexec,nodev";
		runtimeconfig_add_mount(c, "/dev/shm", "bind", "/dev/shm", options);
		if (!access("/dev/mqueue", F_OK)) /* not every host mounts it */
			runtimeconfig_add_mount(c, "/dev/mqueue", "bind", "/dev/mqueue",
						options);
		return;
	}
	/* Whose, is known at each start. */
	if (sharing_is(d->ipc))
		runtimeconfig_add_mount(c, "/dev/shm", "bind", "/dev/shm",
					"rbind,rprivate,nosuid,noexec,nodev");
	else if (!str_eq(d->ipc, "none"))
		runtimeconfig_add_mount(c, "/dev/shm", "tmpfs", "shm", shm);
	runtimeconfig_add_mount(c, "/dev/mqueue", "mqueue", "mqueue",
				"nosuid,noexec,nodev");
}

/* A file system of a namespace that is the host's cannot be mounted anew by a user: the
 * host's own is bound instead. */
void mounts_add_defaults(const struct mounts_defaults *d, struct runtimeconfig *c)
{
	const char *ro = d->privileged ? "" : ",ro";
	autofree char *sys = str_fmt("nosuid,noexec,nodev%s", ro);
	autofree char *bound = str_fmt("rbind,rprivate,nosuid,noexec,nodev%s", ro);
	autofree char *pts =
		str_fmt("nosuid,noexec,newinstance,ptmxmode=0666,mode=0620%s",
			d->tty_gid ? ",gid=5" : "");

	if (d->namespaces & RT_NS_PID)
		runtimeconfig_add_mount(c, "/proc", "proc", "proc",
					"nosuid,noexec,nodev");
	else
		runtimeconfig_add_mount(c, "/proc", "bind", "/proc",
					"rbind,rprivate,nosuid,noexec,nodev");
	runtimeconfig_add_mount(c, "/dev", "tmpfs", "tmpfs",
				"nosuid,noexec,strictatime,mode=755,size=65536k");
	runtimeconfig_add_mount(c, "/dev/pts", "devpts", "devpts", pts);
	add_shared_memory(d, c);
	if (d->namespaces & RT_NS_NET) {
		runtimeconfig_add_mount(c, "/sys", "sysfs", "sysfs", sys);
		runtimeconfig_add_mount(c, "/sys/fs/cgroup", "cgroup", "cgroup", sys);
	} else {
		runtimeconfig_add_mount(c, "/sys", "bind", "/sys", bound);
	}
}

static size_t depth(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

struct extra {
	const char *target, *type, *source, *options;
};

/* Insertion keeps the order of equals. */
static void insert(struct extra *v, size_t *len, struct extra x)
{
	size_t at = *len;

	while (at > 0 && depth(v[at - 1].target) > depth(x.target)) {
		v[at] = v[at - 1];
		at--;
	}
	v[at] = x;
	(*len)++;
}

void mounts_add(const struct mounts *m, const char *dir, struct runtimeconfig *c)
{
	static const char *const files[] = { "resolv.conf", "hostname", "hosts" };
	struct extra *v = mem_array(m->len + ARRAY_LEN(files), sizeof(*v));
	char *made[2 * ARRAY_LEN(files)];
	size_t len = 0;

	for (size_t i = 0; i < m->len; i++) {
		const struct mounts_item *it = &m->v[i];
		const char *from = it->from ? it->from : it->source;
		insert(v, &len,
		       (struct extra){ it->target, it->kind ? it->kind : "bind",
				       str_eq(it->kind, "tmpfs") ? "tmpfs" : from,
				       it->options });
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *target = made[2 * i] = str_fmt("/etc/%s", files[i]);
		char *source = made[2 * i + 1] = str_fmt("%s/%s", dir, files[i]);
		if (!find(m, target))
			insert(v, &len,
			       (struct extra){ target, "bind", source,
					       "rbind,rprivate" });
	}
	for (size_t i = 0; i < len; i++)
		runtimeconfig_add_mount(c, v[i].target, v[i].type, v[i].source,
					v[i].options);
	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		free(made[i]);
	free(v);
}

void mounts_describe(const struct mounts *m, yyjson_mut_doc *doc, yyjson_mut_val *arr)
{
	for (size_t i = 0; i < m->len; i++) {
		const struct mounts_item *it = &m->v[i];
		if (it->quiet)
			continue;
		yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, arr);
		json_add_str(doc, o, "Type", spec_mount_type_name(it->type));
		json_add_str(doc, o, "Name", it->volume);
		json_add_str(doc, o, "Source", it->source ? it->source : "");
		json_add_str(doc, o, "Destination", it->target);
		if (it->type == SPEC_VOLUME)
			json_add_str(doc, o, "Driver", "local");
		json_add_str(doc, o, "Subpath", it->subpath);
		json_add_str(doc, o, "Mode", it->read_only ? "ro" : "");
		yyjson_mut_obj_add_bool(doc, o, "RW", !it->read_only);
		json_add_str(doc, o, "Propagation",
			     it->type == SPEC_BIND ? it->propagation : "");
	}
}
