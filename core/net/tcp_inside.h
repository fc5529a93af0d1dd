/* SPDX-License-Identifier: Apache-2.0 */
/* What tcp's files share. */
#ifndef NET_TCP_INSIDE_H
#define NET_TCP_INSIDE_H

#include "core/net/tcp.h"

int tcp_watch(struct tcp *t, struct flow *f, enum flow_side side);
void tcp_end(struct tcp *t, struct flow *f, bool reset);

#endif
