/* SPDX-License-Identifier: Apache-2.0 */
/* From tags to the blobs and layers they need. */
#include "core/store/reach.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/oci/imageconfig.h"
#include "core/oci/manifest.h"
#include "core/store/blob.h"
#include "core/store/lease.h"
#include "core/store/stepcache.h"

static void add(struct strv *to, const struct digest *d)
{
	char hex[DIGEST_TEXT_MAX];

	if (to && digest_is_set(d))
		strv_add(to, digest_hex(hex, d));
}

static bool lost(int r)
{
	return r == -ENOENT || r == -EBADMSG || r == -EINVAL || r == -EFBIG;
}

static int reach_chains(const struct store *s, const struct digest *config,
			struct strv *chains, struct err *e)
{
	autodone(imageconfig_done) struct imageconfig c = { 0 };
	autobuf text = { 0 };
	struct digest chain;
	int r = blob_read(s, config, IMAGECONFIG_MAX, &text, e);

	if (r == 0)
		r = imageconfig_parse(buf_str(&text), text.len, &c, e);
	if (r < 0)
		return r;
	for (size_t i = 1; i <= c.diff_ids_len; i++) {
		imageconfig_chain_id(c.diff_ids, i, &chain);
		add(chains, &chain);
	}
	return 0;
}

int reach_tag(const struct store *s, const struct tag *t, struct strv *blobs,
	      struct strv *chains, struct err *e)
{
	autodone(manifest_done) struct manifest m = { 0 };
	autobuf text = { 0 };
	int r;

	add(blobs, &t->manifest.digest);
	r = blob_read(s, &t->manifest.digest, MANIFEST_MAX, &text, e);
	if (r == 0)
		r = manifest_parse(buf_str(&text), text.len, t->manifest.media_type, &m,
				   e);
	if (r == 0) {
		add(blobs, &m.config.digest);
		for (size_t i = 0; i < m.layers_len; i++)
			add(blobs, &m.layers[i].digest);
	}
	if (r == 0 && chains && !m.is_index)
		r = reach_chains(s, &m.config.digest, chains, e);
	if (!lost(r))
		return r;
	err_clear(e);
	return 0;
}

int reach_all(const struct store *s, struct strv *blobs, struct strv *chains,
	      struct err *e)
{
	autodone(tags_done) struct tags tags = { 0 };
	int r = tag_list(s, &tags, e);

	for (size_t i = 0; r == 0 && i < tags.len; i++)
		r = reach_tag(s, &tags.v[i], blobs, chains, e);
	if (r == 0 && blobs)
		r = lease_list(s, blobs, e);
	if (r == 0 && chains)
		r = lease_list(s, chains, e);
	if (r == 0)
		r = stepcache_reach(s, blobs, chains, e);
	if (r < 0)
		return r;
	if (blobs)
		strv_sort(blobs);
	if (chains)
		strv_sort(chains);
	return 0;
}
