/* SPDX-License-Identifier: Apache-2.0 */
/* The content of one image on its way into the store. */
#include "core/image/content.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/blob.h"
#include "core/ns/userns.h"
#include "core/store/collect.h"
#include "core/store/gc.h"
#include "core/store/layer.h"
#include "core/store/lease.h"

void content_done(struct content *c)
{
	buf_done(&c->manifest_bytes);
	buf_done(&c->config_bytes);
	descriptor_done(&c->descriptor);
	manifest_done(&c->manifest);
	imageconfig_done(&c->config);
	free(c->items);
	c->items = NULL;
}

int content_manifest(struct content *c, const char *media_type, const struct digest *d,
		     struct err *e)
{
	struct manifest m = { 0 };
	int rc = manifest_parse(buf_str(&c->manifest_bytes), c->manifest_bytes.len,
				media_type, &m, e);

	if (rc < 0)
		return rc;
	manifest_done(&c->manifest);
	c->manifest = m;
	descriptor_done(&c->descriptor);
	c->descriptor =
		(struct descriptor){ .digest = *d, .size = c->manifest_bytes.len };
	str_copy(c->descriptor.media_type, sizeof(c->descriptor.media_type),
		 m.media_type);
	return 0;
}

int content_config(struct content *c, struct err *e)
{
	int rc = imageconfig_parse(buf_str(&c->config_bytes), c->config_bytes.len,
				   &c->config, e);
	size_t n = c->manifest.layers_len;

	if (rc < 0)
		return rc;
	if (c->config.platform.os[0] && !str_eq(c->config.platform.os, "linux"))
		return err_set(e, -EINVAL, "the image is for '%s', not for linux",
			       c->config.platform.os);
	if (c->config.diff_ids_len != n)
		return err_set(e, -EBADMSG,
			       "the config names %zu layers, the manifest %zu",
			       c->config.diff_ids_len, n);
	c->descriptor.platform = c->config.platform;
	c->items = mem_array(n, sizeof(*c->items));
	for (size_t i = 0; i < n; i++) {
		c->items[i].blob = c->manifest.layers[i];
		c->items[i].diff_id = c->config.diff_ids[i];
	}
	layers_chain(c->items, n);
	return 0;
}

int content_lease(const struct content *c, const struct store *s, struct err *e)
{
	size_t n = c->manifest.layers_len, k = 0;
	autofree struct digest *d = mem_array(2 * n + 2, sizeof(*d));

	d[k++] = c->descriptor.digest;
	d[k++] = c->manifest.config.digest;
	for (size_t i = 0; i < n; i++) {
		d[k++] = c->items[i].blob.digest;
		d[k++] = c->items[i].chain_id;
	}
	return lease_take(s, d, k, e);
}

static int put_documents(void *arg, struct err *e)
{
	struct content *c = arg;
	struct digest is;
	int rc = blob_put(c->store, buf_str(&c->config_bytes), c->config_bytes.len, &is,
			  e);

	if (rc == 0)
		rc = blob_put(c->store, buf_str(&c->manifest_bytes),
			      c->manifest_bytes.len, &is, e);
	return rc;
}

int content_complete(struct content *c, const struct store *s, struct registry *r,
		     const struct pull_options *o, struct err *e)
{
	const struct layers_job job = {
		.store = s,
		.registry = r,
		.items = c->items,
		.len = c->manifest.layers_len,
		.options = o,
		.before_sync = put_documents,
		.arg = c,
	};

	c->store = s;
	return layers_complete(&job, e);
}

struct tag content_tag(const struct content *c, const char *name)
{
	struct tag t = { .image_id = c->manifest.config.digest };

	t.name = str_dup(name);
	t.manifest.digest = c->descriptor.digest;
	t.manifest.size = c->descriptor.size;
	t.manifest.platform = c->descriptor.platform;
	str_copy(t.manifest.media_type, sizeof(t.manifest.media_type),
		 c->descriptor.media_type);
	return t;
}

void content_collect(const struct content *c, const struct store *s)
{
	size_t n = c->manifest.layers_len, k = 0;
	autofree struct digest *d = mem_array(n + 2, sizeof(*d));

	d[k++] = c->descriptor.digest;
	d[k++] = c->manifest.config.digest;
	for (size_t i = 0; i < n; i++)
		d[k++] = c->manifest.layers[i].digest;
	(void)collect_blobs(s, d, k, NULL);
}

char *content_blob_file(const struct digest *d)
{
	char hex[DIGEST_TEXT_MAX];

	return str_fmt("blobs/%s/%s", digest_algorithm_name(d->algorithm),
		       digest_hex(hex, d));
}

static int sweep(void *arg, struct err *e)
{
	return gc_sweep(arg, e);
}

void content_sweep(const struct store *s, int realm_pidfd)
{
	if (realm_pidfd < 0)
		(void)gc_sweep(s, NULL);
	else
		(void)userns_call(realm_pidfd, CLONE_NEWUSER, sweep, (void *)s, NULL);
}

int content_read(struct content *c, const struct store *s, const struct tag *t,
		 struct err *e)
{
	int rc = blob_read(s, &t->manifest.digest, MANIFEST_MAX, &c->manifest_bytes, e);

	if (rc == 0)
		rc = content_manifest(c, t->manifest.media_type, &t->manifest.digest, e);
	if (rc == 0 && c->manifest.is_index)
		rc = err_set(e, -EINVAL, "'%s' names an index",
			     t->name ? t->name : "image");
	if (rc == 0)
		rc = blob_read(s, &c->manifest.config.digest, IMAGECONFIG_MAX,
			       &c->config_bytes, e);
	return rc < 0 ? rc : content_config(c, e);
}

bool content_is_whole(const struct store *s, const struct tag *t,
		      const struct platform *platform)
{
	autodone(content_done) struct content c = { 0 };

	if (content_read(&c, s, t, NULL) < 0)
		return false;
	if (platform->os[0] && platform_match(platform, &c.config.platform) <= 0)
		return false;
	for (size_t i = 0; i < c.manifest.layers_len; i++)
		if (!blob_has_size(s, &c.items[i].blob.digest, c.items[i].blob.size) ||
		    !layer_has(s, &c.items[i].chain_id))
			return false;
	return true;
}
