/* SPDX-License-Identifier: Apache-2.0 */
/* rootless run */
#include <errno.h>
#include <unistd.h>

#include "applets/create.h"
#include "core/base/fd.h"
#include "core/cli/applet.h"
#include "core/cli/tty.h"
#include "core/engine/container_end.h"
#include "core/engine/session.h"

#define RUN(...) __VA_ARGS__,
#define OPT_HIDDEN(type, name, arg, slot) \
	{ \
		type, 0, name, arg, "", NULL, slot, 0, true \
	}
#define PULLED_BEFORE "running"
static const struct opt opts[] = {
#include "applets/create.inc"
};

static int proxy(void *arg, int signo)
{
	return container_kill(arg, signo, NULL);
}

/* The exit code when it could not be started; docker's 125 unless the engine knows. */
static int failed(int r, struct err *e)
{
	log_error("%s", e->text);
	return r >= 125 && r <= 127 ? r : 125;
}

static int run_detached(int sock, const char *id, struct err *e)
{
	int code = 125;

	printf("%s\n", id);
	fflush(stdout);
	return container_start_go(sock, &code, e) < 0 ? failed(code, e) : 0;
}

static int run_attached(struct host *h, int sock, struct container *c,
			const struct create_options *o, const struct spec *spec,
			struct err *e)
{
	struct session_options so = {
		.sock = sock,
		.go = true,
		.stdin_on = spec->attach_stdin,
		.stdout_on = spec->attach_stdout,
		.stderr_on = spec->attach_stderr,
		.tty = spec->tty,
		.detach_keys = o->detach_keys,
		.sig_proxy = o->sig_proxy && !spec->tty,
		.signal = proxy,
		.arg = c,
	};
	int r;

	container_end_tell(&h->store, c->id, "attach");
	r = session_run(&so, e);
	if (r < 0 || e->text[0])
		return failed(r, e);
	if (r != SESSION_DETACHED)
		return r;
	container_end_tell(&h->store, c->id, "detach");
	return 0;
}

static int start(struct host *h, const struct create_options *o, const struct spec *spec,
		 const char *id, struct err *e)
{
	struct container c = { 0 };
	autoclose int sock = -1;
	int code;

	if (container_open(&h->store, id, &c, e) < 0)
		return failed(125, e);
	if (container_start(&h->store, &h->config, &c, &sock, e) < 0) {
		if (o->detach)
			printf("%s\n", id);
		code = failed(125, e);
	} else if (o->detach) {
		code = run_detached(sock, id, e);
	} else {
		code = run_attached(h, sock, &c, o, spec, e);
	}
	container_done(&c);
	/* A container that never ran has nobody to remove it. */
	if (o->rm && e->text[0] && container_open(&h->store, id, &c, NULL) >= 0) {
		container_remove(&h->store, &c, true, true, NULL);
		container_done(&c);
	}
	return code;
}

/* What can be said before anything is done. */
static int check(const struct create_options *o, const struct spec *spec, struct err *e)
{
	struct tty_keys keys;

	if (o->detach_keys && tty_keys_parse(&keys, o->detach_keys, e) < 0)
		return e->code;
	if (spec->tty && spec->attach_stdin && !isatty(STDIN_FILENO))
		return err_set(e, -ENOTTY, "the input device is not a TTY");
	return 0;
}

static int run_main(void *opts_, char **args)
{
	const struct create_options *o = opts_;
	autodone(spec_done) struct spec spec;
	autohost h = { 0 };
	struct err e = { 0 };
	char id[65];
	int r;

	spec_init(&spec);
	if (create_spec(o, args, &spec, &e) < 0)
		return host_fail(&e, 125);
	r = check(o, &spec, &e);
	if (r < 0)
		return host_fail(&e, r == -ENOTTY ? 1 : 125);
	if (host_open(&h, &e) < 0 || create_container(&h, o, &spec, id, &e) < 0)
		return host_fail(&e, 125);
	return start(&h, o, &spec, id, &e);
}

const struct applet run_applet = {
	.name = "run",
	.args = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
	.summary = "Create and run a new container from an image",
	.group = GROUP_COMMON,
	.opts = opts,
	.opts_size = sizeof(struct create_options),
	.min_args = 1,
	.max_args = -1,
	.stop_at_operand = true,
	.main = run_main,
};
