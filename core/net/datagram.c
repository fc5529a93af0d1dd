/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams in batches. */
#include "core/net/datagram.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "core/net/sockaddr.h"

/* Small ones of one size are joined by us: one way through the kernel for all of them. */
#define DATAGRAM_JOIN_SIZE 1200 /* fits every path */
#define DATAGRAM_JOIN_MAX  60000

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

void datagram_join(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
}

void datagram_options(int fd, sa_family_t family, bool transparent)
{
	int on = 1;

	datagram_join(fd);
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

void datagram_put(struct datagrams *d, int i, const void *p, size_t n)
{
	d->iov[i].iov_base = (void *)p;
	d->m[i].msg_len = (unsigned int)n;
	d->segment[i] = 0;
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

/* How many datagrams from i on may go as one: of one size, the last perhaps shorter. */
static int datagram_run(const struct datagrams *d, int i, int end)
{
	size_t size = d->m[i].msg_len, total = size;
	int n = 1;

	if (d->segment[i] || !size || size > DATAGRAM_JOIN_SIZE)
		return 1;
	while (i + n < end && !d->segment[i + n] && d->m[i + n].msg_len &&
	       d->m[i + n].msg_len <= size && total + size <= DATAGRAM_JOIN_MAX) {
		total += d->m[i + n].msg_len;
		if (d->m[i + n++].msg_len < size)
			break;
	}
	return n;
}

/* The message as it is sent: n received ones as one, with another address and other
 * control. */
static void datagram_prepare(struct datagrams *d, int i, int n, struct msghdr *h)
{
	uint16_t segment = n > 1 ? (uint16_t)d->m[i].msg_len : d->segment[i];

	for (int k = 0; k < n; k++)
		d->iov[i + k].iov_len = d->m[i + k].msg_len;
	*h = (struct msghdr){ .msg_iov = &d->iov[i],
			      .msg_iovlen = (unsigned int)n,
			      .msg_control = d->control[i] };
	if (d->out_to) {
		h->msg_name = (void *)d->out_to;
		h->msg_namelen = d->out_to->ss_family == AF_INET
					 ? sizeof(struct sockaddr_in)
					 : sizeof(struct sockaddr_in6);
	}
	if (d->out_local)
		datagram_put_source(h, d->out_local);
	if (n > 1 || (segment && segment < d->m[i].msg_len))
		datagram_put_control(h, IPPROTO_UDP, UDP_SEGMENT, &segment,
				     sizeof(segment));
	if (!h->msg_controllen)
		h->msg_control = NULL;
}

/* Joined pieces that the way out cannot take joined (too large for its MTU, or an old
 * kernel) go one by one. */
static void datagram_send_pieces(struct datagrams *d, int fd, int i, int n)
{
	for (int k = i; k < i + n; k++) {
		size_t left = d->m[k].msg_len;
		size_t piece = d->segment[k] ? d->segment[k] : left;
		struct iovec v = { d->iov[k].iov_base, 0 };
		struct msghdr h;

		d->segment[k] = 0;
		datagram_prepare(d, k, 1, &h);
		h.msg_iov = &v;
		while (left) {
			v.iov_len = left < piece ? left : piece;
			if (sendmsg(fd, &h, MSG_DONTWAIT) < 0 && errno != ECONNREFUSED)
				return;
			v.iov_base = (uint8_t *)v.iov_base + v.iov_len;
			left -= v.iov_len;
		}
	}
}

/* What came of one message that was not taken: 0 to go on with the next. */
static int datagram_failed(struct datagrams *d, int fd, int i, int n)
{
	int rc = -errno;

	if (rc == -EAGAIN)
		return rc;
	if ((rc == -EINVAL || rc == -EIO || rc == -EMSGSIZE) &&
	    (n > 1 || d->segment[i])) {
		datagram_send_pieces(d, fd, i, n);
		return 0;
	}
	/* An error that an earlier datagram met is told by the next send; this one is
	 * still to be sent. */
	if (rc == -ECONNREFUSED)
		datagram_send_pieces(d, fd, i, n);
	return 0;
}

void datagram_send(struct datagrams *d, int fd, int first, int n)
{
	struct mmsghdr out[DATAGRAM_BATCH];
	int at[DATAGRAM_BATCH + 1];
	int count = 0, sent = 0;

	for (int i = first; i < first + n; i = at[count]) {
		int run = datagram_run(d, i, first + n);

		datagram_prepare(d, i, run, &out[count].msg_hdr);
		at[count++] = i;
		at[count] = i + run;
	}
	while (sent < count) {
		int k = sendmmsg(fd, out + sent, (unsigned int)(count - sent),
				 MSG_DONTWAIT);

		if (k > 0) {
			sent += k;
			continue;
		}
		if (datagram_failed(d, fd, at[sent], at[sent + 1] - at[sent]) != 0)
			return;
		sent++;
	}
}
