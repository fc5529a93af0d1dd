/* SPDX-License-Identifier: Apache-2.0 */
/* The places of a table of fixed size, and which container holds which. While there is
 * none left, a new one is had at the cost of who holds the most: so a container that
 * holds no more than the average never loses one to another. */
#ifndef NET_SHARE_H
#define NET_SHARE_H

#include <stdint.h>

#include "core/net/tenant.h"

#define SHARE_NONE UINT16_MAX

struct share_place {
	uint16_t holder;
	uint16_t prev, next; /* the holder's others, in a ring; next: the free ones */
};

struct share {
	struct share_place *v;
	uint16_t limit;
	uint16_t used; /* places ever taken: the first ones */
	uint16_t free; /* among them; SHARE_NONE: none */
	uint16_t held[TENANT_MAX];
	uint16_t oldest[TENANT_MAX]; /* of who holds any: the one silent longest */
};

/* v: room for limit places, at least one, and less than SHARE_NONE; all is zero. */
void share_init(struct share *s, struct share_place *v, uint16_t limit);
/* Which place is to be given up before this holder can take one; SHARE_NONE: none is.
 * The holder's own oldest, if nobody has more; else that of one who has most. */
uint16_t share_due(const struct share *s, uint32_t holder);
/* Who holds most; this holder, if nobody has more. */
uint32_t share_most(const struct share *s, uint32_t holder);
/* A free place, of which there is one. */
uint16_t share_take(struct share *s, uint32_t holder);
/* It was of use just now. */
void share_touch(struct share *s, uint16_t place);
void share_give(struct share *s, uint16_t place);
/* For a table that picks its places itself, and neither takes nor gives any here: that
 * place is the holder's, the latest of them; and no longer. */
void share_hold(struct share *s, uint16_t place, uint32_t holder);
void share_leave(struct share *s, uint16_t place);
/* As after share_init: nobody holds any. */
void share_clear(struct share *s);

#endif
