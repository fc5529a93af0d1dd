/* SPDX-License-Identifier: Apache-2.0 */
/* rootless tag */
#include "applets/host.h"
#include "core/cli/applet.h"
#include "core/engine/image.h"

static int tag_main(void *o, char **args)
{
	autohost h = { 0 };
	struct err e = { 0 };

	if (host_open(&h, &e) < 0 || image_tag(&h.store, args[0], args[1], &e) < 0)
		return host_fail(&e, 1);
	return 0;
}

const struct applet tag_applet = {
	.name = "tag",
	.args = "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
	.summary = "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE",
	.group = GROUP_COMMAND,
	.min_args = 2,
	.max_args = 2,
	.main = tag_main,
};
