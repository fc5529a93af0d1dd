/* SPDX-License-Identifier: Apache-2.0 */
/* rootless system: the verbs on the whole as a group. */
#include <errno.h>
#include <string.h>

#include "applets/confirm.h"
#include "applets/host.h"
#include "applets/inspect.h"
#include "applets/reclaim.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/cli/applet.h"
#include "core/cli/table.h"
#include "core/engine/buildprune.h"
#include "core/engine/diskusage.h"
#include "core/engine/imageprune.h"
#include "core/engine/network.h"
#include "core/engine/prune.h"
#include "core/engine/row.h"

extern const struct applet events_applet, info_applet;

struct system_prune {
	bool all, force, volumes;
	struct strv filter;
};

static const struct opt prune_opts[] = {
	OPT_BOOL(struct system_prune, all, 'a', "all",
		 "Remove all unused images not just dangling ones"),
	OPT_LIST(struct system_prune, filter, 0, "filter", "filter",
		 "Provide filter values (e.g. \"label=<key>=<value>\")"),
	OPT_BOOL(struct system_prune, force, 'f', "force",
		 "Do not prompt for confirmation"),
	OPT_BOOL(struct system_prune, volumes, 0, "volumes", "Prune anonymous volumes"),
	OPT_END,
};

static bool ask(const struct system_prune *o)
{
	struct buf text = { 0 };

	buf_adds(&text, "WARNING! This will remove:\n  - all stopped containers\n"
			"  - all networks not used by at least one container\n");
	if (o->volumes)
		buf_adds(&text, "  - all anonymous volumes not used by at least one "
				"container\n");
	buf_adds(&text, o->all ? "  - all images without at least one container "
				 "associated to them\n  - all build cache\n"
			       : "  - all dangling images\n  - unused build cache\n");
	if (o->filter.len) {
		autofree char *filters = strv_join(&o->filter, ", ");
		buf_addf(&text, "\n  Items to be pruned will be filtered with:\n  - %s\n",
			 filters);
	}
	autofree char *all = buf_take(&text);
	return confirm_ask(all);
}

static int prune_all(struct host *h, const struct system_prune *o, const struct pick *p,
		     uint64_t *bytes, struct err *e)
{
	autostrv containers = { 0 }, networks = { 0 }, volumes = { 0 }, images = { 0 };
	struct buildprune built = { 0 };
	struct imageprune_result done = { 0 };
	autostrv steps = { 0 };
	int r = prune_containers(&h->store, p, &containers, bytes, e);

	reclaim_list("Deleted Containers:", &containers);
	if (r >= 0 && o->volumes)
		r = volume_prune(&h->store, p, false, &volumes, bytes, e);
	reclaim_list("Deleted Volumes:", &volumes);
	if (r >= 0)
		r = network_prune(&h->store, &h->config, p, &networks, e);
	reclaim_list("Deleted Networks:", &networks);
	if (r >= 0)
		r = imageprune_run(&h->store, p, o->all, &done, e);
	*bytes += done.bytes;
	imageprune_lines(&done, &images);
	untag_done(done.v, done.len);
	reclaim_list("Deleted Images:", &images);
	/* What was built has no labels, and cache mounts have no age. */
	if (r >= 0)
		r = pick_until(p, &built.until, e);
	built.caches = o->all && !built.until;
	if (r >= 0 && !pick_has(p, "label") && !pick_has(p, "label!"))
		r = buildprune_run(&h->store, &built, &steps, bytes, e);
	reclaim_list("Deleted build cache objects:", &steps);
	return r;
}

