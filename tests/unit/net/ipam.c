/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net/ipam.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/unit/test.h"

static struct ip_subnet subnet(const char *text)
{
	struct ip_subnet s = { 0 };

	CHECK_INT(ipam_parse_subnet(text, &s), 0);
	return s;
}

static struct ip_addr addr(const char *text)
{
	struct ip_addr a = { 0 };

	CHECK_INT(ipam_parse_addr(text, &a), 0);
	return a;
}

TEST(parse_and_print)
{
	char text[IPAM_TEXT_MAX];
	struct ip_subnet s = subnet("172.17.0.0/16");
	struct ip_addr a = addr("fd00::1");

	CHECK_STR(ipam_subnet_text(text, &s), "172.17.0.0/16");
	CHECK_STR(ipam_addr_text(text, &a), "fd00::1");
	CHECK_INT(ipam_parse_addr("172.17.0", &a), -EINVAL);
	CHECK_INT(ipam_parse_addr("", &a), -EINVAL);
	CHECK_INT(ipam_parse_addr("1.2.3.4.5", &a), -EINVAL);
	CHECK_INT(ipam_parse_subnet("10.0.0.0/33", &s), -EINVAL);
	CHECK_INT(ipam_parse_subnet("10.0.0.0", &s), -EINVAL);
	CHECK_INT(ipam_parse_subnet("fd00::/129", &s), -EINVAL);
	CHECK_INT(ipam_parse_subnet("10.0.0.0/-1", &s), -EINVAL);
}

TEST(contains_and_overlap)
{
	struct ip_subnet a = subnet("172.17.0.0/16"), b = subnet("172.17.128.0/20"),
			 c = subnet("172.18.0.0/16"), odd = subnet("10.0.0.128/25");
	struct ip_addr in = addr("172.17.200.3"), out = addr("172.18.0.1");
	struct ip_addr low = addr("10.0.0.127"), high = addr("10.0.0.128");

	CHECK(ipam_contains(&a, &in));
	CHECK(!ipam_contains(&a, &out));
	CHECK(ipam_overlap(&a, &b));
	CHECK(ipam_overlap(&b, &a));
	CHECK(!ipam_overlap(&a, &c));
	CHECK(!ipam_contains(&odd, &low));
	CHECK(ipam_contains(&odd, &high));
}

TEST(nth)
{
	char text[IPAM_TEXT_MAX];
	struct ip_subnet s = subnet("10.1.2.3/24"), p2p = subnet("10.0.0.0/31"),
			 six = subnet("fd00:1::/64");
	struct ip_addr a;

	CHECK_INT(ipam_nth(&s, 1, &a), 0);
	CHECK_STR(ipam_addr_text(text, &a), "10.1.2.1");
	CHECK_INT(ipam_nth(&s, 254, &a), 0);
	CHECK_STR(ipam_addr_text(text, &a), "10.1.2.254");
	CHECK_INT(ipam_nth(&s, 255, &a), -ERANGE);
	CHECK_INT(ipam_nth(&s, 0, &a), -ERANGE);
	CHECK_INT(ipam_nth(&p2p, 1, &a), 0);
	CHECK_INT(ipam_nth(&p2p, 2, &a), -ERANGE);
	CHECK_INT(ipam_nth(&six, 258, &a), 0);
	CHECK_STR(ipam_addr_text(text, &a), "fd00:1::102");
}

TEST(pick_subnet_passes_over_what_is_used)
{
	char text[IPAM_TEXT_MAX];
	struct ip_subnet used[] = { subnet("172.17.4.0/24"), subnet("172.16.0.0/13"),
				    subnet("0.0.0.0/0") };
	struct ip_subnet all[] = { subnet("172.16.0.0/12"), subnet("192.168.0.0/16") };
	struct ip_subnet s;
	struct err e = { 0 };

	CHECK_INT(ipam_pick_subnet(NULL, 0, &s, &e), 0);
	CHECK_STR(ipam_subnet_text(text, &s), "172.17.0.0/16");
	CHECK_INT(ipam_pick_subnet(used, 1, &s, &e), 0);
	CHECK_STR(ipam_subnet_text(text, &s), "172.18.0.0/16");
	CHECK_INT(ipam_pick_subnet(used, 3, &s, &e), 0);
	CHECK_STR(ipam_subnet_text(text, &s), "172.24.0.0/16");
	CHECK_INT(ipam_pick_subnet(all, 1, &s, &e), 0);
	CHECK_STR(ipam_subnet_text(text, &s), "192.168.0.0/20");
	CHECK_INT(ipam_pick_subnet(all, 2, &s, &e), -ENOSPC);
}

