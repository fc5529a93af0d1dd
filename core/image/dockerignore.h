/* SPDX-License-Identifier: Apache-2.0 */
/* .dockerignore files and their patterns (Go's filepath.Match, and "**"). Pure parsers of
 * untrusted text. */
#ifndef IMAGE_DOCKERIGNORE_H
#define IMAGE_DOCKERIGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"

#define DOCKERIGNORE_MAX          (1u << 20) /* bytes */
#define DOCKERIGNORE_PATTERNS_MAX 10000
#define DOCKERIGNORE_PATTERN_MAX  1024 /* bytes */

struct dockerignore_pattern {
	char *text; /* cleaned, without leading slash and "!" */
	bool exception;
};

/* Zero-initialise. */
struct dockerignore {
	struct dockerignore_pattern *v;
	size_t len;
	bool exceptions; /* some pattern begins with "!" */
};

/* name: of the file, for sentences with its line. */
int dockerignore_parse(const char *p, size_t n, const char *name,
		       struct dockerignore *ret, struct err *e);
/* One more pattern, as --exclude has it. */
int dockerignore_add(struct dockerignore *d, const char *pattern, struct err *e);
/* Is this path (relative, clean) left out? The last pattern that matches it or a folder
 * it is in decides. */
bool dockerignore_has(const struct dockerignore *d, const char *path);
/* Does the pattern match the whole path? */
bool dockerignore_match(const char *pattern, const char *path);
/* Has it any of * ? [ \\ ? */
bool dockerignore_is_pattern(const char *text);
void dockerignore_done(struct dockerignore *d);

#endif
