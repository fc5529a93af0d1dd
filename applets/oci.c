/* SPDX-License-Identifier: Apache-2.0 */
/* rootless oci: the command line of runc, for podman, containerd and the like. */
#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "core/base/fd.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/engine/console.h"
#include "core/engine/ocibox.h"
#include "core/engine/ociexec.h"
#include "core/engine/ocilog.h"
#include "core/engine/signame.h"

#include "applets/oci.inc"

#define EVENTS_INTERVAL 5000000000ll /* ns */

/* Runs one command on one container. */
struct on {
	const struct global *g;
	struct ocibox box;
	struct strv warnings;
	int root;
	char *root_path;
};

static bool is_json(const struct global *g)
{
	return str_eq(g->log_format, "json");
}

static int fail(const struct global *g, const struct err *e)
{
	log_error("%s", e->text);
	if (g->log)
		ocilog_write(g->log, is_json(g), "error", e->text);
	return 1;
}

/* The container's own streams are where ours are: without a log, only when asked. */
static void warn(const struct global *g, const struct strv *warnings)
{
	for (size_t i = 0; i < warnings->len; i++) {
		if (g->log)
			ocilog_write(g->log, is_json(g), "warning", warnings->v[i]);
		else if (g->debug)
			log_warn("%s", warnings->v[i]);
	}
}

static int open_root(struct on *o, const struct global *g, struct err *e)
{
	*o = (struct on){ .g = g, .box = { .dirfd = -1, .init = -1 }, .root = -1 };
	o->root = ocibox_root(g->root, &o->root_path, e);
	return o->root < 0 ? o->root : 0;
}

static int open_one(struct on *o, const struct global *g, const char *id, struct err *e)
{
	int r = open_root(o, g, e);

	return r < 0 ? r : ocibox_open(o->root, id, &o->box, e);
}

static int done(struct on *o, int r, const struct err *e)
{
	warn(o->g, &o->warnings);
	if (r < 0)
		r = fail(o->g, e);
	ocibox_done(&o->box);
	strv_done(&o->warnings);
	free(o->root_path);
	fd_close(o->root);
	return r;
}

static int print(struct on *o, int r, const struct buf *out, const struct err *e)
{
	if (r == 0)
		fputs(buf_str(out), stdout);
	return done(o, r, e);
}

/* --- create, run, start --------------------------------------------------------------
 */

static struct ocibox_options options(const struct create *c, struct on *o, char *id)
{
	return (struct ocibox_options){ .root = o->root_path,
					.root_fd = o->root,
					.id = id,
					.bundle = c->bundle,
					.console_socket = c->console_socket,
					.pid_file = c->pid_file,
					.preserve = c->preserve_fds,
					.no_pivot = c->no_pivot,
					.no_new_keyring = c->no_new_keyring,
					.systemd = o->g->systemd_cgroup,
					.warnings = &o->warnings };
}

static int create_main(void *opts, char **args)
{
	const struct create *c = opts;
	struct err e = { 0 };
	struct on o;
	pid_t pid;
	int master, r = open_root(&o, &c->g, &e);

	if (r == 0) {
		struct ocibox_options x = options(c, &o, args[0]);

		r = ocibox_create(&x, &pid, &master, &e);
	}
	return done(&o, r, &e);
}

static int start_main(void *opts, char **args)
{
	const struct plain *p = opts;
	struct err e = { 0 };
	struct on o;
	int r = open_one(&o, &p->g, args[0], &e);

	if (r == 0)
		r = ocibox_start(&o.box, &o.warnings, &e);
	return done(&o, r, &e);
}

/* Started, and to its end unless detached. */
static int run(const struct create *c, struct on *o, char *id, struct err *e)
{
	struct ocibox_options x = options(c, o, id);
	autoclose int master = -1;
	struct err why = { 0 };
	int r, code = 0;
	pid_t pid;

	x.relay = !c->detach && !c->console_socket;
	r = ocibox_create(&x, &pid, &master, e);
	if (r < 0)
		return r;
	console_resize(master);
	if (!c->detach && !c->no_subreaper)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	r = ocibox_open(o->root, id, &o->box, e);
	if (r == 0)
		r = ocibox_start(&o->box, &o->warnings, e);
	if (r == 0 && c->detach)
		return 0;
	if (r == 0)
		r = code = console_serve(pid, master, e);
	if (r >= 0 && c->keep)
		return code;
	ocibox_done(&o->box);
	/* The first failure is the one to tell. */
	if (ocibox_open(o->root, id, &o->box, &why) < 0 ||
	    ocibox_delete(&o->box, true, &o->warnings, &why) < 0)
		strv_add(&o->warnings, why.text);
	return r;
}

