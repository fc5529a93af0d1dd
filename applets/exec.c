/* SPDX-License-Identifier: Apache-2.0 */
/* rootless exec */
#include <errno.h>
#include <unistd.h>

#include "applets/host.h"
#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/engine/container_end.h"
#include "core/engine/execute.h"
#include "core/engine/session.h"

struct exec {
	bool detach, interactive, privileged, tty;
	char *detach_keys, *user, *workdir;
	struct strv env, env_file;
};

static const struct opt opts[] = {
	OPT_BOOL(struct exec, detach, 'd', "detach",
		 "Detached mode: run command in the background"),
	OPT_STRING(struct exec, detach_keys, 0, "detach-keys", "string",
		   "Override the key sequence for detaching a container"),
	OPT_LIST(struct exec, env, 'e', "env", "list", "Set environment variables"),
	OPT_LIST(struct exec, env_file, 0, "env-file", "list",
		 "Read in a file of environment variables"),
	OPT_BOOL(struct exec, interactive, 'i', "interactive",
		 "Keep STDIN open even if not attached"),
	OPT_BOOL(struct exec, privileged, 0, "privileged",
		 "Give extended privileges to the command"),
	OPT_BOOL(struct exec, tty, 't', "tty", "Allocate a pseudo-TTY"),
	OPT_STRING(struct exec, user, 'u', "user", "string",
		   "Username or UID (format: \"<name|uid>[:<group|gid>]\")"),
	OPT_STRING(struct exec, workdir, 'w', "workdir", "string",
		   "Working directory inside the container"),
	OPT_END,
};

/* Env files first, then -e, as for run. */
static int fill_env(const struct exec *o, struct strv *env, struct err *e)
{
	autodone(spec_done) struct spec s;
	int r = 0;

	spec_init(&s);
	for (size_t n = 0; n < o->env_file.len && r >= 0; n++)
		r = spec_add_env_file(&s, o->env_file.v[n], e);
	for (size_t n = 0; n < o->env.len && r >= 0; n++)
		r = spec_add_env(&s, o->env.v[n], e);
	strv_addv(env, strv_view(&s.env));
	return r;
}

static int run(struct host *h, const struct container *c, const struct exec *o,
	       struct execute_spec *x, struct err *e)
{
	struct session_options so = {
		.stdin_on = o->interactive,
		.stdout_on = true,
		.stderr_on = true,
		.tty = o->tty,
		.detach_keys = o->detach_keys,
	};
	autofree char *attribute = NULL;
	char id[65] = "";
	int r, code;

	x->ret_id = id;
	autoclose int sock = execute_start(&h->store, c, x, e);
	if (sock < 0)
		return host_fail(e, sock == -ENOENT || sock == -EACCES ? 127 : 1);
	/* As docker: an error of a detached one is an error of the command. */
	if (o->detach)
		return container_start_go(sock, &code, e) < 0 ? host_fail(e, 1) : 0;
	so.sock = sock;
	r = session_run(&so, e);
	if (r < 0 || e->text[0])
		return host_fail(e, r > 0 ? r : 1);
	if (r != SESSION_DETACHED)
		return r;
	attribute = str_fmt("execID=%s", id);
	container_end_tell_more(&h->store, c->id, "exec_detach", attribute);
	return 0;
}

static int exec_main(void *opts_, char **args)
{
	const struct exec *o = opts_;
	struct execute_spec x = {
		.user = o->user,
		.workdir = o->workdir,
		.tty = o->tty,
		.open_stdin = o->interactive,
		.detach = o->detach,
		.privileged = o->privileged,
	};
	struct container c = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	int code = 1;

	if (o->tty && o->interactive && !o->detach && !isatty(STDIN_FILENO)) {
		log_error("the input device is not a TTY");
		return 1;
	}
	strv_addv(&x.args, args + 1);
	if (fill_env(o, &x.env, &e) < 0 || host_open(&h, &e) < 0 ||
	    container_open(&h.store, args[0], &c, &e) < 0) {
		host_fail(&e, 1);
	} else {
		code = run(&h, &c, o, &x, &e);
		container_done(&c);
	}
	strv_done(&x.args);
	strv_done(&x.env);
	return code;
}

const struct applet exec_applet = {
	.name = "exec",
	.args = "[OPTIONS] CONTAINER COMMAND [ARG...]",
	.summary = "Execute a command in a running container",
	.group = GROUP_COMMON,
	.opts = opts,
	.opts_size = sizeof(struct exec),
	.min_args = 2,
	.max_args = -1,
	.stop_at_operand = true,
	.main = exec_main,
};
