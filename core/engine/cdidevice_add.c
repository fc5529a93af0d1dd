/* SPDX-License-Identifier: Apache-2.0 */
/* What named devices bring, put into a container's configuration. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/cdidevice.h"
#include "core/engine/devices.h"

static bool is_type(const struct stat *st, char type)
{
	return !type ||
	       (type == 'b' ? S_ISBLK(st->st_mode) : type != 'p' && S_ISCHR(st->st_mode));
}

/* A user binds what is there: it must be what the spec means. */
static int check_node(const struct cdi_node *n, struct err *e)
{
	struct stat st;

	if (n->type == 'p')
		return err_set(e, -EOPNOTSUPP,
			       "'%s' is a pipe, which is not made here: name it as a "
			       "mount",
			       n->path);
	if (stat(n->host_path, &st))
		return err_sys(e, "node '%s'", n->host_path);
	if ((!S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode)) || !is_type(&st, n->type))
		return err_set(e, -EINVAL, "node '%s' is not of the type that is named",
			       n->host_path);
	if ((n->major >= 0 && n->major != (int64_t)major(st.st_rdev)) ||
	    (n->minor >= 0 && n->minor != (int64_t)minor(st.st_rdev)))
		return err_set(e, -EOPNOTSUPP,
			       "node '%s' is %u:%u on this host, and a user makes no "
			       "other",
			       n->host_path, major(st.st_rdev), minor(st.st_rdev));
	return 0;
}

static void drop_mount(struct runtimeconfig *c, size_t at)
{
	struct rt_mount *m = &c->mounts[at];

	free(m->destination);
	free(m->type);
	free(m->source);
	strv_done(&m->options);
	memmove(m, m + 1, (--c->mounts_len - at) * sizeof(*m));
}

/* The later one at a place wins, among those from first on. */
static void make_way(struct runtimeconfig *c, size_t first, const char *destination)
{
	for (size_t i = first; i < c->mounts_len; i++)
		if (str_eq(c->mounts[i].destination, destination))
			drop_mount(c, i--);
}

static int add_node(const struct cdi_node *n, struct runtimeconfig *c,
		    struct strv *warnings, struct err *e)
{
	const struct spec_device d = { n->host_path, n->path, n->permissions };
	int r = check_node(n, e);

	if (r == 0)
		r = devices_add(&d, c, warnings, e);
	if (r == 0 && n->owned)
		strv_addf(
			warnings,
			"owner and mode of device '%s' discarded: the node is the host's",
			n->path);
	return r;
}

static int add_mount(const struct rt_mount *m, struct runtimeconfig *c, struct err *e)
{
	bool tmpfs = str_eq(m->type, "tmpfs");
	autostrv options = { 0 };

	if (!tmpfs && !str_empty(m->type) && !str_eq(m->type, "bind") &&
	    !str_eq(m->type, "none"))
		return err_set(e, -EOPNOTSUPP, "mount '%s' is of type '%s', not bind",
			       m->destination, m->type);
	if (!tmpfs && access(m->source, F_OK))
		return err_sys(e, "bind source '%s'", m->source);
	strv_addv(&options, strv_view(&m->options));
	if (!tmpfs && !strv_has(&options, "bind") && !strv_has(&options, "rbind"))
		strv_add(&options, "rbind");
	autofree char *list = strv_join(&options, ",");
	runtimeconfig_add_mount(c, m->destination, tmpfs ? "tmpfs" : "bind", m->source,
				list);
	return 0;
}

static int add_hook(const struct cdi_hook *h, const struct cdidevice_room *room,
		    struct runtimeconfig *c, struct err *e)
{
	struct rt_hook **list = &c->hooks[RT_HOOK_CREATE_CONTAINER], *to;
	size_t *len = &c->hooks_len[RT_HOOK_CREATE_CONTAINER];

	if (h->kind != RT_HOOK_CREATE_CONTAINER)
		return err_set(e, -EOPNOTSUPP,
			       "hook '%s' at %s is not supported: only createContainer "
			       "is",
			       h->hook.path, cdi_hook_name(h->kind));
	/* Processes that are there already would be its company. */
	if (room->shares_pids)
		return err_set(
			e, -EOPNOTSUPP,
			"hook '%s' does not go with --pid container:", h->hook.path);
	if (access(h->hook.path, X_OK))
		return err_sys(e, "hook '%s'", h->hook.path);
	*list = mem_resize(*list, *len + 1, sizeof(**list));
	to = &(*list)[(*len)++];
	*to = (struct rt_hook){ .path = str_dup(h->hook.path),
				.timeout = h->hook.timeout };
	strv_addv(&to->args, strv_view(&h->hook.args));
	strv_addv(&to->env, strv_view(&h->hook.env));
	return 0;
}

