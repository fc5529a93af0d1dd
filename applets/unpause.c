/* SPDX-License-Identifier: Apache-2.0 */
/* rootless unpause */
#include "applets/host.h"
#include "core/cli/applet.h"
#include "core/engine/freeze.h"

static int unpause_one(struct host *h, struct container *c, void *arg, struct err *e)
{
	return freeze_unpause(&h->store, c, e);
}

static int unpause_main(void *o, char **args)
{
	return host_each(args, unpause_one, o);
}

const struct applet unpause_applet = {
	.name = "unpause",
	.args = "CONTAINER [CONTAINER...]",
	.summary = "Unpause all processes within one or more containers",
	.group = GROUP_COMMAND,
	.min_args = 1,
	.max_args = -1,
	.main = unpause_main,
};
