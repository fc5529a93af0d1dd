/* SPDX-License-Identifier: Apache-2.0 */
/* Telling the journal. */
#include "core/engine/news.h"

#include <string.h>

#include "core/base/str.h"
#include "core/engine/container_end.h"
#include "core/store/journal.h"

void news_image(const struct store *s, const char *action, const struct digest *id,
		const char *name, const struct strv *labels)
{
	autostrv attributes = { 0 };
	char text[DIGEST_TEXT_MAX];
	const char *colon = strrchr(name, ':'), *slash = strrchr(name, '/');
	/* A pull or push names the repository beside its reference. */
	autofree char *bare = id || !colon || (slash && colon < slash)
				      ? str_dup(name)
				      : str_ndup(name, (size_t)(colon - name));

	if (labels)
		strv_addv(&attributes, strv_view(labels));
	strv_addf(&attributes, "name=%s", bare);
	journal_add(s, "image", action, id ? digest_text(text, id) : name, &attributes);
}

void news_pruned(const struct store *s, const char *type, uint64_t bytes)
{
	autostrv attributes = { 0 };

	strv_addf(&attributes, "reclaimed=%llu", (unsigned long long)bytes);
	journal_add(s, type, "prune", "", &attributes);
}

static void tell_network(const struct store *s, const char *id, const char *name,
			 yyjson_val *end, bool begins)
{
	autostrv attributes = { 0 };
	const char *network = "";

	json_get_str(end, "NetworkID", &network, NULL);
	strv_addf(&attributes, "container=%s", id);
	strv_addf(&attributes, "name=%s", name);
	strv_addf(&attributes, "type=%s",
		  str_eq(name, "host")   ? "host"
		  : str_eq(name, "none") ? "null"
					 : "bridge");
	journal_add(s, "network", begins ? "connect" : "disconnect", network,
		    &attributes);
}

static void tell_volume(const struct store *s, const char *id, yyjson_val *mount,
			bool begins)
{
	autostrv attributes = { 0 };
	const char *name = "", *driver = "", *to = "", *propagation = "";
	bool rw = true;

	json_get_str(mount, "Name", &name, NULL);
	json_get_str(mount, "Driver", &driver, NULL);
	json_get_str(mount, "Destination", &to, NULL);
	json_get_str(mount, "Propagation", &propagation, NULL);
	json_get_bool(mount, "RW", &rw, NULL);
	strv_addf(&attributes, "container=%s", id);
	strv_addf(&attributes, "driver=%s", driver);
	if (begins) {
		strv_addf(&attributes, "destination=%s", to);
		strv_addf(&attributes, "propagation=%s", propagation);
		strv_addf(&attributes, "read/write=%s", rw ? "true" : "false");
	}
	journal_add(s, "volume", begins ? "mount" : "unmount", name, &attributes);
}

void news_run(const struct store *s, yyjson_val *record, bool begins)
{
	yyjson_val *settings = yyjson_obj_get(record, "NetworkSettings"), *key, *v;
	const char *id = "", *type;
	size_t i, max;

	json_get_str(record, "Id", &id, NULL);
	yyjson_obj_foreach (yyjson_obj_get(settings, "Networks"), i, max, key, v)
		tell_network(s, id, yyjson_get_str(key), v, begins);
	yyjson_arr_foreach (yyjson_obj_get(record, "Mounts"), i, max, v) {
		type = "";
		json_get_str(v, "Type", &type, NULL);
		if (str_eq(type, "volume"))
			tell_volume(s, id, v, begins);
	}
}

void news_exec_ended(const char *tag, int exit_code)
{
	autodone(store_done) struct store s = { 0 };
	autostrv attributes = { 0 };
	const char *blank = strchr(tag, ' ');

	if (!blank || store_open(&s, NULL) < 0)
		return;
	autofree char *id = str_ndup(tag, (size_t)(blank - tag));
	strv_addf(&attributes, "execID=%s", blank + 1);
	strv_addf(&attributes, "exitCode=%d", exit_code);
	container_end_tell_all(&s, id, "exec_die", &attributes);
}
