/* SPDX-License-Identifier: Apache-2.0 */
/* docker history. */
#include "core/engine/imagehistory.h"

#include <string.h>
#include <time.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/row.h"
#include "core/store/layer.h"

#define COMMAND_MAX 45

/* An image without a history has one row for each layer. */
size_t imagehistory_len(const struct image *i)
{
	return i->config.history_len ? i->config.history_len : i->config.diff_ids_len;
}

/* The layer of an entry is known when as many entries have one as there are layers. */
static uint64_t size_of(const struct store *s, const struct imageconfig *c, size_t entry)
{
	size_t before = 0, all = 0;
	struct layer l = { 0 };
	struct digest chain;

	for (size_t k = 0; k < c->history_len; k++) {
		before += !c->history[k].empty_layer && k <= entry;
		all += !c->history[k].empty_layer;
	}
	if (!c->history_len)
		before = entry + 1;
	else if (c->history[entry].empty_layer || all != c->diff_ids_len)
		return 0;
	imageconfig_chain_id(c->diff_ids, before, &chain);
	return layer_read(s, &chain, &l, NULL) < 0 ? 0 : l.size;
}

static void add_created(const char *created, bool human, yyjson_mut_doc *doc,
			yyjson_mut_val *row)
{
	char at[64] = "N/A", since[96] = "N/A", age[64];
	int64_t ns = 0;
	struct tm tm;

	if (created && time_parse(created, &ns) == 0) {
		time_t t = (time_t)(ns / 1000000000);
		if (!localtime_r(&t, &tm) ||
		    !strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%S%z", &tm))
			str_copy(at, sizeof(at), "N/A");
		size_t n = strlen(at); /* "+0200" → "+02:00", and Z for UTC */
		if (n > 5 && str_eq(at + n - 5, "+0000"))
			str_copy(at + n - 5, 2, "Z");
		else if (n > 5 && n + 1 < sizeof(at)) {
			memmove(at + n - 1, at + n - 2, 3);
			at[n - 2] = ':';
		}
		time_human(age, sizeof(age), time_now() - ns);
		str_print(since, sizeof(since), "%s ago", age);
	}
	json_add_str(doc, row, "CreatedAt", at);
	json_add_str(doc, row, "CreatedSince", human ? since : at);
}

/* One line; no more than docker shows. */
static char *command(const char *by, bool no_trunc)
{
	char *text = str_dup(by ? by : "");
	size_t chars = 0, cut = 0;

	for (char *p = text; *p; p++) {
		if (*p == '\t')
			*p = ' ';
		if ((*p & 0xc0) == 0x80)
			continue;
		if (++chars == COMMAND_MAX)
			cut = (size_t)(p - text);
	}
	if (no_trunc || chars <= COMMAND_MAX)
		return text;
	text[cut] = '\0';
	char *shorter = str_fmt("%s…", text);
	free(text);
	return shorter;
}

yyjson_mut_val *imagehistory_row(const struct store *s, const struct image *i, size_t n,
				 const struct imagehistory_options *o,
				 yyjson_mut_doc *doc)
{
	const struct imageconfig *c = &i->config;
	size_t entry = imagehistory_len(i) - 1 - n;
	const struct image_history none = { 0 };
	const struct image_history *h = c->history_len ? &c->history[entry] : &none;
	uint64_t bytes = size_of(s, c, entry);
	autofree char *by = command(h->created_by, o->no_trunc);
	yyjson_mut_val *row = yyjson_mut_obj(doc);
	char id[DIGEST_TEXT_MAX] = "<missing>", size[32];

	if (n == 0 && o->no_trunc)
		digest_text(id, &i->id);
	else if (n == 0)
		image_short_id(i, id);
	if (o->human)
		row_size(bytes, size, sizeof(size));
	else
		str_print(size, sizeof(size), "%llu", (unsigned long long)bytes);
	json_add_str(doc, row, "Comment", h->comment ? h->comment : "");
	add_created(h->created, o->human, doc, row);
	json_add_str(doc, row, "CreatedBy", by);
	json_add_str(doc, row, "ID", id);
	json_add_str(doc, row, "Size", size);
	return row;
}
