/* SPDX-License-Identifier: Apache-2.0 */
/* rootless wait */
#include "applets/host.h"
#include "core/cli/applet.h"

static int wait_main(void *o, char **args)
{
	autohost h = { 0 };
	struct err e = { 0 };
	int code = 0;

	if (host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	for (; *args; args++) {
		struct container c = { 0 };
		int exit_code = 0, r = container_open(&h.store, *args, &c, &e);

		if (r >= 0) {
			r = container_wait(&h.store, &c, false, &exit_code, &e);
			container_done(&c);
		}
		if (r < 0)
			code = host_fail(&e, 1);
		else
			printf("%d\n", exit_code);
		fflush(stdout);
		err_clear(&e);
	}
	return code;
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
