/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ns/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "core/base/mem.h"
#include "tests/unit/test.h"

static int first_link(const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *m = NLMSG_DATA(h);
	const struct nlattr *name =
		netlink_find((const uint8_t *)m + NLMSG_ALIGN(sizeof(*m)),
			     h->nlmsg_len - NLMSG_SPACE(sizeof(*m)), IFLA_IFNAME);

	if (m->ifi_index == 1 && name)
		snprintf(arg, IF_NAMESIZE, "%s", (const char *)name + NLA_HDRLEN);
	return 0;
}

TEST(dump_of_links)
{
	autofree struct netlink *nl = mem_new(struct netlink);
	char name[IF_NAMESIZE] = "";
	struct err e = { 0 };

	CHECK_INT(netlink_open(nl, NETLINK_ROUTE, &e), 0);
	netlink_begin(nl, "list links", RTM_GETLINK, NLM_F_DUMP);
	CHECK(netlink_header(nl, sizeof(struct ifinfomsg)) != NULL);
	CHECK_INT(netlink_dump(nl, first_link, name, &e), 0);
	CHECK_STR(name, "lo");
	netlink_done(nl);
}

TEST(refusals_name_their_message)
{
	autofree struct netlink *nl = mem_new(struct netlink);
	struct err e = { 0 };

	CHECK_INT(netlink_open(nl, NETLINK_ROUTE, &e), 0);
	for (int i = 0; i < 2; i++) {
		netlink_begin(nl, i ? "take the second" : "take the first", RTM_GETLINK,
			      0);
		netlink_header(nl, sizeof(struct ifinfomsg));
		netlink_put_str(nl, IFLA_IFNAME, "no-such-link");
		if (!i)
			netlink_tolerate(nl, -ENODEV);
	}
	CHECK_INT(netlink_commit(nl, &e), -ENODEV);
	CHECK(strncmp(e.text, "take the second: ", 17) == 0);
	netlink_done(nl);
}

TEST(too_long_is_said_at_the_commit)
{
	autofree struct netlink *nl = mem_new(struct netlink);
	static const char big[NETLINK_BUFFER];
	struct err e = { 0 };

	CHECK_INT(netlink_open(nl, NETLINK_ROUTE, &e), 0);
	netlink_begin(nl, "x", RTM_NEWLINK, 0);
	netlink_put(nl, IFLA_IFNAME, big, sizeof(big));
	CHECK(netlink_header(nl, 4) == NULL);
	CHECK_INT(netlink_commit(nl, &e), -E2BIG);
	netlink_done(nl);
}

TEST(attributes_are_bounded)
{
	const struct {
		struct nlattr head;
		char value[4];
	} attrs[] = { { { .nla_len = 8, .nla_type = 1 }, "a" },
		      { { .nla_len = 9, .nla_type = 2 }, "b" } };

	CHECK(netlink_find(attrs, 8, 1) == &attrs[0].head);
	CHECK(netlink_find(attrs, 16, 1) == &attrs[0].head);
	CHECK(netlink_find(attrs, 16, 2) == NULL); /* 9 bytes, 8 there */
	CHECK(netlink_find(attrs, 7, 1) == NULL);
	CHECK(netlink_find(attrs, 0, 1) == NULL);
}
