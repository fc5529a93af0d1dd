/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of Go's text/template language, to a tree. */
#ifndef CLI_TEMPLATE_H
#define CLI_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/cli/pipeline.h"

#define TEMPLATE_TEXT_MAX 65536 /* bytes of source */

enum node_kind {
	NODE_TEXT,
	NODE_PRINT,
	NODE_IF,
	NODE_RANGE,
	NODE_WITH,
	NODE_BREAK,
	NODE_CONTINUE
};

struct template_node {
	enum node_kind kind;
	const char *text; /* NODE_TEXT, n bytes */
	size_t n;
	const struct pipeline *pipe;
	struct template_node *body, *otherwise;
	struct template_node *next;
};

struct template
{
	struct arena arena;
	const char *source;
	struct template_node *nodes;
	size_t nslots; /* slot 0 is $ */
};

/* 0; -EINVAL with Go's sentence "template: :1: unclosed action"; -E2BIG. t is
 * zero-initialised by it, and to be given to template_done in any case. */
int template_parse(struct template *t, const char *text, struct err *e);
void template_done(struct template *t);

#endif
