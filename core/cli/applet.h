/* SPDX-License-Identifier: Apache-2.0 */
/* An applet: one command of the multicall executable, declared in applets/NAME.c. */
#ifndef CLI_APPLET_H
#define CLI_APPLET_H

#include <stdbool.h>

#include "core/cli/opt.h"

enum applet_group {
	GROUP_COMMON,     /* "Common Commands" of docker's help */
	GROUP_MANAGEMENT, /* container, image, … */
	GROUP_COMMAND,    /* the other verbs */
	GROUP_HOST,       /* our own: doctor, unshare, … */
	GROUP_PLUMBING,   /* keeper, monitor, stack, …: not listed in help */
};

struct applet;

/* A verb inside a group, e.g. { "ls", &ps_applet } of container. */
struct applet_verb {
	const char *name;
	const struct applet *applet;
};

struct applet {
	const char *name;    /* "run"; the file's name */
	const char *args;    /* "[OPTIONS] IMAGE [COMMAND] [ARG...]" */
	const char *summary; /* "Create and run a new container from an image" */
	const char *details; /* further paragraphs for --help and the man page, or NULL */
	enum applet_group group;
	const struct opt *opts; /* ends with OPT_END, or NULL */
	const struct applet_verb
		*verbs; /* a group: ends with { NULL, NULL }; main is NULL then, or
			   finds the verb itself behind options of the group */
	const char *const
		*aliases; /* other first words ("list"), NULL-terminated, or NULL */
	const char *const *links; /* argv[0] names that reach it ("newuidmap"), or NULL */
	int min_args, max_args;   /* operands; max -1 = any number */
	const char *alone; /* a bool option that stands in their place ("all"), or NULL */
	/* Options of the command stop at the first operand (run, exec, create). */
	bool stop_at_operand;
	size_t opts_size; /* bytes of the struct that opts fill; zeroed before parsing */
	/* opts: the filled struct; args: the operands, NULL-terminated. Returns the exit
	 * code. */
	int (*main)(void *opts, char **args);
	/* Frees what parsing put in opts (strv slots and strings are freed by the table
	 * itself). */
};

/* Sorted by name, NULL-terminated; generated from the list of files. */
extern const struct applet *const applet_table[];

/* By name or alias; NULL when there is none. */
const struct applet *applet_find(const char *name);
/* By argv[0]'s base name against links; NULL when there is none. */
const struct applet *applet_find_link(const char *name);
/* Dispatch of main: argv[0], then argv[1]. Exit codes: 125 usage error of docker's verbs,
 * 127 unknown command, else the applet's. */
int applet_dispatch(int argc, char **argv);
/* Parses argv (argv[0] is skipped) against the applet and runs it, descending into verbs.
 * path: the words so far, as "container ls". */
int applet_run(const struct applet *a, const char *path, int argc, char **argv);
/* The same under another whole name than "rootless PATH": of a link. */
int applet_run_as(const struct applet *a, const char *name, int argc, char **argv);
/* The options that stand before the command. */
const struct opt *applet_globals(void);

#endif
