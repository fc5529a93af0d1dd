/* SPDX-License-Identifier: Apache-2.0 */
/* pasta's port lists: "none", "auto", or "[ADDRESS][%INTERFACE]/" and then
 * "PORT[-PORT][:PORT[-PORT]],…,~PORT[-PORT]". Exclusions alone, or beside "auto", are
 * what is not passed on by itself. */
#ifndef ENGINE_PORTSPEC_H
#define ENGINE_PORTSPEC_H

#include "core/net/publish.h"

#define PORTSPEC_MAX 4096 /* ports in all */

enum portspec_mode { PORTSPEC_UNSET, PORTSPEC_NONE, PORTSPEC_AUTO, PORTSPEC_PORTS };

/* Zeroed: nothing was said. */
struct portspec {
	enum portspec_mode mode;
	struct publish *v; /* malloc'd */
	size_t len;
	/* AUTO: these are left out. */
	struct portspec_range {
		uint16_t first, last;
	} * except;
	size_t except_len;
};

/* Adds what one text says; each port has the protocol and the direction of like. A pure
 * parser. -EINVAL, -EOPNOTSUPP with the reason. */
int portspec_parse(const char *text, const struct publish *like, struct portspec *ret,
		   struct err *e);
void portspec_done(struct portspec *p);

#endif
