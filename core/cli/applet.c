/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and running applets: what main hands everything to. */
#include "core/cli/applet.h"

#include <errno.h>
#include <stdio.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/cli/usage.h"

enum { EXIT_USAGE = 125, EXIT_UNKNOWN = 127 };

/* Docker's global options, as far as they mean something without a daemon. */
struct globals {
	bool debug, version;
	char *log_level;
	char *config;
};

static const struct opt global_opts[] = {
	OPT_STRING(struct globals, config, 0, "config", "string",
		   "Location of client config files"),
	OPT_BOOL(struct globals, debug, 'D', "debug", "Enable debug mode"),
	OPT_STRING_DEF(struct globals, log_level, 'l', "log-level", "string",
		       "Set the logging level (\"debug\", \"info\", \"warn\", \"error\", "
		       "\"fatal\")",
		       "warn"),
	OPT_BOOL(struct globals, version, 'v', "version",
		 "Print version information and quit"),
	OPT_END,
};

const struct opt *applet_globals(void)
{
	return global_opts;
}

/* --- finding ------------------------------------------------------------------------ */

static bool named(const char *const *list, const char *name)
{
	for (; list && *list; list++) {
		if (str_eq(*list, name))
			return true;
	}
	return false;
}

const struct applet *applet_find(const char *name)
{
	size_t low = 0, high = 0;

	while (applet_table[high])
		high++;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, applet_table[middle]->name);

		if (order == 0)
			return applet_table[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	for (size_t i = 0; applet_table[i]; i++) {
		if (named(applet_table[i]->aliases, name))
			return applet_table[i];
	}
	return NULL;
}

const struct applet *applet_find_link(const char *name)
{
	for (size_t i = 0; applet_table[i]; i++) {
		if (named(applet_table[i]->links, name))
			return applet_table[i];
	}
	return NULL;
}

static const struct applet *find_verb(const struct applet_verb *verbs, const char *name)
{
	for (const struct applet_verb *v = verbs; v->name; v++) {
		if (str_eq(v->name, name))
			return v->applet;
	}
	return NULL;
}

/* --- saying ------------------------------------------------------------------------- */

/* What stdio still holds must reach its file before we call it a success. */
static int finish(int code)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	log_error("write standard output: %s", strerror(errno ? errno : EIO));
	return code ? code : 1;
}

static int print(const struct buf *text)
{
	fwrite(buf_str(text), 1, text->len, stdout);
	return finish(0);
}

static int print_help(const struct applet *a, const char *name)
{
	autobuf text = { 0 };

	usage_command(a, name, &text);
	return print(&text);
}

/* Docker's two lines after a bad flag. */
static int bad_flag(const char *name, const struct err *e)
{
	log_error("%s", e->text);
	fprintf(stderr, "See '%s --help'.\n", name);
	return EXIT_USAGE;
}

static int bad_word(const char *name, const char *word, const struct applet_verb *verbs)
{
	const char *guess = usage_guess(verbs, word);
	autobuf escaped = { 0 };

	str_escape(&escaped, word);
	fprintf(stderr, "rootless: '%s' is not a %s command.\nSee '%s --help'\n",
		buf_str(&escaped), name, name);
	if (guess)
		fprintf(stderr, "\nDid you mean this?\n\t%s\n", guess);
	return EXIT_UNKNOWN;
}

static int bad_count(const struct applet *a, const char *name)
{
	const char *range = a->max_args == a->min_args ? "exactly"
			    : a->max_args < 0          ? "at least"
						       : "at most";
	int n = a->max_args < 0 ? a->min_args : a->max_args;

	if (a->max_args == 0)
		fprintf(stderr, "rootless: '%s' accepts no arguments\n", name);
	else if (a->min_args && a->max_args > a->min_args)
		fprintf(stderr,
			"rootless: '%s' requires at least %d and at most %d argument%s\n",
			name, a->min_args, a->max_args, a->max_args == 1 ? "" : "s");
	else
		fprintf(stderr, "rootless: '%s' requires %s %d argument%s\n", name, range,
			n, n == 1 ? "" : "s");
	fprintf(stderr, "See '%s --help'.\n\nUsage:  %s%s%s\n\n%s\n", name, name,
		a->args ? " " : "", a->args ? a->args : "", a->summary);
	return EXIT_USAGE;
}

/* --- running ------------------------------------------------------------------------ */

