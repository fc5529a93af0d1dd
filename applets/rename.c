/* SPDX-License-Identifier: Apache-2.0 */
/* rootless rename */
#include <errno.h>

#include "applets/host.h"
#include "core/base/str.h"
#include "core/cli/applet.h"

static int rename_main(void *o, char **args)
{
	struct container c = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	int r;

	if (str_empty(args[0]) || str_empty(args[1])) {
		log_error("Neither old nor new names may be empty");
		return 1;
	}
	if (host_open(&h, &e) < 0 || container_open(&h.store, args[0], &c, &e) < 0)
		return host_fail(&e, 1);
	r = container_rename(&h.store, &c, args[1], &e);
	container_done(&c);
	return r < 0 ? host_fail(&e, 1) : 0;
}

const struct applet rename_applet = {
	.name = "rename",
	.args = "CONTAINER NEW_NAME",
	.summary = "Rename a container",
	.group = GROUP_COMMAND,
	.min_args = 2,
	.max_args = 2,
	.main = rename_main,
};
