/* SPDX-License-Identifier: Apache-2.0 */
/* Changing what is written down. */
#include "core/engine/amend.h"

#include <errno.h>
#include <fcntl.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/engine/container_end.h"
#include "core/engine/describe_host.h"
#include "core/engine/relimit.h"
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

static void put_policy(const struct restart *policy, yyjson_mut_doc *doc,
		       yyjson_mut_val *host)
{
	yyjson_mut_obj_remove_key(host, "RestartPolicy");
	yyjson_mut_val *obj = json_add_obj(doc, host, "RestartPolicy");
	json_add_str(doc, obj, "Name", restart_name(policy->kind));
	yyjson_mut_obj_add_int(doc, obj, "MaximumRetryCount", policy->max);
}

static int read_anew(const struct store *s, struct container *c, struct err *e)
{
	yyjson_doc *doc = NULL;
	int r = record_read(s->containers_fd, c->id, &doc, e);

	if (r < 0)
		return r;
	yyjson_doc_free(c->record);
	c->record = doc;
	return container_end_read_state(c->dirfd, &c->state, e);
}

static int check_policy(yyjson_val *host, const char *policy, struct restart *ret,
			struct err *e)
{
	bool auto_remove = false;
	int r = restart_parse(policy, ret, e);

	json_get_bool(host, "AutoRemove", &auto_remove, NULL);
	if (r >= 0 && auto_remove && ret->kind != RESTART_NO)
		return err_set(e, -EINVAL,
			       "Restart policy cannot be updated because AutoRemove is "
			       "enabled for the container");
	return r;
}

/* What can be refused comes first. */
static int amend_limits(const struct container *c, const struct relimit *new,
			struct err *e)
{
	bool runs = c->state.status == STATE_RUNNING || c->state.status == STATE_PAUSED;
	int r = runs ? relimit_apply(c, new, e) : 0;

	return r < 0 ? r : relimit_write(c, new, e);
}

int amend(const struct store *s, struct container *c, const struct amend *what,
	  struct strv *warnings, struct err *e)
{
	autodone(relimit_done) struct relimit new = { 0 };
	struct restart policy = { 0 };
	int r;

	autoclose int lock = container_end_lock(c->dirfd, c->name, e);
	/* What a start wrote meanwhile stays. */
	if (lock < 0 || (r = read_anew(s, c, e)) < 0)
		return lock < 0 ? lock : r;
	yyjson_val *host = yyjson_obj_get(yyjson_doc_get_root(c->record), "HostConfig");
	if (what->restart && (r = check_policy(host, what->restart, &policy, e)) < 0)
		return r;
	if (what->limits &&
	    ((r = relimit_plan(host, what->limits, &new, warnings, e)) < 0 ||
	     (r = amend_limits(c, &new, e)) < 0))
		return r;
	if (what->restart && (r = write_setup(c, what->restart, e)) < 0)
		return r;
	autojson_mut *doc = yyjson_doc_mut_copy(c->record, NULL);
	yyjson_mut_val *to =
		yyjson_mut_obj_get(yyjson_mut_doc_get_root(doc), "HostConfig");
	if (what->restart)
		put_policy(&policy, doc, to);
	if (what->limits)
		describe_host_limits(&new.limits, doc, to);
	r = record_write(s->containers_fd, c->id, doc, e);
	if (r == 0)
		container_end_tell(s, c->id, "update");
	return r;
}
