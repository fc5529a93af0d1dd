/* SPDX-License-Identifier: Apache-2.0 */
/* The ring at its port. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "core/net/ring.h"
#include "core/net/ring_inside.h"
#include "core/net/tc.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

static const uint32_t ring_drops[2] = { (uint32_t)TC_ACT_UNSPEC, TC_ACT_SHOT };
static const uint32_t ring_takes[2] = { 0, UINT32_MAX };

static int ring_drop(struct netlink *nl, uint32_t ifindex,
		     const struct packet_path *flows, size_t n)
{
	struct sock_filter code[RING_CODE_MAX];
	size_t len = ring_compile(flows, n, ring_drops, code);

	tc_add_ingress(nl, ifindex);
	tc_set_filter(nl, ifindex, TC_RING, code, len);
	return netlink_commit(nl, NULL);
}

static int ring_take(int fd, const struct packet_path *flows, size_t n)
{
	struct sock_filter code[RING_CODE_MAX];
	struct sock_fprog prog = { .filter = code };

	prog.len = (unsigned short)ring_compile(flows, n, ring_takes, code);
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) != 0)
		return -errno;
	return 0;
}

static int ring_shape(int fd)
{
	const struct tpacket_req req = { .tp_block_size = RING_BLOCK,
					 .tp_block_nr = RING_SIZE / RING_BLOCK,
					 .tp_frame_size = RING_FRAME,
					 .tp_frame_nr = RING_SIZE / RING_FRAME };
	int version = TPACKET_V2, on = 1;

	/* Kernels before 4.20 show what is sent, too; no flow matches that. */
	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) != 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)) != 0)
		return -errno;
	return 0;
}

int ring_begin(int fd, struct netlink *nl, uint32_t ifindex,
	       const struct packet_path *flows, size_t n)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = (int)ifindex };
	int rc = ring_shape(fd);

	if (!rc)
		rc = ring_take(fd, flows, n);
	if (!rc)
		rc = ring_drop(nl, ifindex, flows, n);
	if (!rc && bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		rc = -errno;
	if (rc)
		ring_end(nl, ifindex);
	return rc;
}

int ring_change(int fd, struct netlink *nl, uint32_t ifindex,
		const struct packet_path *flows, size_t n)
{
	int rc = ring_drop(nl, ifindex, flows, n);

	return rc ? rc : ring_take(fd, flows, n);
}

void ring_end(struct netlink *nl, uint32_t ifindex)
{
	tc_del_filter(nl, ifindex, TC_RING);
	netlink_commit(nl, NULL);
}

void ring_sweep(struct netlink *nl)
{
	struct if_nameindex *all = if_nameindex();

	for (size_t i = 0; all && all[i].if_index; i++)
		ring_end(nl, all[i].if_index);
	if_freenameindex(all);
}
