/* SPDX-License-Identifier: Apache-2.0 */
/* Log options. */
#include "core/engine/logplan.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/cli/format.h"
#include "core/runtime/journald.h"

#define JSON_SIZE    (10ull << 20)
#define JSON_FILES   3
#define LOCAL_SIZE   (20ull << 20)
#define LOCAL_FILES  5
#define FILES_MAX    1000
#define BUFFER_SIZE  (1ull << 20)
#define SHORT_ID     12
#define JOURNAL_TAG  "{{.ID}}"
#define JOURNAL_PATH "ROOTLESS_JOURNAL_SOCKET" /* another than systemd's */
#define HOSTNAME_MAX 256

/* Which driver knows which option. */
enum { JSON = 1, LOCAL = 2, JOURNAL = 4, NONE = 8, FILES = JSON | LOCAL };
#define ATTRS (JSON | JOURNAL)
#define ALL   (FILES | JOURNAL | NONE)

static const struct {
	const char *name;
	int bit;
} drivers[] = { { "json-file", JSON },
		{ "local", LOCAL },
		{ "journald", JOURNAL },
		{ "none", NONE } };

static int driver_bit(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		if (str_eq(drivers[i].name, name))
			return drivers[i].bit;
	return 0;
}

/* --- options -------------------------------------------------------------------------
 */

static int take_size(const char *value, uint64_t *ret)
{
	if (str_eq(value, "-1")) {
		*ret = 0;
		return 0;
	}
	return str_size(value, ret) < 0 || !*ret ? -EINVAL : 0;
}

static int take_files(const char *value, int64_t *ret)
{
	return str_i64(value, 1, FILES_MAX, ret);
}

static int take_mode(const char *value, bool *ret)
{
	*ret = str_eq(value, "non-blocking");
	return *ret || str_empty(value) || str_eq(value, "blocking") ? 0 : -EINVAL;
}

static int take_regex(const char *value, const char **ret)
{
	regex_t re;

	if (regcomp(&re, value, REG_EXTENDED | REG_NOSUB))
		return -EINVAL;
	regfree(&re);
	*ret = value;
	return 0;
}

static int take_tag(const char *value, const char **ret)
{
	struct format *f;
	int r = format_new(value, &f, NULL);

	if (r < 0)
		return r;
	format_free(f);
	*ret = value;
	return 0;
}

/* -ENOENT: no option of this driver; -EINVAL: its value is wrong. */
static int take(struct logplan *l, int driver, const char *key, const char *value)
{
	if (str_eq(key, "mode") && (driver & ALL))
		return take_mode(value, &l->non_blocking);
	if (str_eq(key, "max-buffer-size") && (driver & ALL))
		return take_size(value, &l->buffer);
	if (str_eq(key, "max-size") && (driver & FILES))
		return take_size(value, &l->max_size);
	if (str_eq(key, "max-file") && (driver & FILES))
		return take_files(value, &l->max_files);
	if (str_eq(key, "compress") && (driver & FILES))
		return str_bool(value, &l->compress);
	if (str_eq(key, "tag") && (driver & ATTRS))
		return take_tag(value, &l->tag);
	if (str_eq(key, "labels-regex") && (driver & ATTRS))
		return take_regex(value, &l->labels_regex);
	if (str_eq(key, "env-regex") && (driver & ATTRS))
		return take_regex(value, &l->env_regex);
	if (str_eq(key, "labels") && (driver & ATTRS))
		l->labels = value;
	else if (str_eq(key, "env") && (driver & ATTRS))
		l->env = value;
	else
		return -ENOENT;
	return 0;
}

