/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatch, help and what is said about mistakes, over a table of the test's own. */
#include "core/cli/applet.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/cli/docs.h"
#include "core/cli/usage.h"
#include "tests/unit/test.h"

struct verbs {
	bool all;
	char *name;
};

static char seen[200];

static int note(const char *who, const struct verbs *o, char **args)
{
	size_t n = (size_t)snprintf(seen, sizeof(seen), "%s all=%d name=%s", who, o->all,
				    o->name ? o->name : "-");

	for (; *args; args++)
		n += (size_t)snprintf(seen + n, sizeof(seen) - n, " %s", *args);
	printf("out of %s\n", who);
	return 7;
}

static int run_main(void *opts, char **args)
{
	return note("run", opts, args);
}

static int ps_main(void *opts, char **args)
{
	return note("ps", opts, args);
}

static int map_main(void *opts, char **args)
{
	snprintf(seen, sizeof(seen), "map %s", args[0]);
	return 0;
}

static const struct opt opts[] = {
	OPT_BOOL(struct verbs, all, 'a', "all", "Show all"),
	OPT_STRING(struct verbs, name, 'n', "name", "string", "Assign a name"),
	OPT_END,
};
static const char *const ps_aliases[] = { "list", NULL };
static const char *const map_links[] = { "newuidmap", "newgidmap", NULL };

static const struct applet ps_applet = {
	.name = "ps",
	.args = "[OPTIONS]",
	.summary = "List containers",
	.group = GROUP_COMMON,
	.opts = opts,
	.opts_size = sizeof(struct verbs),
	.aliases = ps_aliases,
	.main = ps_main,
};
static const struct applet run_applet = {
	.name = "run",
	.args = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
	.summary = "Create and run a new container from an image",
	.group = GROUP_COMMON,
	.opts = opts,
	.opts_size = sizeof(struct verbs),
	.min_args = 1,
	.max_args = -1,
	.stop_at_operand = true,
	.main = run_main,
};
static const struct applet_verb container_verbs[] = {
	{ "ls", &ps_applet },
	{ "ps", &ps_applet },
	{ "run", &run_applet },
	{ NULL, NULL },
};
static const struct applet container_applet = {
	.name = "container",
	.args = "COMMAND",
	.summary = "Manage containers",
	.group = GROUP_MANAGEMENT,
	.verbs = container_verbs,
};
static const struct applet map_applet = {
	.name = "idmap",
	.args = "PID",
	.summary = "Write an ID map",
	.group = GROUP_PLUMBING,
	.links = map_links,
	.min_args = 1,
	.max_args = 1,
	.main = map_main,
};
static const struct applet rename_applet = {
	.name = "rename",
	.args = "CONTAINER NEW_NAME",
	.summary = "Rename a container",
	.details = "A second paragraph.\n\n.A line that roff could mistake.",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct verbs),
	.min_args = 2,
	.max_args = 2,
	.main = run_main,
};

const struct applet *const applet_table[] = {
	&container_applet, &map_applet, &ps_applet, &rename_applet, &run_applet, NULL,
};

/* Runs the line ("prog word word") with stdout and stderr kept; its exit code. */
static int call(const char *line, struct buf *out, struct buf *errout)
{
	char text[200], *argv[12], *rest = text;
	int keep[2], files[2], argc = 0, code;

	snprintf(text, sizeof(text), "%s", line);
	while ((argv[argc] = strsep(&rest, " ")))
		argc++;
	seen[0] = 0;
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		char name[] = "/tmp/rootless-applet-XXXXXX";

		files[i] = mkostemp(name, O_CLOEXEC);
		unlink(name);
		keep[i] = fcntl(i + 1, F_DUPFD_CLOEXEC, 10);
		dup2(files[i], i + 1);
	}
	code = applet_dispatch(argc, argv);
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		dup2(keep[i], i + 1);
		fd_close(keep[i]);
		lseek(files[i], 0, SEEK_SET);
		buf_reset(i ? errout : out);
		file_read_fd(files[i], 1 << 20, i ? errout : out);
		fd_close(files[i]);
	}
	return code;
}

static int quiet_call(const char *line)
{
	autobuf out = { 0 }, errout = { 0 };

	return call(line, &out, &errout);
}

