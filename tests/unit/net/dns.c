/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net/dns.h"

#include <errno.h>

#include "tests/unit/test.h"

/* id 0x1234, RD, one question: "Web.Test" A IN */
static const uint8_t query[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
			       "\x03Web\x04Test\x00\x00\x01\x00\x01";
static const size_t query_n = sizeof(query) - 1;
static const struct ip_addr two = { .family = AF_INET, .bytes = { 172, 17, 0, 2 } };

TEST(question)
{
	struct dns_question q;

	CHECK_INT(dns_parse(query, query_n, &q), 0);
	CHECK_INT(q.id, 0x1234);
	CHECK(q.recurse);
	CHECK_STR(q.name, "web.test");
	CHECK_INT(q.type, DNS_A);
	CHECK_INT(q.class, 1);
	CHECK_INT(q.end, query_n);
	CHECK(!q.edns);
	CHECK_INT(q.udp_size, 512);
}

TEST(edns_size)
{
	uint8_t m[64];
	struct dns_question q;

	memcpy(m, query, query_n);
	m[11] = 1;
	memcpy(m + query_n, "\x00\x00\x29\x10\x00\x00\x00\x00\x00\x00\x00", 11);
	CHECK_INT(dns_parse(m, query_n + 11, &q), 0);
	CHECK(q.edns);
	CHECK_INT(q.udp_size, 4096);
	CHECK_INT(dns_parse(m, query_n + 10, &q), -EBADMSG);
	m[query_n + 3] = 0; /* a size of less than 512 means 512 */
	CHECK_INT(dns_parse(m, query_n + 11, &q), 0);
	CHECK_INT(q.udp_size, 512);
}

TEST(every_cut_is_refused)
{
	struct dns_question q;

	for (size_t n = 0; n < query_n; n++)
		CHECK_INT(dns_parse(query, n, &q), n < DNS_HEADER ? -EINVAL : -EBADMSG);
}

TEST(not_a_question)
{
	uint8_t m[64];
	struct dns_question q;

	memcpy(m, query, query_n);
	m[2] = 0x81;
	CHECK_INT(dns_parse(m, query_n, &q), -EINVAL);
	m[2] = 0x10;
	CHECK_INT(dns_parse(m, query_n, &q), -ENOTSUP);
	m[2] = 1;
	m[5] = 2;
	CHECK_INT(dns_parse(m, query_n, &q), -ENOTSUP);
	m[5] = 1;
	m[12] = 0xc0; /* a pointer has no place in a question */
	CHECK_INT(dns_parse(m, query_n, &q), -EBADMSG);
}

TEST(strange_bytes_are_only_forwarded)
{
	uint8_t m[64];
	struct dns_question q;

	memcpy(m, query, query_n);
	m[14] = '.'; /* "W.b": would read as another name */
	CHECK_INT(dns_parse(m, query_n, &q), 0);
	CHECK_STR(q.name, "");
	CHECK_INT(q.end, query_n);
}

TEST(answer_with_addresses)
{
	const struct ip_addr addrs[2] = { two, two };
	struct dns_answer a = { .addrs = addrs, .addrs_len = 2 };
	struct dns_question q;
	uint8_t m[512];
	size_t n;

	CHECK_INT(dns_parse(query, query_n, &q), 0);
	n = dns_write(m, sizeof(m), query, &q, &a);
	CHECK_INT(n, query_n + 32);
	CHECK(memcmp(m, "\x12\x34\x85\x80\x00\x01\x00\x02\x00\x00\x00\x00", 12) == 0);
	CHECK(memcmp(m + query_n, "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04",
		     12) == 0);
	CHECK(memcmp(m + query_n + 12, two.bytes, 4) == 0);
	CHECK(dns_matches(m, n, query, query_n));
	/* Room for one: cut, and said so. */
	n = dns_write(m, query_n + 31, query, &q, &a);
	CHECK_INT(n, query_n + 16);
	CHECK_INT(m[2], 0x87);
	CHECK_INT(m[7], 1);
	CHECK_INT(dns_write(m, query_n - 1, query, &q, &a), 0);
}

TEST(answer_with_a_name)
{
	struct dns_answer a = { .name = "db.net" };
	struct dns_question q;
	uint8_t m[512];

	CHECK_INT(dns_parse(query, query_n, &q), 0);
	q.type = DNS_PTR;
	CHECK_INT(dns_write(m, sizeof(m), query, &q, &a), query_n + 20);
	CHECK(memcmp(m + query_n + 12,
		     "\x02"
		     "db\x03net",
		     8) == 0);
}

TEST(replies_match_their_query)
{
	uint8_t m[64];

	memcpy(m, query, query_n);
	CHECK(!dns_matches(m, query_n, query, query_n));
	m[2] |= 0x80;
	m[13] = 'w'; /* case does not count */
	CHECK(dns_matches(m, query_n, query, query_n));
	m[13] = 'x';
	CHECK(!dns_matches(m, query_n, query, query_n));
	m[13] = 'w';
	m[0]++;
	CHECK(!dns_matches(m, query_n, query, query_n));
	m[0]--;
	m[5] = 0; /* without its question: an error only */
	CHECK(!dns_matches(m, DNS_HEADER, query, query_n));
	m[3] = DNS_FORMERR;
	CHECK(dns_matches(m, DNS_HEADER, query, query_n));
}

TEST(reverse_names)
{
	char text[IPAM_TEXT_MAX];
	struct ip_addr a;

	CHECK_INT(dns_parse_reverse("2.0.17.172.in-addr.arpa", &a), 0);
	CHECK_STR(ipam_addr_text(text, &a), "172.17.0.2");
	CHECK_INT(dns_parse_reverse(
			  "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0."
			  "0.0.d.f.ip6.arpa",
			  &a),
		  0);
	CHECK_STR(ipam_addr_text(text, &a), "fd00:1::2");
	CHECK_INT(dns_parse_reverse("2.0.17.in-addr.arpa", &a), -EINVAL);
	CHECK_INT(dns_parse_reverse("web", &a), -EINVAL);
	CHECK_INT(dns_parse_reverse("g.ip6.arpa", &a), -EINVAL);
	CHECK_INT(dns_parse_reverse(".in-addr.arpa", &a), -EINVAL);
}
