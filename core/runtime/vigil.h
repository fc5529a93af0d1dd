/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor's vigil: the wait for its children to end, for a word to it, for a time, and
 * meanwhile for its connections to the network stack and to the keeper to break. */
#ifndef RUNTIME_VIGIL_H
#define RUNTIME_VIGIL_H

#include <stdbool.h>
#include <stdint.h>

/* Makes anew what has broken: the connection's descriptor, 0 when there is none to be had
 * again, or -errno: to be tried again later. */
typedef int vigil_renew(void *arg);

struct vigil {
	int children;   /* signalfd of SIGCHLD and SIGTERM; -1: none to be had */
	int tries;      /* renewals that failed, since the last one that did not */
	int64_t next;   /* when to try again, ns; 0: there is nothing to renew */
	int keeper;     /* polled for its end, which renew makes good, or -1 */
	int control;    /* polled for a word (bidding.h), or -1 */
	int pressure;   /* polled for POLLPRI (groupwatch.h), or -1 */
	int64_t wake;   /* when to return at the latest (time_monotonic); 0: never */
	int64_t end;    /* the same, for who waits for another time */
	bool dismissed; /* SIGTERM has come */
	vigil_renew *renew;
	void *arg;
};

/* Blocks SIGCHLD and SIGTERM, so that none is missed from here on. */
void vigil_init(struct vigil *v, vigil_renew *renew, void *arg);
/* Returns when a child has ended since the last call, or may have, when there is a word,
 * SIGTERM or pressure, and when it is time. connection: polled for its end, or -1. */
void vigil_await(struct vigil *v, int *connection);

#endif
