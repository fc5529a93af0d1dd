/* SPDX-License-Identifier: Apache-2.0 */
/* What tc takes for "pass" (0) a socket takes for "drop", and what is "drop" there (2) is
 * two bytes here. */
#include "core/net/guard.h"

#include "tests/unit/net/sift.h"

static const struct guard web = {
	.mac = { 0x02, 0x42, 172, 17, 0, 2 },
	.addr = { .family = AF_INET, .bytes = { 172, 17, 0, 2 } },
	.addr6 = { .family = AF_INET6, .bytes = { 0xfd, [15] = 2 } },
};

static bool passes(const struct guard *g, const uint8_t *frame, size_t n)
{
	struct sock_filter code[GUARD_CODE_MAX];

	return sift(code, guard_compile(g, code), frame, n) < 0;
}

/* A frame as hex digits; '|' and ' ' between them are for the eye. */
static size_t unhex(const char *text, uint8_t *ret)
{
	size_t n = 0;
	unsigned int byte;

	for (; *text; text++)
		if (*text != ' ' && *text != '|') {
			CHECK_INT(sscanf(text, "%2x", &byte), 1);
			ret[n++] = (uint8_t)byte;
			text++;
		}
	return n;
}

struct one {
	bool pass;
	const char *what, *frame;
};

static void check(const struct guard *g, const struct one *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t frame[256];
		size_t len = unhex(v[i].frame, frame);

		if (passes(g, frame, len) != v[i].pass)
			test_fail(__FILE__, __LINE__, "%s: %s", v[i].what,
				  v[i].pass ? "dropped" : "passed");
	}
}

#define COUNT(v) (sizeof(v) / sizeof(*(v)))
#define TO       "ffffffffffff"
#define MAC      "0242ac110002"
#define OTHER    "0242ac110003"
#define OWN4     "ac110002"
#define OTHER4   "ac110003"
#define NOBODY4  "00000000"

#define IP(src, proto, rest) \
	TO MAC "0800" \
	       "|4500001c 00000000 40" proto "0000 " src " ac110001|" rest
#define UDP(port) port "0035 00080000"

static const struct one four[] = {
	{ true, "its own", IP(OWN4, "11", UDP("1000")) },
	{ true, "TCP", IP(OWN4, "06", "0043 0050 00000000") },
	{ true, "ICMP", IP(OWN4, "01", "08000000 00000000") },
	{ false, "a neighbour's", IP(OTHER4, "11", UDP("1000")) },
	{ false, "the gateway's", IP("ac110001", "01", "08000000 00000000") },
	{ false, "nobody's", IP(NOBODY4, "11", "00440043 00080000") },
	{ false, "of a DHCP server", IP(OWN4, "11", UDP("0043")) },
	{ false, "of one, behind an option",
	  TO MAC "0800|46000020 00000000 40110000" OWN4
		 "ac110001 01010101|" UDP("0043") },
	{ true, "a fragment",
	  TO MAC "0800|4500001c 00002001 40110000" OWN4 "ac110001|0043 0000 00000000" },
	{ false, "another link address",
	  TO OTHER "0800|4500001c 00000000 40110000" OWN4 "ac110001|" UDP("1000") },
	{ false, "too short", TO MAC "0800|4500001c 00000000 40110000" OWN4 "ac11" },
	{ false, "too short for a port",
	  TO MAC "0800|4500001c 00000000 40110000" OWN4 "ac110001|00" },
	{ false, "its header longer than the frame",
	  TO MAC "0800|4f00001c 00000000 40110000" OWN4 "ac110001|" UDP("1000") },
	{ false, "another version",
	  TO MAC "0800|6500001c 00000000 40110000" OWN4 "ac110001|" UDP("1000") },
};

#define ARP(op, sha, spa) \
	TO MAC "0806|0001 0800 06 04 " op "|" sha spa "000000000000" OTHER4

