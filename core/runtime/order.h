/* SPDX-License-Identifier: Apache-2.0 */
/* What a supervisor (monitor, exec monitor) and its pump say to each other, over a
 * SOCK_SEQPACKET pair. */
#ifndef RUNTIME_ORDER_H
#define RUNTIME_ORDER_H

enum order_kind {
	ORDER_DRAIN = 'd', /* the payload has ended: log all of its output, then answer */
	ORDER_DRAINED = 'D', /* the answer */
	ORDER_TELL = 't',    /* clients get the exit code, then the pump goes */
};

struct order {
	int kind;
	int exit_code;
};

/* Supervisor: waits until all output is logged; -EPIPE: the pump died. */
int order_drain(int sock);
int order_tell(int sock, int exit_code);
/* Pump: 1 and the order, 0 when there is none now, -EPIPE when the supervisor is gone. */
int order_receive(int sock, struct order *ret);
void order_answer(int sock);

#endif
