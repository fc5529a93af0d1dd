/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of a build. */
#include "core/engine/buildlayer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/ownership.h"
#include "core/store/stepcache.h"
#include "core/wire/hasher.h"

#define VERSION "1" /* of what steps do: another one forgets all */

void buildlayer_key(struct buf *key, const char *label, const char *value)
{
	if (!value) {
		buf_addf(key, "%s -\n", label);
		return;
	}
	buf_addf(key, "%s %zu ", label, strlen(value));
	buf_adds(key, value);
	buf_addc(key, '\n');
}

void buildlayer_keys(struct buf *key, const char *label, const struct strv *values)
{
	buf_addf(key, "%s[%zu]\n", label, values->len);
	for (size_t i = 0; i < values->len; i++)
		buildlayer_key(key, label, values->v[i]);
}

void buildlayer_key_base(struct buf *key, const struct buildjob_stage *st)
{
	const struct layers_item *items;
	size_t n = compose_layers(st->compose, &items);
	char text[DIGEST_TEXT_MAX] = "", platform[96];

	buildlayer_key(key, "version", VERSION);
	if (n)
		digest_text(text, &items[n - 1].chain_id);
	buildlayer_key(key, "layers", text);
	buildlayer_key(key, "platform",
		       platform_text(platform, &compose_config(st->compose)->platform));
}

/* --no-cache-filter */
static bool is_fresh(const struct buildjob *j, const struct buildjob_stage *st)
{
	for (size_t i = 0; st->name && i < j->o->fresh.len; i++) {
		autostrv names = { 0 };
		strv_split(&names, j->o->fresh.v[i], ',');
		for (size_t k = 0; k < names.len; k++)
			if (!strcasecmp(names.v[k], st->name))
				return true;
	}
	return false;
}

int buildlayer_find(struct buildjob *j, struct buildjob_stage *st, const struct buf *key,
		    bool *ret_layer, struct err *e)
{
	struct descriptor blob = { 0 };
	struct stepcache step;
	struct digest digest;
	int r;

	*ret_layer = false;
	hasher_of(buf_str(key), key->len, &digest);
	if (j->o->no_cache || is_fresh(j, st) || !stepcache_get(j->store, &digest, &step))
		return 0;
	if (!step.empty) {
		str_copy(blob.media_type, sizeof(blob.media_type), step.media_type);
		blob.digest = step.blob;
		blob.size = step.size;
		r = compose_add_stored(st->compose, &blob, &step.diff_id, e);
		if (r < 0) { /* it is gone from the store, or damaged: done again */
			err_clear(e);
			return 0;
		}
		*ret_layer = true;
	}
	if (step.created > st->created)
		st->created = step.created;
	return 1;
}

static int add_changes(const struct buildjob *j, const struct buildjob_stage *st,
		       const struct buildlayer_changes *made, struct err *e)
{
	autodone(idmap_done) struct idmap uid = { 0 }, gid = { 0 };
	autoclose int fd = open(made->upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(e, "open '%s'", made->upper);
	r = made->by ? ownership_of_container(made->by, &j->realm, &uid, &gid, e)
		     : ownership_view(j->store, &j->realm, &uid, &gid, e);
	if (r < 0)
		return r;
	compose_ids(st->compose, &uid, &gid);
	r = compose_add_upper(st->compose, fd, NULL, e);
	compose_ids(st->compose, NULL, NULL);
	return r;
}

int buildlayer_add(struct buildjob *j, struct buildjob_stage *st, const struct buf *key,
		   const struct buildlayer_changes *made, bool *ret_layer, struct err *e)
{
	struct stepcache step = { .created = time_now() };
	const struct layers_item *items;
	struct digest digest;
	int r;

	r = add_changes(j, st, made, e);
	if (r < 0)
		return r;
	*ret_layer = r > 0;
	step.empty = r == 0;
	if (r > 0) {
		size_t n = compose_layers(st->compose, &items);
		str_copy(step.media_type, sizeof(step.media_type),
			 items[n - 1].blob.media_type);
		step.blob = items[n - 1].blob.digest;
		step.size = items[n - 1].blob.size;
		step.diff_id = items[n - 1].diff_id;
		step.chain_id = items[n - 1].chain_id;
	}
	st->created = step.created;
	hasher_of(buf_str(key), key->len, &digest);
	return stepcache_put(j->store, &digest, &step, e);
}
