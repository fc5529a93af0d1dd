/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net/publish.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/fd.h"
#include "tests/unit/test.h"

/* "proto ip host-hostend port" of each, joined by ", ". */
static const char *parsed(const char *text)
{
	static char out[ERR_TEXT_MAX];
	struct publish *v = NULL;
	size_t n = 0, at = 0;
	struct err e = { 0 };

	if (publish_parse(text, &v, &n, &e) != 0) {
		snprintf(out, sizeof(out), "%s", e.text);
		free(v);
		return out;
	}
	for (size_t i = 0; i < n; i++) {
		char ip[IPAM_TEXT_MAX];

		at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%s %s %u-%u %u",
				       i ? ", " : "", publish_proto_name(v[i].proto),
				       ipam_addr_text(ip, &v[i].host_ip), v[i].host_port,
				       v[i].host_port_end, v[i].port);
	}
	free(v);
	return out;
}

TEST(forms)
{
	CHECK_STR(parsed("80"), "tcp  0-0 80");
	CHECK_STR(parsed("8080:80"), "tcp  8080-8080 80");
	CHECK_STR(parsed("8080:80/udp"), "udp  8080-8080 80");
	CHECK_STR(parsed("8080:80/TCP"), "tcp  8080-8080 80");
	CHECK_STR(parsed("127.0.0.1:8080:80"), "tcp 127.0.0.1 8080-8080 80");
	CHECK_STR(parsed("127.0.0.1::80"), "tcp 127.0.0.1 0-0 80");
	CHECK_STR(parsed("[::1]:8080:80"), "tcp ::1 8080-8080 80");
	CHECK_STR(parsed("[::1]::80"), "tcp ::1 0-0 80");
	CHECK_STR(parsed(":80"), "tcp  0-0 80");
	CHECK_STR(parsed("published=8080,target=80"), "tcp  8080-8080 80");
	CHECK_STR(parsed("protocol=udp,target=80-81,published=90-91"),
		  "udp  90-90 80, udp  91-91 81");
	CHECK_STR(parsed("target=80"), "tcp  0-0 80");
	CHECK_STR(parsed("published=80"), "no port specified: published=80<empty>");
	CHECK_STR(parsed("target=80,udp"),
		  "invalid publish opts format (should be name=value but got 'udp')");
	CHECK_STR(
		parsed("target=80,mode=host"),
		"publish: there is no 'mode': published, target and protocol are known");
	CHECK_STR(parsed("0:80"), "tcp  0-0 80");
}

TEST(ranges)
{
	CHECK_STR(parsed("3000-3001:4000-4001"),
		  "tcp  3000-3000 4000, tcp  3001-3001 4001");
	CHECK_STR(parsed("8000-9000:80"), "tcp  8000-9000 80");
	CHECK_STR(parsed("80-81"), "tcp  0-0 80, tcp  0-0 81");
	CHECK_STR(parsed("65535:65535"), "tcp  65535-65535 65535");
}

TEST(refusals)
{
	CHECK_STR(parsed("x"), "invalid containerPort: x");
	CHECK_STR(parsed("8080:x"), "invalid containerPort: x");
	CHECK_STR(parsed("y:80"), "invalid hostPort: y");
	CHECK_STR(parsed("70000:80"), "invalid hostPort: 70000");
	CHECK_STR(parsed("80:70000"), "invalid containerPort: 70000");
	CHECK_STR(parsed("80:0"), "invalid containerPort: 0");
	CHECK_STR(parsed("80:80/icmp"), "invalid proto: icmp");
	CHECK_STR(parsed("1.2.3:80:80"), "invalid IP address: 1.2.3");
	CHECK_STR(parsed("3000-3002:80-81"), "invalid ranges specified for container and "
					     "host Ports: 80-81 and 3000-3002");
	CHECK_STR(parsed("81-80"), "invalid containerPort: 81-80");
	CHECK_STR(parsed("80:"), "no port specified: 80:<empty>");
	CHECK_STR(parsed("-80:80"), "invalid hostPort: -80");
}

TEST(listen_conflict_and_choice)
{
	struct ip_addr lo = { .family = AF_INET, .bytes = { 127, 0, 0, 1 } };
	struct publish p = { .proto = PUBLISH_TCP, .host_ip = lo, .port = 80 };
	struct err e = { 0 };
	char want[128];
	int fds[2], again[2];
	size_t n = 0;
	uint16_t port = 0, other = 0;

	CHECK_INT(publish_listen(&p, fds, &n, &port, &e), 0);
	CHECK_INT(n, 1);
	CHECK(port != 0);
	p.host_port = p.host_port_end = port;
	CHECK_INT(publish_listen(&p, again, &n, &other, &e), -EADDRINUSE);
	snprintf(want, sizeof(want),
		 "bind for 127.0.0.1:%u failed: port is already allocated", port);
	CHECK_STR(e.text, want);
	p.host_port_end = (uint16_t)(port + 20);
	CHECK_INT(publish_listen(&p, again, &n, &other, &e), 0);
	CHECK(other > port && other <= port + 20);
	fd_close(again[0]);
	fd_close(fds[0]);
}

TEST(listen_every_address)
{
	struct publish p = { .proto = PUBLISH_UDP, .port = 53 };
	struct err e = { 0 };
	int fds[2];
	size_t n = 0;
	uint16_t port = 0;

	CHECK_INT(publish_listen(&p, fds, &n, &port, &e), 0);
	CHECK(n == 1 || n == 2);
	CHECK(port != 0);
	CHECK_INT(publish_families(fds, n),
		  n == 1 ? PUBLISH_FOUR : PUBLISH_FOUR | PUBLISH_SIX);
	CHECK_INT(publish_families(fds, 1), PUBLISH_FOUR);
	p.host_port = port;
	CHECK(publish_is(&p, fds[0]) && publish_is(&p, fds[n - 1]));
	p.proto = PUBLISH_TCP;
	CHECK(!publish_is(&p, fds[0]));
	p.proto = PUBLISH_UDP;
	p.host_ip = (struct ip_addr){ .family = AF_INET, .bytes = { 127, 0, 0, 1 } };
	CHECK(!publish_is(&p, fds[0]));
	p.host_ip = (struct ip_addr){ .family = AF_INET };
	CHECK(publish_is(&p, fds[0]));
	p.host_port++;
	CHECK(!publish_is(&p, fds[0]));
	for (size_t i = 0; i < n; i++)
		fd_close(fds[i]);
}

TEST(listen_sctp_is_refused)
{
	struct publish p = { .proto = PUBLISH_SCTP, .port = 53 };
	struct err e = { 0 };
	int fds[2];
	size_t n = 0;
	uint16_t port = 0;

	CHECK_INT(publish_listen(&p, fds, &n, &port, &e), -EPROTONOSUPPORT);
}