static int run_group(const struct applet *a, const char *name, int argc, char **argv)
{
	const struct applet *verb;
	autofree char *path = NULL;
	struct err e = { 0 };

	if (argc < 2 || str_eq(argv[1], "--help") || str_eq(argv[1], "-h"))
		return print_help(a, name);
	if (argv[1][0] == '-') {
		err_set(&e, -EINVAL,
			argv[1][1] == '-' ? "unknown flag: %s"
					  : "unknown shorthand flag in %s",
			argv[1]);
		return bad_flag(name, &e);
	}
	verb = find_verb(a->verbs, argv[1]);
	if (!verb)
		return bad_word(name, argv[1], a->verbs);
	path = str_fmt("%s %s", name, argv[1]);
	return applet_run_as(verb, path, argc - 1, argv + 1);
}

/* Was the option given that stands in the place of operands? */
static bool stands_alone(const struct applet *a, const void *slots)
{
	const struct opt *o = a->alone ? a->opts : NULL;

	while (o && o->type != OPT_TYPE_END && !str_eq(o->name, a->alone))
		o++;
	return o && o->type == OPT_TYPE_BOOL && *((const bool *)slots + o->offset);
}

static int check_count(const struct applet *a, const char *name, int n, const void *slots)
{
	bool alone = stands_alone(a, slots);

	if (alone && n > 0) {
		fprintf(stderr, "rootless: '%s' accepts no arguments with --%s\n", name,
			a->alone);
		return EXIT_USAGE;
	}
	return (!alone && n < a->min_args) || (a->max_args >= 0 && n > a->max_args)
		       ? bad_count(a, name)
		       : 0;
}

int applet_run_as(const struct applet *a, const char *name, int argc, char **argv)
{
	autofree void *slots = NULL;
	struct opt_result parsed = { 0 };
	struct err e = { 0 };
	int code;

	if (a->verbs && !a->main)
		return run_group(a, name, argc, argv);
	slots = mem_alloc(a->opts_size);
	if (opt_parse(a->opts, slots, argc, argv, a->stop_at_operand, &parsed, &e) < 0)
		code = bad_flag(name, &e);
	else if (parsed.help)
		code = print_help(a, name);
	else if ((code = check_count(a, name, parsed.rest_len, slots)) == 0)
		code = finish(a->main(slots, parsed.rest));
	opt_release(a->opts, slots);
	free(parsed.rest);
	return code;
}

int applet_run(const struct applet *a, const char *path, int argc, char **argv)
{
	autofree char *name = str_fmt("rootless %s", path);

	return applet_run_as(a, name, argc, argv);
}

static int set_level(const struct globals *g, struct err *e)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = {
		{ "debug", LOG_DEBUG }, { "info", LOG_INFO },   { "warn", LOG_WARN },
		{ "error", LOG_ERROR }, { "fatal", LOG_QUIET },
	};

	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (str_eq(levels[i].name, g->log_level)) {
			log_set_level(g->debug ? LOG_DEBUG : levels[i].level);
			return 0;
		}
	}
	return err_set(e, -EINVAL, "unable to parse logging level: %s", g->log_level);
}

/* rest: the words after the global options. */
static int run_program(const struct globals *g, int argc, char **rest)
{
	const struct applet *a;
	autobuf text = { 0 };

	if (g->version) {
		buf_adds(&text, "rootless version " ROOTLESS_VERSION "\n");
		return print(&text);
	}
	if (!argc) {
		usage_program(global_opts, &text);
		return print(&text);
	}
	a = applet_find(rest[0]);
	if (!a)
		return bad_word("rootless", rest[0], NULL);
	return applet_run(a, a->name, argc, rest);
}

int applet_dispatch(int argc, char **argv)
{
	const struct applet *a = argc ? applet_find_link(path_base(argv[0])) : NULL;
	struct globals g = { 0 };
	struct opt_result parsed = { 0 };
	struct err e = { 0 };
	int code;

	if (a)
		return applet_run_as(a, path_base(argv[0]), argc, argv);
	if (opt_parse(global_opts, &g, argc, argv, true, &parsed, &e) < 0 ||
	    set_level(&g, &e) < 0) {
		code = bad_flag("rootless", &e);
	} else {
		/* Docker reads the same from its environment. */
		if (g.config)
			setenv("DOCKER_CONFIG", g.config, 1);
		code = run_program(&g, parsed.rest_len, parsed.rest);
	}
	opt_release(global_opts, &g);
	free(parsed.rest);
	return code;
}
