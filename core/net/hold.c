/* SPDX-License-Identifier: Apache-2.0 */
/* Held packets.
 *
 * Two packet sockets, one for each family, on all of the realm's interfaces: being bound
 * to a protocol they see a packet once, where a bridge hands it up, and so only what is
 * sent to the gateway; traffic between containers passes below. The classic BPF programs
 * let through first packets of TCP connections, echo requests and fragments that may be
 * of such (no socket before the kernel's own reassembly sees more), nothing of the pair.
 */
#include "core/net/hold.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/net/bridge.h"
#include "core/net/sockaddr.h"

#define HOLD_SNAP   1600
#define HOLD_RCVBUF (4 << 20)

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

#define HOLD_LD(size, k)    BPF_STMT(BPF_LD | (size) | BPF_ABS, (k))
#define HOLD_IF(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), (yes), (no))
#define HOLD_RET(k)         BPF_STMT(BPF_RET | BPF_K, (k))
#define HOLD_IFINDEX        ((uint32_t)SKF_AD_OFF + SKF_AD_IFINDEX)

/* SYN without ACK; FIN, RST and the rest are for packet_parse to judge. */
#define HOLD_FLAGS 0x12
#define HOLD_SYN   0x02

static int hold_attach(int fd, struct sock_filter *code, size_t n)
{
	struct sock_fprog prog = { .len = (unsigned short)n, .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) == 0
		       ? 0
		       : -errno;
}

/* Where no rule hands datagrams to sockets, they all come by here. */
static uint32_t hold_datagrams(const struct hold *h)
{
	return h->path == BRIDGE_DOORS ? HOLD_LARGE : 0;
}

static int hold_filter4(const struct hold *h, int fd)
{
	uint32_t in = (uint32_t)h->in, out = (uint32_t)h->out;
	struct sock_filter code[] = {
		/* 0*/ HOLD_LD(BPF_W, HOLD_IFINDEX),
		/* 1*/ HOLD_IF(in, 14, 0),
		/* 2*/ HOLD_IF(out, 13, 0),
		/* 3*/ HOLD_LD(BPF_H, 6),
		/* 4: a fragment */
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 15, 0),
		/* 5*/ BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		/* 6*/ HOLD_LD(BPF_B, 9),
		/* 7*/ HOLD_IF(IPPROTO_TCP, 0, 4),
		/* 8*/ BPF_STMT(BPF_LD | BPF_B | BPF_IND, 13),
		/* 9*/ BPF_STMT(BPF_ALU | BPF_AND | BPF_K, HOLD_FLAGS),
		/*10*/ HOLD_IF(HOLD_SYN, 0, 5),
		/*11*/ HOLD_RET(HOLD_SNAP),
		/*12*/ HOLD_IF(IPPROTO_ICMP, 0, 4),
		/*13*/ BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
		/*14*/ HOLD_IF(8, 0, 1),
		/*15*/ HOLD_RET(HOLD_LARGE),
		/*16*/ HOLD_RET(0),
		/*17*/ HOLD_IF(IPPROTO_UDP, 0, 1),
		/*18*/ HOLD_RET(hold_datagrams(h)),
		/*19*/ HOLD_RET(0),
		/*20*/ HOLD_LD(BPF_B, 9),
		/*21*/ HOLD_IF(IPPROTO_ICMP, 0, 1),
		/*22*/ HOLD_RET(HOLD_LARGE),
		/*23*/ HOLD_IF(IPPROTO_UDP, 0, 1),
		/*24*/ HOLD_RET(hold_datagrams(h)),
		/*25*/ HOLD_RET(0),
	};

	return hold_attach(fd, code, ARRAY_LEN(code));
}

