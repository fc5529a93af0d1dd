/* SPDX-License-Identifier: Apache-2.0 */
/* Pipelines of templates: "$x := index .A 0 | printf \"%d\"" as a tree. */
#ifndef CLI_PIPELINE_H
#define CLI_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/cli/builtin.h"
#include "core/cli/cursor.h"

struct pipeline;

enum operand_kind {
	OPERAND_DOT,      /* . and .A.B */
	OPERAND_VARIABLE, /* $x and $x.A */
	OPERAND_LITERAL,
	OPERAND_FUNCTION,
	OPERAND_PIPE, /* ( … ) and ( … ).A */
};

struct pipeline_operand {
	enum operand_kind kind;
	size_t at, len; /* in the source */
	struct value literal;
	const struct builtin *function;
	const struct pipeline *pipe;
	size_t slot;         /* of the variable */
	const char **fields; /* NULL-terminated, or NULL */
	struct pipeline_operand *next;
};

struct pipeline_command {
	struct pipeline_operand *operands; /* at least one */
	size_t at, len;
	struct pipeline_command *next;
};

struct pipeline {
	size_t nslots; /* variables set: 0, 1, in range 2 */
	size_t slots[2];
	bool declares;                     /* := or =: nothing is printed */
	struct pipeline_command *commands; /* at least one */
	size_t at, len;
};

/* Parses up to the end of the action (or to the ')'). context: Go's word for where it
 * stands: "if", "command". range: two variables may be declared. Declared names join the
 * cursor's. */
int pipeline_parse(struct cursor *c, const char *context, bool range,
		   struct pipeline **ret);

#endif