TEST(dispatch)
{
	CHECK_INT(quiet_call("rootless run -a img -x --all"), 7);
	CHECK_STR(seen, "run all=1 name=- img -x --all");
	CHECK_INT(quiet_call("/usr/bin/docker ps"), 7);
	CHECK_STR(seen, "ps all=0 name=-");
	CHECK_INT(quiet_call("rootless list -a"), 7);
	CHECK_STR(seen, "ps all=1 name=-");
	CHECK_INT(quiet_call("rootless container ls --name=x"), 7);
	CHECK_STR(seen, "ps all=0 name=x");
	CHECK_INT(quiet_call("rootless --debug container run img"), 7);
	CHECK_STR(seen, "run all=0 name=- img");
	CHECK_INT(quiet_call("/opt/newuidmap 42"), 0);
	CHECK_STR(seen, "map 42");
	CHECK_INT(quiet_call("rootless --config /x ps"), 7);
	CHECK_STR(getenv("DOCKER_CONFIG"), "/x");
	unsetenv("DOCKER_CONFIG");
}

TEST(finding)
{
	CHECK(applet_find("ps") == &ps_applet && applet_find("list") == &ps_applet);
	CHECK(applet_find("container") == &container_applet);
	CHECK(applet_find("run") == &run_applet &&
	      applet_find("rename") == &rename_applet);
	CHECK(!applet_find("") && !applet_find("zzz") && !applet_find("newuidmap"));
	CHECK(applet_find_link("newgidmap") == &map_applet && !applet_find_link("ps"));
}

static void check_said(const char *line, int code, const char *want)
{
	autobuf out = { 0 }, errout = { 0 };

	CHECK_INT(call(line, &out, &errout), code);
	CHECK_STR(buf_str(&errout), want);
	CHECK_STR(buf_str(&out), "");
	CHECK_STR(seen, "");
}

TEST(mistakes)
{
	check_said("rootless run --x", 125,
		   "rootless: unknown flag: --x\nSee 'rootless run --help'.\n");
	check_said("rootless --x run", 125,
		   "rootless: unknown flag: --x\nSee 'rootless --help'.\n");
	check_said("rootless -l loud ps", 125,
		   "rootless: unable to parse logging level: loud\nSee 'rootless "
		   "--help'.\n");
	check_said("rootless container ls --x", 125,
		   "rootless: unknown flag: --x\nSee 'rootless container ls --help'.\n");
	check_said("rootless container --x", 125,
		   "rootless: unknown flag: --x\nSee 'rootless container --help'.\n");
	check_said("rootless run", 125,
		   "rootless: 'rootless run' requires at least 1 argument\n"
		   "See 'rootless run --help'.\n\n"
		   "Usage:  rootless run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\n"
		   "Create and run a new container from an image\n");
	check_said("rootless ps x", 125,
		   "rootless: 'rootless ps' accepts no arguments\n"
		   "See 'rootless ps --help'.\n\n"
		   "Usage:  rootless ps [OPTIONS]\n\nList containers\n");
	check_said("rootless rename x", 125,
		   "rootless: 'rootless rename' requires exactly 2 arguments\n"
		   "See 'rootless rename --help'.\n\n"
		   "Usage:  rootless rename CONTAINER NEW_NAME\n\nRename a container\n");
	check_said(
		"newuidmap", 125,
		"rootless: 'newuidmap' requires exactly 1 argument\n"
		"See 'newuidmap --help'.\n\nUsage:  newuidmap PID\n\nWrite an ID map\n");
}

TEST(unknown_words)
{
	check_said("rootless rnu", 127,
		   "rootless: 'rnu' is not a rootless command.\nSee 'rootless --help'\n\n"
		   "Did you mean this?\n\trun\n");
	check_said("rootless contain", 127,
		   "rootless: 'contain' is not a rootless command.\nSee 'rootless "
		   "--help'\n\n"
		   "Did you mean this?\n\tcontainer\n");
	check_said("rootless frobnicate", 127,
		   "rootless: 'frobnicate' is not a rootless command.\n"
		   "See 'rootless --help'\n");
	check_said("rootless \x1b[31m", 127,
		   "rootless: '\\x1b[31m' is not a rootless command.\n"
		   "See 'rootless --help'\n");
	check_said("rootless container sl", 127,
		   "rootless: 'sl' is not a rootless container command.\n"
		   "See 'rootless container --help'\n\nDid you mean this?\n\tls\n");
}

