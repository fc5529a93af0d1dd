/* SPDX-License-Identifier: Apache-2.0 */
/* health.json. */
#include "core/engine/health_file.h"

#include "core/base/str.h"
#include "core/base/time.h"

#define FILE_NAME "health.json"
#define FILE_MAX  (1u << 20)
#define FILE_MODE 0600
#define LOG_MAX   5

int health_file_read(int container_dirfd, yyjson_doc **ret, const char **ret_status)
{
	autojson *doc = NULL;
	int r = json_read(container_dirfd, FILE_NAME, FILE_MAX, &doc, NULL);

	if (r == 0)
		r = json_get_str(yyjson_doc_get_root(doc), "Status", ret_status, NULL);
	if (r < 0)
		return r;
	*ret = doc;
	doc = NULL;
	return 0;
}

static int put(int dirfd, const char *status, int64_t streak, yyjson_mut_doc *doc,
	       yyjson_mut_val *log)
{
	yyjson_mut_val *o = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, o);
	json_add_str(doc, o, "Status", status);
	yyjson_mut_obj_add_int(doc, o, "FailingStreak", streak);
	yyjson_mut_obj_add_val(doc, o, "Log", log);
	return json_write(dirfd, FILE_NAME, doc, FILE_MODE, false, NULL);
}

int health_file_reset(int container_dirfd)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);

	return put(container_dirfd, "starting", 0, doc, yyjson_mut_arr(doc));
}

static void add_entry(const struct health_file_look *l, yyjson_mut_doc *doc,
		      yyjson_mut_val *log)
{
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, log);
	char stamp[TIME_STAMP_MAX];

	json_add_str(doc, o, "Start", time_stamp(stamp, l->start));
	json_add_str(doc, o, "End", time_stamp(stamp, l->end));
	yyjson_mut_obj_add_int(doc, o, "ExitCode", l->exit_code);
	json_add_str(doc, o, "Output", l->output);
}

/* By docker's rules. */
static const char *judge(const struct health_file_look *l, const char *before,
			 int64_t *streak)
{
	bool starting = str_eq(before, "starting");

	if (l->exit_code == 0) {
		*streak = 0;
		return "healthy";
	}
	if (!starting || !l->young)
		++*streak;
	if (*streak >= l->retries)
		return "unhealthy";
	return starting                    ? "starting"
	       : str_eq(before, "healthy") ? "healthy"
					   : "unhealthy";
}

int health_file_add(int container_dirfd, const struct health_file_look *l,
		    const char **ret_status, bool *ret_changed)
{
	autojson *old = NULL;
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	const char *before = "starting";
	int64_t streak = 0;

	/* One that is lost begins anew. */
	health_file_read(container_dirfd, &old, &before);
	yyjson_val *list = yyjson_obj_get(yyjson_doc_get_root(old), "Log"), *v;
	yyjson_mut_val *log = yyjson_mut_arr(doc);
	size_t i, max, have = yyjson_arr_size(list);
	yyjson_arr_foreach (list, i, max, v) {
		if (i + LOG_MAX > have)
			yyjson_mut_arr_append(log, yyjson_val_mut_copy(doc, v));
	}
	json_get_i64(yyjson_doc_get_root(old), "FailingStreak", &streak, NULL);
	add_entry(l, doc, log);
	*ret_status = judge(l, before, &streak);
	*ret_changed = !str_eq(before, *ret_status);
	return put(container_dirfd, *ret_status, streak, doc, log);
}
