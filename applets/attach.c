/* SPDX-License-Identifier: Apache-2.0 */
/* rootless attach */
#include <unistd.h>

#include "applets/host.h"
#include "core/base/fd.h"
#include "core/cli/applet.h"
#include "core/cli/tty.h"
#include "core/engine/container_end.h"
#include "core/engine/session.h"

struct attach {
	char *detach_keys;
	bool no_stdin, sig_proxy;
};

static const struct opt opts[] = {
	OPT_STRING(struct attach, detach_keys, 0, "detach-keys", "string",
		   "Override the key sequence for detaching a container"),
	OPT_BOOL(struct attach, no_stdin, 0, "no-stdin", "Do not attach STDIN"),
	OPT_BOOL_DEF(struct attach, sig_proxy, 0, "sig-proxy",
		     "Proxy all received signals to the process", "true"),
	OPT_END,
};

static int proxy(void *arg, int signo)
{
	return container_kill(arg, signo, NULL);
}

static bool config_flag(const struct container *c, const char *key)
{
	yyjson_val *config = yyjson_obj_get(yyjson_doc_get_root(c->record), "Config");
	bool v = false;

	json_get_bool(config, key, &v, NULL);
	return v;
}

static int attach(struct host *h, struct container *c, const struct attach *o,
		  struct err *e)
{
	bool tty = config_flag(c, "Tty");
	struct session_options so = {
		.stdin_on = !o->no_stdin && config_flag(c, "OpenStdin"),
		.stdout_on = true,
		.stderr_on = true,
		.tty = tty,
		.detach_keys = o->detach_keys,
		.sig_proxy = o->sig_proxy && !tty,
		.signal = proxy,
		.arg = c,
	};
	autoclose int sock = container_attach(&h->store, c, e);
	int r;

	if (sock < 0)
		return host_fail(e, 1);
	if (tty && so.stdin_on && !isatty(STDIN_FILENO)) {
		log_error("the input device is not a TTY");
		return 1;
	}
	so.sock = sock;
	container_end_tell(&h->store, c->id, "attach");
	r = session_run(&so, e);
	if (r < 0 || e->text[0])
		return host_fail(e, r > 0 ? r : 1);
	if (r != SESSION_DETACHED)
		return r;
	container_end_tell(&h->store, c->id, "detach");
	return 0;
}

static int attach_main(void *opts_, char **args)
{
	const struct attach *o = opts_;
	struct container c = { 0 };
	struct tty_keys keys;
	autohost h = { 0 };
	struct err e = { 0 };
	int code;

	if ((o->detach_keys && tty_keys_parse(&keys, o->detach_keys, &e) < 0) ||
	    host_open(&h, &e) < 0 || container_open(&h.store, args[0], &c, &e) < 0)
		return host_fail(&e, 1);
	code = attach(&h, &c, o, &e);
	container_done(&c);
	return code;
}

const struct applet attach_applet = {
	.name = "attach",
	.args = "[OPTIONS] CONTAINER",
	.summary = "Attach local standard input, output, and error streams to a running "
		   "container",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct attach),
	.min_args = 1,
	.max_args = 1,
	.main = attach_main,
};
