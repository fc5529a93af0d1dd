/* SPDX-License-Identifier: Apache-2.0 */
/* Changing what is written down. */
#include "core/engine/amend.h"

#include <errno.h>
#include <fcntl.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/engine/container_end.h"
#include "core/runtime/restart.h"
#include "core/runtime/setup.h"
#include "core/store/record.h"

static int write_setup(const struct container *c, const char *policy, struct err *e)
{
	autodone(setup_done) struct setup setup = { 0 };
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	autoclose int bundle =
		openat(c->dirfd, "bundle", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = bundle < 0 ? err_sys(e, "open the container's bundle")
			   : setup_read(bundle, &setup, e);

	if (r < 0)
		return r;
	str_set(&setup.restart, policy);
	return setup_write(bundle, &setup,
			   setup.network ? yyjson_val_mut_copy(doc, setup.network) : NULL,
			   e);
}

static int write_record(const struct store *s, const struct container *c,
			const struct restart *policy, struct err *e)
{
	autojson_mut *doc = yyjson_doc_mut_copy(c->record, NULL);
	yyjson_mut_val *host =
		yyjson_mut_obj_get(yyjson_mut_doc_get_root(doc), "HostConfig");

	yyjson_mut_obj_remove_key(host, "RestartPolicy");
	yyjson_mut_val *obj = json_add_obj(doc, host, "RestartPolicy");
	json_add_str(doc, obj, "Name", restart_name(policy->kind));
	yyjson_mut_obj_add_int(doc, obj, "MaximumRetryCount", policy->max);
	return record_write(s->containers_fd, c->id, doc, e);
}

static int read_anew(const struct store *s, struct container *c, struct err *e)
{
	yyjson_doc *doc = NULL;
	int r = record_read(s->containers_fd, c->id, &doc, e);

	if (r < 0)
		return r;
	yyjson_doc_free(c->record);
	c->record = doc;
	return 0;
}

int amend_restart(const struct store *s, struct container *c, const char *policy,
		  struct err *e)
{
	struct restart parsed = { 0 };
	bool auto_remove = false;
	int r = restart_parse(policy, &parsed, e);

	if (r < 0)
		return r;
	autoclose int lock = container_end_lock(c->dirfd, c->name, e);
	/* What a start wrote meanwhile stays. */
	if (lock < 0 || (r = read_anew(s, c, e)) < 0)
		return lock < 0 ? lock : r;
	json_get_bool(yyjson_obj_get(yyjson_doc_get_root(c->record), "HostConfig"),
		      "AutoRemove", &auto_remove, NULL);
	if (auto_remove && parsed.kind != RESTART_NO)
		return err_set(e, -EINVAL,
			       "Restart policy cannot be updated because AutoRemove is "
			       "enabled for the container");
	if ((r = write_setup(c, policy, e)) < 0 ||
	    (r = write_record(s, c, &parsed, e)) < 0)
		return r;
	container_end_tell(s, c->id, "update");
	return 0;
}