static int hold_filter6(const struct hold *h, int fd)
{
	uint32_t in = (uint32_t)h->in, out = (uint32_t)h->out;
	struct sock_filter code[] = {
		/* 0*/ HOLD_LD(BPF_W, HOLD_IFINDEX),
		/* 1*/ HOLD_IF(in, 11, 0),
		/* 2*/ HOLD_IF(out, 10, 0),
		/* 3*/ HOLD_LD(BPF_B, 6),
		/* 4*/ HOLD_IF(IPPROTO_TCP, 0, 4),
		/* 5*/ HOLD_LD(BPF_B, 40 + 13),
		/* 6*/ BPF_STMT(BPF_ALU | BPF_AND | BPF_K, HOLD_FLAGS),
		/* 7*/ HOLD_IF(HOLD_SYN, 0, 5),
		/* 8*/ HOLD_RET(HOLD_SNAP),
		/* 9*/ HOLD_IF(IPPROTO_ICMPV6, 0, 4),
		/*10*/ HOLD_LD(BPF_B, 40),
		/*11*/ HOLD_IF(128, 0, 1),
		/*12*/ HOLD_RET(HOLD_LARGE),
		/*13*/ HOLD_RET(0),
		/*14*/ HOLD_IF(IPPROTO_UDP, 0, 1),
		/*15*/ HOLD_RET(hold_datagrams(h)),
		/*16: a fragment */ HOLD_IF(44, 0, 5),
		/*17*/ HOLD_LD(BPF_B, 40),
		/*18*/ HOLD_IF(IPPROTO_ICMPV6, 0, 1),
		/*19*/ HOLD_RET(HOLD_LARGE),
		/*20*/ HOLD_IF(IPPROTO_UDP, 0, 1),
		/*21*/ HOLD_RET(hold_datagrams(h)),
		/*22*/ HOLD_RET(0),
	};

	return hold_attach(fd, code, ARRAY_LEN(code));
}

static int hold_ifindex(int sock, const char *ifname, int *ret, struct err *e)
{
	struct ifreq r = { 0 };

	str_copy(r.ifr_name, sizeof(r.ifr_name), ifname);
	if (ioctl(sock, SIOCGIFINDEX, &r) != 0)
		return err_sys(e, "find link '%s' in the realm", ifname);
	*ret = r.ifr_ifindex;
	return 0;
}

static int hold_open_one(struct hold *h, struct porter *porter, unsigned int six,
			 struct err *e)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(six ? ETH_P_IPV6 : ETH_P_IP),
	};
	int on = 1, size = HOLD_RCVBUF, rc;
	int fd = porter_take(porter, six ? PORTER_HOLD6 : PORTER_HOLD4);

	if (fd < 0)
		return err_code(e, fd, "open a packet socket in the realm");
	h->fd[six] = fd;
	rc = six ? hold_filter6(h, fd) : hold_filter4(h, fd);
	if (rc)
		return err_code(e, rc, "set the packet filter");
	/* Bursts of connections; as much as the host allows. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&ll, sizeof(ll)) != 0)
		return err_sys(e, "bind the packet socket");
	return 0;
}

/* By which pair is there. */
static int hold_find_path(struct hold *h, int sock, struct err *e)
{
	int rc = -ENODEV;

	for (int i = 0; i < BRIDGE_PATHS && rc; i++) {
		h->path = (enum bridge_path)i;
		err_clear(e);
		rc = hold_ifindex(sock, bridge_pair(h->path, false), &h->in, e);
	}
	return rc ? rc : hold_ifindex(sock, bridge_pair(h->path, true), &h->out, e);
}

int hold_open(struct hold *h, struct porter *porter, struct err *e)
{
	struct ifreq r = { 0 };
	int rc;

	h->fd[0] = h->fd[1] = -1;
	h->raw[0] = porter_take(porter, PORTER_RAW4);
	h->raw[1] = porter_take(porter, PORTER_RAW6);
	rc = h->raw[0] < 0 ? err_code(e, h->raw[0], "open a raw socket in the realm")
			   : hold_find_path(h, h->raw[0], e);
	if (rc || h->path == BRIDGE_BARE)
		return rc;
	rc = hold_open_one(h, porter, 0, e);
	if (rc)
		return rc;
	str_copy(r.ifr_name, sizeof(r.ifr_name), bridge_pair(h->path, false));
	if (ioctl(h->fd[0], SIOCGIFHWADDR, &r) != 0)
		return err_sys(e, "read the address of '%s'", r.ifr_name);
	memcpy(h->in_mac, r.ifr_hwaddr.sa_data, sizeof(h->in_mac));
	if (hold_open_one(h, porter, 1, NULL) != 0)
		h->fd[1] = fd_close(h->fd[1]);
	return 0;
}

