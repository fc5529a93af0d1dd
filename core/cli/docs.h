/* SPDX-License-Identifier: Apache-2.0 */
/* What is written about the program, made from the applets' own tables. */
#ifndef CLI_DOCS_H
#define CLI_DOCS_H

#include "core/base/buf.h"

/* The man page rootless(1), roff. */
void docs_man(struct buf *out);
/* README's command tables, Markdown. */
void docs_readme(struct buf *out);
/* The completion for bash. */
void docs_completion(struct buf *out);
/* The names that links to the program may have, one a line. */
void docs_links(struct buf *out);

#endif
