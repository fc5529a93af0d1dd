/* SPDX-License-Identifier: Apache-2.0 */
/* rootless wait */
#include "applets/host.h"
#include "core/cli/applet.h"

static int wait_one(struct host *h, struct container *c, void *arg, struct err *e)
{
	int exit_code = 0, r = container_wait(&h->store, c, false, &exit_code, e);

	if (r >= 0)
		printf("%d\n", exit_code);
	return r;
}

static int wait_main(void *o, char **args)
{
	struct host_container each = { wait_one, NULL };

	return host_each_name(args, host_container_run, &each);
}

const struct applet wait_applet = {
	.name = "wait",
	.args = "CONTAINER [CONTAINER...]",
	.summary = "Block until one or more containers stop, then print their exit codes",
	.group = GROUP_COMMAND,
	.min_args = 1,
	.max_args = -1,
	.main = wait_main,
};
