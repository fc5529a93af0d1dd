/* SPDX-License-Identifier: Apache-2.0 */
/* rootless attach */
#include <unistd.h>

#include "applets/attached.h"
#include "core/base/fd.h"
#include "core/cli/applet.h"
#include "core/cli/tty.h"

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

static int attach(struct host *h, struct container *c, const struct attach *o,
		  struct err *e)
{
	struct session_options so = {
		.stdin_on = !o->no_stdin,
		.detach_keys = o->detach_keys,
		.sig_proxy = o->sig_proxy,
	};
	autoclose int sock = container_attach(&h->store, c, e);

	if (sock < 0)
		return host_fail(e, 1);
	if (attached_flag(c, "Tty") && so.stdin_on && attached_flag(c, "OpenStdin") &&
	    !isatty(STDIN_FILENO)) {
		log_error("the input device is not a TTY");
		return 1;
	}
	so.sock = sock;
	return attached_run(h, c, &so, e);
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
