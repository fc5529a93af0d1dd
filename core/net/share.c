/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of a table.
 *
 * Why nobody loses what is due to him: while the table is full, the one who holds most
 * holds at least the average. So whoever has less than that is neither the one with most
 * nor made to give for another: only what he asks for himself can cost him his own, and
 * that only when nobody has more than he. The search for the one with most is over a few
 * hundred numbers, and for a full table only; all else is a step or two. */
#include "core/net/share.h"

void share_init(struct share *s, struct share_place *v, uint16_t limit)
{
	s->v = v;
	s->limit = limit ? limit : 1;
	s->free = SHARE_NONE;
}

uint32_t share_most(const struct share *s, uint32_t holder)
{
	uint32_t most = holder;

	for (uint32_t i = 0; i < TENANT_MAX; i++)
		if (s->held[i] > s->held[most])
			most = i;
	return most;
}

uint16_t share_due(const struct share *s, uint32_t holder)
{
	uint32_t most;

	if (s->free != SHARE_NONE || s->used < s->limit)
		return SHARE_NONE;
	most = share_most(s, holder);
	return s->held[most] ? s->oldest[most] : SHARE_NONE;
}

/* Puts it behind all others of the holder's. */
static void share_link(struct share *s, uint16_t place)
{
	struct share_place *p = &s->v[place];
	uint16_t first = s->oldest[p->holder];

	if (!s->held[p->holder]++) {
		p->prev = p->next = s->oldest[p->holder] = place;
		return;
	}
	p->next = first;
	p->prev = s->v[first].prev;
	s->v[p->prev].next = place;
	s->v[first].prev = place;
}

void share_leave(struct share *s, uint16_t place)
{
	const struct share_place *p = &s->v[place];

	s->v[p->prev].next = p->next;
	s->v[p->next].prev = p->prev;
	if (s->oldest[p->holder] == place)
		s->oldest[p->holder] = p->next;
	s->held[p->holder]--;
}

void share_hold(struct share *s, uint16_t place, uint32_t holder)
{
	s->v[place].holder = (uint16_t)holder;
	share_link(s, place);
}

uint16_t share_take(struct share *s, uint32_t holder)
{
	uint16_t place = s->free;

	if (place != SHARE_NONE)
		s->free = s->v[place].next;
	else
		place = s->used++;
	share_hold(s, place, holder);
	return place;
}

void share_touch(struct share *s, uint16_t place)
{
	const struct share_place *p = &s->v[place];

	/* The last already: the common case costs no more than this look. */
	if (p->next == s->oldest[p->holder])
		return;
	share_leave(s, place);
	share_link(s, place);
}

void share_give(struct share *s, uint16_t place)
{
	share_leave(s, place);
	s->v[place].next = s->free;
	s->free = place;
}

void share_clear(struct share *s)
{
	s->used = 0;
	s->free = SHARE_NONE;
}
