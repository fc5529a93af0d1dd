/* SPDX-License-Identifier: Apache-2.0 */
/* TCP: who has gone without a word. The kernel's probes tell; but most connections are
 * too short to need them, so a sweep asks for them, on those that last. */
#include "core/net/tcp_inside.h"

#include <linux/tcp.h> /* glibc's own struct tcp_info ends too early */
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/base/mem.h"

#define TCP_ORPHAN_IDLE  15 /* s */
#define TCP_ORPHAN_EVERY 15
#define TCP_ORPHAN_TRIES 8

static void tcp_keep_alive(struct flow *f, enum flow_side side)
{
	int on = 1;

	if (f->probed & 1u << side)
		return;
	f->probed |= (uint8_t)(1u << side);
	setsockopt(f->fd[side], SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

/* A side that has sent its end may only be done speaking, or be gone altogether: its
 * socket closed, its kernel waiting a minute for our end and then forgetting it. On a
 * direct connection the far end's sockets alone would suffer; here the flow would keep
 * its place in the table for as long as the other side does not close. Who is gone
 * answers a probe with a reset; who still listens, with an acknowledgement. */
static void tcp_probe_orphan(struct flow *f, enum flow_side side)
{
	const struct {
		int name, value;
	} options[] = { { TCP_KEEPIDLE, TCP_ORPHAN_IDLE },
			{ TCP_KEEPINTVL, TCP_ORPHAN_EVERY },
			{ TCP_KEEPCNT, TCP_ORPHAN_TRIES } };

	if (f->probed_end & 1u << side)
		return;
	f->probed_end |= (uint8_t)(1u << side);
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		setsockopt(f->fd[side], IPPROTO_TCP, options[i].name, &options[i].value,
			   sizeof(options[i].value));
	tcp_keep_alive(f, side);
}

void tcp_probe(struct tcp *t)
{
	for (uint16_t i = 0; i < t->flows->used; i++) {
		struct flow *f = &t->flows->v[i];

		if (f->state != FLOW_OPEN)
			continue;
		/* A far host that vanishes. */
		if (f->seen)
			tcp_keep_alive(f, FLOW_HOST);
		f->seen = true;
		for (int side = 0; side < 2; side++)
			if (f->shut[side])
				tcp_probe_orphan(f, (enum flow_side)side);
	}
}

bool tcp_undelivered(const struct flow *f, enum flow_side side)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	/* Its end may still be in the queue of what is late. */
	if (!f->ended[side] ||
	    getsockopt(f->fd[!side], IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return false;
	return info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0;
}
