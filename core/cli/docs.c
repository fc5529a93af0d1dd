/* SPDX-License-Identifier: Apache-2.0 */
/* Man page, README's tables and completion, made from the applets' own tables. */
#include "core/cli/docs.h"

#include <stdbool.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/strv.h"
#include "core/cli/applet.h"
#include "core/cli/usage.h"

/* Calls fn for every command that help lists, grouped verbs included, in help's order. */
typedef void docs_fn(const struct applet *a, const char *path, struct buf *out);

static void each_command(docs_fn *fn, struct buf *out)
{
	for (enum applet_group g = GROUP_COMMON; g <= GROUP_PLUMBING; g++) {
		autofree const struct applet **list = usage_group(g);

		for (size_t i = 0; usage_title(g) && list[i]; i++) {
			const struct applet_verb *v = list[i]->verbs;

			fn(list[i], list[i]->name, out);
			for (; v && v->name; v++) {
				autofree char *path =
					str_fmt("%s %s", list[i]->name, v->name);

				fn(v->applet, path, out);
			}
		}
	}
}

/* --- man page ----------------------------------------------------------------------- */

/* Text for roff: hyphens that stay hyphens, no line taken for a request. */
static void add_roff(struct buf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if ((p == text || p[-1] == '\n') && strchr(".'", *p))
			buf_adds(out, "\\&");
		if (*p == '-')
			buf_adds(out, "\\-");
		else if (*p == '\\')
			buf_adds(out, "\\e");
		else if (*p == '\n' && p[1] == '\n')
			buf_adds(out, "\n.PP");
		else
			buf_addc(out, *p);
	}
	buf_addc(out, '\n');
}

static void man_options(const struct opt *opts, struct buf *out)
{
	autofree const struct opt **list = NULL;
	size_t n = opt_listed(opts, &list);

	for (size_t i = 0; i < n; i++) {
		const struct opt *o = list[i];
		autobuf name = { 0 };
		autobuf text = { 0 };

		add_roff(&name, o->name);
		name.data[--name.len] = 0;
		buf_adds(out, ".TP\n");
		if (o->short_name)
			buf_addf(out, ".BR \\-%c \", \" \\-\\-%s", o->short_name,
				 name.data);
		else
			buf_addf(out, ".BR \\-\\-%s", name.data);
		if (o->arg)
			buf_addf(out,
				 o->type == OPT_TYPE_OPTIONAL ? " \"[=\\fI%s\\fR]\""
							      : " \" \\fI%s\\fR\"",
				 o->arg);
		buf_addc(out, '\n');
		opt_describe(o, &text);
		add_roff(out, buf_str(&text));
	}
}

static void man_command(const struct applet *a, const char *path, struct buf *out)
{
	/* A verb of a group is told once, where it stands alone. */
	if (strchr(path, ' ') && applet_find(a->name) == a)
		return;
	buf_addf(out, ".SS rootless %s%s%s\n", path, a->args ? " " : "",
		 a->args ? a->args : "");
	add_roff(out, a->summary);
	if (a->details) {
		buf_adds(out, ".PP\n");
		add_roff(out, a->details);
	}
	for (const struct applet_verb *v = a->verbs; v && v->name; v++) {
		buf_addf(out, ".TP\n.B %s\n", v->name);
		add_roff(out, v->applet->summary);
	}
	man_options(a->opts, out);
}

void docs_man(struct buf *out)
{
	buf_adds(out,
		 ".TH ROOTLESS 1 \"\" \"rootless " ROOTLESS_VERSION
		 "\" \"User Commands\"\n"
		 ".SH NAME\nrootless \\- containers without root\n"
		 ".SH SYNOPSIS\n.B rootless\n[OPTIONS] COMMAND [ARG...]\n"
		 ".SH DESCRIPTION\n"
		 "Runs containers as an ordinary user: pulls images, makes networks, "
		 "publishes ports,\nwithout a daemon and without root. Commands and "
		 "options are those of docker.\n"
		 ".SH GLOBAL OPTIONS\n");
	man_options(applet_globals(), out);
	buf_adds(out, ".SH COMMANDS\n");
	each_command(man_command, out);
	buf_adds(out,
		 ".SH EXIT STATUS\n"
		 "125 for a mistake on the command line or a failure of rootless itself, "
		 "126 and 127 for a\ncommand that cannot be run or is not found, 128 + n "
		 "for a container ended by signal n, else\nthe container's own.\n");
}

/* --- README ------------------------------------------------------------------------- */

static void readme_row(const struct applet *a, struct buf *out)
{
	buf_addf(out, "| `rootless %s` | %s", a->name, a->summary);
	for (const struct applet_verb *v = a->verbs; v && v->name; v++) {
		if (v == a->verbs)
			buf_addf(out, ": `%s`", v->name);
		else if (v->applet != v[-1].applet)
			buf_addf(out, ", `%s`", v->name);
	}
	buf_adds(out, " |\n");
}

