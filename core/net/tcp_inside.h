/* SPDX-License-Identifier: Apache-2.0 */
/* What tcp's files share. */
#ifndef NET_TCP_INSIDE_H
#define NET_TCP_INSIDE_H

#include "core/net/tcp.h"

/* A place in the table for a connection of that container's, or NULL; then it is counted
 * as refused. Another's half-open connection may be ended for it. */
struct flow *tcp_place(struct tcp *t, uint32_t tenant);
/* Tells a container why its connection cannot be: code is a negative errno. */
void tcp_refuse(const struct tcp *t, const struct hold_link *link,
		const struct packet_path *path, uint32_t seq, int code);
int tcp_watch(struct tcp *t, struct flow *f, enum flow_side side);
/* Where the relay waits for a full sink: asks for the event that says there is room. */
int tcp_watch_room(struct tcp *t, struct flow *f);
void tcp_end(struct tcp *t, struct flow *f, bool reset);
/* Makes the host sockets that are wanted. */
void tcp_host_stock(struct tcp *t);
/* A host socket to be connected to that address, the caller's; or -errno. */
int tcp_host_take(struct tcp *t, const struct ip_addr *to);
/* Whether the address has answered at once, as only this host's own do. */
void tcp_host_learn(struct tcp *t, const struct ip_addr *to, bool near);
/* The ACK that ends this flow's handshake with the far end waits for tcp_ack. */
void tcp_host_delack(struct tcp *t, struct flow *f);
/* Has the flows' sockets probed where only that shows that a side is gone. */
void tcp_probe(struct tcp *t);
/* The side, gone by now, had said all that it had to say, and of that the other has not
 * got everything yet: it would be lost in a reset. */
bool tcp_undelivered(const struct flow *f, enum flow_side side);

#endif