static const struct one arp[] = {
	{ true, "who has", ARP("0001", MAC, OWN4) },
	{ true, "is at", ARP("0002", MAC, OWN4) },
	{ true, "a probe", ARP("0001", MAC, NOBODY4) },
	{ false, "as a neighbour", ARP("0001", MAC, OTHER4) },
	{ false, "as the gateway", ARP("0002", MAC, "ac110001") },
	{ false, "for another link address", ARP("0002", OTHER, OWN4) },
	{ false, "cut", TO MAC "0806|0001 0800 06 04 0001|" MAC OWN4 "0000000000" },
	{ false, "of other sizes",
	  TO MAC "0806|0001 0800 08 04 0001|" MAC OWN4 "000000000000" OTHER4 },
	{ false, "reversed", TO MAC "8035|0001 0800 06 04 0003|" MAC OWN4 MAC OWN4 },
	{ false, "with a tag",
	  TO MAC "8100 0000 0806|0001 0800 06 04 0001|" MAC OTHER4 MAC OWN4 },
	{ false, "no more than a header", TO MAC "0806" },
	{ false, "not even that", TO "0242" },
};

#define ZERO4                     "00000000"
#define OWN6                      "fd000000" ZERO4 ZERO4 "00000002"
#define OTHER6                    "fd000000" ZERO4 ZERO4 "00000003"
#define LINK6                     "fe800000" ZERO4 "0042acff fe110002"
#define LINKO6                    "fe800000" ZERO4 "0042acff fe110003"
#define NOBODY6                   ZERO4 ZERO4 ZERO4 ZERO4
#define ALL6                      "ff020000" ZERO4 ZERO4 "00000001"
#define IP6(src, len, next, rest) TO MAC "86dd|60000000" len next "ff" src ALL6 "|" rest
#define ND(type, target)          type "000000 00000000" target
#define OPT(type, mac)            "|" type "01" mac
#define HOP(next, length)         next length "05020000 0000|"