static int take_all(struct logplan *l, int driver, struct err *e)
{
	for (size_t i = 0; i < l->opts.len; i++) {
		const char *eq = strchr(l->opts.v[i], '=');

		if (!eq)
			return err_set(e, -EINVAL, "invalid log opt: %s", l->opts.v[i]);
		autofree char *key = str_ndup(l->opts.v[i], (size_t)(eq - l->opts.v[i]));
		int r = take(l, driver, key, eq + 1);
		if (r == -ENOENT)
			return err_set(e, -EINVAL,
				       "unknown log opt '%s' for %s log driver", key,
				       l->driver);
		if (r < 0)
			return err_set(e, -EINVAL,
				       "invalid value for log opt '%s' of the %s log "
				       "driver: '%s'",
				       key, l->driver, eq + 1);
	}
	return 0;
}

/* Later ones count; those of the configuration only where the spec has none. */
static void merge(struct strv *to, const struct strv *from, bool keep)
{
	for (size_t i = 0; i < from->len; i++) {
		const char *eq = strchr(from->v[i], '=');
		autofree char *key =
			eq ? str_ndup(from->v[i], (size_t)(eq - from->v[i])) : NULL;

		if (!key)
			strv_add(to, from->v[i]);
		else if (!keep || !strv_getenv(to, key))
			strv_setenv(to, key, eq + 1);
	}
}

static const char *journal_path(void)
{
	const char *path = getenv(JOURNAL_PATH);

	return str_empty(path) ? JOURNALD_SOCKET : path;
}

static int try_journal(struct err *e)
{
	const struct strv none = { 0 };
	struct journald j;
	int r = journald_open(&j, journal_path(), &none, 0, e);

	if (r == 0)
		journald_done(&j);
	return r;
}

bool logplan_has_journal(void)
{
	return try_journal(NULL) == 0;
}

static int check(const struct logplan *l, int driver, struct err *e)
{
	if (!l->non_blocking && strv_getenv(&l->opts, "max-buffer-size"))
		return err_set(e, -EINVAL,
			       "logger: max-buffer-size option is only supported with "
			       "'mode=non-blocking'");
	if ((driver & FILES) && l->compress && (l->max_files < 2 || !l->max_size))
		return err_set(e, -EINVAL,
			       "compress cannot be true when max-file is less than 2 or "
			       "max-size is not set");
	return driver == JOURNAL ? try_journal(e) : 0;
}

int logplan_make(const struct config *cfg, const struct spec *spec, struct logplan *ret,
		 struct err *e)
{
	struct logplan l = { .buffer = BUFFER_SIZE };
	int driver, r;

	l.driver = spec->log_driver ? spec->log_driver : cfg->log_driver;
	driver = driver_bit(l.driver);
	if (!driver)
		return err_set(e, -EOPNOTSUPP,
			       "log driver '%s' is not supported: json-file, local, "
			       "journald or none",
			       l.driver);
	l.max_size = driver == LOCAL ? LOCAL_SIZE : JSON_SIZE;
	l.max_files = driver == LOCAL ? LOCAL_FILES : JSON_FILES;
	merge(&l.opts, &spec->log_opts, false);
	/* The configuration's options belong to its own driver. */
	if (str_eq(l.driver, cfg->log_driver))
		merge(&l.opts, &cfg->log_opts, true);
	/* Docker's default, which a single file turns off. */
	r = take_all(&l, driver, e);
	if (driver == LOCAL && !strv_getenv(&l.opts, "compress"))
		l.compress = l.max_files > 1 && l.max_size;
	if (r == 0)
		r = check(&l, driver, e);
	if (r < 0)
		logplan_done(&l);
	else
		*ret = l;
	return r;
}

void logplan_done(struct logplan *l)
{
	strv_done(&l->opts);
	*l = (struct logplan){ 0 };
}

/* --- attributes ----------------------------------------------------------------------
 */

static bool listed(const char *list, const char *key)
{
	autostrv names = { 0 };

	if (!str_empty(list))
		strv_split(&names, list, ',');
	return strv_has(&names, key);
}

static void add_matching(const struct strv *from, const char *list, const char *regex,
			 struct strv *ret)
{
	regex_t re;

