/* SPDX-License-Identifier: Apache-2.0 */
/* Between struct ip_addr with a port and the kernel's socket addresses. */
#include "core/net/sockaddr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

socklen_t sockaddr_set(struct sockaddr_storage *ss, const struct ip_addr *a,
		       uint16_t port)
{
	if (a->family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)ss;

		memset(in, 0, sizeof(*in));
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, a->bytes, 4);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;

	memset(in6, 0, sizeof(*in6));
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, a->bytes, 16);
	return sizeof(*in6);
}

int sockaddr_get(const struct sockaddr_storage *ss, struct ip_addr *ret,
		 uint16_t *ret_port)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)ss;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;
	struct ip_addr a = { .family = ss->ss_family };

	if (ss->ss_family == AF_INET) {
		memcpy(a.bytes, &in->sin_addr, 4);
		*ret_port = ntohs(in->sin_port);
	} else if (ss->ss_family == AF_INET6) {
		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			a.family = AF_INET;
			memcpy(a.bytes, in6->sin6_addr.s6_addr + 12, 4);
		} else {
			memcpy(a.bytes, &in6->sin6_addr, 16);
		}
		*ret_port = ntohs(in6->sin6_port);
	} else {
		return -EAFNOSUPPORT;
	}
	*ret = a;
	return 0;
}

int sockaddr_local(int fd, struct ip_addr *ret, uint16_t *ret_port)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0)
		return -errno;
	return sockaddr_get(&ss, ret, ret_port);
}
