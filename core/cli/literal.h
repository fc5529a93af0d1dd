/* SPDX-License-Identifier: Apache-2.0 */
/* Go's literals in templates: "text", `raw`, 'c', 12, 0x1f, 1.5e3. */
#ifndef CLI_LITERAL_H
#define CLI_LITERAL_H

#include "core/cli/value.h"

/* Reads the literal at s. The byte after it, or NULL: then *why says what is wrong, or
 * stays NULL when the arena is full. */
const char *literal_parse(const char *s, struct arena *arena, struct value *ret,
			  const char **why);

#endif
