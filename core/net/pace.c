/* SPDX-License-Identifier: Apache-2.0 */
/* Pacing. A socket that has once started to pace goes on with it, whatever is chosen
 * later; so each starts without. */
#include "core/net/pace.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/net/sockaddr.h"

#define PACE_NONE "reno" /* in every kernel, and open to everybody */

void pace_find(struct pace *p)
{
	autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char name[sizeof(p->name)] = { 0 };
	socklen_t len = sizeof(name) - 1;

	p->name[0] = 0;
	if (fd >= 0 && getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len) == 0 &&
	    str_starts(name, "bbr"))
		str_copy(p->name, sizeof(p->name), name);
}

void pace_off(const struct pace *p, int fd)
{
	if (p->name[0])
		setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, PACE_NONE, strlen(PACE_NONE));
}

void pace_far(const struct pace *p, int fd, const struct ip_addr *peer)
{
	struct ip_addr own;
	uint16_t port;

	if (!p->name[0] ||
	    (sockaddr_local(fd, &own, &port) == 0 && ipam_addr_eq(&own, peer)))
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, p->name, (socklen_t)strlen(p->name));
}