static int prune_main(void *opts, char **args)
{
	const struct system_prune *o = opts;
	autodone(pick_done) struct pick p = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	uint64_t bytes = 0;

	if (prune_pick(&p, &o->filter, &e) < 0)
		return host_fail(&e, 1);
	if (o->volumes && pick_has(&p, "until")) {
		log_error("The \"until\" filter is not supported with \"--volumes\"");
		return 1;
	}
	if (host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	if (!o->force && !ask(o))
		return 0;
	if (prune_all(&h, o, &p, &bytes, &e) < 0)
		return host_fail(&e, 1);
	reclaim_total(bytes);
	realm_sweep(&h.store, NULL);
	return 0;
}

static const struct applet prune = {
	.name = "prune",
	.args = "[OPTIONS]",
	.summary = "Remove unused data",
	.group = GROUP_COMMAND,
	.opts = prune_opts,
	.opts_size = sizeof(struct system_prune),
	.max_args = 0,
	.main = prune_main,
};

/* --- df ------------------------------------------------------------------------- */

struct system_df {
	bool verbose;
	char *format;
};

static const struct opt df_opts[] = {
	OPT_STRING(struct system_df, format, 0, "format", "string", TABLE_FORMAT_HELP),
	OPT_BOOL(struct system_df, verbose, 'v', "verbose",
		 "Show detailed information on space usage"),
	OPT_END,
};

static const struct table_column df_columns[] = {
	{ "Type", "TYPE" }, { "TotalCount", "TOTAL" },        { "Active", "ACTIVE" },
	{ "Size", "SIZE" }, { "Reclaimable", "RECLAIMABLE" }, { NULL, NULL },
};

/* r: what filling it came to. */
static int end_table(struct table *t, int r, struct err *e)
{
	if (r >= 0)
		r = table_print(t, e);
	table_free(t);
	return r;
}

static int put_row(struct table *t, yyjson_mut_val *row, struct err *e)
{
	autojson *still = yyjson_mut_val_imut_copy(row, NULL);

	return table_row(t, yyjson_doc_get_root(still), e);
}

static int add_sum(struct table *t, const char *type, const struct diskusage_sum *sum,
		   bool share, struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *row = yyjson_mut_obj(doc);
	autofree char *total = str_fmt("%zu", sum->total);
	autofree char *active = str_fmt("%zu", sum->active);
	char size[32], free_text[32], text[64];

	row_size_sum(sum->size, size, sizeof(size));
	row_size_sum(sum->reclaimable, free_text, sizeof(free_text));
	if (sum->size && share)
		str_print(text, sizeof(text), "%s (%d%%)", free_text,
			  (int)(sum->reclaimable * 100 / sum->size));
	else
		str_copy(text, sizeof(text), free_text);
	json_add_str(doc, row, "Type", type);
	json_add_str(doc, row, "TotalCount", total);
	json_add_str(doc, row, "Active", active);
	json_add_str(doc, row, "Size", size);
	json_add_str(doc, row, "Reclaimable", text);
	return put_row(t, row, e);
}

static int show_sums(const struct diskusage *u, const char *format, struct err *e)
{
	struct table *t = table_new(df_columns, format,
				    "table {{.Type}}\t{{.TotalCount}}\t{{.Active}}\t"
				    "{{.Size}}\t{{.Reclaimable}}",
				    NULL, e);
	int r = t ? add_sum(t, "Images", &u->images, true, e) : -EINVAL;

	if (r >= 0)
		r = add_sum(t, "Containers", &u->containers, true, e);
	if (r >= 0)
		r = add_sum(t, "Local Volumes", &u->volumes, true, e);
	if (r >= 0)
		r = add_sum(t, "Build Cache", &u->cache, false, e);
	return end_table(t, r, e);
}

static void set_text(yyjson_mut_doc *doc, yyjson_mut_val *row, const char *key,
		     const char *text)
{
	yyjson_mut_obj_remove_key(row, key);
	json_add_str(doc, row, key, text);
}

static void set_sum(yyjson_mut_doc *doc, yyjson_mut_val *row, const char *key,
		    uint64_t bytes)
{
	char text[32];

	row_size_sum(bytes, text, sizeof(text));
	set_text(doc, row, key, text);
}

/* By its first name, as docker lists it here. */
static void add_image(const struct diskusage *u, size_t i, bool no_trunc,
		      yyjson_mut_doc *doc, yyjson_mut_val *rows)
{
	const struct image *image = &u->image[i];
	autofree char *holders = str_fmt("%zu", u->holders[i]);
	uint64_t shared = u->shared[i] > image->size ? image->size : u->shared[i];
	const char *tag = image->repo_tags.len ? image->repo_tags.v[0] : NULL;
	yyjson_mut_val *row = row_image(image, tag, NULL, no_trunc, doc);

	set_sum(doc, row, "SharedSize", shared);
	set_sum(doc, row, "UniqueSize", image->size - shared);
	set_text(doc, row, "Containers", holders);
	yyjson_mut_arr_append(rows, row);
}

static void add_volume(const struct diskusage *u, size_t i, yyjson_mut_doc *doc,
		       yyjson_mut_val *rows)
{
	yyjson_mut_val *row = row_volume(&u->volume[i], doc);
	autofree char *links = str_fmt("%zu", u->links[i]);

	set_text(doc, row, "Links", links);
	set_sum(doc, row, "Size", u->content[i]);
	yyjson_mut_arr_append(rows, row);
}

/* How often and when a step's result was used is not kept. */
static void add_layer(const struct diskusage *u, size_t i, bool no_trunc,
		      yyjson_mut_doc *doc, yyjson_mut_val *rows)
{
	static const char *const fixed[][2] = {
		{ "CacheType", "regular" }, { "Description", "" },
		{ "InUse", "false" },       { "LastUsedAt", "N/A" },
		{ "LastUsedSince", "N/A" }, { "Parent", "" },
		{ "Shared", "false" },      { "UsageCount", "N/A" },
	};
	yyjson_mut_val *row = yyjson_mut_arr_add_obj(doc, rows);
	autofree char *id = str_ndup(u->layer.v[i], no_trunc ? 64 : 12);
	char human[64], since[80], at[TIME_STAMP_MAX], size[32];

	time_human(human, sizeof(human), time_now() - u->layer_made[i]);
	str_print(since, sizeof(since), "%s ago", human);
	row_size(u->layer_size[i], size, sizeof(size));
	json_add_str(doc, row, "ID", id);
	json_add_str(doc, row, "Size", size);
	json_add_str(doc, row, "CreatedAt", time_stamp(at, u->layer_made[i]));
	json_add_str(doc, row, "CreatedSince", since);
	for (size_t k = 0; k < ARRAY_LEN(fixed); k++)
		json_add_str(doc, row, fixed[k][0], fixed[k][1]);
}

/* All one by one: { "Images": […], … }. */
static yyjson_mut_val *list_all(struct host *h, const struct diskusage *u, bool no_trunc,
				yyjson_mut_doc *doc)
{
	yyjson_mut_val *all = yyjson_mut_obj(doc);
	yyjson_mut_val *rows = json_add_arr(doc, all, "Images");

	for (size_t i = 0; i < u->images.total; i++)
		add_image(u, i, no_trunc, doc, rows);
	rows = json_add_arr(doc, all, "Containers");
	for (size_t i = 0; i < u->containers.total; i++) {
		char size[32];
		yyjson_mut_val *row =
			row_container(&h->store, &u->container[i], no_trunc, false, doc);
		row_size(u->written[i], size, sizeof(size));
		set_text(doc, row, "Size", size);
		yyjson_mut_arr_append(rows, row);
	}
	rows = json_add_arr(doc, all, "Volumes");
	for (size_t i = 0; i < u->volumes.total; i++)
		add_volume(u, i, doc, rows);
	rows = json_add_arr(doc, all, "BuildCache");
	for (size_t i = 0; i < u->layer.len; i++)
		add_layer(u, i, no_trunc, doc, rows);
	return all;
}

static const struct table_column image_columns[] = {
	{ "Repository", "REPOSITORY" },
	{ "Tag", "TAG" },
	{ "ID", "IMAGE ID" },
	{ "CreatedSince", "CREATED" },
	{ "Size", "SIZE" },
	{ "SharedSize", "SHARED SIZE" },
	{ "UniqueSize", "UNIQUE SIZE" },
	{ "Containers", "CONTAINERS" },
	{ NULL, NULL },
};

static const struct table_column container_columns[] = {
	{ "ID", "CONTAINER ID" }, { "Image", "IMAGE" },
	{ "Command", "COMMAND" }, { "LocalVolumes", "LOCAL VOLUMES" },
	{ "Size", "SIZE" },       { "RunningFor", "CREATED" },
	{ "Status", "STATUS" },   { "Names", "NAMES" },
	{ NULL, NULL },
};

static const struct table_column volume_columns[] = {
	{ "Name", "VOLUME NAME" },
	{ "Links", "LINKS" },
	{ "Size", "SIZE" },
	{ NULL, NULL },
};

static const struct table_column cache_columns[] = {
	{ "ID", "CACHE ID" },
	{ "CacheType", "CACHE TYPE" },
	{ "Size", "SIZE" },
	{ "CreatedSince", "CREATED" },
	{ "LastUsedSince", "LAST USED" },
	{ "UsageCount", "USAGE" },
	{ "Shared", "SHARED" },
	{ NULL, NULL },
};

static const struct part {
	const char *key, *title; /* without a title: of the cache, with its sum */
	const struct table_column *columns;
	const char *format;
} parts[] = {
	{ "Images", "Images space usage:", image_columns,
	  "table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t"
	  "{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}" },
	{ "Containers", "\nContainers space usage:", container_columns,
	  "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t"
	  "{{.RunningFor}}\t{{.Status}}\t{{.Names}}" },
	{ "Volumes", "\nLocal Volumes space usage:", volume_columns,
	  "table {{.Name}}\t{{.Links}}\t{{.Size}}" },
	{ "BuildCache", NULL, cache_columns,
	  "table {{.ID}}\t{{.CacheType}}\t{{.Size}}\t{{.CreatedSince}}\t"
	  "{{.LastUsedSince}}\t{{.UsageCount}}\t{{.Shared}}" },
};

static int show_part(const struct part *p, const struct diskusage *u, yyjson_val *rows,
		     struct err *e)
{
	struct table *t = table_new(p->columns, NULL, p->format, NULL, e);
	int r = t ? 0 : -EINVAL;
	yyjson_val *row;
	size_t i, max;
	char size[32];

	row_size_sum(u->cache.size, size, sizeof(size));
	if (p->title)
		printf("%s\n\n", p->title);
	else
		printf("\nBuild cache usage: %s\n\n", size);
	yyjson_arr_foreach (rows, i, max, row) {
		if (r >= 0)
			r = table_row(t, row, e);
	}
	return end_table(t, r, e);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(yyjson_mut_get_str(*(void *const *)a),
		      yyjson_mut_get_str(*(void *const *)b));
}

/* docker's rows are maps, which Go writes by key. */
static void sort_row(yyjson_mut_val *row)
{
	size_t n = 0, i, max;
	yyjson_mut_val *key, *val;
	autofree yyjson_mut_val **keys =
		mem_array(yyjson_mut_obj_size(row), sizeof(*keys));
	autofree yyjson_mut_val **vals =
		mem_array(yyjson_mut_obj_size(row), sizeof(*vals));

	yyjson_mut_obj_foreach(row, i, max, key, val)
	{
		keys[n++] = key;
	}
	qsort(keys, n, sizeof(*keys), by_key);
	for (i = 0; i < n; i++)
		vals[i] = yyjson_mut_obj_get(row, yyjson_mut_get_str(keys[i]));
	yyjson_mut_obj_clear(row);
	for (i = 0; i < n; i++)
		yyjson_mut_obj_add(row, keys[i], vals[i]);
}

static void sort_rows(yyjson_mut_val *all)
{
	size_t i, k, max, most;
	yyjson_mut_val *key, *rows, *row;

	yyjson_mut_obj_foreach(all, i, max, key, rows)
	{
		yyjson_mut_arr_foreach(rows, k, most, row)
		{
			sort_row(row);
		}
	}
}

static int show_all(struct host *h, const struct diskusage *u, const char *format,
		    struct err *e)
{
	bool tables = str_empty(format) || str_eq(format, "table");
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *all = list_all(h, u, !tables, doc);
	int r = 0;

	if (!tables) {
		sort_rows(all);
		return inspect_show(format, doc, all, e);
	}
	autojson *still = yyjson_mut_val_imut_copy(all, NULL);
	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(parts); i++)
		r = show_part(&parts[i], u,
			      yyjson_obj_get(yyjson_doc_get_root(still), parts[i].key),
			      e);
	return r;
}

static int df_main(void *opts, char **args)
{
	const struct system_df *o = opts;
	autodone(diskusage_done) struct diskusage u = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	int r;

	if (host_open(&h, &e) < 0 || diskusage_take(&h.store, &u, &e) < 0)
		return host_fail(&e, 1);
	r = o->verbose ? show_all(&h, &u, o->format, &e) : show_sums(&u, o->format, &e);
	return r < 0 ? host_fail(&e, 1) : 0;
}

static const struct applet df = {
	.name = "df",
	.args = "[OPTIONS]",
	.summary = "Show docker disk usage",
	.group = GROUP_COMMAND,
	.opts = df_opts,
	.opts_size = sizeof(struct system_df),
	.max_args = 0,
	.main = df_main,
};

static const struct applet_verb verbs[] = {
	{ "df", &df },
	{ "events", &events_applet },
	{ "info", &info_applet },
	{ "prune", &prune },
	{ NULL, NULL },
};

const struct applet system_applet = {
	.name = "system",
	.args = "COMMAND",
	.summary = "Manage Docker",
	.group = GROUP_MANAGEMENT,
	.verbs = verbs,
	.max_args = -1,
};
