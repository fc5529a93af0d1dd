/* SPDX-License-Identifier: Apache-2.0 */
/* rootless system: the verbs on the whole as a group. */
#include "core/cli/applet.h"

extern const struct applet info_applet;

static const struct applet_verb verbs[] = {
	{ "info", &info_applet },
	{ NULL, NULL },
};

const struct applet system_applet = {
	.name = "system",
	.args = "COMMAND",
	.summary = "Manage Docker",
	.group = GROUP_MANAGEMENT,
	.verbs = verbs,
	.max_args = -1,
};