void docs_readme(struct buf *out)
{
	for (enum applet_group g = GROUP_COMMON; g <= GROUP_PLUMBING; g++) {
		autofree const struct applet **list = usage_group(g);

		if (!usage_title(g) || !list[0])
			continue;
		buf_addf(out, "%s| %s | |\n|---|---|\n", out->len ? "\n" : "",
			 usage_title(g));
		for (size_t i = 0; list[i]; i++)
			readme_row(list[i], out);
	}
}

/* --- completion --------------------------------------------------------------------- */

static const char completion_head[] =
	"# bash completion for rootless; made by `rootless help --completion`.\n"
	"_rootless_options() {\n"
	"\tlocal options=\n"
	"\tcase $1 in\n";

/* What the operands are is read off the usage line. */
static const char completion_middle[] = "\tesac\n"
					"\techo \"$options\"\n"
					"}\n"
					"_rootless_operands() {\n"
					"\tcase $1 in\n";

static const char completion_tail[] =
	"\tesac\n"
	"}\n"
	"_rootless() {\n"
	"\tlocal word=${COMP_WORDS[COMP_CWORD]} path='' i=1\n"
	"\twhile [ \"$i\" -lt \"$COMP_CWORD\" ] && [ \"${COMP_WORDS[i]#-}\" != "
	"\"${COMP_WORDS[i]}\" ]; do\n"
	"\t\ti=$((i + 1))\n"
	"\tdone\n"
	"\t[ \"$i\" -lt \"$COMP_CWORD\" ] && path=${COMP_WORDS[i]}\n"
	"\tcase $path in\n"
	"\t%s)\n"
	"\t\tif [ $((i + 1)) -lt \"$COMP_CWORD\" ]; then\n"
	"\t\t\tpath=\"$path ${COMP_WORDS[i + 1]}\"\n"
	"\t\tfi ;;\n"
	"\tesac\n"
	"\tif [ \"${word#-}\" != \"$word\" ]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$(_rootless_options \"$path\")\" -- "
	"\"$word\")\n"
	"\telse\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$(_rootless_operands \"$path\")\" -- "
	"\"$word\")\n"
	"\tfi\n"
	"}\n"
	"complete -F _rootless rootless\n";

static void completion_options(const struct applet *a, const char *path, struct buf *out)
{
	autofree const struct opt **list = NULL;
	size_t n = opt_listed(a->opts, &list);

	buf_addf(out, "\t'%s') options='", path);
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s--%s", i ? " " : "", list[i]->name);
	for (size_t i = 0; i < n; i++) {
		if (list[i]->short_name)
			buf_addf(out, " -%c", list[i]->short_name);
	}
	buf_addf(out, "%s--help' ;;\n", n ? " " : "");
}

static void completion_operands(const struct applet *a, const char *path, struct buf *out)
{
	const char *args = a->args ? a->args : "";

	if (a->verbs) {
		buf_addf(out, "\t'%s') echo '", path);
		for (const struct applet_verb *v = a->verbs; v->name; v++)
			buf_addf(out, "%s%s", v > a->verbs ? " " : "", v->name);
		buf_adds(out, "' ;;\n");
	} else if (strstr(args, "CONTAINER")) {
		buf_addf(out,
			 "\t'%s') rootless ps -a --format '{{.Names}}' 2>/dev/null ;;\n",
			 path);
	} else if (strstr(args, "IMAGE")) {
		buf_addf(out,
			 "\t'%s') rootless images --format '{{.Repository}}:{{.Tag}}' "
			 "2>/dev/null ;;\n",
			 path);
	}
}

void docs_completion(struct buf *out)
{
	autostrv words = { 0 };
	autostrv groups = { 0 };
	autofree char *commands = NULL;
	autofree char *pattern = NULL;
	const struct applet program = { .name = "", .opts = applet_globals() };

	for (size_t i = 0; applet_table[i]; i++) {
		if (usage_title(applet_table[i]->group))
			strv_add(&words, applet_table[i]->name);
		if (applet_table[i]->verbs)
			strv_add(&groups, applet_table[i]->name);
	}
	commands = strv_join(&words, " ");
	pattern = strv_join(&groups, "|");
	buf_adds(out, completion_head);
	completion_options(&program, "", out);
	each_command(completion_options, out);
	buf_adds(out, completion_middle);
	buf_addf(out, "\t'') echo '%s' ;;\n", commands);
	each_command(completion_operands, out);
	/* An empty pattern would be a mistake of syntax. */
	buf_addf(out, completion_tail, *pattern ? pattern : "''");
}

void docs_links(struct buf *out)
{
	for (size_t i = 0; applet_table[i]; i++) {
		const char *const *link = applet_table[i]->links;

		for (; link && *link; link++)
			buf_addf(out, "%s\n", *link);
	}
}
