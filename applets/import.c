/* SPDX-License-Identifier: Apache-2.0 */
/* rootless import */
#include <unistd.h>

#include "applets/host.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/engine/imageimport.h"

struct import {
	struct strv change;
	char *message, *platform;
};

static const struct opt opts[] = {
	OPT_LIST(struct import, change, 'c', "change", "list",
		 "Apply Dockerfile instruction to the created image"),
	OPT_STRING(struct import, message, 'm', "message", "string",
		   "Set commit message for imported image"),
	OPT_STRING(struct import, platform, 0, "platform", "string",
		   "Set platform if server is multi-platform capable"),
	OPT_END,
};

static int import_main(void *opts_, char **args)
{
	const struct import *o = opts_;
	const struct imageimport i = { .source = args[0],
				       .name = args[1],
				       .message = o->message,
				       .platform = o->platform,
				       .changes = &o->change };
	char text[DIGEST_TEXT_MAX];
	autohost h = { 0 };
	struct err e = { 0 };
	struct digest id;

	if (str_eq(args[0], "-") && isatty(STDIN_FILENO)) {
		log_error("requested import from stdin, but stdin is a terminal");
		return 1;
	}
	if (host_open(&h, &e) < 0 ||
	    imageimport_run(&h.store, &h.config, &i, &id, &e) < 0)
		return host_fail(&e, 1);
	printf("%s\n", digest_text(text, &id));
	return 0;
}

const struct applet import_applet = {
	.name = "import",
	.args = "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
	.summary = "Import the contents from a tarball to create a filesystem image",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct import),
	.min_args = 1,
	.max_args = 2,
	.main = import_main,
};
