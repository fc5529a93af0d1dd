/* SPDX-License-Identifier: Apache-2.0 */
/* Maps whose IDs are put elsewhere, one by one. */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/ns/idmap.h"

static void insert(struct idmap *m, size_t at, struct idmap_extent x)
{
	m->extents = mem_resize(m->extents, m->len + 1, sizeof(x));
	memmove(&m->extents[at + 1], &m->extents[at], (m->len - at) * sizeof(x));
	m->extents[at] = x;
	m->len++;
}

static void take_away(struct idmap *m, size_t at)
{
	memmove(&m->extents[at], &m->extents[at + 1],
		(m->len - at - 1) * sizeof(*m->extents));
	m->len--;
}

/* Takes the nth ID out of an extent. */
static void cut(struct idmap *m, size_t at, uint32_t n)
{
	struct idmap_extent *x = &m->extents[at], rest = *x;

	rest.inside += n + 1;
	rest.outside += n + 1;
	rest.count -= n + 1;
	x->count = n;
	if (rest.count)
		insert(m, at + 1, rest);
	if (n == 0)
		take_away(m, at);
}

static void drop_inside(struct idmap *m, uint32_t id)
{
	for (size_t i = 0; i < m->len; i++) {
		uint32_t first = m->extents[i].inside;

		if (id >= first && id - first < m->extents[i].count) {
			cut(m, i, id - first);
			return;
		}
	}
}

static void drop_outside(struct idmap *m, uint32_t id)
{
	for (size_t i = 0; i < m->len; i++) {
		uint32_t first = m->extents[i].outside;

		if (id >= first && id - first < m->extents[i].count) {
			cut(m, i, id - first);
			return;
		}
	}
}

/* Lines are few in the kernel: neighbours become one. */
static bool join(struct idmap *m, size_t at)
{
	struct idmap_extent *a = &m->extents[at], *b = a + 1;

	if (at + 1 >= m->len || a->inside + a->count != b->inside ||
	    a->outside + a->count != b->outside)
		return false;
	a->count += b->count;
	take_away(m, at + 1);
	return true;
}

static void put(struct idmap *m, uint32_t inside, uint32_t outside)
{
	size_t at = 0;

	while (at < m->len && m->extents[at].inside < inside)
		at++;
	insert(m, at, (struct idmap_extent){ inside, outside, 1 });
	join(m, at);
	if (at > 0)
		join(m, at - 1);
}

uint32_t idmap_count(const struct idmap *m)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->len; i++)
		n += m->extents[i].count;
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

void idmap_lend(struct idmap *m, uint32_t inside, uint32_t outside)
{
	if (idmap_out(m, inside) == (int64_t)outside)
		return;
	drop_outside(m, outside);
	drop_inside(m, inside);
	put(m, inside, outside);
}

void idmap_point(struct idmap *m, uint32_t inside, uint32_t outside)
{
	drop_inside(m, inside);
	put(m, inside, outside);
}
