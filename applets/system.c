/* SPDX-License-Identifier: Apache-2.0 */
/* rootless system: the verbs on the whole as a group. */
#include <errno.h>

#include "applets/confirm.h"
#include "applets/host.h"
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
	struct imageprune_result done = { 0 };
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
	/* What was built has neither labels nor a time of its own. */
	if (r >= 0 && !p->conditions.len)
		r = buildprune_run(&h->store, o->all, bytes, e);
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
		   struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *row = yyjson_mut_obj(doc);
	autofree char *total = str_fmt("%zu", sum->total);
	autofree char *active = str_fmt("%zu", sum->active);
	char size[32], free_text[32], text[64];

	row_size(sum->size, size, sizeof(size));
	row_size(sum->reclaimable, free_text, sizeof(free_text));
	if (sum->size)
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
	int r = t ? add_sum(t, "Images", &u->images, e) : -EINVAL;

	if (r >= 0)
		r = add_sum(t, "Containers", &u->containers, e);
	if (r >= 0)
		r = add_sum(t, "Local Volumes", &u->volumes, e);
	if (r >= 0)
		r = add_sum(t, "Build Cache", &u->cache, e);
	return end_table(t, r, e);
}

static void set_text(yyjson_mut_doc *doc, yyjson_mut_val *row, const char *key,
		     const char *text)
{
	yyjson_mut_obj_remove_key(row, key);
	json_add_str(doc, row, key, text);
}

static void set_size(yyjson_mut_doc *doc, yyjson_mut_val *row, const char *key,
		     uint64_t bytes)
{
	char text[32];

	row_size(bytes, text, sizeof(text));
	set_text(doc, row, key, text);
}

static int add_image(struct table *t, const struct diskusage *u, size_t i, struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	const struct image *image = &u->image[i];
	autofree char *holders = str_fmt("%zu", u->holders[i]);
	uint64_t shared = u->shared[i] > image->size ? image->size : u->shared[i];
	int r = 0;

	for (size_t k = 0;
	     r >= 0 && k < (image->repo_tags.len ? image->repo_tags.len : 1); k++) {
		const char *tag = image->repo_tags.len ? image->repo_tags.v[k] : NULL;
		yyjson_mut_val *row = row_image(image, tag, NULL, false, doc);
		set_size(doc, row, "SharedSize", shared);
		set_size(doc, row, "UniqueSize", image->size - shared);
		set_text(doc, row, "Containers", holders);
		r = put_row(t, row, e);
	}
	return r;
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

static int show_images(const struct diskusage *u, struct err *e)
{
	struct table *t = table_new(image_columns, NULL,
				    "table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t"
				    "{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t"
				    "{{.UniqueSize}}\t{{.Containers}}",
				    NULL, e);
	int r = t ? 0 : -EINVAL;

	printf("Images space usage:\n\n");
	for (size_t i = 0; r >= 0 && i < u->images.total; i++)
		r = add_image(t, u, i, e);
	return end_table(t, r, e);
}

static const struct table_column container_columns[] = {
	{ "ID", "CONTAINER ID" }, { "Image", "IMAGE" },
	{ "Command", "COMMAND" }, { "LocalVolumes", "LOCAL VOLUMES" },
	{ "Size", "SIZE" },       { "RunningFor", "CREATED" },
	{ "Status", "STATUS" },   { "Names", "NAMES" },
	{ NULL, NULL },
};

static int show_containers(struct host *h, const struct diskusage *u, struct err *e)
{
	struct table *t = table_new(container_columns, NULL,
				    "table {{.ID}}\t{{.Image}}\t{{.Command}}\t"
				    "{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t"
				    "{{.Status}}\t{{.Names}}",
				    NULL, e);
	int r = t ? 0 : -EINVAL;

	printf("\nContainers space usage:\n\n");
	for (size_t i = 0; r >= 0 && i < u->containers.total; i++) {
		autojson_mut *doc = yyjson_mut_doc_new(NULL);
		yyjson_mut_val *row =
			row_container(&h->store, &u->container[i], false, false, doc);
		set_size(doc, row, "Size", u->written[i]);
		r = put_row(t, row, e);
	}
	return end_table(t, r, e);
}

static const struct table_column volume_columns[] = {
	{ "Name", "VOLUME NAME" },
	{ "Links", "LINKS" },
	{ "Size", "SIZE" },
	{ NULL, NULL },
};

static int show_volumes(const struct diskusage *u, struct err *e)
{
	struct table *t = table_new(volume_columns, NULL,
				    "table {{.Name}}\t{{.Links}}\t{{.Size}}", NULL, e);
	int r = t ? 0 : -EINVAL;

	printf("\nLocal Volumes space usage:\n\n");
	for (size_t i = 0; r >= 0 && i < u->volumes.total; i++) {
		autojson_mut *doc = yyjson_mut_doc_new(NULL);
		yyjson_mut_val *row = row_volume(&u->volume[i], doc);
		autofree char *links = str_fmt("%zu", u->links[i]);
		set_text(doc, row, "Links", links);
		set_size(doc, row, "Size", u->content[i]);
		r = put_row(t, row, e);
	}
	return end_table(t, r, e);
}

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

/* How often and when a step's result was used is not kept. */
static int add_layer(struct table *t, const struct diskusage *u, size_t i, struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *row = yyjson_mut_obj(doc);
	autofree char *id = str_ndup(u->layer.v[i], 12);
	char human[64], since[80];

	time_human(human, sizeof(human), time_now() - u->layer_made[i]);
	str_print(since, sizeof(since), "%s ago", human);
	set_text(doc, row, "ID", id);
	set_text(doc, row, "CacheType", "regular");
	set_size(doc, row, "Size", u->layer_size[i]);
	set_text(doc, row, "CreatedSince", since);
	set_text(doc, row, "LastUsedSince", "N/A");
	set_text(doc, row, "UsageCount", "N/A");
	set_text(doc, row, "Shared", "false");
	return put_row(t, row, e);
}

static int show_cache(const struct diskusage *u, struct err *e)
{
	struct table *t = table_new(cache_columns, NULL,
				    "table {{.ID}}\t{{.CacheType}}\t{{.Size}}\t"
				    "{{.CreatedSince}}\t{{.LastUsedSince}}\t"
				    "{{.UsageCount}}\t{{.Shared}}",
				    NULL, e);
	int r = t ? 0 : -EINVAL;
	char size[32];

	row_size(u->cache.size, size, sizeof(size));
	printf("\nBuild cache usage: %s\n\n", size);
	for (size_t i = 0; r >= 0 && i < u->layer.len; i++)
		r = add_layer(t, u, i, e);
	return end_table(t, r, e);
}

static int df_main(void *opts, char **args)
{
	const struct system_df *o = opts;
	autodone(diskusage_done) struct diskusage u = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	int r;

	if (o->verbose && o->format) {
		log_error("the verbose and the format options conflict");
		return 1;
	}
	if (host_open(&h, &e) < 0 || diskusage_take(&h.store, &u, &e) < 0)
		return host_fail(&e, 1);
	if (!o->verbose) {
		r = show_sums(&u, o->format, &e);
	} else {
		r = show_images(&u, &e);
		if (r >= 0)
			r = show_containers(&h, &u, &e);
		if (r >= 0)
			r = show_volumes(&u, &e);
		if (r >= 0)
			r = show_cache(&u, &e);
	}
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
