/* SPDX-License-Identifier: Apache-2.0 */
/* docker exec. */
#include "core/engine/execute.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/id.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/container_end.h"
#include "core/engine/realm.h"
#include "core/engine/rootview.h"
#include "core/engine/sealed.h"
#include "core/oci/capability.h"
#include "core/oci/userspec.h"
#include "core/runtime/exec.h"
#include "core/runtime/setup.h"

static int read_config(const struct container *c, struct runtimeconfig *ret,
		       struct err *e)
{
	autobuf text = { .max = RUNTIMECONFIG_MAX };
	int r = file_read(c->dirfd, "bundle/config.json", RUNTIMECONFIG_MAX, &text);

	if (r < 0)
		return err_code(e, r, "read the container's config.json");
	return runtimeconfig_parse(text.data, text.len, ret, e);
}

static int read_setup(const struct container *c, struct setup *ret, struct err *e)
{
	autoclose int bundle =
		openat(c->dirfd, "bundle", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return bundle < 0 ? err_sys(e, "open the container's bundle")
			  : setup_read(bundle, ret, e);
}

/* By the container's files as they are now: its own changes lie above the image's. */
static int resolve_user(const struct setup *setup, const char *user, struct rt_process *p,
			struct userspec *who, struct err *e)
{
	autobuf passwd = { .max = USERSPEC_FILE_MAX },
		group = { .max = USERSPEC_FILE_MAX };
	autostrv layers = { 0 }, none = { 0 };
	int r;

	if (setup->upper)
		strv_add(&layers, setup->upper);
	strv_addv(&layers, strv_view(&setup->layers));
	r = rootview_read(&layers, "/etc/passwd", USERSPEC_FILE_MAX, &passwd, e);
	if (r < 0 && r != -ENOENT)
		return r;
	r = rootview_read(&layers, "/etc/group", USERSPEC_FILE_MAX, &group, e);
	if (r < 0 && r != -ENOENT)
		return r;
	if ((r = userspec_resolve(user, buf_str(&passwd), buf_str(&group), &none, who,
				  e)) < 0)
		return r;
	p->uid = who->uid;
	p->gid = who->gid;
	strv_reset(&p->additional_gids);
	strv_addv(&p->additional_gids, strv_view(&who->groups));
	strv_setenv(&p->env, "HOME", who->home);
	return 0;
}

static void set_env(struct strv *env, const struct strv *from)
{
	for (size_t i = 0; i < from->len; i++) {
		const char *eq = strchr(from->v[i], '=');
		autofree char *key = str_ndup(from->v[i], eq ? (size_t)(eq - from->v[i])
							     : strlen(from->v[i]));
		strv_setenv(env, key, eq ? eq + 1 : "");
	}
}

static int fill(const struct setup *setup, const struct execute_spec *x,
		struct rt_process *p, struct err *e)
{
	autodone(userspec_done) struct userspec who = { 0 };
	int r;

	strv_reset(&p->args);
	strv_addv(&p->args, strv_view(&x->args));
	p->terminal = x->tty;
	if (x->user && (r = resolve_user(setup, x->user, p, &who, e)) < 0)
		return r;
	if (x->tty && !strv_getenv(&p->env, "TERM"))
		strv_setenv(&p->env, "TERM", "xterm");
	set_env(&p->env, &x->env);
	if (x->workdir) {
		if (!path_is_abs(x->workdir))
			return err_set(e, -EINVAL,
				       "working directory '%s' is not absolute",
				       x->workdir);
		str_set(&p->cwd, x->workdir);
	}
	if (x->privileged)
		p->cap_bounding = CAPABILITY_ALL;
	p->cap_effective = p->cap_permitted = p->uid == 0 ? p->cap_bounding : 0;
	return 0;
}

static void tell(const struct store *s, const struct container *c,
		 const struct execute_spec *x, const char *action, const char *exec_id)
{
	autofree char *command = strv_join(&x->args, " "),
		      *text = str_fmt("%s: %s", action, command),
		      *attribute = str_fmt("execID=%s", exec_id);

	container_end_tell_more(s, c->id, text, attribute);
}

int execute_start(const struct store *s, const struct container *c,
		  const struct execute_spec *x, struct err *e)
{
	autodone(runtimeconfig_done) struct runtimeconfig config = { 0 };
	autodone(setup_done) struct setup setup = { 0 };
	autodone(realm_done) struct realm realm = { 0 };
	char exec_id[65];
	int r;

	if (c->state.status == STATE_PAUSED)
		return err_set(e, -EBUSY,
			       "container %s is paused, unpause the container "
			       "before exec",
			       c->name);
	if (c->state.status == STATE_RESTARTING)
		return err_set(e, -EBUSY,
			       "Container %s is restarting, wait until the container is "
			       "running",
			       c->id);
	if (c->state.status != STATE_RUNNING)
		return err_set(e, -EBUSY, "container %s is not running", c->id);
	if ((r = read_config(c, &config, e)) < 0 || (r = read_setup(c, &setup, e)) < 0 ||
	    (r = fill(&setup, x, &config.process, e)) < 0)
		return r;
	id_new(exec_id);
	autofree char *tag = str_fmt("%s %s", c->id, exec_id);
	/* The realm's executable is in memory already; without a realm one is made. */
	autoclose int own = -1;
	if (realm_find(s, &realm, NULL) < 0 && (own = sealed_open(e)) < 0)
		return own;
	const struct exec_spawn spawn = {
		.inner_fd = own >= 0 ? own : realm.inner_fd,
		.container_dirfd = c->dirfd,
		.state = &c->state,
		.process = &config.process,
		.seccomp = x->privileged ? NULL : setup.seccomp,
		.open_stdin = x->open_stdin,
		.detach = x->detach,
		.tag = tag,
	};
	/* Before it starts, so that nothing it does is told earlier. */
	tell(s, c, x, "exec_create", exec_id);
	tell(s, c, x, "exec_start", exec_id);
	if (x->ret_id)
		str_copy(x->ret_id, sizeof(exec_id), exec_id);
	return exec_spawn(&spawn, x->ret_pid, e);
}
