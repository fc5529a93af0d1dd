/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/expose.h"

#include <errno.h>

#include "core/base/mem.h"
#include "tests/unit/test.h"

TEST(forms)
{
	autostrv ports = { 0 };
	struct err e = { 0 };

	CHECK_INT(expose_add("443", &ports, &e), 0);
	CHECK_INT(expose_add("80/UDP", &ports, &e), 0);
	CHECK_INT(expose_add("80-81", &ports, &e), 0);
	CHECK_INT(expose_add("80/tcp", &ports, &e), 0);
	expose_sort(&ports);
	autofree char *all = strv_join(&ports, " ");
	CHECK_STR(all, "80/tcp 80/udp 81/tcp 443/tcp");
}

TEST(ranges_of_all_ports)
{
	autostrv ports = { 0 };
	struct err e = { 0 };

	CHECK_INT(expose_add("1-65535", &ports, &e), 0);
	CHECK_INT(expose_add("1-65535/udp", &ports, &e), 0);
	CHECK_INT(expose_add("1-65535", &ports, &e), 0);
	expose_sort(&ports);
	CHECK_INT(ports.len, 2 * 65535);
	CHECK_STR(ports.v[2 * 65535 - 1], "65535/udp");
	CHECK(ports.v[ports.len] == NULL);
	for (int i = 0; i < 10; i++)
		CHECK_INT(expose_add("1-65535", &ports, &e), 0);
	CHECK_INT(ports.len, EXPOSE_MAX);
	CHECK_INT(expose_add("1", &ports, &e), -E2BIG);
}

TEST(refused)
{
	autostrv ports = { 0 };
	struct err e = { 0 };

	CHECK_INT(expose_add("80/icmp", &ports, &e), -EINVAL);
	CHECK_STR(e.text, "invalid proto: icmp");
	CHECK_INT(expose_add("0", &ports, &e), -EINVAL);
	CHECK_INT(expose_add("90-80", &ports, &e), -EINVAL);
	CHECK_INT(expose_add("65536", &ports, &e), -EINVAL);
	CHECK_INT(ports.len, 0);
}

TEST(publish)
{
	struct publish p;

	CHECK_INT(expose_publish("53/udp", &p), 0);
	CHECK_INT(p.port, 53);
	CHECK_INT(p.proto, PUBLISH_UDP);
	CHECK_INT(p.host_port, 0);
	CHECK_INT(expose_publish("0/tcp", &p), -EINVAL);
}
