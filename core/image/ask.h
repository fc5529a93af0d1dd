/* SPDX-License-Identifier: Apache-2.0 */
/* One question to one origin, asked until there is an answer: challenges answered, HTTP
 * where HTTPS is not spoken and that is allowed, pauses and further tries. */
#ifndef IMAGE_ASK_H
#define IMAGE_ASK_H

#include "core/image/exchange.h"

#define ASK_WORDS_MAX 400

struct ask {
	struct channel *channel;
	struct origin *origin;
	const char *scope; /* of tokens, when a challenge names none */
	bool once;         /* no further tries: the caller knows better */
};

/* rest: below /v2/; NULL: x->url as it is. x->arg: the struct buf that gets the body of a
 * good answer, or NULL. 0: x has an answer, whatever its status. */
int ask_run(const struct ask *a, const char *rest, struct exchange *x, struct err *e);
/* What the registry says of a refusal: "denied: requested access …"; "" for nothing. */
void ask_words(const struct exchange *x, char ret[ASK_WORDS_MAX]);

#endif
