/* SPDX-License-Identifier: Apache-2.0 */
/* DNS messages as bytes. */
#include "core/net/dns.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define DNS_QR       0x80 /* byte 2 */
#define DNS_OPCODE   0x78
#define DNS_AA       0x04
#define DNS_TC       0x02
#define DNS_RD       0x01
#define DNS_RA       0x80 /* byte 3 */
#define DNS_LABEL    63
#define DNS_IN       1
#define DNS_OPT_SIZE 11
#define DNS_QUESTION 0xc00c /* a pointer to the question's name */

static uint16_t dns_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void dns_put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Host names as containers have them; upper case comes out as lower. 0: no such byte. */
static char dns_host_byte(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c | 0x20);
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
		return (char)c;
	return 0;
}

/* Reads the uncompressed name at *at. A name with strange bytes is passed over and comes
 * out as "". */
static int dns_parse_name(const uint8_t *p, size_t n, size_t *at, char name[DNS_NAME_MAX])
{
	size_t i = *at, len = 0;
	bool strange = false;

	for (;;) {
		size_t label;

		if (i >= n || p[i] > DNS_LABEL)
			return -EBADMSG;
		label = p[i++];
		if (!label)
			break;
		if (label > n - i || len + label + 1 >= DNS_NAME_MAX)
			return -EBADMSG;
		if (len)
			name[len++] = '.';
		for (size_t k = 0; k < label; k++) {
			char c = dns_host_byte(p[i + k]);

			strange |= c == 0;
			name[len++] = c;
		}
		i += label;
	}
	name[strange ? 0 : len] = 0;
	*at = i;
	return 0;
}

/* Passes over any name, compressed or not. */
static int dns_skip_name(const uint8_t *p, size_t n, size_t *at)
{
	size_t i = *at;

	while (i < n) {
		if (p[i] >= 0xc0) {
			*at = i + 2;
			return i + 2 <= n ? 0 : -EBADMSG;
		}
		if (p[i] > DNS_LABEL)
			return -EBADMSG;
		if (!p[i]) {
			*at = i + 1;
			return 0;
		}
		i += 1u + p[i];
	}
	return -EBADMSG;
}

/* The additional section may hold the client's EDNS record. */
static int dns_parse_rest(const uint8_t *p, size_t n, struct dns_question *q)
{
	size_t records = (size_t)dns_get16(p + 6) + dns_get16(p + 8) + dns_get16(p + 10);
	size_t at = q->end;

	for (size_t i = 0; i < records; i++) {
		if (dns_skip_name(p, n, &at) != 0 || n - at < 10)
			return -EBADMSG;
		if (dns_get16(p + at) == DNS_OPT) {
			uint16_t size = dns_get16(p + at + 2);

			q->edns = true;
			q->udp_size = size > DNS_UDP_MIN ? size : DNS_UDP_MIN;
		}
		at += 10u + dns_get16(p + at + 8);
		if (at > n)
			return -EBADMSG;
	}
	return 0;
}

int dns_parse(const uint8_t *p, size_t n, struct dns_question *ret)
{
	struct dns_question q = { .udp_size = DNS_UDP_MIN, .end = DNS_HEADER };
	size_t at = DNS_HEADER;
	int rc;

	if (n < DNS_HEADER || (p[2] & DNS_QR))
		return -EINVAL;
	q.id = dns_get16(p);
	q.recurse = p[2] & DNS_RD;
	*ret = q;
	if ((p[2] & DNS_OPCODE) || dns_get16(p + 4) != 1)
		return -ENOTSUP;
	rc = dns_parse_name(p, n, &at, q.name);
	if (rc || n - at < 4)
		return -EBADMSG;
	q.type = dns_get16(p + at);
	q.class = dns_get16(p + at + 2);
	q.end = at + 4;
	rc = dns_parse_rest(p, n, &q);
	if (rc)
		return rc;
	*ret = q;
	return 0;
}

bool dns_matches(const uint8_t *reply, size_t n, const uint8_t *query, size_t query_n)
{
	size_t a = DNS_HEADER, b = DNS_HEADER;

	if (n < DNS_HEADER || query_n < DNS_HEADER || !(reply[2] & DNS_QR) ||
	    memcmp(reply, query, 2) != 0)
		return false;
	/* An error may come without its question. */
	if (dns_get16(reply + 4) == 0)
		return (reply[3] & 0x0f) != DNS_NOERROR;
	if (dns_skip_name(reply, n, &a) != 0 || dns_skip_name(query, query_n, &b) != 0 ||
	    a != b || n - a < 4 || query_n - b < 4)
		return false;
	for (size_t i = DNS_HEADER; i < a; i++) {
		uint8_t x = reply[i], y = query[i];

		if (x >= 'A' && x <= 'Z')
			x |= 0x20;
		if (y >= 'A' && y <= 'Z')
			y |= 0x20;
		if (x != y)
			return false;
	}
	return memcmp(reply + a, query + b, 4) == 0;
}

