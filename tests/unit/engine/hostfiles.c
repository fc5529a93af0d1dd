/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/hostfiles.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/network.h"
#include "tests/unit/test.h"

#define HOST \
	"# made by hand\n" \
	"domain old.lan\n" \
	"search corp.lan lab.lan\n" \
	"nameserver 127.0.0.53\n" \
	"options ndots:2 edns0\n" \
	"optionsx y\n"

static const char *resolv(const struct netplan *n, const char *host)
{
	static struct buf out;

	buf_reset(&out);
	hostfiles_resolv(n, host, &out);
	return buf_str(&out);
}

static void join(struct netplan *n, const char *network, const char *gateway)
{
	struct netplan_end *end = netplan_add_end(n, network);

	CHECK_INT(ipam_parse_addr(gateway, &end->resolver), 0);
}

TEST(resolv_keeps_search_and_options)
{
	autodone(netplan_done) struct netplan n = { .mode = NETPLAN_NETWORKS };

	CHECK_STR(resolv(&n, HOST), "nameserver 127.0.0.53\n"
				    "domain old.lan\nsearch corp.lan lab.lan\n"
				    "options ndots:2 edns0\n");
	join(&n, NETWORK_DEFAULT, "172.17.0.1");
	CHECK_STR(resolv(&n, HOST), "nameserver 172.17.0.1\n"
				    "domain old.lan\nsearch corp.lan lab.lan\n"
				    "options ndots:2 edns0\n");
	CHECK_STR(resolv(&n, ""), "nameserver 172.17.0.1\n");
}

TEST(resolv_as_wished)
{
	autodone(netplan_done) struct netplan n = { .mode = NETPLAN_NETWORKS };

	join(&n, NETWORK_DEFAULT, "172.17.0.1");
	strv_add(&n.dns_search, ".");
	strv_add(&n.dns_option, "ndots:1");
	CHECK_STR(resolv(&n, HOST), "nameserver 172.17.0.1\noptions ndots:1\n");
	strv_add(&n.dns, "9.9.9.9");
	CHECK_STR(resolv(&n, ""), "nameserver 9.9.9.9\noptions ndots:1\n");
	/* The names on the others' networks are still to be had. */
	join(&n, "web", "10.1.0.1");
	join(&n, "db", "10.2.0.1");
	CHECK_STR(resolv(&n, ""),
		  "nameserver 10.1.0.1\nnameserver 9.9.9.9\noptions ndots:1\n");
}

TEST(resolv_has_room_for_three)
{
	autodone(netplan_done) struct netplan n = { .mode = NETPLAN_NETWORKS };

	join(&n, "n1", "10.1.0.1");
	join(&n, "n2", "10.2.0.1");
	join(&n, "n3", "10.3.0.1");
	join(&n, "n4", "10.4.0.1");
	CHECK_STR(resolv(&n, ""),
		  "nameserver 10.1.0.1\nnameserver 10.2.0.1\nnameserver 10.3.0.1\n");
}
