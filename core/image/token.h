/* SPDX-License-Identifier: Apache-2.0 */
/* Answering a challenge: credentials as Basic, or a token from the registry's token
 * server (docker's token authentication, OAuth2 for identity tokens). */
#ifndef IMAGE_TOKEN_H
#define IMAGE_TOKEN_H

#include "core/image/challenge.h"
#include "core/image/channel.h"
#include "core/image/origin.h"

#define TOKEN_ANSWER_MAX (1u << 20)

/* Sets o's authorization for the challenge. scope: "repository:library/nginx:pull", asked
 * for when the challenge names none. -EACCES with a sentence when nothing can be
 * answered. */
int token_answer(struct channel *c, struct origin *o, const struct challenge *ch,
		 const char *scope, struct err *e);
/* A token server's answer → "Bearer …", malloc'd; -EACCES when it holds no token. */
int token_parse(const char *text, size_t n, char **ret, struct err *e);

/* Appends s as it may stand in a query or a form. */
void token_escape(struct buf *b, const char *s);

#endif
