/* SPDX-License-Identifier: Apache-2.0 */
/* Published ports: docker's -p syntax, and the host's listeners. */
#ifndef NET_PUBLISH_H
#define NET_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <net/if.h>

#include "core/base/err.h"
#include "core/net/ipam.h"

enum publish_proto { PUBLISH_TCP, PUBLISH_UDP, PUBLISH_SCTP };

struct publish {
	enum publish_proto proto;
	struct ip_addr host_ip; /* AF_UNSPEC: every address, both families */
	uint16_t host_port;     /* 0: pick one; else first of the range */
	uint16_t host_port_end; /* last of the range to pick from; = host_port when fixed
				 */
	uint16_t port;          /* the container's */
	/* The other way round: the listener stands in the container's namespace, and who
	 * comes by it reaches that port of the host's loopback. */
	bool outward;
	char device[IFNAMSIZ]; /* only those who come by this interface; "": by any */
};

/* "8080:80", "127.0.0.1:8080:80/udp", "[::1]::80", "3000-3005:3000-3005", "80",
 * "8000-9000:80", "published=8080,target=80,protocol=udp". Appends one publish for each
 * container port to *list (malloc'd array). -EINVAL with docker's words ("invalid
 * containerPort: x", "invalid hostPort: x"). */
int publish_parse(const char *text, struct publish **list, size_t *len, struct err *e);
/* Opens the listeners of one publish in the calling process's network namespace: with
 * host_ip AF_UNSPEC one for 0.0.0.0 and one for [::] (the second is left out where there
 * is no IPv6). SO_REUSEADDR, listening / bound, close-on-exec, non-blocking. Inherited
 * sockets (LISTEN_FDS) that fit are taken instead: for AF_UNSPEC one of [::] that serves
 * both, or those of either family. ret_fds: room for 2; *ret_n filled;
 * ret_port: the port chosen. Errors name the conflict ("bind for 0.0.0.0:80 failed: port
 * is already allocated") and, below ip_unprivileged_port_start, the three ways to allow
 * it. */
int publish_listen(const struct publish *p, int ret_fds[2], size_t *ret_n,
		   uint16_t *ret_port, struct err *e);
/* Is the descriptor a listener of that port, as publish_listen opens or takes them?
 * host_ip AF_UNSPEC: at the address that means every one. */
bool publish_is(const struct publish *p, int fd);
/* Who may come by the listeners of one port. */
enum publish_families { PUBLISH_FOUR = 1, PUBLISH_SIX = 2 };
unsigned int publish_families(const int *fds, size_t n);
const char *publish_proto_name(enum publish_proto p);

#endif