static bool is_own_group(gid_t gid)
{
	int n = getgroups(0, NULL);
	autofree gid_t *own = mem_array(n > 0 ? (size_t)n : 1, sizeof(*own));

	n = getgroups(n, own);
	for (int i = 0; i < n; i++)
		if (own[i] == gid)
			return true;
	return false;
}

static int add_group(const char *text, const struct cdidevice_room *room,
		     struct runtimeconfig *c, struct err *e)
{
	uint64_t gid = 0;

	str_u64(text, UINT32_MAX, &gid); /* checked by cdi_parse */
	if (room->keep_groups)
		return is_own_group((gid_t)gid)
			       ? 0
			       : err_set(e, -EPERM,
					 "additional group %s does not go with the "
					 "groups that are kept, of which it is none",
					 text);
	if (!idmap_has(room->gids, (uint32_t)gid))
		return err_set(e, -EPERM,
			       "additional group %s is not among the container's groups",
			       text);
	if (!strv_has(&c->process.additional_gids, text))
		strv_add(&c->process.additional_gids, text);
	return 0;
}

static void set_env(const char *item, struct strv *env)
{
	const char *eq = strchr(item, '=');
	autofree char *key = str_ndup(item, (size_t)(eq - item));

	strv_setenv(env, key, eq + 1);
}

/* first: of the mounts that other edits have brought. */
struct target {
	const struct cdidevice_room *room;
	struct runtimeconfig *c;
	size_t first;
	struct strv *warnings;
};

static int add_edits(const struct cdi_edits *x, const struct target *t, struct err *e)
{
	struct runtimeconfig *c = t->c;
	int r = 0;

	if (x->other)
		return err_set(e, -EOPNOTSUPP, "'%s' is not supported", x->other);
	for (size_t i = 0; i < x->env.len; i++)
		set_env(x->env.v[i], &c->process.env);
	for (size_t i = 0; r == 0 && i < x->nodes_len; i++) {
		make_way(c, t->first, x->nodes[i].path);
		r = add_node(&x->nodes[i], c, t->warnings, e);
	}
	for (size_t i = 0; r == 0 && i < x->mounts_len; i++) {
		make_way(c, t->first, x->mounts[i].destination);
		r = add_mount(&x->mounts[i], c, e);
	}
	for (size_t i = 0; r == 0 && i < x->hooks_len; i++)
		r = add_hook(&x->hooks[i], t->room, c, e);
	for (size_t i = 0; r == 0 && i < x->gids.len; i++)
		r = add_group(x->gids.v[i], t->room, c, e);
	return r;
}

static size_t depth(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += path[0] == '/' && path[1] && path[1] != '/';
	return n;
}

/* What lies below another comes after it; the order stays otherwise. */
static void order_mounts(struct runtimeconfig *c, size_t first)
{
	for (size_t i = first + 1; i < c->mounts_len; i++) {
		struct rt_mount m = c->mounts[i];
		size_t at = i;

		for (; at > first &&
		       depth(c->mounts[at - 1].destination) > depth(m.destination);
		     at--)
			c->mounts[at] = c->mounts[at - 1];
		c->mounts[at] = m;
	}
}

int cdidevice_add(const struct cdidevice *d, const struct cdidevice_room *room,
		  struct runtimeconfig *c, struct strv *warnings, struct err *e)
{
	const struct target t = { room, c, c->mounts_len, warnings };

	strv_addv(warnings, strv_view(&d->warnings));
	for (size_t i = 0; i < d->edits_len; i++) {
		int r = add_edits(d->edits[i], &t, e);

		if (r < 0)
			return err_wrap(e, "CDI device");
	}
	order_mounts(c, t.first);
	return 0;
}

bool cdidevice_by_group(const struct cdidevice *d)
{
	for (size_t i = 0; i < d->edits_len; i++)
		for (size_t n = 0; n < d->edits[i]->nodes_len; n++)
			if (devices_by_group(d->edits[i]->nodes[n].host_path))
				return true;
	return false;
}
