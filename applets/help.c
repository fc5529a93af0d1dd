/* SPDX-License-Identifier: Apache-2.0 */
/* rootless help: the help of a command, and what the build makes of all of them. */
#include <stdio.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/cli/docs.h"
#include "core/cli/usage.h"

struct help {
	bool links, man, readme, completion;
};

static const struct opt opts[] = {
	OPT_BOOL(struct help, links, 0, "links",
		 "Print the names by which links may call the program"),
	OPT_BOOL(struct help, man, 0, "man", "Print the man page"),
	OPT_BOOL(struct help, readme, 0, "readme", "Print README's table of commands"),
	OPT_BOOL(struct help, completion, 0, "completion",
		 "Print the completion script for bash"),
	OPT_END,
};

/* The help of "container ls": the same words as on the command line. */
static int command_help(char **words)
{
	char ask[] = "--help";
	char *argv[] = { words[0], words[1] ? words[1] : ask, ask, NULL };
	const struct applet *a = applet_find(words[0]);

	if (!a) {
		log_error("unknown help topic: %s", words[0]);
		return 1;
	}
	return applet_run(a, a->name, a->verbs && words[1] ? 3 : 2, argv);
}

static int help_main(void *opts_, char **args)
{
	const struct help *o = opts_;
	autobuf text = { 0 };

	if (o->links)
		docs_links(&text);
	else if (o->man)
		docs_man(&text);
	else if (o->readme)
		docs_readme(&text);
	else if (o->completion)
		docs_completion(&text);
	else if (args[0])
		return command_help(args);
	else
		usage_program(applet_globals(), &text);
	fputs(buf_str(&text), stdout);
	return 0;
}

const struct applet help_applet = {
	.name = "help",
	.args = "[OPTIONS] [COMMAND [SUBCOMMAND]]",
	.summary = "Show the help of a command",
	.group = GROUP_HOST,
	.opts = opts,
	.opts_size = sizeof(struct help),
	.max_args = 2,
	.main = help_main,
};
