/* SPDX-License-Identifier: Apache-2.0 */
/* WWW-Authenticate (RFC 9110 section 11.6.1) as registries send it: which scheme, and for
 * Bearer where a token is to be had. A pure parser of untrusted bytes. */
#ifndef IMAGE_CHALLENGE_H
#define IMAGE_CHALLENGE_H

#include <stddef.h>

#define CHALLENGE_TEXT_MAX 2048

enum challenge_scheme { CHALLENGE_NONE, CHALLENGE_BASIC, CHALLENGE_BEARER };

struct challenge {
	enum challenge_scheme scheme;
	char realm[CHALLENGE_TEXT_MAX];
	char service[CHALLENGE_TEXT_MAX];
	char scope[CHALLENGE_TEXT_MAX];
	char error[64];
};

/* The value of one header field, which may hold several challenges: the best that we
 * speak (Bearer before Basic) replaces what is in ret if it is better; so call it for
 * each field, ret zeroed at first. 0, or -EINVAL for bytes that are no challenge (ret
 * unchanged). */
int challenge_parse(const char *text, size_t n, struct challenge *ret);

#endif
