/* SPDX-License-Identifier: Apache-2.0 */
/* A container whose network is being changed, under its lock: setup.json's plan, and
 * while it runs its realm and namespace. */
#ifndef ENGINE_NETCHANGE_H
#define ENGINE_NETCHANGE_H

#include "core/engine/container.h"
#include "core/engine/netplan.h"
#include "core/engine/realm.h"
#include "core/net/stack.h"
#include "core/runtime/setup.h"
#include "core/wire/json.h"

struct netchange {
	const struct store *store;
	const struct config *cfg;
	struct container *c;
	int lock, netns; /* netns: -1 unless it runs */
	bool monitored;  /* it runs, or is between two runs: a monitor holds its listeners
			  */
	bool served;     /* and a stack may know of it; the realm is open */
	struct setup setup;
	struct netplan plan;
	struct realm realm;
	struct strv swept; /* IDs of networks that were left half-way (passing.h) */
};

/* Store, configuration and container set, the rest zero: locks and reads, and takes away
 * what others have left half-way. */
int netchange_open(struct netchange *x, struct err *e);
/* A plan into setup.json alone. */
int netchange_note(struct netchange *x, const struct netplan *n, struct err *e);
/* What x's plan says into the record (a copy of the container's, or the caller's changed
 * one). */
int netchange_record(struct netchange *x, yyjson_mut_doc *record, struct err *e);
/* x's plan into setup.json, then into the record. */
int netchange_write(struct netchange *x, yyjson_mut_doc *record, struct err *e);
/* The same in the stack, for a container that runs: with the next one where it has died,
 * and once the container's monitor has registered there. */
int netchange_amend(const struct netchange *x, const struct stack_amendment *a,
		    struct err *e);
void netchange_done(struct netchange *x);

#endif
