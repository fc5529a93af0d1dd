/* SPDX-License-Identifier: Apache-2.0 */
/* Between struct ip_addr with a port and the kernel's socket addresses. */
#ifndef NET_SOCKADDR_H
#define NET_SOCKADDR_H

#include <stdint.h>
#include <sys/socket.h>

#include "core/net/ipam.h"

/* Fills ss; returns its length. The port is in host order. */
socklen_t sockaddr_set(struct sockaddr_storage *ss, const struct ip_addr *a,
		       uint16_t port);
/* An IPv4 address mapped into IPv6 comes out as IPv4. -EAFNOSUPPORT for other families.
 */
int sockaddr_get(const struct sockaddr_storage *ss, struct ip_addr *ret,
		 uint16_t *ret_port);
/* getsockname(2). */
int sockaddr_local(int fd, struct ip_addr *ret, uint16_t *ret_port);

#endif
