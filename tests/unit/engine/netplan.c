/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/netplan.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

static int again(const struct netplan *n, struct netplan *ret, struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);

	yyjson_mut_doc_set_root(doc, netplan_build(n, doc));
	autojson *copy = yyjson_mut_doc_imut_copy(doc, NULL);
	return netplan_parse(yyjson_doc_get_root(copy), ret, e);
}

TEST(what_is_written_is_read)
{
	autodone(netplan_done) struct netplan n = { .mode = NETPLAN_NETWORKS }, m = { 0 };
	struct publish p = { .proto = PUBLISH_UDP, .host_port = 5353, .port = 53 };
	struct err e = { 0 };

	n.hostname = str_dup("h");
	n.mac = str_dup("02:00:00:00:00:01");
	n.host_loopback = str_dup("");
	strv_add(&n.dns, "1.1.1.1");
	ipam_parse_addr("::1", &p.host_ip);
	netplan_add_port(&n, &p);
	n.ports[0].fds = 1;
	n.ports[0].families = PUBLISH_FOUR | PUBLISH_SIX;
	n.ports[0].change = NETPLAN_HANDED;
	struct netplan_end *end = netplan_add_end(&n, "bridge");
	end->id = str_dup("abc");
	str_copy(end->ep.bridge, sizeof(end->ep.bridge), "rl-abc");
	ipam_parse_addr("172.17.0.2", &end->ep.addr);
	ipam_parse_subnet("172.17.0.0/16", &end->subnet);
	end->ep.prefix = 16;
	end->ep.mac[5] = 9;
	CHECK_INT(again(&n, &m, &e), 0);
	CHECK_STR(e.text, "");
	CHECK_INT(m.mode, NETPLAN_NETWORKS);
	CHECK_STR(m.hostname, "h");
	/* Not the same as none. */
	CHECK_STR(m.host_loopback, "");
	CHECK(!m.peer);
	CHECK_STR(m.dns.v[0], "1.1.1.1");
	CHECK_INT(m.ports_len, 1);
	CHECK_INT(m.ports[0].fds, 1);
	CHECK_INT(m.ports[0].families, PUBLISH_FOUR | PUBLISH_SIX);
	CHECK_INT(m.ports[0].change, NETPLAN_HANDED);
	CHECK_INT(m.ports[0].map.port, 53);
	CHECK_INT(m.ports[0].map.proto, PUBLISH_UDP);
	CHECK_INT(m.ports[0].map.host_ip.family, AF_INET6);
	CHECK_STR(m.ends[0].name, "bridge");
	CHECK_STR(m.ends[0].ep.bridge, "rl-abc");
	CHECK_INT(m.ends[0].ep.mac[5], 9);
	CHECK_INT(m.ends[0].subnet.prefix, 16);
	CHECK(ipam_addr_eq(&m.ends[0].ep.addr, &n.ends[0].ep.addr));
}

static void check_refused(const char *text)
{
	autodone(netplan_done) struct netplan n = { 0 };
	autojson *doc = NULL;
	struct err e = { 0 };

	CHECK_INT(json_parse(text, strlen(text), "test", &doc, &e), 0);
	CHECK(netplan_parse(yyjson_doc_get_root(doc), &n, &e) < 0);
	CHECK(e.text[0]);
}

TEST(refused)
{
	check_refused("{}");
	check_refused("{\"mode\":\"other\"}");
	check_refused("{\"mode\":\"networks\",\"ports\":[{\"port\":65536}]}");
	check_refused("{\"mode\":\"networks\",\"ports\":[{\"fds\":3}]}");
	check_refused("{\"mode\":\"networks\",\"ends\":[{\"addr\":\"1.2.3\"}]}");
	check_refused("{\"mode\":\"networks\",\"ends\":[{\"if\":\"0123456789abcdef\"}]}");
	check_refused("{\"mode\":\"networks\",\"ends\":[{\"mac\":\"02\"}]}");
}

TEST(ports_that_change)
{
	autodone(netplan_done) struct netplan n = { .mode = NETPLAN_NETWORKS }, m = { 0 };
	struct err e = { 0 };

	for (uint16_t port = 1; port <= 3; port++)
		netplan_add_port(&n, &(struct publish){ .port = port });
	n.ports[0].change = NETPLAN_REMOVED;
	n.ports[2].change = NETPLAN_ADDED;
	CHECK_INT(again(&n, &m, &e), 0);
	CHECK_INT(m.ports_len, 3);
	CHECK_INT(m.ports[0].change, NETPLAN_REMOVED);
	CHECK_INT(m.ports[1].change, NETPLAN_KEPT);
	CHECK_INT(m.ports[2].change, NETPLAN_ADDED);
	netplan_settle_ports(&m);
	CHECK_INT(m.ports_len, 2);
	CHECK_INT(m.ports[0].map.port, 2);
	CHECK_INT(m.ports[1].map.port, 3);
	CHECK_INT(m.ports[1].change, NETPLAN_KEPT);
}

static void check_ends(const struct netplan *n, const char *want)
{
	autobuf all = { 0 };

	for (size_t i = 0; i < n->ends_len; i++)
		buf_adds(&all, n->ends[i].name);
	CHECK_STR(buf_str(&all), want);
}

/* Who passes is none of the ends, and takes its place again. */
TEST(passing)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	autodone(netplan_done) struct netplan n = { .mode = NETPLAN_NETWORKS }, m = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		netplan_add_end(&n, names[i]);
	CHECK_STR(netplan_pass(&n, &n.ends[1])->name, "b");
	CHECK_STR(netplan_pass(&n, &n.ends[0])->name, "a");
	check_ends(&n, "cd");
	CHECK_INT(again(&n, &m, &e), 0);
	check_ends(&m, "cd");
	CHECK_INT(m.passing_len, 2);
	CHECK_STR(m.passing[0].name, "b");
	netplan_admit(&m);
	check_ends(&m, "abcd");
	CHECK_INT(m.passing_len, 0);
	netplan_drop_passing(&n);
	netplan_done(&m);
	CHECK_INT(again(&n, &m, &e), 0);
	check_ends(&m, "cd");
	CHECK_INT(m.passing_len, 0);
}
