/* SPDX-License-Identifier: Apache-2.0 */
/* The process of an OCI `exec`. */
#include "core/engine/ociexec.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/oci/capability.h"

#define ID_MAX (UINT32_MAX - 1)

static int read_file(const char *path, struct rt_process *p, struct err *e)
{
	struct rt_process q = { 0 };
	autojson *doc = NULL;
	int r = json_read(AT_FDCWD, path, RUNTIMECONFIG_MAX, &doc, e);

	if (r == 0)
		r = runtimeconfig_parse_process(yyjson_doc_get_root(doc), &q, e);
	if (r < 0)
		return err_wrap(e, "'%s'", path);
	runtimeconfig_done_process(p);
	*p = q;
	return 0;
}

/* "UID[:GID]" */
static int set_user(const char *text, struct rt_process *p, struct err *e)
{
	autostrv ids = { 0 };
	uint64_t uid, gid = 0;

	strv_split(&ids, text, ':');
	if (ids.len > 2 || str_u64(ids.v[0], ID_MAX, &uid) < 0 ||
	    (ids.len == 2 && str_u64(ids.v[1], ID_MAX, &gid) < 0))
		return err_set(e, -EINVAL, "invalid user '%s': UID[:GID] is wanted",
			       text);
	p->uid = (uint32_t)uid;
	if (ids.len == 2)
		p->gid = (uint32_t)gid;
	return 0;
}

static int add_groups(const struct strv *gids, struct rt_process *p, struct err *e)
{
	uint64_t gid;

	for (size_t i = 0; i < gids->len; i++) {
		if (str_u64(gids->v[i], ID_MAX, &gid) < 0)
			return err_set(e, -EINVAL, "invalid group '%s'", gids->v[i]);
		strv_add(&p->additional_gids, gids->v[i]);
	}
	return 0;
}

static int add_caps(const struct strv *caps, struct rt_process *p, struct err *e)
{
	for (size_t i = 0; i < caps->len; i++) {
		int bit = capability_parse(caps->v[i]);

		if (bit < 0 || bit >= CAPABILITY_COUNT)
			return err_set(e, -EINVAL, "unknown capability '%s'", caps->v[i]);
		p->cap_bounding |= 1ull << bit;
		p->cap_effective |= 1ull << bit;
		p->cap_permitted |= 1ull << bit;
	}
	return 0;
}

static void add_env(const struct strv *env, struct rt_process *p)
{
	for (size_t i = 0; i < env->len; i++) {
		const char *eq = strchr(env->v[i], '=');
		autofree char *key =
			eq ? str_ndup(env->v[i], (size_t)(eq - env->v[i])) : NULL;

		if (eq)
			strv_setenv(&p->env, key, eq + 1);
	}
}

int ociexec_describe(const struct ociexec *x, struct rt_process *p, struct err *e)
{
	int r;

	if (x->file)
		return read_file(x->file, p, e);
	if (!x->args[0])
		return err_set(e, -EINVAL, "exec: no command and no --process");
	strv_reset(&p->args);
	strv_addv(&p->args, x->args);
	add_env(x->env, p);
	if (x->cwd)
		str_set(&p->cwd, x->cwd);
	if (x->apparmor)
		str_set(&p->apparmor_profile, x->apparmor);
	if (x->label)
		str_set(&p->selinux_label, x->label);
	if (x->no_new_privs)
		p->no_new_privileges = true;
	p->terminal = x->tty;
	r = x->user ? set_user(x->user, p, e) : 0;
	if (r == 0)
		r = add_groups(x->gids, p, e);
	return r < 0 ? r : add_caps(x->caps, p, e);
}
