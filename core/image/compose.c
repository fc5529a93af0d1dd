/* SPDX-License-Identifier: Apache-2.0 */
/* A new image in the making. */
#include "core/image/compose.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/str.h"
#include "core/base/time.h"
#include "core/image/content.h"
#include "core/image/intake.h"
#include "core/store/collect.h"
#include "core/store/lease.h"
#include "core/wire/hasher.h"

struct compose {
	const struct store *store;
	int realm_pidfd;
	const struct idmap *uid, *gid;
	char created[TIME_STAMP_MAX];
	struct imageconfig config;
	struct layers_item *items;
	size_t len;
	bool added; /* a layer, since the last note */
	int *leases;
	size_t leases_len;
};

struct imageconfig *compose_config(struct compose *c)
{
	return &c->config;
}

size_t compose_layers(const struct compose *c, const struct layers_item **ret)
{
	*ret = c->items;
	return c->len;
}

void compose_ids(struct compose *c, const struct idmap *uid, const struct idmap *gid)
{
	bool any = uid && uid->len && gid->len;

	c->uid = any ? uid : NULL;
	c->gid = any ? gid : NULL;
}

static void add_lease(struct compose *c, int fd)
{
	c->leases = mem_resize(c->leases, c->leases_len + 1, sizeof(*c->leases));
	c->leases[c->leases_len++] = fd;
}

/* --- the parent --------------------------------------------------------------------- */

static void take_parent(struct compose *c, struct content *parent)
{
	c->len = parent->manifest.layers_len;
	c->items = TAKE_PTR(parent->items);
	c->config = parent->config;
	parent->config = (struct imageconfig){ 0 };
}

static int read_parent(struct compose *c, const struct tag *parent, struct err *e)
{
	autodone(content_done) struct content p = { 0 };
	int r = content_read(&p, c->store, parent, e);

	if (r == 0)
		r = content_lease(&p, c->store, e);
	if (r < 0)
		return r;
	add_lease(c, r);
	for (size_t i = 0; i < p.manifest.layers_len; i++) {
		descriptor_done(&p.manifest.layers[i]);
		p.items[i].blob.annotations = (struct strv){ 0 };
	}
	take_parent(c, &p);
	return 0;
}

