/* SPDX-License-Identifier: Apache-2.0 */
/* Rings: small datagrams of a few busy flows, taken off a container's port before the
 * realm's own network sees them, by way of memory shared with the kernel (packet_mmap).
 */
#ifndef NET_RING_H
#define NET_RING_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/net/packet.h"
#include "core/ns/netlink.h"

#define RING_MAX      4  /* at a time */
#define RING_FLOWS    16 /* of one */
#define RING_LONGEST  1514
#define RING_CODE_MAX 512

/* The program that tells such a flow's frames from others, by its datagrams' path: of
 * these flows alone, whole, without options, not longer than RING_LONGEST. It answers
 * verdict[1] to them and verdict[0] to all else. How many instructions. */
size_t ring_compile(const struct packet_path *flows, size_t n, const uint32_t verdict[2],
		    struct sock_filter code[RING_CODE_MAX]);

/* --- one who is root of the realm, in its network namespace --- */

/* fd: a new packet socket, SOCK_RAW. From the return on frames of these flows that come
 * in by the port are in the ring, and nowhere else. Those that come while it works may be
 * lost. 0 or -errno; then both are as before. */
int ring_begin(int fd, struct netlink *nl, uint32_t ifindex,
	       const struct packet_path *flows, size_t n);
/* Other flows, at least one. */
int ring_change(int fd, struct netlink *nl, uint32_t ifindex,
		const struct packet_path *flows, size_t n);
/* The port is as it was. One that had no ring, or is gone, is no error. */
void ring_end(struct netlink *nl, uint32_t ifindex);
/* The same for every link: what was left by one that was killed. */
void ring_sweep(struct netlink *nl);

/* --- who reads it --- */

struct ring {
	int fd; /* -1: none */
	uint8_t *frames;
	uint32_t at; /* the next to be read */
};

/* Takes fd when it returns 0. */
int ring_open(struct ring *r, int fd);
void ring_done(struct ring *r);
/* The datagram `ahead` places behind the next, which stays: 1, with *ret pointing into
 * the ring until it is released; 0: none has come; -EINVAL: it is none (malformed, or a
 * wrong checksum). */
int ring_peek(const struct ring *r, uint32_t ahead, struct packet *ret);
/* Gives the next n places back to the kernel. */
void ring_release(struct ring *r, uint32_t n);

#endif
