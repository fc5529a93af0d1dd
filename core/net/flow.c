/* SPDX-License-Identifier: Apache-2.0 */
/* The flow table. */
#include "core/net/flow.h"

#include <string.h>

#include "core/base/id.h"
#include "core/base/mem.h"

/* Fewer slots are not worth the faults that they would cost again. */
#define FLOW_FEW 1024

void flow_init(struct flow_table *t, uint16_t limit)
{
	t->limit = limit < FLOW_MAX ? limit : FLOW_MAX;
	t->used = t->live = 0;
	t->room = t->limit;
	t->free = FLOW_NONE;
	for (int i = 0; i < FLOW_TURNS; i++)
		t->run_first[i] = t->run_last[i] = FLOW_NONE;
	t->offered_first = t->offered_last = FLOW_NONE;
	memset(t->buckets, 0xff, sizeof(t->buckets));
	share_init(&t->half, t->places, t->limit);
	/* A container that could foresee the buckets could make all its flows share one.
	 */
	id_random(&t->key, sizeof(t->key));
}

uint16_t flow_index(const struct flow_table *t, const struct flow *f)
{
	return (uint16_t)(f - t->v);
}

struct flow *flow_new(struct flow_table *t, uint32_t tenant)
{
	struct flow *f;
	uint16_t gen;

	/* Fewer may live: a slot that waits for its turn in the queue is not free yet. */
	if (t->free == FLOW_NONE && t->used == t->limit)
		return NULL;
	if (t->free != FLOW_NONE) {
		f = &t->v[t->free];
		t->free = f->next_list;
	} else {
		f = &t->v[t->used++];
	}
	gen = (uint16_t)(f->gen + 1);
	memset(f, 0, sizeof(*f));
	f->gen = gen;
	f->tenant = tenant;
	f->fd[0] = f->fd[1] = -1;
	f->door = UINT16_MAX;
	f->pipe[0] = f->pipe[1] = (struct flow_pipe){ -1, -1, 0, false };
	f->next_hash = f->next_run = f->next_list = f->prev_list = FLOW_NONE;
	t->live++;
	t->room--;
	t->held[tenant]++;
	return f;
}

static bool flow_is_half(enum flow_state state)
{
	return state == FLOW_CONNECTING || state == FLOW_REACHING ||
	       state == FLOW_DIALLING;
}

void flow_enter(struct flow_table *t, struct flow *f, enum flow_state state)
{
	bool half = flow_is_half(state);

	f->state = (uint8_t)state;
	if (half == f->half)
		return;
	f->half = half;
	if (half)
		share_hold(&t->half, flow_index(t, f), f->tenant);
	else
		share_leave(&t->half, flow_index(t, f));
}

/* To the free list. */
static void flow_give(struct flow_table *t, struct flow *f)
{
	f->next_list = t->free;
	t->free = flow_index(t, f);
	t->room++;
}

void flow_free(struct flow_table *t, struct flow *f)
{
	flow_unhash(t, f);
	flow_unlist(t, f);
	flow_enter(t, f, FLOW_FREE);
	f->gen++;
	t->live--;
	t->held[f->tenant]--;
	/* A queued slot goes to the free list when its turn in the queue comes. */
	if (!f->queued)
		flow_give(t, f);
}

void flow_rest(struct flow_table *t)
{
	if (t->live || flow_waiting(t, FLOW_SOON) || flow_waiting(t, FLOW_LATE) ||
	    t->used < FLOW_FEW)
		return;
	mem_rest(t->v, t->used * sizeof(t->v[0]));
	mem_rest(t->places, t->used * sizeof(t->places[0]));
	t->used = 0;
	t->free = FLOW_NONE;
}

struct flow *flow_get(struct flow_table *t, uint32_t index, uint16_t gen)
{
	struct flow *f;

	if (index >= t->used)
		return NULL;
	f = &t->v[index];
	return f->state != FLOW_FREE && f->gen == gen ? f : NULL;
}

static uint16_t *flow_bucket(struct flow_table *t, const struct packet_path *p)
{
	return &t->buckets[packet_path_hash(p, t->key) % FLOW_BUCKETS];
}

void flow_hash(struct flow_table *t, struct flow *f)
{
	uint16_t *b = flow_bucket(t, &f->path);

	f->next_hash = *b;
	*b = flow_index(t, f);
	f->hashed = true;
}

void flow_unhash(struct flow_table *t, struct flow *f)
{
	uint16_t *at;

	if (!f->hashed)
		return;
	for (at = flow_bucket(t, &f->path); *at != FLOW_NONE; at = &t->v[*at].next_hash) {
		if (&t->v[*at] == f) {
			*at = f->next_hash;
			break;
		}
	}
	f->hashed = false;
}

struct flow *flow_find(struct flow_table *t, const struct packet_path *path)
{
	for (uint16_t i = *flow_bucket(t, path); i != FLOW_NONE; i = t->v[i].next_hash)
		if (packet_path_eq(&t->v[i].path, path))
			return &t->v[i];
	return NULL;
}

void flow_queue(struct flow_table *t, struct flow *f, enum flow_turn turn)
{
	uint16_t i = flow_index(t, f);

	if (f->queued)
		return;
	f->queued = true;
	f->next_run = FLOW_NONE;
	if (t->run_last[turn] == FLOW_NONE)
		t->run_first[turn] = i;
	else
		t->v[t->run_last[turn]].next_run = i;
	t->run_last[turn] = i;
}

struct flow *flow_dequeue(struct flow_table *t, enum flow_turn turn)
{
	while (t->run_first[turn] != FLOW_NONE) {
		struct flow *f = &t->v[t->run_first[turn]];

		t->run_first[turn] = f->next_run;
		if (t->run_first[turn] == FLOW_NONE)
			t->run_last[turn] = FLOW_NONE;
		f->queued = false;
		if (f->state != FLOW_FREE)
			return f;
		flow_give(t, f);
	}
	return NULL;
}

bool flow_waiting(const struct flow_table *t, enum flow_turn turn)
{
	return t->run_first[turn] != FLOW_NONE;
}

void flow_list(struct flow_table *t, struct flow *f)
{
	uint16_t i = flow_index(t, f);

	f->prev_list = t->offered_last;
	f->next_list = FLOW_NONE;
	if (t->offered_last == FLOW_NONE)
		t->offered_first = i;
	else
		t->v[t->offered_last].next_list = i;
	t->offered_last = i;
	f->listed = true;
}

void flow_unlist(struct flow_table *t, struct flow *f)
{
	if (!f->listed)
		return;
	if (f->prev_list == FLOW_NONE)
		t->offered_first = f->next_list;
	else
		t->v[f->prev_list].next_list = f->next_list;
	if (f->next_list == FLOW_NONE)
		t->offered_last = f->prev_list;
	else
		t->v[f->next_list].prev_list = f->prev_list;
	f->listed = false;
}

struct flow *flow_oldest(struct flow_table *t)
{
	return t->offered_first == FLOW_NONE ? NULL : &t->v[t->offered_first];
}