	if (regex && regcomp(&re, regex, REG_EXTENDED | REG_NOSUB))
		return; /* looked at before */
	for (size_t i = 0; i < from->len; i++) {
		const char *eq = strchr(from->v[i], '=');
		autofree char *key = eq ? str_ndup(from->v[i], (size_t)(eq - from->v[i]))
					: str_dup(from->v[i]);

		if (listed(list, key) || (regex && !regexec(&re, key, 0, NULL, 0)))
			strv_setenv(ret, key, eq ? eq + 1 : "");
	}
	if (regex)
		regfree(&re);
}

/* Docker's loginfo: what a tag may name. */
static int make_tag(const char *text, const struct logplan_about *a, struct buf *out,
		    struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	autofree char *command = strv_join(a->command, " "),
		      *id = str_ndup(a->id, SHORT_ID), *image = NULL;
	const char *hex = strchr(a->image_id, ':');
	char host[HOSTNAME_MAX] = "";
	struct format *f = NULL;
	int r;

	image = str_ndup(hex ? hex + 1 : a->image_id,
			 strnlen(hex ? hex + 1 : a->image_id, SHORT_ID));
	gethostname(host, sizeof(host) - 1);
	yyjson_mut_doc_set_root(doc, root);
	json_add_str(doc, root, "ID", id);
	json_add_str(doc, root, "FullID", a->id);
	json_add_str(doc, root, "Name", a->name);
	json_add_str(doc, root, "ImageID", image);
	json_add_str(doc, root, "ImageFullID", a->image_id);
	json_add_str(doc, root, "ImageName", a->image);
	json_add_str(doc, root, "Command", command);
	json_add_str(doc, root, "Hostname", host);
	json_add_str(doc, root, "DaemonName", "docker");
	autojson *fixed = yyjson_mut_doc_imut_copy(doc, NULL);
	r = format_new(text, &f, e);
	if (r == 0)
		r = format_run(f, yyjson_doc_get_root(fixed), out, e);
	format_free(f);
	return r < 0 ? err_wrap(e, "log opt 'tag'") : 0;
}

static int fill_journal(const struct logplan_about *a, const char *tag, struct strv *ret)
{
	strv_addf(ret, "CONTAINER_ID=%.*s", SHORT_ID, a->id);
	strv_addf(ret, "CONTAINER_ID_FULL=%s", a->id);
	strv_addf(ret, "CONTAINER_NAME=%s", a->name);
	strv_addf(ret, "CONTAINER_TAG=%s", tag);
	strv_addf(ret, "IMAGE_NAME=%s", a->image);
	strv_addf(ret, "SYSLOG_IDENTIFIER=%s", tag);
	return 0;
}

int logplan_setup(const struct logplan *l, const char *dir,
		  const struct logplan_about *about, struct setup *s, struct err *e)
{
	bool journal = str_eq(l->driver, "journald"),
	     json = str_eq(l->driver, "json-file");
	const char *tag = l->tag ? l->tag : journal ? JOURNAL_TAG : NULL;
	autobuf text = { 0 };
	int r = tag ? make_tag(tag, about, &text, e) : 0;

	if (r < 0)
		return r;
	str_set(&s->log_driver, l->driver);
	free(s->log_path);
	s->log_path = journal ? str_dup(journal_path())
		      : json  ? str_fmt("%s/log/%s-json.log", dir, about->id)
			      : str_fmt("%s/log/container.log", dir);
	s->log_max_size = l->max_size;
	s->log_max_files = l->max_files;
	s->log_compress = l->compress;
	s->log_buffer = l->non_blocking ? l->buffer : 0;
	if (journal)
		fill_journal(about, buf_str(&text), &s->log_fields);
	else if (text.len)
		strv_addf(&s->log_fields, "tag=%s", buf_str(&text));
	add_matching(about->labels, l->labels, l->labels_regex, &s->log_fields);
	add_matching(about->env, l->env, l->env_regex, &s->log_fields);
	return 0;
}