static bool hold_understands(struct hold *h, const uint8_t *p, size_t n,
			     struct packet *ret)
{
	return packet_parse(p, n, ret) == 0 ||
	       fragment_add(&h->fragments, p, n, (uint64_t)(time_monotonic() / 1000000),
			    ret) == 0;
}

void hold_receive(struct hold *h, unsigned int six, hold_fn *fn, void *arg)
{
	struct sockaddr_ll from[HOLD_BATCH];
	struct mmsghdr msgs[HOLD_BATCH];
	struct iovec iov[HOLD_BATCH];
	int n;

	for (int i = 0; i < HOLD_BATCH; i++) {
		iov[i] = (struct iovec){ &h->data[(size_t)i * HOLD_LARGE], HOLD_LARGE };
		msgs[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &from[i],
							 .msg_namelen = sizeof(*from),
							 .msg_iov = &iov[i],
							 .msg_iovlen = 1 } };
	}
	n = recvmmsg(h->fd[six], msgs, HOLD_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		struct hold_link link = { .ifindex = from[i].sll_ifindex };
		struct packet p;

		if (from[i].sll_pkttype != PACKET_HOST ||
		    !hold_understands(h, iov[i].iov_base, msgs[i].msg_len, &p))
			continue;
		memcpy(link.mac, from[i].sll_addr, sizeof(link.mac));
		fn(arg, &p, &link);
	}
}

static int hold_write(const struct hold *h, int ifindex, const uint8_t mac[6],
		      const uint8_t *p, size_t n)
{
	bool six = p[0] >> 4 == 6;
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(six ? ETH_P_IPV6 : ETH_P_IP),
		.sll_ifindex = ifindex,
		.sll_halen = 6,
	};

	memcpy(ll.sll_addr, mac, 6);
	if (h->fd[six] < 0)
		return -EOPNOTSUPP;
	if (sendto(h->fd[six], p, n, MSG_DONTWAIT, (struct sockaddr *)&ll, sizeof(ll)) <
	    0)
		return -errno;
	return 0;
}

int hold_offer(const struct hold *h, const struct packet_path *path, const uint8_t *tcp,
	       size_t tcp_len)
{
	uint8_t p[PACKET_MAX];
	size_t n = packet_write_syn(p, path, tcp, tcp_len);

	return hold_write(h, h->out, h->in_mac, p, n);
}

int hold_reset(const struct hold *h, const struct hold_link *to,
	       const struct packet_path *path, uint32_t seq)
{
	uint8_t p[PACKET_MAX];
	size_t n = packet_write_reset(p, path, seq);

	return hold_write(h, to->ifindex, to->mac, p, n);
}

int hold_send(const struct hold *h, const struct hold_link *to, const uint8_t *p,
	      size_t n)
{
	return hold_write(h, to->ifindex, to->mac, p, n);
}

int hold_send_cut(struct hold *h, const struct hold_link *to, const uint8_t *p, size_t n,
		  size_t longest)
{
	size_t at = 0, piece;
	int rc = 0;

	h->cut++;
	while (rc == 0 &&
	       (piece = fragment_cut(p, n, longest, h->cut, &at, h->piece)) > 0)
		rc = hold_write(h, to->ifindex, to->mac, h->piece, piece);
	return rc;
}

int hold_route(const struct hold *h, const uint8_t *p, size_t n)
{
	bool six = p[0] >> 4 == 6;
	struct ip_addr to = { .family = six ? AF_INET6 : AF_INET };
	struct sockaddr_storage ss;
	socklen_t len;

	memcpy(to.bytes, p + (six ? 24 : 16), six ? 16 : 4);
	len = sockaddr_set(&ss, &to, 0);
	if (sendto(h->raw[six], p, n, MSG_DONTWAIT, (struct sockaddr *)&ss, len) < 0)
		return -errno;
	return 0;
}
