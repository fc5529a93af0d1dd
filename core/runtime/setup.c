/* SPDX-License-Identifier: Apache-2.0 */
/* setup.json. */
#include "core/runtime/setup.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define SETUP_FILE "setup.json"
#define SETUP_MAX  (1u << 20)
#define SETUP_MODE 0600

/* One table serves reading, writing and releasing. */
enum kind { TEXT, FLAG, NUMBER, SIZE };

static const struct field {
	const char *key;
	enum kind kind;
	size_t at;
} fields[] = {
	{ "id", TEXT, offsetof(struct setup, id) },
	{ "upper", TEXT, offsetof(struct setup, upper) },
	{ "work", TEXT, offsetof(struct setup, work) },
	{ "mappedMeta", FLAG, offsetof(struct setup, mapped_meta) },
	{ "seccomp", TEXT, offsetof(struct setup, seccomp) },
	{ "newKeyring", FLAG, offsetof(struct setup, new_keyring) },
	{ "landlockScopes", FLAG, offsetof(struct setup, landlock_scopes) },
	{ "init", FLAG, offsetof(struct setup, init) },
	{ "systempathsUnconfined", FLAG, offsetof(struct setup, systempaths_unconfined) },
	{ "hostDevices", FLAG, offsetof(struct setup, host_devices) },
	{ "keepGroups", FLAG, offsetof(struct setup, keep_groups) },
	{ "sharesPids", FLAG, offsetof(struct setup, shares_pids) },
	{ "terminal", FLAG, offsetof(struct setup, terminal) },
	{ "openStdin", FLAG, offsetof(struct setup, open_stdin) },
	{ "stdinOnce", FLAG, offsetof(struct setup, stdin_once) },
	{ "logDriver", TEXT, offsetof(struct setup, log_driver) },
	{ "logPath", TEXT, offsetof(struct setup, log_path) },
	{ "logMaxSize", SIZE, offsetof(struct setup, log_max_size) },
	{ "logMaxFiles", NUMBER, offsetof(struct setup, log_max_files) },
	{ "logCompress", FLAG, offsetof(struct setup, log_compress) },
	{ "logBuffer", SIZE, offsetof(struct setup, log_buffer) },
	{ "stopSignal", NUMBER, offsetof(struct setup, stop_signal) },
	{ "autoRemove", FLAG, offsetof(struct setup, auto_remove) },
	{ "healthInterval", NUMBER, offsetof(struct setup, health_interval) },
	{ "healthStartInterval", NUMBER, offsetof(struct setup, health_start_interval) },
	{ "healthStartPeriod", NUMBER, offsetof(struct setup, health_start_period) },
	{ "healthTimeout", NUMBER, offsetof(struct setup, health_timeout) },
	{ "healthRetries", NUMBER, offsetof(struct setup, health_retries) },
	{ "restart", TEXT, offsetof(struct setup, restart) },
};

static void *slot(struct setup *s, const struct field *f)
{
	return (char *)s + f->at;
}

static const void *const_slot(const struct setup *s, const struct field *f)
{
	return (const char *)s + f->at;
}

static int get(yyjson_val *obj, const struct field *f, struct setup *s, struct err *e)
{
	const char *text = NULL;
	int r;

	switch (f->kind) {
	case TEXT:
		r = json_get_str(obj, f->key, &text, e);
		if (r >= 0)
			str_set(slot(s, f), text);
		return r;
	case FLAG:
		return json_get_bool(obj, f->key, slot(s, f), e);
	case NUMBER:
		return json_get_i64(obj, f->key, slot(s, f), e);
	case SIZE:
		return json_get_u64(obj, f->key, slot(s, f), e);
	}
	return -EINVAL;
}

int setup_read(int bundle_dirfd, struct setup *ret, struct err *e)
{
	autodone(setup_done) struct setup s = { 0 };
	yyjson_val *root;
	int r = json_read(bundle_dirfd, SETUP_FILE, SETUP_MAX, &s.doc, e);

	if (r < 0)
		return r;
	root = yyjson_doc_get_root(s.doc);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (get(root, &fields[i], &s, e) < 0)
			return err_wrap(e, "read '%s'", SETUP_FILE);
	}
	if (json_get_strv(root, "layers", &s.layers, e) < 0 ||
	    json_get_strv(root, "mapped", &s.mapped, e) < 0 ||
	    json_get_strv(root, "logFields", &s.log_fields, e) < 0 ||
	    json_get_obj(root, "network", &s.network, e) < 0)
		return err_wrap(e, "read '%s'", SETUP_FILE);
	if (str_empty(s.id))
		return err_set(e, -EINVAL, "read '%s': 'id' is missing", SETUP_FILE);
	*ret = s;
	s = (struct setup){ 0 };
	return 0;
}

static void put(yyjson_mut_doc *doc, yyjson_mut_val *obj, const struct field *f,
		const struct setup *s)
{
	const void *p = const_slot(s, f);

	switch (f->kind) {
	case TEXT:
		json_add_str(doc, obj, f->key, *(char *const *)p);
		break;
	case FLAG:
		yyjson_mut_obj_add_bool(doc, obj, f->key, *(const bool *)p);
		break;
	case NUMBER:
		yyjson_mut_obj_add_int(doc, obj, f->key, *(const int64_t *)p);
		break;
	case SIZE:
		yyjson_mut_obj_add_uint(doc, obj, f->key, *(const uint64_t *)p);
		break;
	}
}

int setup_write(int bundle_dirfd, const struct setup *s, yyjson_mut_val *network,
		struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *obj = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, obj);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		put(doc, obj, &fields[i], s);
	json_add_strv(doc, obj, "layers", &s->layers);
	if (s->mapped.len)
		json_add_strv(doc, obj, "mapped", &s->mapped);
	if (s->log_fields.len)
		json_add_strv(doc, obj, "logFields", &s->log_fields);
	if (network)
		yyjson_mut_obj_add_val(doc, obj, "network",
				       yyjson_mut_val_mut_copy(doc, network));
	/* What a reboot removes anyway need not survive a power cut. */
	return json_write(bundle_dirfd, SETUP_FILE, doc, SETUP_MODE, !s->auto_remove, e);
}

void setup_done(struct setup *s)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (fields[i].kind == TEXT)
			free(*(char **)slot(s, &fields[i]));
	}
	strv_done(&s->layers);
	strv_done(&s->mapped);
	strv_done(&s->log_fields);
	yyjson_doc_free(s->doc);
	*s = (struct setup){ 0 };
}
