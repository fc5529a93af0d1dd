/* SPDX-License-Identifier: Apache-2.0 */
/* Prune. */
#include "core/engine/prune.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/measure.h"
#include "core/engine/news.h"

static const char *const keys[] = { "label", "label!", "until", NULL };

int prune_pick(struct pick *p, const struct strv *texts, struct err *e)
{
	int64_t until;
	int r = pick_parse(p, texts, keys, e);

	return r < 0 ? r : pick_until(p, &until, e);
}

static yyjson_val *config_of(const struct container *c)
{
	return yyjson_obj_get(yyjson_doc_get_root(c->record), "Config");
}

static bool is_idle(const struct container *c)
{
	enum state_status s = c->state.status;

	return s == STATE_CREATED || s == STATE_EXITED || s == STATE_DEAD;
}

static bool is_pruned(const struct pick *p, const struct container *c)
{
	int64_t until = 0;

	pick_until(p, &until, NULL);
	return is_idle(c) && pick_labels(p, yyjson_obj_get(config_of(c), "Labels")) &&
	       (!until || c->created < until);
}

/* Drops from v what is not to go. */
static size_t keep_pruned(const struct pick *p, struct container *v, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (is_pruned(p, &v[i]))
			v[n++] = v[i];
		else
			container_done(&v[i]);
	}
	return n;
}

int prune_containers(const struct store *s, const struct pick *p, struct strv *ret,
		     uint64_t *ret_bytes, struct err *e)
{
	struct container *v = NULL;
	autostrv paths = { 0 };
	size_t len = 0;
	int r = container_list(s, &v, &len, e);

	if (r < 0)
		return r;
	len = keep_pruned(p, v, len);
	for (size_t i = 0; i < len; i++)
		strv_addf(&paths, "%s/containers/%s/upper", s->data, v[i].id);
	autofree uint64_t *sizes = mem_array(len, sizeof(*sizes));
	uint64_t bytes = 0;
	measure_trees(s, &paths, sizes);
	for (size_t i = 0; i < len; i++) {
		/* One that was started or removed meanwhile is passed over. */
		if (container_remove(s, &v[i], false, false, NULL) == 0) {
			strv_add(ret, v[i].id);
			bytes += sizes[i];
		}
		container_done(&v[i]);
	}
	free(v);
	*ret_bytes += bytes;
	news_pruned(s, "container", bytes);
	return 0;
}
