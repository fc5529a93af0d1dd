/* SPDX-License-Identifier: Apache-2.0 */
/* Searching a registry. */
#include "core/image/catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/ask.h"
#include "core/image/token.h"
#include "core/wire/json.h"

#define HUB_HOST  "index.docker.io"
#define PAGE      1000 /* repositories of one answer */
#define ITEMS_MAX 10000

void catalog_done(struct catalog *c)
{
	for (size_t i = 0; i < c->len; i++) {
		free(c->v[i].name);
		free(c->v[i].description);
	}
	free(c->v);
	*c = (struct catalog){ 0 };
}

static struct catalog_item *add(struct catalog *c)
{
	c->v = mem_resize(c->v, c->len + 1, sizeof(*c->v));
	c->v[c->len] = (struct catalog_item){ 0 };
	return &c->v[c->len++];
}

static int take(yyjson_val *obj, struct catalog_item *it, struct err *e)
{
	int r = json_get_dup(obj, "name", &it->name, e);

	if (r == 0)
		r = json_get_dup(obj, "description", &it->description, e);
	if (r == 0)
		r = json_get_i64(obj, "star_count", &it->stars, e);
	if (r == 0)
		r = json_get_bool(obj, "is_official", &it->official, e);
	if (r == 0 && str_empty(it->name))
		r = err_set(e, -EBADMSG, "a result has no name");
	return r;
}

int catalog_parse(const char *text, size_t n, struct catalog *ret, struct err *e)
{
	autodone(catalog_done) struct catalog c = { 0 };
	autojson *doc = NULL;
	yyjson_val *list = NULL, *item;
	size_t i, max;
	int r = json_parse(text, n, "the answer", &doc, e);

	if (r == 0)
		r = json_get_arr(yyjson_doc_get_root(doc), "results", &list, e);
	if (r < 0)
		return r;
	if (!list)
		return err_set(e, -EBADMSG, "the answer has no 'results'");
	if (yyjson_arr_size(list) > ITEMS_MAX)
		return err_set(e, -E2BIG, "more than %d results", ITEMS_MAX);
	yyjson_arr_foreach (list, i, max, item)
		if (r == 0)
			r = take(item, add(&c), e);
	if (r < 0)
		return r;
	*ret = c;
	c = (struct catalog){ 0 };
	return 0;
}

/* --- the two ways ------------------------------------------------------------------- */

static int refused(const struct ask *a, const struct exchange *x, struct err *e)
{
	char words[ASK_WORDS_MAX];

	ask_words(x, words);
	return err_set(e, x->head.status == 404 ? -EOPNOTSUPP : -EIO,
		       "registry '%s' cannot be searched: it answered %d%s%s",
		       a->origin->host, x->head.status, words[0] ? ": " : "", words);
}

/* The scheme is settled by then: HTTP is known by GET /v2/, which every registry has. */
static int search_v1(const struct ask *a, const struct catalog_query *q,
		     struct catalog *ret, struct err *e)
{
	autobuf body = { .max = CATALOG_MAX }, url = { 0 };
	struct exchange x = { .arg = &body, .accept = "application/json" };

	buf_addf(&url, "%s://%s/v1/search?q=", a->origin->scheme, a->origin->host);
	token_escape(&url, q->term);
	buf_addf(&url, "&n=%u", q->limit);
	x.url = buf_str(&url);
	int r = ask_run(a, NULL, &x, e);
	if (r == 0 && x.head.status != 200)
		r = refused(a, &x, e);
	if (r == 0)
		r = catalog_parse(buf_str(&body), body.len, ret, e);
	exchange_done(&x);
	return r;
}

static int take_names(const struct buf *body, const struct catalog_query *q,
		      struct catalog *ret, struct err *e)
{
	autojson *doc = NULL;
	autostrv names = { 0 };
	int r = json_parse(buf_str(body), body->len, "the answer", &doc, e);

	if (r == 0)
		r = json_get_strv(yyjson_doc_get_root(doc), "repositories", &names, e);
	for (size_t i = 0; r == 0 && i < names.len && ret->len < q->limit; i++)
		if (strstr(names.v[i], q->term))
			add(ret)->name = str_dup(names.v[i]);
	return r;
}

static int search_catalog(const struct ask *a, const struct catalog_query *q,
			  struct catalog *ret, struct err *e)
{
	autobuf body = { .max = CATALOG_MAX };
	autofree char *rest = str_fmt("_catalog?n=%d", PAGE);
	struct exchange x = { .arg = &body, .accept = "application/json" };
	int r = ask_run(a, rest, &x, e);

	if (r == 0 && x.head.status != 200)
		r = refused(a, &x, e);
	if (r == 0)
		r = take_names(&body, q, ret, e);
	exchange_done(&x);
	return r;
}

static int settle(const struct ask *a, struct err *e)
{
	struct exchange x = { 0 };
	int r = a->origin->settled ? 0 : ask_run(a, "", &x, e);

	exchange_done(&x);
	return r;
}

int catalog_search(const struct registry_options *o, const struct catalog_query *q,
		   struct catalog *ret, struct err *e)
{
	bool hub = str_eq(q->registry, REFERENCE_DEFAULT_REGISTRY);
	struct channel c = { 0 };
	struct origin origin;
	const struct ask a = { &c, &origin, "registry:catalog:*", false };
	int r = channel_init(&c, o, e);

	if (r < 0)
		return r;
	origin_init(&origin, hub ? HUB_HOST : q->registry, q->registry, &o->insecure);
	r = settle(&a, e);
	if (r == 0)
		r = search_v1(&a, q, ret, e);
	else
		err_wrap(e, "registry '%s'", origin.host);
	if (r == -EOPNOTSUPP && !hub) {
		err_clear(e);
		r = search_catalog(&a, q, ret, e);
	}
	channel_done(&c);
	origin_done(&origin);
	return r;
}
