/* SPDX-License-Identifier: Apache-2.0 */
/* The log drivers. */
#include "core/runtime/logger.h"

#include <errno.h>

#include "core/base/str.h"
#include "core/wire/json.h"

static int open_file(struct logger *l, const struct setup *s, enum logfile_form form,
		     struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	autobuf text = { 0 };
	autojson *copy = NULL;
	struct logfile_conf conf = { .path = s->log_path,
				     .form = form,
				     .max_size = s->log_max_size,
				     .max_files = s->log_max_files,
				     .compress = s->log_compress };

	if (str_empty(s->log_path))
		return err_set(e, -EINVAL, "the log has no path");
	yyjson_mut_doc_set_root(doc, root);
	json_add_map(doc, root, "attrs", &s->log_fields);
	copy = yyjson_mut_doc_imut_copy(doc, NULL);
	if (s->log_fields.len > 0 &&
	    json_print_val(&text, yyjson_obj_get(yyjson_doc_get_root(copy), "attrs"),
			   false) == 0)
		conf.attrs = buf_str(&text);
	return logfile_open(&l->file, &conf, e);
}

int logger_open(struct logger *l, const struct setup *s, struct err *e)
{
	const char *driver = s->log_driver;
	int r;

	if (str_empty(driver) || str_eq(driver, "none"))
		return 0;
	l->journal = str_eq(driver, "journald");
	if (l->journal)
		r = journald_open(&l->journald, s->log_path, &s->log_fields,
				  s->log_buffer, e);
	else if (str_eq(driver, "json-file"))
		r = open_file(l, s, LOGFILE_JSON, e);
	else if (str_eq(driver, "local"))
		r = open_file(l, s, LOGFILE_LOCAL, e);
	else
		r = err_set(e, -EINVAL, "log driver '%s' is unknown", driver);
	return r < 0 ? r : 1;
}

int logger_write(struct logger *l, int stream, const void *p, size_t n, int64_t now)
{
	return l->journal ? journald_write(&l->journald, stream, p, n, now)
			  : logfile_write(&l->file, stream, p, n, now);
}

bool logger_flush(struct logger *l)
{
	return l->journal && journald_flush(&l->journald);
}

int logger_finish(struct logger *l, int64_t now)
{
	return l->journal ? journald_finish(&l->journald, now)
			  : logfile_finish(&l->file, now);
}

int logger_dir(const struct logger *l)
{
	return l->journal ? -1 : l->file.dir;
}

void logger_done(struct logger *l)
{
	if (l->journal)
		journald_done(&l->journald);
	else
		logfile_done(&l->file);
}
