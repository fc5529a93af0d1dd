/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of templates: Go's own and docker's. */
#ifndef CLI_BUILTIN_H
#define CLI_BUILTIN_H

#include "core/cli/value.h"

struct builtin_call {
	const struct value *args;
	size_t n;
	struct arena *arena; /* results live in it */
	struct buf *why;     /* the sentence of a failure */
	struct value ret;
};

struct builtin {
	const char *name;
	size_t min_args, max_args;
	/* Docker's text functions leave a table's header as it is. */
	bool for_text;
	/* "and", "or": the caller stops at the first argument whose truth is this. */
	bool lazy, lazy_until;
	/* 0; -EINVAL with why; -E2BIG when the arena is full. */
	int (*run)(struct builtin_call *c);
};

/* NULL when there is none. */
const struct builtin *builtin_find(const char *name, size_t n);
/* Docker's method .Label of a row: the value of key in labels ("a=b,c=d", or a map). */
struct value builtin_label(const struct value *labels, const struct value *key);

#endif
