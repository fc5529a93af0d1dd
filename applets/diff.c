/* SPDX-License-Identifier: Apache-2.0 */
/* rootless diff */
#include "applets/host.h"
#include "core/cli/applet.h"
#include "core/engine/changes.h"

static int diff_main(void *o, char **args)
{
	autodone(container_done) struct container c = { 0 };
	autostrv lines = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };

	if (host_open(&h, &e) < 0 || container_open(&h.store, args[0], &c, &e) < 0 ||
	    changes_list(&h.store, &c, &lines, &e) < 0)
		return host_fail(&e, 1);
	for (size_t i = 0; i < lines.len; i++)
		printf("%s\n", lines.v[i]);
	return 0;
}

const struct applet diff_applet = {
	.name = "diff",
	.args = "CONTAINER",
	.summary = "Inspect changes to files or directories on a container's filesystem",
	.group = GROUP_COMMAND,
	.min_args = 1,
	.max_args = 1,
	.main = diff_main,
};
