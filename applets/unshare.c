/* SPDX-License-Identifier: Apache-2.0 */
/* rootless unshare */
#include <stdlib.h>

#include "applets/host.h"
#include "core/cli/applet.h"
#include "core/engine/visit.h"

struct unshare {
	bool net;
};

static const struct opt opts[] = {
	OPT_BOOL(struct unshare, net, 0, "net",
		 "Enter the network of the containers' bridges too"),
	OPT_END,
};

static int unshare_main(void *opts_, char **args)
{
	const struct unshare *o = opts_;
	char *shell = getenv("SHELL");
	char fallback[] = "/bin/sh";
	char *interactive[] = { shell ? shell : fallback, NULL };
	autohost h = { 0 };
	struct err e = { 0 };
	int code;

	if (host_open(&h, &e) < 0)
		return host_fail(&e, 125);
	code = visit_realm(&h.store, o->net, args[0] ? args : interactive, &e);
	if (code < 0 || e.text[0])
		return host_fail(&e, code < 0 ? 125 : code);
	return code;
}

const struct applet unshare_applet = {
	.name = "unshare",
	.args = "[OPTIONS] [COMMAND] [ARG...]",
	.summary = "Run a command as root of your own IDs (a shell by default)",
	.details =
		"The command runs in the user namespace of the containers, with a mount "
		"namespace of its\nown: files of containers can be read and removed, "
		"file "
		"systems mounted, and with --net\nnetwork tools used, all without "
		"touching "
		"the host.",
	.group = GROUP_HOST,
	.opts = opts,
	.opts_size = sizeof(struct unshare),
	.max_args = -1,
	.stop_at_operand = true,
	.main = unshare_main,
};
