/* SPDX-License-Identifier: Apache-2.0 */
/* DNS messages (RFC 1035, 6891) as bytes: reading questions, writing answers. Pure
 * functions. */
#ifndef NET_DNS_H
#define NET_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/net/ipam.h"

#define DNS_HEADER   12
#define DNS_NAME_MAX 256
#define DNS_UDP_MIN  512  /* what every client takes */
#define DNS_UDP_MAX  1232 /* what we take and send in one datagram */
#define DNS_TCP_MAX  65535

enum dns_type { DNS_A = 1, DNS_PTR = 12, DNS_AAAA = 28, DNS_OPT = 41 };
enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
};

struct dns_question {
	uint16_t id;
	bool recurse;            /* RD */
	char name[DNS_NAME_MAX]; /* lower case, without the last dot; "" when it holds
				    bytes that no host name has (then it is only
				    forwarded) */
	uint16_t type, class;
	size_t end; /* of the question section, in the message */
	bool edns;
	uint16_t udp_size; /* the client's: at least DNS_UDP_MIN */
};

/* A standard query with one question. -EINVAL: no query at all (to be dropped); -ENOTSUP:
 * one of another kind; -EBADMSG: malformed behind its header. For the last two ret->id
 * and ret->recurse are set. */
int dns_parse(const uint8_t *p, size_t n, struct dns_question *ret);
/* Does the reply belong to the query (same number, same question)? */
bool dns_matches(const uint8_t *reply, size_t n, const uint8_t *query, size_t query_n);
/* "2.0.17.172.in-addr.arpa" or its ip6.arpa kin → the address. */
int dns_parse_reverse(const char *name, struct ip_addr *ret);

/* What to answer: addresses (of the question's family), or the name for a PTR. */
struct dns_answer {
	enum dns_rcode rcode;
	const struct ip_addr *addrs;
	size_t addrs_len;
	const char *name;
	uint32_t ttl;
};

/* Writes the answer to a query into dst; its length, or 0 when not even the question
 * fits. Records that do not fit limit are left out, and the answer is marked cut (TC). */
size_t dns_write(uint8_t *dst, size_t limit, const uint8_t *query,
		 const struct dns_question *q, const struct dns_answer *a);

#endif
