/* SPDX-License-Identifier: Apache-2.0 */
/* IP packets as bytes: reading the ones a container sent, writing answers. Pure
 * functions. */
#ifndef NET_PACKET_H
#define NET_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/net/ipam.h"

#define PACKET_MAX     2048
#define PACKET_WHOLE   65575 /* the longest there is */
#define PACKET_TCP_MAX 60

enum packet_kind { PACKET_SYN, PACKET_ECHO, PACKET_DATAGRAM };

/* One packet of a container, from its IP header on. Pointers into the bytes parsed. */
struct packet {
	enum packet_kind kind;
	struct ip_addr src, dst;
	uint16_t src_port, dst_port; /* SYN, DATAGRAM */
	uint32_t seq;                /* SYN */
	uint16_t id, echo_seq;       /* ECHO */
	const uint8_t *l4;           /* transport header */
	size_t l4_len;      /* SYN: the TCP header alone; else the whole message */
	const uint8_t *raw; /* the packet itself: what an ICMP error quotes */
	size_t raw_len;
	size_t longest; /* it came in fragments: the length of the longest; else 0 */
};

/* A TCP SYN, an ICMP echo request or a UDP datagram: whole, no fragment, and without IPv6
 * extension headers; -EINVAL for anything else. */
int packet_parse(const uint8_t *p, size_t n, struct packet *ret);
/* A datagram's checksum is right, or it has none where IPv4 allows that. */
bool packet_is_sound(const struct packet *datagram);

/* Who said what to whom, for the packets written below. */
struct packet_path {
	struct ip_addr src, dst;
	uint16_t src_port, dst_port;
};

/* For a table: who could foresee it might make all his paths share one bucket. */
uint32_t packet_path_hash(const struct packet_path *p, uint64_t key);
bool packet_path_eq(const struct packet_path *a, const struct packet_path *b);
/* Is addr one of its ends? NULL stands for any. */
bool packet_path_has(const struct packet_path *p, const struct ip_addr *addr);

/* Each writes a whole IP packet into dst and returns its length. */
/* The same SYN again, from its kept TCP header (its checksum is made anew). */
size_t packet_write_syn(uint8_t dst[PACKET_MAX], const struct packet_path *path,
			const uint8_t *tcp, size_t tcp_len);
/* RST that refuses a SYN of that sequence number; path: as the refused one travelled. */
size_t packet_write_reset(uint8_t dst[PACKET_MAX], const struct packet_path *path,
			  uint32_t seq);
/* ICMP or ICMPv6 destination unreachable about `quoted` (IP header first), from `from` to
 * the quoted packet's source. code: an errno (EHOSTUNREACH, ENETUNREACH, EACCES,
 * ECONNREFUSED). 0 when it cannot be said. */
size_t packet_write_unreachable(uint8_t dst[PACKET_MAX], const struct ip_addr *from,
				const uint8_t *quoted, size_t n, int code);
/* An IP header and the first bytes of what it carried, as an ICMP error quotes them; path
 * as the packet travelled. n is at most 64. */
size_t packet_write_quote(uint8_t dst[PACKET_MAX], const struct packet_path *path,
			  uint8_t proto, const uint8_t *head, size_t n);
/* An echo reply from src to dst carrying n bytes of ICMP message (type and checksum are
 * set here). 0 when it is too long. */
size_t packet_write_echo(uint8_t dst[PACKET_WHOLE], const struct packet_path *path,
			 const uint8_t *icmp, size_t n);

/* Parts of the above, for those who write more (fragment.h). */
size_t packet_write_header(uint8_t *dst, const struct packet_path *path, uint8_t proto,
			   size_t payload);
/* The checksum of an IPv4 header. */
void packet_sum_header(uint8_t *four);
uint16_t packet_get16(const uint8_t *p);
void packet_put16(uint8_t *p, size_t v);

#endif
