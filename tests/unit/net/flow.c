/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net/flow.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/unit/test.h"

static struct packet_path path_of(uint16_t port)
{
	return (struct packet_path){ { .family = AF_INET, .bytes = { 10, 0, 0, 2 } },
				     { .family = AF_INET, .bytes = { 10, 0, 0, 9 } },
				     port,
				     80 };
}

TEST(limit_and_reuse)
{
	autofree struct flow_table *t = mem_new(struct flow_table);
	struct flow *f[3];
	uint16_t gen;

	flow_init(t, 2);
	f[0] = flow_new(t, 0);
	f[1] = flow_new(t, 0);
	CHECK(f[0] && f[1]);
	CHECK(!flow_new(t, 0));
	f[0]->state = FLOW_OPEN;
	gen = f[0]->gen;
	CHECK(flow_get(t, flow_index(t, f[0]), gen) == f[0]);
	flow_free(t, f[0]);
	CHECK(!flow_get(t, 0, gen));
	f[2] = flow_new(t, 0);
	CHECK(f[2] == f[0]);
	f[2]->state = FLOW_OPEN;
	CHECK(f[2]->gen != gen);
	CHECK(!flow_get(t, 0, gen));
	CHECK(!flow_get(t, 77, gen));
}

TEST(found_by_path)
{
	autofree struct flow_table *t = mem_new(struct flow_table);
	struct packet_path other = path_of(9999);

	flow_init(t, FLOW_MAX);
	for (uint16_t i = 0; i < 3000; i++) {
		struct flow *f = flow_new(t, 0);

		f->state = FLOW_CONNECTING;
		f->path = path_of(i);
		flow_hash(t, f);
	}
	for (uint16_t i = 0; i < 3000; i += 3)
		flow_free(t, &t->v[i]);
	for (uint16_t i = 0; i < 3000; i++) {
		struct packet_path p = path_of(i);

		CHECK(flow_find(t, &p) == (i % 3 ? &t->v[i] : NULL));
	}
	CHECK(!flow_find(t, &other));
}

TEST(a_queued_slot_is_free_only_after_its_turn)
{
	autofree struct flow_table *t = mem_new(struct flow_table);
	struct flow *a, *b, *c;

	flow_init(t, 2);
	a = flow_new(t, 0);
	b = flow_new(t, 0);
	a->state = b->state = FLOW_OPEN;
	flow_queue(t, a, FLOW_SOON);
	flow_queue(t, b, FLOW_SOON);
	flow_queue(t, a, FLOW_LATE);
	flow_free(t, a);
	CHECK(!flow_waiting(t, FLOW_LATE));
	CHECK(flow_dequeue(t, FLOW_SOON) == b);
	CHECK(!flow_dequeue(t, FLOW_SOON));
	c = flow_new(t, 0);
	CHECK(c == a);
	CHECK(!c->queued);
}

/* A flow that has ended while it was queued: its slot is nobody's until its turn, and the
 * table has none behind the last. */
TEST(no_slot_behind_the_last)
{
	autofree struct flow_table *t = mem_new(struct flow_table);
	struct flow *a, *b;

	flow_init(t, 2);
	a = flow_new(t, 0);
	b = flow_new(t, 0);
	a->state = b->state = FLOW_OPEN;
	flow_queue(t, a, FLOW_SOON);
	flow_free(t, a);
	CHECK(!flow_new(t, 0));
	CHECK_INT(t->used, 2);
	CHECK(!flow_dequeue(t, FLOW_SOON));
	CHECK(flow_new(t, 0) == a);
	CHECK(!flow_new(t, 0));
}

TEST(offers_oldest_first)
{
	autofree struct flow_table *t = mem_new(struct flow_table);
	struct flow *f[3];

	flow_init(t, 8);
	CHECK(!flow_oldest(t));
	for (int i = 0; i < 3; i++) {
		f[i] = flow_new(t, 0);
		f[i]->state = FLOW_OFFERED;
		flow_list(t, f[i]);
	}
	flow_unlist(t, f[1]);
	CHECK(flow_oldest(t) == f[0]);
	flow_free(t, f[0]);
	CHECK(flow_oldest(t) == f[2]);
	flow_unlist(t, f[2]);
	flow_unlist(t, f[2]);
	CHECK(!flow_oldest(t));
}

/* What the places' sharing goes by. */
TEST(counts)
{
	autofree struct flow_table *t = mem_new(struct flow_table);
	struct flow *f[4];

	flow_init(t, 4);
	for (uint32_t i = 0; i < 4; i++) {
		f[i] = flow_new(t, i / 3);
		CHECK_INT(t->room, 3 - i);
	}
	CHECK(!flow_new(t, 1));
	CHECK_INT(t->held[0], 3);
	CHECK_INT(t->held[1], 1);
	flow_enter(t, f[0], FLOW_CONNECTING);
	flow_enter(t, f[1], FLOW_DIALLING);
	flow_enter(t, f[2], FLOW_REACHING);
	flow_enter(t, f[0], FLOW_REACHING);
	CHECK_INT(t->half.held[0], 3);
	CHECK_INT(t->half.oldest[0], 0);
	flow_enter(t, f[0], FLOW_OFFERED);
	flow_enter(t, f[2], FLOW_OPEN);
	CHECK_INT(t->half.held[0], 1);
	CHECK_INT(t->half.oldest[0], 1);
	flow_free(t, f[1]);
	CHECK_INT(t->half.held[0], 0);
	CHECK_INT(t->held[0], 2);
	CHECK_INT(t->room, 1);
	flow_queue(t, f[2], FLOW_LATE);
	flow_free(t, f[2]);
	CHECK_INT(t->held[0], 1);
	CHECK_INT(t->room, 1); /* its turn is still to come */
	CHECK(!flow_dequeue(t, FLOW_LATE));
	CHECK_INT(t->room, 2);
}

static size_t resident(const struct flow_table *t)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uint8_t *from = (uint8_t *)((uintptr_t)t->v & -page);
	size_t n = 0, pages = (size_t)((const uint8_t *)(t + 1) - from) / page;
	autofree unsigned char *in = mem_alloc(pages);

	CHECK(mincore(from, pages * page, in) == 0);
	for (size_t i = 0; i < pages; i++)
		n += in[i] & 1;
	return n * page;
}

TEST(memory_goes_back)
{
	autofree struct flow_table *t = mem_new(struct flow_table);

	flow_init(t, FLOW_MAX);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < FLOW_MAX; i++) {
			struct flow *f = flow_new(t, 0);

			CHECK(f);
			f->state = FLOW_OPEN;
			f->path = path_of((uint16_t)i);
			flow_hash(t, f);
		}
		CHECK(!flow_new(t, 0));
		for (uint16_t i = 0; i < FLOW_MAX; i++)
			if (i != 5)
				flow_free(t, &t->v[i]);
		flow_rest(t);
		CHECK(resident(t) > sizeof(t->v) / 2);
		CHECK(t->v[5].path.src_port == 5); /* one is in use */
		flow_queue(t, &t->v[5], FLOW_SOON);
		flow_free(t, &t->v[5]);
		flow_rest(t);
		CHECK(resident(t) > sizeof(t->v) / 2);
		CHECK(!flow_dequeue(
			t, FLOW_SOON)); /* its turn in the queue was still to come */
		flow_rest(t);
		CHECK(resident(t) < 65536);
		CHECK(!flow_get(t, 5, 1));
	}
}
