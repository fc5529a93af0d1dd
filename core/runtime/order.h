/* SPDX-License-Identifier: Apache-2.0 */
/* What a supervisor (monitor, exec monitor) and its pump say to each other, over a
 * SOCK_SEQPACKET pair. */
#ifndef RUNTIME_ORDER_H
#define RUNTIME_ORDER_H

#include "core/runtime/client.h"

enum order_kind {
	ORDER_GUARD =
		'g', /* a pidfd: the payload, to be ended when the supervisor dies */
	ORDER_BEGIN = 'b', /* the payload runs: the first client, the terminal */
	ORDER_DRAIN = 'd', /* the payload has ended: log all of its output, then answer */
	ORDER_DRAINED = 'D', /* the answer */
	ORDER_TELL = 't',    /* clients get the exit code, then the pump goes */
	/* of a container that is started again: */
	ORDER_REST = 'r',  /* as drain, but the streams stay */
	ORDER_ENDED = 'e', /* clients get the exit code */
	ORDER_AGAIN = 'a', /* the next run: process and master as with GUARD and BEGIN */
};

struct order {
	int kind;
	int exit_code;
	int process, master; /* of AGAIN: the receiver's now; else -1 */
};

/* Supervisor, to a pump that was started ahead of its payload (pump.h): first this,
 * before the payload runs; */
int order_guard(int sock, int process);
/* then this. first: NULL or the client that started the payload, with what it sent
 * already; master: of the terminal, or -1. Both stay the caller's too. */
int order_begin(int sock, const struct client *first, int master);
/* Pump: waits for both. *ret_process and *ret_master as given; *first->fd -1 when there
 * is none. -EPIPE: the supervisor is gone, and *ret_process -1 or what is to be ended. */
int order_await(int sock, struct client *first, int *ret_process, int *ret_master);
/* Supervisor: waits until all output is logged; -EPIPE: the pump died. */
int order_drain(int sock);
int order_tell(int sock, int exit_code);
/* Between two runs: waits until all output of the last one is logged, */
int order_rest(int sock);
/* tells clients of it, */
int order_ended(int sock, int exit_code);
/* and hands over the next one before it goes on. master: of its terminal, or -1. */
int order_again(int sock, int process, int master);
/* Pump: 1 and the order, 0 when there is none now, -EPIPE when the supervisor is gone. */
int order_receive(int sock, struct order *ret);
void order_answer(int sock);

#endif