static int dns_reverse4(const char *name, size_t n, struct ip_addr *ret)
{
	char text[IPAM_TEXT_MAX];
	struct ip_addr a;

	if (n >= sizeof(text))
		return -EINVAL;
	memcpy(text, name, n);
	text[n] = 0;
	if (ipam_parse_addr(text, &a) != 0 || a.family != AF_INET)
		return -EINVAL;
	ret->family = AF_INET;
	for (int i = 0; i < 4; i++)
		ret->bytes[i] = a.bytes[3 - i];
	return 0;
}

static int dns_reverse6(const char *name, size_t n, struct ip_addr *ret)
{
	struct ip_addr a = { .family = AF_INET6 };

	if (n != 63)
		return -EINVAL;
	for (size_t i = 0; i < 32; i++) {
		const char *digits = "0123456789abcdef";
		const char *d = strchr(digits, name[2 * i]);
		unsigned int v = d ? (unsigned int)(d - digits) : 16;

		if (v > 15 || (i < 31 && name[2 * i + 1] != '.'))
			return -EINVAL;
		a.bytes[15 - i / 2] |= (uint8_t)(i % 2 ? v << 4 : v);
	}
	*ret = a;
	return 0;
}

int dns_parse_reverse(const char *name, struct ip_addr *ret)
{
	static const char four[] = ".in-addr.arpa", six[] = ".ip6.arpa";
	size_t n = strlen(name);

	if (str_ends(name, four))
		return dns_reverse4(name, n - (sizeof(four) - 1), ret);
	if (str_ends(name, six))
		return dns_reverse6(name, n - (sizeof(six) - 1), ret);
	return -EINVAL;
}

/* "web.net" as labels; its length, or 0 when it is no name. */
static size_t dns_write_name(uint8_t *dst, size_t room, const char *name)
{
	size_t at = 0;

	while (*name) {
		size_t label = strcspn(name, ".");

		if (!label || label > DNS_LABEL || at + label + 2 > room)
			return 0;
		dst[at++] = (uint8_t)label;
		memcpy(dst + at, name, label);
		at += label;
		name += label + (name[label] == '.');
	}
	if (!at || at >= room)
		return 0;
	dst[at++] = 0;
	return at;
}

/* One record about the question's name; its length, or 0 when it does not fit. */
static size_t dns_write_record(uint8_t *dst, size_t room, const struct dns_question *q,
			       const struct dns_answer *a, size_t i)
{
	size_t n;

	if (room < 12)
		return 0;
	if (a->name) {
		n = dns_write_name(dst + 12, room - 12, a->name);
	} else {
		n = a->addrs[i].family == AF_INET ? 4 : 16;
		if (room - 12 < n)
			return 0;
		memcpy(dst + 12, a->addrs[i].bytes, n);
	}
	if (!n)
		return 0;
	dns_put16(dst, DNS_QUESTION);
	dns_put16(dst + 2, q->type);
	dns_put16(dst + 4, DNS_IN);
	dns_put16(dst + 6, a->ttl >> 16);
	dns_put16(dst + 8, a->ttl & 0xffff);
	dns_put16(dst + 10, (unsigned int)n);
	return 12 + n;
}

size_t dns_write(uint8_t *dst, size_t limit, const uint8_t *query,
		 const struct dns_question *q, const struct dns_answer *a)
{
	size_t opt = q->edns ? DNS_OPT_SIZE : 0;
	size_t want = a->name ? 1 : a->addrs_len, put = 0, at = q->end;

	if (q->end + opt > limit)
		return 0;
	memcpy(dst, query, q->end);
	dst[2] = (uint8_t)(DNS_QR | DNS_AA | (q->recurse ? DNS_RD : 0));
	dst[3] = (uint8_t)(DNS_RA | a->rcode);
	dns_put16(dst + 4, q->end > DNS_HEADER ? 1 : 0);
	for (; put < want; put++) {
		size_t n = dns_write_record(dst + at, limit - opt - at, q, a, put);

		if (!n)
			break;
		at += n;
	}
	if (put < want)
		dst[2] |= DNS_TC;
	dns_put16(dst + 6, (unsigned int)put);
	dns_put16(dst + 8, 0);
	dns_put16(dst + 10, opt ? 1 : 0);
	if (opt) {
		memset(dst + at, 0, opt);
		dns_put16(dst + at + 1, DNS_OPT);
		dns_put16(dst + at + 3, DNS_UDP_MAX);
		at += opt;
	}
	return at;
}
