/* SPDX-License-Identifier: Apache-2.0 */
/* What a container may reach through the host, and as whom its visitors appear. */
#include "core/net/border.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/net/sockaddr.h"

static bool border_is_loopback(const struct ip_addr *a)
{
	/* Also the IPv4-mapped and -compatible forms, which a host's socket would take to
	 * mean IPv4: ::, ::1, ::127.0.0.1, ::ffff:127.0.0.1. */
	static const uint8_t zero[10];

	if (a->family == AF_INET)
		return a->bytes[0] == 127 || a->bytes[0] == 0;
	return memcmp(a->bytes, zero, sizeof(zero)) == 0;
}

static bool border_link_local(const struct ip_addr *a)
{
	return a->family == AF_INET6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0x80);
}

static bool border_many(const struct ip_addr *a)
{
	return a->family == AF_INET ? a->bytes[0] >= 224 : a->bytes[0] == 0xff;
}

static bool border_router(const struct stack_attachment *place, const struct ip_addr *a)
{
	return a->family != AF_UNSPEC &&
	       (ipam_addr_eq(&place->router, a) || ipam_addr_eq(&place->router6, a));
}

struct ip_addr border_loopback(sa_family_t family)
{
	return family == AF_INET
		       ? (struct ip_addr){ .family = AF_INET, .bytes = { 127, [3] = 1 } }
		       : (struct ip_addr){ .family = AF_INET6, .bytes = { [15] = 1 } };
}

bool border_portal(const struct stack_attachment *place, sa_family_t family,
		   struct ip_addr *ret)
{
	/* Of the addresses that no network of ours or of anybody's has: link-local IPv4,
	 * which containers send to their router as any other; a local IPv6 prefix. */
	static const struct ip_addr four = { .family = AF_INET,
					     .bytes = { 169, 254, 1, 2 } };
	static const struct ip_addr six = { .family = AF_INET6,
					    .bytes = { 0xfd, 0x72, 0x6f, 0x6f, 0x74,
						       0x6c, [15] = 2 } };

	*ret = family == AF_INET ? four : six;
	return place->portal && !place->internal;
}

static bool border_is_portal(const struct stack_attachment *place,
			     const struct ip_addr *dst)
{
	struct ip_addr portal;

	return border_portal(place, dst->family, &portal) && ipam_addr_eq(&portal, dst);
}

bool border_stands_in(const struct stack_attachment *place, const struct ip_addr *dst)
{
	return (place->loopback && border_router(place, dst)) ||
	       border_is_portal(place, dst);
}

/* Does that port of what stands for the host's loopback lead there? */
static bool border_is_open(const struct stack_attachment *place,
			   const struct ip_addr *dst, uint16_t port)
{
	if (!port || !place->portal_len || !border_is_portal(place, dst))
		return true;
	for (size_t i = 0; i < place->portal_len; i++)
		if (place->portal_ports[i] == port)
			return true;
	return false;
}

int border_out(const struct tenants *ts, const struct stack_attachment *place,
	       const struct ip_addr *dst, uint16_t port, struct ip_addr *ret)
{
	*ret = *dst;
	if (border_stands_in(place, dst)) {
		if (!border_is_open(place, dst, port))
			return border_host(dst->family, ret) == 0 ? 0 : -ECONNREFUSED;
		*ret = border_loopback(dst->family);
		return 0;
	}
	if (place->internal || place->closed & 1u << STACK_OUT || border_many(dst) ||
	    border_link_local(dst))
		return -ENETUNREACH;
	if (border_is_loopback(dst) || tenant_inside(ts, dst))
		return -EACCES;
	return 0;
}

int border_in(const struct tenants *ts, const struct stack_attachment *place,
	      const struct ip_addr *client, struct ip_addr *ret_src,
	      struct ip_addr *ret_dst)
{
	bool six = client->family == AF_INET6 && place->addr6.family == AF_INET6;
	bool own = !ts->faceless && !(place->closed & 1u << STACK_FACES) &&
		   !border_is_loopback(client) && !border_link_local(client) &&
		   !border_many(client) && !tenant_inside(ts, client);

	if (!six && place->addr.family != AF_INET) {
		if (place->addr6.family != AF_INET6)
			return -EAFNOSUPPORT;
		six = true;
	}
	if (client->family != (six ? AF_INET6 : AF_INET))
		own = false;
	*ret_dst = six ? place->addr6 : place->addr;
	if (own)
		*ret_src = *client;
	else if (six)
		*ret_src = place->router6.family ? place->router6 : place->gateway6;
	else
		*ret_src = place->router.family ? place->router : place->gateway;
	return ret_src->family == AF_UNSPEC ? -EAFNOSUPPORT : 0;
}

int border_host(sa_family_t family, struct ip_addr *ret)
{
	/* Addresses for documentation: connecting a datagram socket sends nothing, and
	 * routes as any foreign address does. */
	static const struct ip_addr far4 = { .family = AF_INET,
					     .bytes = { 203, 0, 113, 1 } };
	static const struct ip_addr far6 = {
		.family = AF_INET6, .bytes = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }
	};
	autoclose int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	struct ip_addr own;
	uint16_t port;
	socklen_t len = sockaddr_set(&ss, family == AF_INET ? &far4 : &far6, 9);

	if (fd < 0 || connect(fd, (struct sockaddr *)&ss, len) != 0 ||
	    sockaddr_local(fd, &own, &port) != 0 || border_is_loopback(&own) ||
	    border_link_local(&own))
		return -EADDRNOTAVAIL;
	*ret = own;
	return 0;
}
