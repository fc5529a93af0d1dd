/* SPDX-License-Identifier: Apache-2.0 */
/* A network that a running container is about to join or to leave.
 *
 * Its place in the stack, its interface, its lease and its names are made and taken away
 * one after the other, and who does that may be killed in between. So the plan says first
 * that it passes (netplan.h), and that it does not when all is done; what is found to be
 * passing still is taken away, by whoever changes the container's network next. */
#ifndef ENGINE_PASSING_H
#define ENGINE_PASSING_H

#include "core/engine/netchange.h"

/* Before it is joined: end is one of x's plan that its setup.json does not know yet.
 * NULL: it has not come about. */
int passing_note(struct netchange *x, struct netplan_end *end, struct err *e);
/* Takes away what there is of one that is not, or no more, among the plan's ends; these
 * get their default routes. */
int passing_remove(struct netchange *x, const struct netplan_end *end, struct err *e);
/* All that pass in x's plan have done so: setup.json says so. */
int passing_done(struct netchange *x, struct err *e);
/* What was left passing by one who was killed. */
int passing_sweep(struct netchange *x, struct err *e);
/* The same for those of the containers, by ID, that were left passing on that network.
 * Takes their locks. True: there were such, and are no more. */
bool passing_end(const struct store *s, const char *network_id, const struct strv *ids);

#endif
