/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts in docker's layout, made from the applets' own tables. */
#ifndef CLI_USAGE_H
#define CLI_USAGE_H

#include <stddef.h>

#include "core/base/buf.h"
#include "core/cli/applet.h"

/* name: the words that reach it, as "rootless container ls". */
void usage_command(const struct applet *a, const char *name, struct buf *out);
/* The first-level help; globals: the program's own options. */
void usage_program(const struct opt *globals, struct buf *out);
/* The applets of a group in docker's order (NULL-terminated, malloc'd). */
const struct applet **usage_group(enum applet_group group);
/* The title of a group in help: "Common Commands"; NULL: not listed. */
const char *usage_title(enum applet_group group);
/* A command that a mistyped word may have meant, or NULL. verbs: of a group, NULL: the
 * program's own. */
const char *usage_guess(const struct applet_verb *verbs, const char *word);

#endif
