/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams in batches. */
#include "core/net/datagram.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "core/net/sockaddr.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef IP_RECVORIGDSTADDR
#define IP_RECVORIGDSTADDR 20
#endif
#ifndef IPV6_RECVORIGDSTADDR
#define IPV6_RECVORIGDSTADDR 74
#endif

void datagram_options(int fd, sa_family_t family, bool transparent)
{
	int on = 1;

	setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
	if (family == AF_INET)
		setsockopt(fd, IPPROTO_IP, transparent ? IP_RECVORIGDSTADDR : IP_PKTINFO,
			   &on, sizeof(on));
	else
		setsockopt(fd, IPPROTO_IPV6,
			   transparent ? IPV6_RECVORIGDSTADDR : IPV6_RECVPKTINFO, &on,
			   sizeof(on));
}

static void datagram_read_control(struct datagrams *d, int i, struct cmsghdr *c)
{
	struct sockaddr_storage ss = { 0 };
	struct in6_pktinfo six;
	struct in_pktinfo four;
	int size;

	if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
		memcpy(&size, CMSG_DATA(c), sizeof(size));
		d->segment[i] = (uint16_t)size;
	} else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVORIGDSTADDR) ||
		   (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_RECVORIGDSTADDR)) {
		size_t n = c->cmsg_len - CMSG_LEN(0);

		memcpy(&ss, CMSG_DATA(c), n < sizeof(ss) ? n : sizeof(ss));
		sockaddr_get(&ss, &d->to[i], &d->to_port[i]);
	} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		memcpy(&four, CMSG_DATA(c), sizeof(four));
		d->to[i].family = AF_INET;
		memcpy(d->to[i].bytes, &four.ipi_spec_dst, 4);
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		memcpy(&six, CMSG_DATA(c), sizeof(six));
		d->to[i].family = AF_INET6;
		memcpy(d->to[i].bytes, &six.ipi6_addr, 16);
	}
}

int datagram_receive(struct datagrams *d, int fd)
{
	int n;

	for (int i = 0; i < DATAGRAM_BATCH; i++) {
		d->iov[i] = (struct iovec){ d->data[i], DATAGRAM_MAX };
		d->m[i].msg_hdr = (struct msghdr){ .msg_name = &d->from[i],
						   .msg_namelen = sizeof(d->from[i]),
						   .msg_iov = &d->iov[i],
						   .msg_iovlen = 1,
						   .msg_control = d->control[i],
						   .msg_controllen = DATAGRAM_CONTROL };
	}
	n = recvmmsg(fd, d->m, DATAGRAM_BATCH, MSG_DONTWAIT, NULL);
	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		struct msghdr *h = &d->m[i].msg_hdr;

		d->to[i].family = AF_UNSPEC;
		d->segment[i] = 0;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
			datagram_read_control(d, i, c);
	}
	return n;
}

static void *datagram_put_control(struct msghdr *h, int level, int type, const void *p,
				  size_t n)
{
	struct cmsghdr *c =
		(struct cmsghdr *)((uint8_t *)h->msg_control + h->msg_controllen);

	memset(c, 0, CMSG_SPACE(n));
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), p, n);
	h->msg_controllen += CMSG_SPACE(n);
	return c;
}

static void datagram_put_source(struct msghdr *h, const struct ip_addr *local)
{
	struct in_pktinfo four = { 0 };
	struct in6_pktinfo six = { 0 };

	if (local->family == AF_INET) {
		memcpy(&four.ipi_spec_dst, local->bytes, 4);
		datagram_put_control(h, IPPROTO_IP, IP_PKTINFO, &four, sizeof(four));
	} else if (local->family == AF_INET6) {
		memcpy(&six.ipi6_addr, local->bytes, 16);
		datagram_put_control(h, IPPROTO_IPV6, IPV6_PKTINFO, &six, sizeof(six));
	}
}

/* The message as it is sent: the received one, with another address and other control. */
static void datagram_prepare(struct datagrams *d, int i,
			     const struct sockaddr_storage *to,
			     const struct ip_addr *local)
{
	struct msghdr *h = &d->m[i].msg_hdr;

	d->iov[i].iov_len = d->m[i].msg_len;
	h->msg_name = (void *)to;
	h->msg_namelen = !to                        ? 0
			 : to->ss_family == AF_INET ? sizeof(struct sockaddr_in)
						    : sizeof(struct sockaddr_in6);
	h->msg_control = d->control[i];
	h->msg_controllen = 0;
	h->msg_flags = 0;
	if (local)
		datagram_put_source(h, local);
	if (d->segment[i] && d->segment[i] < d->m[i].msg_len)
		datagram_put_control(h, IPPROTO_UDP, UDP_SEGMENT, &d->segment[i],
				     sizeof(d->segment[i]));
	if (!h->msg_controllen)
		h->msg_control = NULL;
}

/* Joined pieces that the way out cannot take joined (too large for its MTU) go one by
 * one. */
static void datagram_send_pieces(struct datagrams *d, int fd, int i,
				 const struct ip_addr *local)
{
	struct msghdr h = d->m[i].msg_hdr;
	size_t left = d->iov[i].iov_len;
	struct iovec v = { d->data[i], 0 };

	h.msg_iov = &v;
	h.msg_control = d->control[i];
	h.msg_controllen = 0;
	if (local)
		datagram_put_source(&h, local);
	if (!h.msg_controllen)
		h.msg_control = NULL;
	while (left) {
		v.iov_len = left < d->segment[i] ? left : d->segment[i];
		if (sendmsg(fd, &h, MSG_DONTWAIT) < 0 && errno != ECONNREFUSED)
			return;
		v.iov_base = (uint8_t *)v.iov_base + v.iov_len;
		left -= v.iov_len;
	}
}

int datagram_send(struct datagrams *d, int fd, int first, int n,
		  const struct sockaddr_storage *to, const struct ip_addr *local)
{
	int end = first + n, rc = 0;

	for (int i = first; i < end; i++)
		datagram_prepare(d, i, to, local);
	while (first < end) {
		int sent = sendmmsg(fd, d->m + first, (unsigned int)(end - first),
				    MSG_DONTWAIT);

		if (sent > 0) {
			first += sent;
			continue;
		}
		rc = rc ? rc : -errno;
		if (errno == EAGAIN)
			return rc;
		if ((errno == EINVAL || errno == EIO || errno == EMSGSIZE) &&
		    d->segment[first])
			datagram_send_pieces(d, fd, first, local);
		/* An error that an earlier datagram met is told by the next send; this
		 * one is still to be sent. Once. */
		else if (errno == ECONNREFUSED &&
			 sendmsg(fd, &d->m[first].msg_hdr, MSG_DONTWAIT) < 0)
			return rc;
		first++;
	}
	return rc;
}
