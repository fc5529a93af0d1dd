/* SPDX-License-Identifier: Apache-2.0 */
/* Users, groups and maps. */
#include "core/engine/plan_user.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/devices.h"
#include "core/engine/keepid.h"
#include "core/engine/plan_owners.h"
#include "core/engine/plan_share.h"
#include "core/engine/rootview.h"
#include "core/engine/sharing.h"

#define KEEP_GROUPS "keep-groups"

struct accounts {
	struct buf passwd, group;
};

static void accounts_done(struct accounts *a)
{
	buf_done(&a->passwd);
	buf_done(&a->group);
}

static int accounts_read(const struct plan *p, struct accounts *a, struct err *e)
{
	int r;

	a->passwd.max = a->group.max = USERSPEC_FILE_MAX;
	r = rootview_read(&p->layers, "/etc/passwd", USERSPEC_FILE_MAX, &a->passwd, e);
	if (r < 0 && r != -ENOENT)
		return r;
	r = rootview_read(&p->layers, "/etc/group", USERSPEC_FILE_MAX, &a->group, e);
	return r == -ENOENT ? 0 : r;
}

static bool opened_by_group(const struct plan *p)
{
	for (size_t i = 0; i < p->spec->devices_len; i++)
		if (devices_by_group(p->spec->devices[i].host))
			return true;
	return cdidevice_by_group(&p->cdi);
}

/* --group-add keep-groups; and by itself for a device that only a group may open. */
static int keep_groups(struct plan *p, struct err *e)
{
	const struct spec *s = p->spec;

	if (!strv_has(&s->group_add, KEEP_GROUPS)) {
		p->keep_groups = !s->group_add.len && opened_by_group(p);
		return 0;
	}
	if (s->group_add.len > 1)
		return err_set(e, -EINVAL,
			       "the '--group-add " KEEP_GROUPS
			       "' option is not allowed with any other --group-add "
			       "options");
	p->keep_groups = true;
	return 0;
}

static int resolve(struct plan *p, const struct accounts *a, struct err *e)
{
	static const struct strv none = { 0 };

	userspec_done(&p->who);
	p->who = (struct userspec){ 0 };
	return userspec_resolve(p->user, buf_str(&a->passwd), buf_str(&a->group),
				p->keep_groups ? &none : &p->spec->group_add, &p->who, e);
}

/* With keep-id the user is, unless another is named, the host's own; with auto-user, who
 * it is anyway. */
static int keep_id(struct plan *p, const struct accounts *a, struct err *e)
{
	const char *userns = p->spec->userns;
	struct idmap uid, gid;
	uint32_t own_uid, own_gid;
	int r;

	if (!keepid_is(userns))
		return 0;
	if (keepid_is_auto(userns)) {
		r = resolve(p, a, e);
		own_uid = p->who.uid;
		own_gid = p->who.gid;
	} else {
		r = keepid_parse(userns, &own_uid, &own_gid, e);
	}
	if (r < 0)
		return r;
	p->maps_differ = true;
	keepid_map(&p->uid, own_uid, &uid);
	keepid_map(&p->gid, own_gid, &gid);
	idmap_done(&p->uid);
	idmap_done(&p->gid);
	p->uid = uid;
	p->gid = gid;
	if (!p->spec->user && !keepid_is_auto(userns)) {
		free(p->user);
		p->user = str_fmt("%u:%u", own_uid, own_gid);
	}
	return 0;
}

/* Another container's, whose map is what it is. */
static bool shares_user(const struct plan *p)
{
	return sharing_is(p->pid) || sharing_is(p->ipc);
}

static int need(const struct store *s, struct plan *p, uint32_t id, bool user,
		struct err *e)
{
	const struct idmap *m = user ? &p->uid : &p->gid;
	const char *what = user ? "user" : "group", *file = user ? "uid" : "gid";

	if (idmap_has(m, id))
		return 0;
	if (shares_user(p))
		return err_set(e, -EOVERFLOW,
			       "%s %u is not in the ID map of the container whose "
			       "namespaces are shared",
			       what, id);
	const struct owners_want w = { id, user ? p->uids : p->gids, !user };
	int r = plan_owners_lend(s, p, &w, e);
	if (r != -EOVERFLOW || e->code)
		return r;
	return err_set(
		e, -EOVERFLOW,
		"%s %u is beyond the IDs mapped for you: give your account more in "
		"/etc/sub%s (usermod --add-sub%ss)",
		what, id, file, file);
}

static int need_groups(const struct store *s, struct plan *p, struct err *e)
{
	/* Groups that cannot be had were asked for by name, or are the image's own
	 * affair. */
	for (size_t i = p->who.groups.len; i-- > 0;) {
		uint64_t gid = 0;

		str_u64(p->who.groups.v[i], UINT32_MAX, &gid);
		if (idmap_has(&p->gid, (uint32_t)gid))
			continue;
		if (!strv_has(&p->spec->group_add, p->who.groups.v[i]))
			strv_remove(&p->who.groups, i);
		else if (need(s, p, (uint32_t)gid, false, e) < 0)
			return e->code;
	}
	return 0;
}

int plan_user_resolve(const struct store *s, struct plan *p, struct err *e)
{
	autodone(accounts_done) struct accounts a = { 0 };
	autofree char *why = NULL;
	int r = accounts_read(p, &a, e);

	if (r < 0)
		return r;
	p->user = str_dup(p->spec->user ? p->spec->user : p->image.config.user);
	if ((r = r < 0 ? r : keep_groups(p, e)) < 0)
		return r;
	r = idmap_host(&p->uid, &p->gid, &why, e);
	if (r < 0)
		return r;
	p->uids = idmap_count(&p->uid);
	p->gids = idmap_count(&p->gid);
	if (r == 0)
		r = shares_user(p) ? plan_share_maps(s, p, e) : keep_id(p, &a, e);
	if (r == 0 && !shares_user(p))
		r = plan_owners_find(s, p, e);
	if (r == 0)
		r = resolve(p, &a, e);
	if (r == 0)
		r = need(s, p, p->who.uid, true, e);
	if (r == 0)
		r = need(s, p, p->who.gid, false, e);
	return r < 0 ? r : need_groups(s, p, e);
}