static int run_main(void *opts, char **args)
{
	const struct create *c = opts;
	struct err e = { 0 };
	struct on o;
	int r = open_root(&o, &c->g, &e);

	if (r == 0)
		r = run(c, &o, args[0], &e);
	return done(&o, r, &e);
}

/* --- kill, delete, pause ------------------------------------------------------
 */

static int kill_main(void *opts, char **args)
{
	const struct kill *k = opts;
	struct err e = { 0 };
	struct on o;
	int r = open_one(&o, &k->g, args[0], &e);
	int signo = r < 0 ? r : signame_parse(args[1] ? args[1] : "SIGTERM", &e);

	if (r == 0)
		r = signo < 0 ? signo : ocibox_kill(&o.box, signo, k->all, &e);
	return done(&o, r, &e);
}

static int delete_main(void *opts, char **args)
{
	const struct delete *d = opts;
	struct err e = { 0 };
	struct on o;
	int r = open_one(&o, &d->g, args[0], &e);

	if (r == -ENOENT && d->force)
		return done(&o, 0, &e);
	if (r == 0)
		r = ocibox_delete(&o.box, d->force, &o.warnings, &e);
	return done(&o, r, &e);
}

static int pause_one(const struct plain *p, const char *id, bool on)
{
	struct err e = { 0 };
	struct on o;
	int r = open_one(&o, &p->g, id, &e);

	if (r == 0)
		r = ocibox_pause(&o.box, on, &e);
	return done(&o, r, &e);
}

static int pause_main(void *opts, char **args)
{
	return pause_one(opts, args[0], true);
}

static int resume_main(void *opts, char **args)
{
	return pause_one(opts, args[0], false);
}

#include "applets/oci_show.inc"

/* --- exec ----------------------------------------------------------------------------
 */

static int describe(const struct exec *x, char **args, struct rt_process *p,
		    struct err *e)
{
	const struct ociexec o = { .args = args,
				   .file = x->process,
				   .apparmor = x->apparmor,
				   .label = x->process_label,
				   .cwd = x->cwd,
				   .user = x->user,
				   .gids = &x->additional_gids,
				   .caps = &x->cap,
				   .env = &x->env,
				   .no_new_privs = x->no_new_privs,
				   .tty = x->tty };

	return ociexec_describe(&o, p, e);
}

static int exec_one(const struct exec *x, struct on *o, char **args, struct err *e)
{
	struct rt_process *p = &o->box.config.process;
	struct ocibox_exec b = { .process = p,
				 .console_socket = x->console_socket,
				 .pid_file = x->pid_file,
				 .preserve = x->preserve_fds,
				 .relay = !x->detach && !x->console_socket,
				 .ignore_paused = x->ignore_paused };
	autoclose int master = -1;
	pid_t pid;
	int r = describe(x, args, p, e);

	if (r == 0)
		r = ocibox_exec(&o->box, &b, &pid, &master, e);
	if (r > 0) {
		fail(&x->g, e);
		return r;
	}
	if (r < 0 || x->detach)
		return r;
	console_resize(master);
	return console_serve(pid, master, e);
}

static int exec_main(void *opts, char **args)
{
	const struct exec *x = opts;
	struct err e = { 0 };
	struct on o;
	int r = open_one(&o, &x->g, args[0], &e);

	if (r == 0)
		r = exec_one(x, &o, args + 1, &e);
	return done(&o, r, &e);
}

/* --- the commands --------------------------------------------------------------------
 */

#define VERB(n, a, s, o, S, least, most) \
	static const struct applet n##_verb = { .name = #n, \
						.args = a, \
						.summary = s, \
						.opts = o, \
						.opts_size = sizeof(S), \
						.min_args = least, \
						.max_args = most, \
						.stop_at_operand = (most) < 0, \
						.main = n##_main }

VERB(create, "[OPTIONS] CONTAINER", "Create a container from a bundle", create_opts,
     struct create, 1, 1);
VERB(delete, "[OPTIONS] CONTAINER", "Delete what a container holds", delete_opts,
     struct delete, 1, 1);
VERB(events, "[OPTIONS] CONTAINER", "Show what a container uses, as JSON lines",
     events_opts, struct events, 1, 1);
VERB(exec, "[OPTIONS] CONTAINER [COMMAND] [ARG...]",
     "Execute a process in a running container", exec_opts, struct exec, 1, -1);
VERB(features, "", "Show what this runtime can do, as JSON", NULL, struct plain, 0, 0);
VERB(kill, "[OPTIONS] CONTAINER [SIGNAL]", "Signal a container (SIGTERM by default)",
     kill_opts, struct kill, 1, 2);