int compose_new(const struct store *s, const struct tag *parent,
		const struct compose_options *o, struct compose **ret, struct err *e)
{
	struct compose *c = mem_new(struct compose);
	int r = 0;

	c->store = s;
	c->realm_pidfd = o->realm_pidfd;
	time_stamp(c->created, o->created ? o->created : time_now());
	if (parent) {
		r = read_parent(c, parent, e);
	} else {
		c->config.stop_timeout = -1;
		c->config.entrypoint_null = c->config.cmd_null = true;
		c->config.platform = o->platform;
		if (!o->platform.os[0])
			platform_host(&c->config.platform);
	}
	if (r < 0) {
		compose_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

void compose_free(struct compose *c)
{
	autofree struct digest *blobs = NULL;

	if (!c)
		return;
	blobs = mem_array(c->len, sizeof(*blobs));
	for (size_t i = 0; i < c->len; i++)
		blobs[i] = c->items[i].blob.digest;
	for (size_t i = 0; i < c->leases_len; i++)
		lease_drop(c->store, c->leases[i]);
	if (c->len)
		(void)collect_blobs(c->store, blobs, c->len, NULL);
	free(c->leases);
	free(c->items);
	imageconfig_done(&c->config);
	free(c);
}

/* --- layers ------------------------------------------------------------------------- */

/* The next item, with its place in the chain; it counts once c->len is raised. */
static struct layers_item *next_item(struct compose *c, const struct digest *diff_id)
{
	struct layers_item *it;

	c->items = mem_resize(c->items, c->len + 1, sizeof(*c->items));
	it = &c->items[c->len];
	*it = (struct layers_item){ .diff_id = *diff_id };
	layers_chain(c->items, c->len + 1);
	return it;
}

static void autopack(struct pack *const *p)
{
	pack_free(*p);
}

static int check_count(const struct compose *c, struct err *e)
{
	return c->len < MANIFEST_LAYERS_MAX
		       ? 0
		       : err_set(e, -E2BIG, "more than %d layers", MANIFEST_LAYERS_MAX);
}

/* Blob and folder of the item, which is not counted yet. */
static int complete(struct compose *c, struct err *e)
{
	const struct pull_options o = { .realm_pidfd = c->realm_pidfd };
	const struct layers_job job = {
		.store = c->store,
		.items = c->items,
		.len = c->len + 1,
		.options = &o,
	};
	int r = layers_complete(&job, e);

	if (r < 0)
		return r;
	c->len++;
	c->added = true;
	return 0;
}

static int add_packed(struct compose *c, struct pack *p, const struct pack_result *r,
		      struct err *e)
{
	struct layers_item *it = next_item(c, &r->diff_id);
	int lease = -1;
	int rc = pack_adopt(p, r, &it->chain_id, &lease, e);

	if (rc < 0)
		return rc;
	it->blob.digest = r->blob;
	it->blob.size = r->blob_size;
	it->tar_size = r->tar_size;
	str_copy(it->blob.media_type, sizeof(it->blob.media_type), MEDIA_OCI_LAYER_GZIP);
	rc = complete(c, e);
	if (rc == 0) {
		add_lease(c, lease);
		return 0;
	}
	lease_drop(c->store, lease);
	(void)collect_blobs(c->store, &r->blob, 1, NULL);
	return rc;
}

int compose_add_stored(struct compose *c, const struct descriptor *blob,
		       const struct digest *diff_id, struct err *e)
{
	int r = check_count(c, e);

	if (r < 0)
		return r;
	struct layers_item *it = next_item(c, diff_id);
	const struct digest keep[] = { blob->digest, it->chain_id };
	it->blob = *blob;
	it->blob.annotations = (struct strv){ 0 };
	r = lease_take(c->store, keep, ARRAY_LEN(keep), e);
	if (r < 0)
		return r;
	add_lease(c, r);
	return complete(c, e);
}

int compose_add_tar(struct compose *c, int fd, struct err *e)
{
	autodone(autopack) struct pack *p = NULL;
	struct pack_result result = { 0 };
	int r = check_count(c, e);

	if (r == 0)
		r = pack_new(c->store, &p, e);
	if (r == 0)
		r = intake_tar(p, fd, &result, e);
	return r < 0 ? r : add_packed(c, p, &result, e);
}

int compose_add_upper(struct compose *c, int upper, const struct strv *skip,
		      struct err *e)
{
	const struct intake_upper from = { upper, skip, c->realm_pidfd, c->uid, c->gid };
	autodone(autopack) struct pack *p = NULL;
	struct pack_result result = { 0 };
	int r = check_count(c, e);

	if (r == 0)
		r = pack_new(c->store, &p, e);
	if (r == 0)
		r = intake_upper(p, &from, &result, e);
	if (r <= 0)
		return r;
	r = add_packed(c, p, &result, e);
	return r < 0 ? r : 1;
}

/* --- the end ------------------------------------------------------------------------ */

void compose_note(struct compose *c, const char *created_by, const char *comment)
{
	struct imageconfig *g = &c->config;

	g->history = mem_resize(g->history, g->history_len + 1, sizeof(*g->history));
	g->history[g->history_len++] = (struct image_history){
		.created = str_dup(c->created),
		.created_by = str_dup(created_by),
		.comment = str_dup(comment),
		.empty_layer = !c->added,
	};
	c->added = false;
}

static int print_documents(struct compose *c, struct content *k, struct err *e)
{
	struct imageconfig *g = &c->config;
	struct descriptor config = { 0 };
	autofree struct descriptor *layers = mem_array(c->len, sizeof(*layers));
	struct digest d;

	str_set(&g->created, c->created);
	g->diff_ids = mem_resize(g->diff_ids, c->len + 1, sizeof(*g->diff_ids));
	g->diff_ids_len = c->len;
	for (size_t i = 0; i < c->len; i++) {
		g->diff_ids[i] = c->items[i].diff_id;
		layers[i] = c->items[i].blob;
	}
	int r = imageconfig_print(g, &k->config_bytes);
	if (r < 0)
		return err_code(e, r, "config");
	hasher_of(buf_str(&k->config_bytes), k->config_bytes.len, &config.digest);
	config.size = k->config_bytes.len;
	str_copy(config.media_type, sizeof(config.media_type), MEDIA_OCI_CONFIG);
	r = manifest_print(&config, layers, c->len, &k->manifest_bytes);
	if (r < 0)
		return err_code(e, r, "manifest");
	hasher_of(buf_str(&k->manifest_bytes), k->manifest_bytes.len, &d);
	r = content_manifest(k, MEDIA_OCI_MANIFEST, &d, e);
	return r < 0 ? r : content_config(k, e);
}

int compose_finish(struct compose *c, const char *name, struct tag *ret, struct err *e)
{
	const struct pull_options o = { .realm_pidfd = c->realm_pidfd };
	autodone(content_done) struct content k = { 0 };
	autodone(tag_done) struct tag t = { 0 };
	int r = print_documents(c, &k, e);

	if (r == 0)
		r = content_lease(&k, c->store, e);
	if (r < 0)
		return r;
	int lease = r;
	r = content_complete(&k, c->store, NULL, &o, e);
	if (r == 0) {
		t = content_tag(&k, name);
		r = tag_set(c->store, &t, e);
	}
	lease_drop(c->store, lease);
	if (r < 0) {
		content_collect(&k, c->store);
		return r;
	}
	*ret = t;
	t = (struct tag){ 0 };
	return 0;
}
