/* SPDX-License-Identifier: Apache-2.0 */
/* TCP: who gets a place in the table.
 *
 * While there are plenty, whoever asks. At the end of the table two rules keep one
 * container from shutting out the others.
 *
 * The last sixteenth is for containers that hold less than an even part of the table
 * (limit / registered containers). For an open connection is nobody's to take away, and
 * so room must be left for those who come late. A container alone may have all.
 *
 * Where there is no place for who asks, a half-open connection gives its own: the oldest
 * of the container that has most of them, if that has more than who asks will have. For
 * where nobody answers they last for minutes and cost who asks for them nothing, so that
 * one container could fill the table with them. Two that do so come to have equally many;
 * one gives none for itself. And who holds less than an even part gives none for
 * one that holds as much or more: else that one, with the table full, could have every
 * connection that a neighbour begins.
 *
 * What gives its place ends, for both its sides, as one that is refused. */
#include "core/net/tcp_inside.h"

#include <errno.h>

#define TCP_RESERVED 16 /* 1 / so much of the table */

/* Holds it less than an even part? */
static bool tcp_has_few(const struct tcp *t, uint32_t tenant)
{
	return t->flows->held[tenant] * t->tenants->registered < t->flows->limit;
}

static bool tcp_may_take(const struct tcp *t, uint32_t tenant)
{
	const struct flow_table *ft = t->flows;

	return ft->room > ft->limit / TCP_RESERVED ||
	       (ft->room && tcp_has_few(t, tenant));
}

static bool tcp_make_room(struct tcp *t, uint32_t tenant)
{
	const struct share *half = &t->flows->half;
	uint32_t most = share_most(half, tenant);
	struct flow *f;

	if (half->held[most] <= half->held[tenant] + 1 ||
	    (tcp_has_few(t, most) && !tcp_has_few(t, tenant)))
		return false;
	f = &t->flows->v[half->oldest[most]];
	if (f->state == FLOW_CONNECTING)
		tcp_refuse(t, &f->link, &f->path, f->seq, -ECONNREFUSED);
	tcp_end(t, f, true);
	t->refused++;
	return true;
}

struct flow *tcp_place(struct tcp *t, uint32_t tenant)
{
	if (tcp_may_take(t, tenant) || tcp_make_room(t, tenant))
		return flow_new(t->flows, tenant);
	t->refused++;
	t->reserved |= t->flows->room > 0;
	return NULL;
}
