/* SPDX-License-Identifier: Apache-2.0 */
/* container_create: everything is written into a folder in the making, which one rename
 * turns into a container. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/bundling.h"
#include "core/engine/container.h"
#include "core/engine/describe.h"
#include "core/engine/plan_check.h"
#include "core/engine/realm.h"
#include "core/store/gc.h"
#include "core/store/journal.h"
#include "core/store/record.h"
#include "core/store/trash.h"

#define NAME_TRIES 64

static int name_conflict(const char *name, const char *holder, struct err *e)
{
	err_clear(e);
	return err_set(
		e, -EEXIST,
		"Conflict. The container name \"/%s\" is already in use by container "
		"\"%s\". You have to remove (or rename) that container to be able to "
		"reuse that name.",
		name, holder);
}

/* The name that was asked for, or one made up. */
static int take_name(const struct store *s, struct plan *p, struct err *e)
{
	autofree char *holder = NULL;
	char name[64];
	int r;

	if (p->name) {
		r = record_name_take(s->containers_fd, p->name, p->id, &holder, e);
		return r == -EEXIST ? name_conflict(p->name, holder ? holder : "?", e)
				    : r;
	}
	for (int i = 0; i < NAME_TRIES; i++) {
		id_name(name, sizeof(name), i);
		r = record_name_take(s->containers_fd, name, p->id, NULL, e);
		if (r == 0) {
			str_set(&p->name, name);
			str_set(&p->net.name, name);
			return 0;
		}
		if (r != -EEXIST)
			return r;
		err_clear(e);
	}
	return err_set(e, -EEXIST, "no free name was found: give one with --name");
}

/* A container that removes itself is not worth a sync: nobody misses it after a power
 * cut. */
static int write_record(const struct store *s, const struct plan *p,
			const struct strv *warnings, struct err *e)
{
	autojson_mut *doc = describe_plan(p, warnings);

	return p->spec->auto_remove ? record_write_nosync(s->containers_fd, p->id, doc, e)
				    : record_write(s->containers_fd, p->id, doc, e);
}

static void give_up(const struct store *s, struct plan *p)
{
	autofree char *tmp = str_fmt(TRASH_TMP "%s", p->id);

	if (p->name)
		record_name_drop(s->containers_fd, p->name, p->id);
	trash_move(s, s->containers_fd, tmp, NULL);
	mounts_undo(s, &p->mounts);
}

static int write_all(const struct store *s, struct plan *p, struct strv *warnings,
		     struct err *e)
{
	autoclose int dir = record_begin(s->containers_fd, p->id, e);
	int r;

	if (dir < 0)
		return dir;
	if ((r = take_name(s, p, e)) < 0)
		return r;
	plan_check_warn(p, warnings);
	if ((r = bundling_write(s, p, dir, warnings, e)) < 0 ||
	    (r = write_record(s, p, warnings, e)) < 0)
		return r;
	return record_publish(s->containers_fd, p->id, e);
}

static void tell(const struct store *s, const struct plan *p)
{
	autostrv attributes = { 0 };

	strv_addv(&attributes, strv_view(&p->labels));
	strv_addf(&attributes, "image=%s", p->spec->image);
	strv_addf(&attributes, "name=%s", p->name);
	journal_add(s, "container", "create", p->id, &attributes);
}

int container_create(const struct store *s, const struct config *cfg,
		     const struct spec *spec, char ret_id[65], struct strv *warnings,
		     struct err *e)
{
	autodone(plan_done) struct plan p = { 0 };

	/* From here on the image's layers stay where they are until the record holds
	 * them. */
	autoclose int gc = gc_lock(s, false, e);
	if (gc < 0)
		return gc;
	int r = plan_make(s, cfg, spec, &p, e);
	if (r < 0)
		return r;
	r = write_all(s, &p, warnings, e);
	if (r < 0) {
		give_up(s, &p);
		realm_sweep(s, NULL);
		return r;
	}
	tell(s, &p);
	str_copy(ret_id, 65, p.id);
	return 0;
}
