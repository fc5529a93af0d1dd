/* SPDX-License-Identifier: Apache-2.0 */
/* The place of the template parser in its text: characters, words, the end of an action.
 */
#ifndef CLI_CURSOR_H
#define CLI_CURSOR_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/err.h"

#define CURSOR_VARS_MAX  64
#define CURSOR_DEPTH_MAX 64 /* of blocks and parentheses */

struct cursor {
	const char *src;
	size_t at;
	struct arena *arena;
	struct {
		const char *p;
		size_t n;
	} names[CURSOR_VARS_MAX]; /* variables in scope; $ is the first */
	size_t nnames, most_names;
	int depth, loops;
	bool trim; /* the action just read ended in -}} */
	struct err *e;
};

/* -EINVAL with Go's "template: :LINE: sentence". */
int cursor_fail(struct cursor *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* -E2BIG: the arena has no more. */
int cursor_full(struct cursor *c);
void *cursor_alloc(struct cursor *c, size_t size);
/* Line of the byte `at`, from 1, and *ret_column, bytes from 0. */
size_t cursor_line(const char *src, size_t at, size_t *ret_column);

bool cursor_is_space(char ch);
bool cursor_is_word(char ch);
bool cursor_ahead(const struct cursor *c, const char *text);
void cursor_skip_space(struct cursor *c);
/* Bytes of the word at the place, 0: none. */
size_t cursor_word(const struct cursor *c);
/* Takes exactly this word. */
bool cursor_take(struct cursor *c, const char *word);
/* Is there a "}}", or a "-}}" after a space? */
bool cursor_at_close(const struct cursor *c);
/* Takes it. */
int cursor_close(struct cursor *c);

#endif
