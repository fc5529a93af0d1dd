/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net/share.h"

#include <stdlib.h>

#include "core/base/mem.h"
#include "tests/unit/test.h"

#define PLACES 64

struct lot {
	struct share s;
	struct share_place v[PLACES];
};

static struct lot *lot_of(uint16_t limit)
{
	struct lot *l = mem_new(struct lot);

	share_init(&l->s, l->v, limit);
	return l;
}

/* As a table does it. Which was given up; SHARE_NONE: none. */
static uint16_t take(struct lot *l, uint32_t holder, uint16_t *ret)
{
	uint16_t due = share_due(&l->s, holder);

	if (due != SHARE_NONE)
		share_give(&l->s, due);
	*ret = share_take(&l->s, holder);
	CHECK(*ret < l->s.limit);
	return due;
}

TEST(room_and_reuse)
{
	autofree struct lot *l = lot_of(4);
	uint16_t place[4], again;

	for (int i = 0; i < 4; i++) {
		CHECK_INT(take(l, (uint32_t)i, &place[i]), SHARE_NONE);
		CHECK_INT(place[i], i);
	}
	share_give(&l->s, place[1]);
	share_give(&l->s, place[2]);
	CHECK_INT(take(l, 7, &again), SHARE_NONE);
	CHECK_INT(again, 2);
	CHECK_INT(take(l, 7, &again), SHARE_NONE);
	CHECK_INT(again, 1);
	CHECK_INT(l->s.held[7], 2);
	CHECK_INT(l->s.held[1], 0);
	CHECK_INT(l->s.used, 4);
}

/* One who asks for ever more gives its own. */
TEST(flood)
{
	autofree struct lot *l = lot_of(PLACES);
	uint16_t mine[4], place;

	for (int i = 0; i < 4; i++)
		take(l, 1, &mine[i]);
	for (int i = 0; i < 10 * PLACES; i++) {
		uint16_t due = take(l, 2, &place);

		CHECK_INT(due == SHARE_NONE, i < PLACES - 4);
		for (int k = 0; k < 4; k++)
			CHECK(due != mine[k]);
	}
	CHECK_INT(l->s.held[1], 4);
	CHECK_INT(l->s.held[2], PLACES - 4);
	/* Who comes late gets half of it, and no more than that. */
	for (int i = 0; i < 10 * PLACES; i++)
		take(l, 1023, &place);
	CHECK_INT(l->s.held[1], 4);
	CHECK_INT(l->s.held[2], PLACES / 2 - 2);
	CHECK_INT(l->s.held[1023], PLACES / 2 - 2);
}

/* Which of one's own goes: not the first, but the one silent longest. */
TEST(silent_longest)
{
	autofree struct lot *l = lot_of(4);
	uint16_t place[4], other;

	for (int i = 0; i < 4; i++)
		take(l, 3, &place[i]);
	share_touch(&l->s, place[3]);
	share_touch(&l->s, place[0]);
	share_touch(&l->s, place[2]);
	share_touch(&l->s, place[2]);
	CHECK_INT(take(l, 5, &other), place[1]);
	share_give(&l->s, other);
	CHECK_INT(take(l, 3, &other), SHARE_NONE);
	CHECK_INT(take(l, 3, &other), place[3]);
	CHECK_INT(take(l, 3, &other), place[0]);
	CHECK_INT(take(l, 3, &other), place[2]);
}

/* A process with next to no descriptors. */
TEST(one_place)
{
	autofree struct lot *l = lot_of(0);
	uint16_t place;

	CHECK_INT(take(l, 0, &place), SHARE_NONE);
	CHECK_INT(take(l, 0, &place), 0);
	CHECK_INT(take(l, 9, &place), 0);
	CHECK_INT(l->s.held[0], 0);
}

/* Of places that are picked elsewhere. */
TEST(hold_and_leave)
{
	autofree struct lot *l = lot_of(PLACES);

	CHECK_INT(share_most(&l->s, 5), 5);
	share_hold(&l->s, 9, 2);
	share_hold(&l->s, 3, 2);
	share_hold(&l->s, 40, 6);
	CHECK_INT(share_most(&l->s, 5), 2);
	CHECK_INT(l->s.oldest[2], 9);
	share_leave(&l->s, 9);
	CHECK_INT(l->s.oldest[2], 3);
	CHECK_INT(share_most(&l->s, 6), 6); /* nobody has more */
	CHECK_INT(share_most(&l->s, 2), 2);
	share_leave(&l->s, 3);
	share_leave(&l->s, 40);
	CHECK_INT(share_most(&l->s, 5), 5);
}

/* Whatever is done, in whatever order: none with less than the average gives one for
 * another, and every place is somebody's or free. */
TEST(average)
{
	autofree struct lot *l = lot_of(PLACES);
	uint32_t seed = 1;

	for (int i = 0; i < 20000; i++) {
		uint16_t place, due, live = 0;
		uint32_t who, holders = 0;

		seed = seed * 1664525 + 1013904223;
		who = (seed >> 24) % 7 * (seed >> 16 & 1);
		for (uint32_t k = 0; k < TENANT_MAX; k++) {
			live = (uint16_t)(live + l->s.held[k]);
			holders += l->s.held[k] > 0 || k == who;
		}
		if (i % 5 == 4 && l->s.held[who]) {
			share_give(&l->s, l->s.oldest[who]);
			continue;
		}
		if (i % 3 == 2 && l->s.held[who]) {
			share_touch(&l->s, l->v[l->s.oldest[who]].next);
			continue;
		}
		due = share_due(&l->s, who);
		CHECK_INT(due == SHARE_NONE, live < PLACES);
		if (due != SHARE_NONE && l->v[due].holder != who)
			CHECK(l->s.held[l->v[due].holder] * holders >= PLACES);
		take(l, who, &place);
		CHECK_INT(l->v[place].holder, who);
	}
}
