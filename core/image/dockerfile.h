/* SPDX-License-Identifier: Apache-2.0 */
/* Dockerfiles (docker's Dockerfile reference, with heredocs and parser directives). A
 * pure parser of untrusted text: bytes in, instructions out; nothing is substituted yet.
 */
#ifndef IMAGE_DOCKERFILE_H
#define IMAGE_DOCKERFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"
#include "core/base/strv.h"

#define DOCKERFILE_MAX              (1u << 20) /* bytes, also of one word substituted */
#define DOCKERFILE_INSTRUCTIONS_MAX 5000
#define DOCKERFILE_STAGES_MAX       500

enum dockerfile_op {
	DOCKERFILE_ADD,
	DOCKERFILE_ARG,
	DOCKERFILE_CMD,
	DOCKERFILE_COPY,
	DOCKERFILE_ENTRYPOINT,
	DOCKERFILE_ENV,
	DOCKERFILE_EXPOSE,
	DOCKERFILE_FROM,
	DOCKERFILE_HEALTHCHECK,
	DOCKERFILE_LABEL,
	DOCKERFILE_MAINTAINER,
	DOCKERFILE_ONBUILD,
	DOCKERFILE_RUN,
	DOCKERFILE_SHELL,
	DOCKERFILE_STOPSIGNAL,
	DOCKERFILE_USER,
	DOCKERFILE_VOLUME,
	DOCKERFILE_WORKDIR,
};

struct dockerfile_heredoc {
	char *name;
	char *text;  /* each line ended by a newline; the tabs of "<<-" are gone */
	bool expand; /* the name was not quoted */
};

/* args by op, never substituted:
 *   FROM         image, then the stage's name in lower case when it has one
 *   RUN CMD ENTRYPOINT  exec: the arguments; else one item, the command line
 *   ENV LABEL    name, value, name, value, …
 *   ARG          "NAME" or "NAME=value" each
 *   COPY ADD     sources, then the target; "<<NAME" stands for the next heredoc
 *   EXPOSE VOLUME SHELL  items
 *   HEALTHCHECK  "NONE", or "CMD" and then as CMD
 *   ONBUILD      one item: the instruction, its heredocs behind it
 *   else         one item */
struct dockerfile_instruction {
	enum dockerfile_op op;
	unsigned line, last_line; /* from 1 */
	char *text;               /* as written, its lines joined */
	struct strv flags;        /* "from=x", without dashes and quotes */
	bool exec;                /* JSON form */
	struct strv args;
	struct dockerfile_heredoc *heredocs;
	size_t heredocs_len;
};

/* Instructions before the first FROM are ARGs. Zero-initialise. */
struct dockerfile {
	char escape; /* '\\' or '`' */
	struct dockerfile_instruction *v;
	size_t len;
};

/* name: of the file, for sentences: "Dockerfile:7: unknown instruction: FOO" (-EINVAL).
 */
int dockerfile_parse(const char *p, size_t n, const char *name, struct dockerfile *ret,
		     struct err *e);
/* One instruction alone, as ONBUILD keeps it; FROM, MAINTAINER and ONBUILD are refused.
 */
int dockerfile_parse_trigger(const char *text, char escape, struct dockerfile *ret,
			     struct err *e);
void dockerfile_done(struct dockerfile *d);

const char *dockerfile_op_name(enum dockerfile_op op); /* "RUN" */
/* The value of a flag, "" when it has none, NULL when it is not there. */
const char *dockerfile_flag(const struct dockerfile_instruction *i, const char *name);
/* Does this source of COPY stand for a heredoc? */
bool dockerfile_is_heredoc(const char *word, char escape);

/* Variables of env ("NAME=value") put in as docker does: $x ${x} ${x:-w} ${x-w} ${x:+w}
 * ${x+w} ${x:?w} ${x?w} ${x#p} ${x##p} ${x%p} ${x%%p} ${x/p/w} ${x//p/w}; quotes and
 * escapes are taken off. raw: the text of a heredoc, where quotes are nothing special.
 * *ret malloc'd. */
struct dockerfile_scope {
	const struct strv *env;
	char escape;
	bool raw;
};
int dockerfile_expand(const struct dockerfile_scope *s, const char *word, char **ret,
		      struct err *e);
/* The same, split at white space, appended. */
int dockerfile_expand_words(const struct dockerfile_scope *s, const char *text,
			    struct strv *ret, struct err *e);

/* --- between the parts of the parser ------------------------------------------- */

/* Words at white space outside of quotes, quotes and escapes kept. */
void dockerfile_split(const char *text, char escape, struct strv *ret);
/* "<<-NAME": fills name, text NULL; *ret_tabs: tabs are to be taken off. */
bool dockerfile_read_heredoc(const char *word, char escape,
			     struct dockerfile_heredoc *ret, bool *ret_tabs);
/* Splits rest into flags and args by op and checks both. */
int dockerfile_fill(struct dockerfile_instruction *i, char escape, const char *rest,
		    struct err *e);
/* -EINVAL for a flag or a count of arguments that op does not take. */
int dockerfile_check(const struct dockerfile_instruction *i, struct err *e);

#endif
