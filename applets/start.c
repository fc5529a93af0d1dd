/* SPDX-License-Identifier: Apache-2.0 */
/* rootless start */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "applets/attached.h"
#include "core/base/fd.h"
#include "core/cli/applet.h"

struct start {
	bool attach, interactive, restarted;
	char *detach_keys;
};

static const struct opt opts[] = {
	OPT_BOOL(struct start, attach, 'a', "attach",
		 "Attach STDOUT/STDERR and forward signals"),
	OPT_STRING(struct start, detach_keys, 0, "detach-keys", "string",
		   "Override the key sequence for detaching a container"),
	OPT_BOOL(struct start, interactive, 'i', "interactive",
		 "Attach container's STDIN"),
	OPT_BOOL(struct start, restarted, 0, "restarted",
		 "Start all stopped containers that their restart policy brings back "
		 "after "
		 "a reboot"),
	OPT_END,
};

static bool is_running(const struct container *c)
{
	return c->state.status == STATE_RUNNING || c->state.status == STATE_PAUSED ||
	       c->state.status == STATE_RESTARTING;
}

static int start_one(struct host *h, struct container *c, void *arg, struct err *e)
{
	autoclose int sock = -1;
	int code = 0, r;

	if (is_running(c))
		return 0;
	r = container_start(&h->store, &h->config, c, &sock, e);
	/* Another one was quicker: it runs, which is what was asked for. */
	if (r == -EALREADY) {
		err_clear(e);
		return 0;
	}
	return r < 0 ? r : container_start_go(sock, &code, e);
}

static int attach(struct host *h, struct container *c, const struct start *o,
		  struct err *e)
{
	bool running = is_running(c);
	autoclose int sock = -1;
	struct session_options so = {
		.go = !running,
		.stdin_on = o->interactive,
		.detach_keys = o->detach_keys,
		.sig_proxy = true,
	};

	if (running)
		sock = container_attach(&h->store, c, e);
	if (running ? sock < 0 : container_start(&h->store, &h->config, c, &sock, e) < 0)
		return host_fail(e, 1);
	so.sock = sock;
	return attached_run(h, c, &so, e);
}

/* What a service of the boot calls. One that fails does not keep the others. */
static int start_restarted(struct host *h, struct err *e)
{
	struct container *all = NULL;
	size_t n = 0;
	int code = 0;

	if (host_open(h, e) < 0 || container_list(&h->store, &all, &n, e) < 0)
		return host_fail(e, 1);
	for (size_t i = n; i-- > 0;) { /* the oldest first */
		struct err why = { 0 };

		bool due = container_comes_back(&all[i]);

		if (due && start_one(h, &all[i], NULL, &why) < 0)
			code = host_fail(&why, 1);
		else if (due)
			printf("%s\n", all[i].name);
		container_done(&all[i]);
	}
	free(all);
	return code;
}

static int start_main(void *opts_, char **args)
{
	struct start *o = opts_;
	struct container c = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	int code;

	if (o->restarted && (o->attach || o->interactive)) {
		log_error("--restarted attaches to no container");
		return 1;
	}
	if (o->restarted)
		return start_restarted(&h, &e);
	if (!o->attach && !o->interactive)
		return host_each(args, start_one, o);
	if (args[1]) {
		log_error("you cannot start and attach multiple containers at once");
		return 1;
	}
	if (host_open(&h, &e) < 0 || container_open(&h.store, args[0], &c, &e) < 0)
		return host_fail(&e, 1);
	code = attach(&h, &c, o, &e);
	container_done(&c);
	return code;
}

const struct applet start_applet = {
	.name = "start",
	.args = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Start one or more stopped containers",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct start),
	.min_args = 1,
	.max_args = -1,
	.alone = "restarted",
	.main = start_main,
};