TEST(pick_addr)
{
	char text[IPAM_TEXT_MAX];
	struct ipam_pool s = { .subnet = subnet("10.0.0.0/29") };
	struct ip_addr used[] = { addr("10.0.0.2"), addr("10.0.0.4"), addr("10.0.0.3"),
				  addr("10.0.0.5"), addr("10.0.0.6") };
	struct ip_addr a;
	struct err e = { 0 };

	CHECK_INT(ipam_pick_addr(&s, used, 0, &a, &e), 0);
	CHECK_STR(ipam_addr_text(text, &a), "10.0.0.2");
	CHECK_INT(ipam_pick_addr(&s, used, 2, &a, &e), 0);
	CHECK_STR(ipam_addr_text(text, &a), "10.0.0.3");
	CHECK_INT(ipam_pick_addr(&s, used, 5, &a, &e), -ENOSPC);
	CHECK_STR(e.text, "no available IPv4 addresses in '10.0.0.0/29'");
}

TEST(pick_addr_of_a_range)
{
	char text[IPAM_TEXT_MAX];
	struct ipam_pool low = { subnet("10.0.0.0/24"), subnet("10.0.0.0/30") };
	struct ipam_pool high = { subnet("10.0.0.0/24"), subnet("10.0.0.252/30") };
	struct ipam_pool six = { subnet("fd00::/64"), subnet("fd00::8:0/112") };
	struct ip_addr used[] = { addr("10.0.0.1"), addr("10.0.0.2"), addr("10.0.0.3"),
				  addr("10.0.0.252"), addr("fd00::8:0") };
	struct ip_addr a;
	struct err e = { 0 };

	CHECK_INT(ipam_pick_addr(&low, used, 1, &a, &e), 0);
	CHECK_STR(ipam_addr_text(text, &a), "10.0.0.2");
	CHECK_INT(ipam_pick_addr(&low, used, 3, &a, &e), -ENOSPC);
	CHECK_STR(e.text, "no available IPv4 addresses in '10.0.0.0/30'");
	CHECK_INT(ipam_pick_addr(&high, used, 3, &a, &e), 0);
	CHECK_STR(ipam_addr_text(text, &a), "10.0.0.252");
	CHECK_INT(ipam_pick_addr(&high, used, 4, &a, &e), 0);
	CHECK_STR(ipam_addr_text(text, &a), "10.0.0.253");
	CHECK_INT(ipam_pick_addr(&six, used, 5, &a, &e), 0);
	CHECK_STR(ipam_addr_text(text, &a), "fd00::8:1");
}

TEST(pick_subnet6)
{
	struct ip_subnet a, b, all[] = { subnet("fd00::/8") };
	struct err e = { 0 };

	CHECK_INT(ipam_pick_subnet6(all, 0, &a, &e), 0);
	CHECK_INT(a.prefix, 64);
	CHECK(ipam_contains(&all[0], &a.addr));
	CHECK_INT(ipam_pick_subnet6(&a, 1, &b, &e), 0);
	CHECK(!ipam_overlap(&a, &b));
	CHECK_INT(ipam_pick_subnet6(all, 1, &b, &e), -ENOSPC);
}

TEST(host_routes_lists_this_host)
{
	struct ip_subnet *v = NULL;
	size_t n = 0;
	struct err e = { 0 };

	CHECK_INT(ipam_host_routes(&v, &n, &e), 0);
	for (size_t i = 0; i < n; i++)
		CHECK(v[i].addr.family == AF_INET || v[i].addr.family == AF_INET6);
	free(v);
}

TEST(mac_from_address)
{
	struct ip_addr a = addr("172.17.0.2");
	const uint8_t want[6] = { 0x02, 0x42, 172, 17, 0, 2 };
	uint8_t mac[6];

	ipam_mac(&a, mac);
	CHECK(memcmp(mac, want, 6) == 0);
}