TEST(help_of_a_command)
{
	autobuf out = { 0 }, errout = { 0 };

	CHECK_INT(call("rootless ps --help", &out, &errout), 0);
	CHECK_STR(buf_str(&out),
		  "Usage:  rootless ps [OPTIONS]\n\n"
		  "List containers\n\n"
		  "Aliases:\n"
		  "  rootless container ls, rootless container ps, rootless ps, "
		  "rootless list\n\n"
		  "Options:\n"
		  "  -a, --all           Show all\n"
		  "  -n, --name string   Assign a name\n");
	CHECK_STR(buf_str(&errout), "");
	CHECK_INT(call("rootless container", &out, &errout), 0);
	CHECK_STR(buf_str(&out),
		  "Usage:  rootless container COMMAND\n\n"
		  "Manage containers\n\n"
		  "Commands:\n"
		  "  ls    List containers\n"
		  "  run   Create and run a new container from an image\n\n"
		  "Run 'rootless container COMMAND --help' for more information on a "
		  "command.\n");
	CHECK_INT(call("rootless container -h", &errout, &errout), 0);
	CHECK_INT(call("rootless run --help", &out, &errout), 0);
	CHECK(strncmp(buf_str(&out), "Usage:  rootless run [OPTIONS] IMAGE", 36) == 0);
}

TEST(help_of_the_program)
{
	autobuf out = { 0 }, errout = { 0 };
	static const char want[] =
		"Usage:  rootless [OPTIONS] COMMAND\n\n"
		"Containers without root\n\n"
		"Common Commands:\n"
		"  run         Create and run a new container from an image\n"
		"  ps          List containers\n\n"
		"Management Commands:\n"
		"  container   Manage containers\n\n"
		"Commands:\n"
		"  rename      Rename a container\n\n"
		"Global Options:\n";

	CHECK_INT(call("rootless", &out, &errout), 0);
	CHECK(strncmp(buf_str(&out), want, sizeof(want) - 1) == 0);
	CHECK(strstr(buf_str(&out), "  -l, --log-level string   Set the logging level") !=
	      NULL);
	CHECK(strstr(buf_str(&out), "idmap") == NULL);
	CHECK_INT(call("rootless --help", &errout, &errout), 0);
	CHECK_INT(call("rootless -v", &out, &errout), 0);
	CHECK_STR(buf_str(&out), "rootless version " ROOTLESS_VERSION "\n");
}

/* Nobody may take a cut output for a whole one. */
TEST(full_disk)
{
	int keep, full = open("/dev/full", O_WRONLY | O_CLOEXEC), keep_err;
	char *argv[] = { (char[]){ "rootless" }, (char[]){ "--help" }, NULL };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), code;

	fflush(stdout);
	keep = fcntl(1, F_DUPFD_CLOEXEC, 10);
	keep_err = fcntl(2, F_DUPFD_CLOEXEC, 10);
	dup2(full, 1);
	dup2(null, 2);
	code = applet_dispatch(2, argv);
	clearerr(stdout);
	dup2(keep, 1);
	dup2(keep_err, 2);
	CHECK_INT(code, 1);
	fd_close(keep);
	fd_close(keep_err);
	fd_close(full);
	fd_close(null);
}

TEST(man_page)
{
	autobuf out = { 0 };

	docs_man(&out);
	CHECK(strncmp(buf_str(&out), ".TH ROOTLESS 1", 14) == 0);
	CHECK(strstr(buf_str(&out),
		     "\n.SS rootless run [OPTIONS] IMAGE [COMMAND] [ARG...]\n"));
	CHECK(strstr(buf_str(&out),
		     "\n.TP\n.BR \\-n \", \" \\-\\-name \" \\fIstring\\fR\"\n"));
	CHECK(strstr(buf_str(&out), "\n\\&.A line that roff could mistake.\n"));
}

TEST(readme_table)
{
	autobuf out = { 0 };

	docs_readme(&out);
	CHECK(strstr(buf_str(&out),
		     "| `rootless run` | Create and run a new container from an "
		     "image |\n"));
	CHECK(strstr(buf_str(&out),
		     "| `rootless container` | Manage containers: `ls`, `run` |\n"));
	CHECK(strstr(buf_str(&out), "idmap") == NULL);
}

TEST(completion_script)
{
	autobuf out = { 0 };

	docs_completion(&out);
	CHECK(strstr(buf_str(&out), "complete -F _rootless rootless"));
	CHECK(strstr(buf_str(&out),
		     "\t'container ls') options='--all --name -a -n --help'"));
	CHECK(strstr(buf_str(&out), "container ps rename run"));
}