static const struct one six[] = {
	{ true, "its own", IP6(OWN6, "0008", "11", UDP("1000")) },
	{ true, "its link's", IP6(LINK6, "0008", "11", UDP("1000")) },
	{ true, "TCP", IP6(OWN6, "0014", "06", "0223 0050 00000000") },
	{ true, "an echo", IP6(OWN6, "0008", "3a", "80000000 00000000") },
	{ false, "a neighbour's", IP6(OTHER6, "0008", "11", UDP("1000")) },
	{ false, "a neighbour's link's", IP6(LINKO6, "0008", "11", UDP("1000")) },
	{ false, "nobody's", IP6(NOBODY6, "0008", "11", UDP("1000")) },
	{ false, "of a DHCPv6 server", IP6(OWN6, "0008", "11", UDP("0223")) },
	{ false, "another version",
	  TO MAC "86dd|40000000 0008 11ff" OWN6 ALL6 "|" UDP("1000") },
	{ false, "cut", TO MAC "86dd|60000000 0008 11ff" OWN6 "ff02" },
	{ true, "a solicitation",
	  IP6(OWN6, "0020", "3a", ND("87", OTHER6) OPT("01", MAC)) },
	{ true, "without option", IP6(LINK6, "0018", "3a", ND("87", OTHER6)) },
	{ false, "for another link address",
	  IP6(OWN6, "0020", "3a", ND("87", OTHER6) OPT("01", OTHER)) },
	{ false, "with two options",
	  IP6(OWN6, "0028", "3a", ND("87", OTHER6) OPT("0e", OTHER) OPT("01", OTHER)) },
	{ false, "with an option that is not there",
	  IP6(OWN6, "0020", "3a", ND("87", OTHER6) "01010242") },
	{ true, "an advertisement",
	  IP6(OWN6, "0020", "3a", ND("88", OWN6) OPT("02", MAC)) },
	{ true, "of the link's", IP6(LINK6, "0018", "3a", ND("88", LINK6)) },
	{ false, "for a neighbour",
	  IP6(OWN6, "0020", "3a", ND("88", OTHER6) OPT("02", MAC)) },
	{ false, "of another link address",
	  IP6(OWN6, "0020", "3a", ND("88", OWN6) OPT("02", OTHER)) },
	{ false, "as a neighbour",
	  IP6(OTHER6, "0020", "3a", ND("88", OTHER6) OPT("02", MAC)) },
	{ true, "detection", IP6(NOBODY6, "0018", "3a", ND("87", OWN6)) },
	{ true, "with a nonce",
	  IP6(NOBODY6, "0020", "3a", ND("87", LINK6) OPT("0e", OTHER)) },
	{ false, "of a neighbour's", IP6(NOBODY6, "0018", "3a", ND("87", OTHER6)) },
	{ false, "answered by nobody", IP6(NOBODY6, "0018", "3a", ND("88", OWN6)) },
	{ false, "where are routers", IP6(LINK6, "0008", "3a", "85000000 00000000") },
	{ false, "a router", IP6(LINK6, "0010", "3a", "86000000 40000708" ZERO4 ZERO4) },
	{ false, "a redirect", IP6(LINK6, "0018", "3a", ND("89", OTHER6)) },
	{ true, "a report",
	  IP6(LINK6, "0014", "00", HOP("3a", "00") "8f000000 00000000 00000000") },
	{ true, "a report of nobody's",
	  IP6(NOBODY6, "0014", "00", HOP("3a", "00") "8f000000 00000000 00000000") },
	{ true, "an older one",
	  IP6(LINK6, "0010", "00", HOP("3a", "00") "83000000 00000000") },
	{ true, "an end of one",
	  IP6(LINK6, "0010", "00", HOP("3a", "00") "84000000 00000000") },
	{ false, "a question for reports",
	  IP6(LINK6, "0010", "00", HOP("3a", "00") "82000000 00000000") },
	{ false, "a router, hidden",
	  IP6(LINK6, "0018", "00", HOP("3a", "00") "86000000 40000708" ZERO4 ZERO4) },
	{ false, "a router, hidden deeper",
	  IP6(LINK6, "0018", "00", HOP("3a", "01") ZERO4 ZERO4 "86000000 40000708") },
	{ false, "an advertisement behind options",
	  IP6(OWN6, "0020", "3c", HOP("3a", "00") ND("88", OTHER6)) },
	{ false, "behind two",
	  IP6(OWN6, "0028", "3c", HOP("2b", "00") HOP("3a", "00") ND("88", OTHER6)) },
	{ false, "behind routing",
	  IP6(OWN6, "0020", "2b", HOP("3a", "00") ND("88", OTHER6)) },
	{ false, "in a fragment",
	  IP6(OWN6, "0020", "2c", "3a000001 00000001|" ND("88", OTHER6)) },
	{ true, "a later fragment",
	  IP6(OWN6, "0020", "2c", "3a000009 00000001|" ND("88", OTHER6)) },
	{ true, "an echo in a fragment",
	  IP6(OWN6, "0010", "2c", "3a000001 00000001|80000000 00000000") },
	{ true, "TCP in a fragment",
	  IP6(OWN6, "0010", "2c", "06000001 00000001|02230050 00000000") },
	{ false, "a server's in a fragment",
	  IP6(OWN6, "0010", "2c", "11000001 00000001|" UDP("0223")) },
	{ true, "a datagram in a fragment",
	  IP6(OWN6, "0010", "2c", "11000001 00000001|" UDP("1000")) },
	{ true, "a datagram behind options",
	  IP6(OWN6, "0010", "3c", HOP("11", "00") UDP("1000")) },
	{ false, "a server's behind options",
	  IP6(OWN6, "0018", "3c", HOP("11", "01") ZERO4 ZERO4 UDP("0223")) },
	{ false, "options longer than the frame",
	  IP6(OWN6, "0018", "3c", HOP("11", "ff") ZERO4 ZERO4 UDP("1000")) },
	{ true, "TCP behind routing",
	  IP6(OWN6, "0010", "2b", HOP("06", "00") "02230050 00000000") },
};

