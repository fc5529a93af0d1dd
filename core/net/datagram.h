/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams in batches: received and sent on by one call each, joined ones (GRO) kept
 * joined (GSO). */
#ifndef NET_DATAGRAM_H
#define NET_DATAGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/net/ipam.h"

#define DATAGRAM_BATCH   32
#define DATAGRAM_MAX     65535
#define DATAGRAM_CONTROL 128

/* A batch. Static: its pages are touched only as datagrams fill them. */
struct datagrams {
	struct mmsghdr m[DATAGRAM_BATCH];
	struct iovec iov[DATAGRAM_BATCH];
	struct sockaddr_storage from[DATAGRAM_BATCH];
	struct ip_addr to[DATAGRAM_BATCH]; /* where it was sent to, when asked for */
	uint16_t to_port[DATAGRAM_BATCH];
	uint16_t segment[DATAGRAM_BATCH]; /* size of the pieces joined; 0: one datagram */
	const struct sockaddr_storage *out_to;
	const struct ip_addr *out_local;
	uint8_t control[DATAGRAM_BATCH][DATAGRAM_CONTROL];
	uint8_t data[DATAGRAM_BATCH][DATAGRAM_MAX];
};

/* Joins what may be joined. */
void datagram_join(int fd);
/* The same, and the original destination is told (for a transparent socket)
 * or the local address (for an ordinary one). */
void datagram_options(int fd, sa_family_t family, bool transparent);
/* Reads what waits, at most a batch: how many, or -errno. */
int datagram_receive(struct datagrams *d, int fd);
/* Makes the i-th one of n bytes elsewhere, which stay there until it has been sent. */
void datagram_put(struct datagrams *d, int i, const void *p, size_t n);
/* Sends the datagrams [first, first + n) on fd, to d->out_to (NULL on a connected socket)
 * from d->out_local (NULL: the kernel's choice). What the kernel does not take is lost,
 * as datagrams may be. */
void datagram_send(struct datagrams *d, int fd, int first, int n);

#endif
