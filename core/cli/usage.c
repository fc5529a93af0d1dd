/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts in docker's layout, made from the applets' own tables. */
#include "core/cli/usage.h"

#include <stdbool.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/strv.h"

#define WORD_MAX 32
#define FAR      3 /* more wrong letters than this is another word */

const char *usage_title(enum applet_group group)
{
	static const char *const titles[] = {
		[GROUP_COMMON] = "Common Commands",
		[GROUP_MANAGEMENT] = "Management Commands",
		[GROUP_COMMAND] = "Commands",
		[GROUP_HOST] = "Host Commands",
		[GROUP_PLUMBING] = NULL,
	};

	return titles[group];
}

/* Docker lists its common commands by use, not by name. Those not here come after. */
static size_t rank(const struct applet *a)
{
	static const char *const order[] = { "run",    "exec",   "ps",      "build",
					     "pull",   "push",   "images",  "login",
					     "logout", "search", "version", "info" };
	size_t i = 0;

	while (i < ARRAY_LEN(order) && !str_eq(order[i], a->name))
		i++;
	return a->group == GROUP_COMMON ? i : 0;
}

static int by_rank(const void *a, const void *b)
{
	const struct applet *const *left = a, *const *right = b;
	size_t l = rank(*left), r = rank(*right);

	return l != r ? (l < r ? -1 : 1) : strcmp((*left)->name, (*right)->name);
}

const struct applet **usage_group(enum applet_group group)
{
	const struct applet **list;
	size_t n = 0, kept = 0;

	while (applet_table[n])
		n++;
	list = mem_array(n + 1, sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		if (applet_table[i]->group == group)
			list[kept++] = applet_table[i];
	}
	qsort(list, kept, sizeof(*list), by_rank);
	return list;
}

/* --- one command -------------------------------------------------------------------- */

/* "rootless container ls, rootless container list, rootless ps": every way to a. */
static void add_aliases(const struct applet *a, struct buf *out)
{
	autostrv ways = { 0 };
	autofree char *text = NULL;

	for (size_t i = 0; applet_table[i]; i++) {
		const struct applet_verb *v = applet_table[i]->verbs;

		for (; v && v->name; v++) {
			if (v->applet == a)
				strv_addf(&ways, "rootless %s %s", applet_table[i]->name,
					  v->name);
		}
		if (applet_table[i] == a)
			strv_addf(&ways, "rootless %s", a->name);
	}
	for (const char *const *alias = a->aliases; alias && *alias; alias++)
		strv_addf(&ways, "rootless %s", *alias);
	if (ways.len < 2)
		return;
	text = strv_join(&ways, ", ");
	buf_addf(out, "\nAliases:\n  %s\n", text);
}

static void add_verbs(const struct applet_verb *verbs, struct buf *out)
{
	size_t widest = 0;

	for (const struct applet_verb *v = verbs; v->name; v++) {
		if (strlen(v->name) > widest)
			widest = strlen(v->name);
	}
	buf_adds(out, "\nCommands:\n");
	for (const struct applet_verb *v = verbs; v->name; v++) {
		/* A second name of the verb above is an alias, told by its own help. */
		if (v > verbs && v->applet == v[-1].applet)
			continue;
		buf_addf(out, "  %-*s   %s\n", (int)widest, v->name, v->applet->summary);
	}
}

void usage_command(const struct applet *a, const char *name, struct buf *out)
{
	const char *args = a->args ? a->args : a->verbs ? "COMMAND" : "";
	autobuf options = { 0 };

	buf_addf(out, "Usage:  %s%s%s\n\n%s\n", name, *args ? " " : "", args, a->summary);
	if (a->details)
		buf_addf(out, "\n%s\n", a->details);
	add_aliases(a, out);
	if (a->verbs)
		add_verbs(a->verbs, out);
	opt_help(a->opts, &options);
	if (options.len)
		buf_addf(out, "\nOptions:\n%s", buf_str(&options));
	if (a->verbs)
		buf_addf(out,
			 "\nRun '%s COMMAND --help' for more information on a command.\n",
			 name);
}

/* --- the program -------------------------------------------------------------------- */

void usage_program(const struct opt *globals, struct buf *out)
{
	buf_adds(out, "Usage:  rootless [OPTIONS] COMMAND\n\n"
		      "Containers without root\n");
	for (enum applet_group g = GROUP_COMMON; g <= GROUP_PLUMBING; g++) {
		autofree const struct applet **list = usage_group(g);

		if (!usage_title(g) || !list[0])
			continue;
		buf_addf(out, "\n%s:\n", usage_title(g));
		for (size_t i = 0; list[i]; i++)
			buf_addf(out, "  %-11s %s\n", list[i]->name, list[i]->summary);
	}
	buf_adds(out, "\nGlobal Options:\n");
	opt_help(globals, out);
	buf_adds(out,
		 "\nRun 'rootless COMMAND --help' for more information on a command.\n");
}

/* --- guesses ------------------------------------------------------------------------ */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to insert, drop, change or swap to make b of a. */
static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	size_t d[WORD_MAX + 1][WORD_MAX + 1];

	if (n > WORD_MAX || m > WORD_MAX)
		return FAR + 1;
	for (size_t i = 0; i <= n; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		for (size_t j = 1; j <= m; j++) {
			size_t change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[n][m];
}

struct guess {
	const char *best;
	size_t off;
};

static void consider(struct guess *g, const char *name, const char *word)
{
	size_t off = distance(word, name);

	if (strlen(word) >= 2 && str_starts(name, word))
		off = least(off, 1);
	if (off < g->off && off < strlen(name)) {
		g->best = name;
		g->off = off;
	}
}

const char *usage_guess(const struct applet_verb *verbs, const char *word)
{
	struct guess g = { NULL, FAR };

	for (const struct applet_verb *v = verbs; v && v->name; v++)
		consider(&g, v->name, word);
	for (size_t i = 0; !verbs && applet_table[i]; i++) {
		const struct applet *a = applet_table[i];

		if (!usage_title(a->group))
			continue;
		consider(&g, a->name, word);
		for (const char *const *alias = a->aliases; alias && *alias; alias++)
			consider(&g, *alias, word);
	}
	return g.best;
}