TEST(ipv4)
{
	check(&web, four, COUNT(four));
}

TEST(arp)
{
	check(&web, arp, COUNT(arp));
}

TEST(ipv6)
{
	check(&web, six, COUNT(six));
}

/* To one neighbour, and to the realm: by the bridge's link address, or the port's. */
#define TO_ONE   "0242ac110003"
#define TO_REALM "0242ac110001"
#define TO_PORT  "0e1122334455"
#define IP_TO(to, src) \
	to MAC "0800|4500001c 00000000 40110000" src "ac110001|" UDP("1000")
#define IP6_TO(to, src, n, rest) to MAC "86dd|60000000" n "ff" src ALL6 "|" rest
#define ARP_TO(to, sha, spa) \
	to MAC "0806|0001 0800 06 04 0002|" sha spa "000000000000" OTHER4
#define FOREIGN4 "0a090807"
#define FOREIGN6 "fd110000" ZERO4 ZERO4 "00000009"

static const struct one neighbours[] = {
	{ true, "its own", IP_TO(TO_ONE, OWN4) },
	{ true, "one of the network's", IP_TO(TO_ONE, "ac110063") },
	{ true, "one from elsewhere", IP_TO(TO_ONE, FOREIGN4) },
	{ true, "one from elsewhere in IPv6",
	  IP6_TO(TO_ONE, FOREIGN6, "000811", UDP("1000")) },
	{ true, "what is not IP", TO_ONE MAC "88cc|0207" },
	{ true, "a router, to one",
	  IP6_TO(TO_ONE, LINK6, "00103a", "86000000 40000708" ZERO4 ZERO4) },
	{ false, "another link address",
	  TO_ONE OTHER "0800|4500001c 00000000 40110000" OWN4 "ac110003|" UDP("1000") },
	{ false, "less than a header", TO_ONE "0242" },
};

static const struct one realm[] = {
	{ true, "its own", IP_TO(TO_REALM, OWN4) },
	{ true, "by the port", IP_TO(TO_PORT, OWN4) },
	{ true, "to all", IP_TO(TO, OWN4) },
	{ false, "a neighbour's", IP_TO(TO_REALM, OTHER4) },
	{ false, "a neighbour's, by the port", IP_TO(TO_PORT, OTHER4) },
	{ false, "a neighbour's, to all", IP_TO(TO, OTHER4) },
	{ false, "from elsewhere", IP_TO(TO_REALM, FOREIGN4) },
	{ false, "from elsewhere, by the port", IP_TO(TO_PORT, FOREIGN4) },
	{ false, "from elsewhere, to all", IP_TO(TO, FOREIGN4) },
	{ true, "its own in IPv6", IP6_TO(TO_REALM, OWN6, "000811", UDP("1000")) },
	{ false, "a neighbour's in IPv6",
	  IP6_TO(TO_REALM, OTHER6, "000811", UDP("1000")) },
	{ false, "the same by the port", IP6_TO(TO_PORT, OTHER6, "000811", UDP("1000")) },
	{ false, "from elsewhere in IPv6, to all",
	  IP6_TO(TO, FOREIGN6, "000811", UDP("1000")) },
	{ false, "an echo of a neighbour's",
	  IP6_TO(TO_REALM, OTHER6, "00083a", "80000000 00000000") },
	{ false, "what is not IP", TO MAC "88cc|0207" },
	{ false, "with a tag", TO_REALM MAC "8100 0000 0800|45" },
};