VERB(list, "[OPTIONS]", "List containers", list_opts, struct show, 0, 0);
VERB(pause, "CONTAINER", "Stop all processes of a container", plain_opts, struct plain, 1,
     1);
VERB(ps, "[OPTIONS] CONTAINER [PS OPTIONS]", "List the processes of a container", ps_opts,
     struct show, 1, -1);
VERB(resume, "CONTAINER", "Let a paused container go on", plain_opts, struct plain, 1, 1);
VERB(run, "[OPTIONS] CONTAINER", "Create and start a container, and delete it at its end",
     run_opts, struct create, 1, 1);
VERB(spec, "[OPTIONS]", "Write a config.json to begin with", spec_opts, struct spec, 0,
     0);
VERB(start, "CONTAINER", "Start a created container", plain_opts, struct plain, 1, 1);
VERB(state, "CONTAINER", "Show the state of a container, as JSON", plain_opts,
     struct plain, 1, 1);

VERB(update, "[OPTIONS] CONTAINER", "Set other limits", update_opts, struct update, 1, 1);

static const struct applet_verb verbs[] = {
	{ "create", &create_verb },
	{ "delete", &delete_verb },
	{ "events", &events_verb },
	{ "exec", &exec_verb },
	{ "features", &features_verb },
	{ "kill", &kill_verb },
	{ "list", &list_verb },
	{ "pause", &pause_verb },
	{ "ps", &ps_verb },
	{ "resume", &resume_verb },
	{ "run", &run_verb },
	{ "spec", &spec_verb },
	{ "start", &start_verb },
	{ "state", &state_verb },
	{ "update", &update_verb },
	{ NULL, NULL },
};

/* Those without a container take no option of the group. */
static void add_globals(const struct global *g, struct strv *argv)
{
	strv_addf(argv, "--log-format=%s", g->log_format);
	if (g->log)
		strv_addf(argv, "--log=%s", g->log);
	if (g->root)
		strv_addf(argv, "--root=%s", g->root);
	if (g->debug)
		strv_add(argv, "--debug");
	if (g->systemd_cgroup)
		strv_add(argv, "--systemd-cgroup");
}

static int print_version(void)
{
	printf("rootless-oci version %s\nspec: %s\n", ROOTLESS_VERSION,
	       RUNTIMECONFIG_VERSION);
	return 0;
}

static int check(const struct global *g, struct err *e)
{
	if (!str_eq(g->log_format, "text") && !is_json(g))
		return err_set(e, -EINVAL, "unknown log-format '%s'", g->log_format);
	if (!str_eq(g->rootless, "auto") && !str_eq(g->rootless, "true"))
		return err_set(e, -EINVAL,
			       "--rootless=%s: there is no other way than without root",
			       g->rootless);
	return 0;
}

static int oci_main(void *opts, char **args)
{
	const struct global *g = opts;
	const struct applet_verb *v = verbs;
	autofree char *name = NULL;
	autostrv argv = { 0 };
	struct err e = { 0 };

	if (g->version)
		return print_version();
	while (args[0] && v->name && !str_eq(v->name, args[0]))
		v++;
	if (args[0] && (str_eq(args[0], "checkpoint") || str_eq(args[0], "restore"))) {
		err_set(&e, -ENOTSUP, "'%s' is not supported: CRIU needs root", args[0]);
		return fail(g, &e);
	}
	if (!args[0] || !v->name) {
		err_set(&e, -EINVAL,
			"'%s' is no command of oci; see 'rootless oci --help'",
			args[0] ? args[0] : "");
		return fail(g, &e);
	}
	if (check(g, &e) < 0)
		return fail(g, &e);
	name = str_fmt("rootless oci %s", v->name);
	strv_add(&argv, v->name);
	if (v->applet->opts && v->applet != &spec_verb)
		add_globals(g, &argv);
	strv_addv(&argv, args + 1);
	return applet_run_as(v->applet, name, (int)argv.len, argv.v);
}

const struct applet oci_applet = {
	.name = "oci",
	.args = "[OPTIONS] COMMAND",
	.summary = "Run OCI bundles with runc's command line",
	.details = "For podman, containerd and other callers of an OCI runtime: as "
		   "--runtime, under the name\nrootless-oci. The container is made from "
		   "the "
		   "caller's own namespaces, and nothing of ours\nstays beside it.",
	.group = GROUP_MANAGEMENT,
	.opts = global_opts,
	.opts_size = sizeof(struct global),
	.verbs = verbs,
	.links = (const char *const[]){ "rootless-oci", NULL },
	.max_args = -1,
	.stop_at_operand = true,
	.main = oci_main,
};