static const struct one discovery[] = {
	{ true, "it has another address", ARP_TO(TO, MAC, "ac110063") },
	{ true, "and answers for it", ARP_TO(TO_REALM, MAC, "ac110063") },
	{ false, "for another link address", ARP_TO(TO, OTHER, "ac110063") },
	{ true, "who has, from another",
	  IP6_TO(TO, FOREIGN6, "00203a", ND("87", OTHER6) OPT("01", MAC)) },
	{ true, "it has another in IPv6",
	  IP6_TO(TO, FOREIGN6, "00203a", ND("88", FOREIGN6) OPT("02", MAC)) },
	{ true, "detection of another",
	  IP6_TO(TO, NOBODY6, "00183a", ND("87", FOREIGN6)) },
	{ true, "routers", IP6_TO(TO, LINK6, "00083a", "85000000 00000000") },
	{ true, "a router",
	  IP6_TO(TO, LINK6, "00103a", "86000000 40000708" ZERO4 ZERO4) },
	{ false, "a redirect", IP6_TO(TO, LINK6, "00183a", ND("89", OTHER6)) },
	{ false, "an echo of another",
	  IP6_TO(TO, FOREIGN6, "00083a", "80000000 00000000") },
	{ true, "a report",
	  IP6_TO(TO, LINK6, "001400", HOP("3a", "00") "8f000000 00000000 00000000") },
	{ false, "cut", TO MAC "86dd|60000000 0018 3aff" FOREIGN6 ALL6 },
};

TEST(open)
{
	struct guard g = web;

	g.open = true;
	unhex(TO_REALM, g.realm[0]);
	unhex(TO_PORT, g.realm[1]);
	check(&g, neighbours, COUNT(neighbours));
	check(&g, realm, COUNT(realm));
	check(&g, discovery, COUNT(discovery));
}

TEST(room)
{
	struct sock_filter code[GUARD_CODE_MAX];
	struct guard g = web;

	CHECK(guard_compile(&g, code) < GUARD_CODE_MAX);
	g.open = true;
	CHECK(guard_compile(&g, code) < GUARD_CODE_MAX);
}

/* Without an address of a family nothing of it passes but what belongs to the link. */
TEST(one_family)
{
	const struct one only6[] = {
		{ false, "IPv4", IP(OWN4, "06", "0043 0050 00000000") },
		{ false, "from 0.0.0.0", IP(NOBODY4, "06", "0043 0050 00000000") },
		{ false, "ARP", ARP("0001", MAC, OWN4) },
		{ true, "IPv6", IP6(OWN6, "0008", "11", UDP("1000")) },
	};
	const struct one only4[] = {
		{ true, "IPv4", IP(OWN4, "06", "0043 0050 00000000") },
		{ false, "IPv6", IP6(OWN6, "0008", "11", UDP("1000")) },
		{ false, "from ::", IP6(NOBODY6, "0008", "11", UDP("1000")) },
		{ true, "the link's", IP6(LINK6, "0008", "11", UDP("1000")) },
	};
	struct guard g = web;

	g.addr.family = AF_UNSPEC;
	check(&g, only6, COUNT(only6));
	g = web;
	g.addr6.family = AF_UNSPEC;
	check(&g, only4, COUNT(only4));
}

/* However a frame is cut: what passes whole may pass or not, what is dropped whole for
 * its address stays dropped wherever a receiver could still read it. */
TEST(cut)
{
	uint8_t frame[256];
	size_t len = unhex(ARP("0002", MAC, OTHER4), frame);

	for (size_t n = 1; n <= len; n++)
		CHECK(!passes(&web, frame, n));
	len = unhex(IP6(OWN6, "0020", "3a", ND("88", OTHER6) OPT("02", MAC)), frame);
	for (size_t n = 1; n <= len; n++)
		CHECK(!passes(&web, frame, n));
	len = unhex(IP(OTHER4, "11", UDP("1000")), frame);
	for (size_t n = 1; n <= len; n++)
		CHECK(!passes(&web, frame, n));
}
