/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/autoport.h"

#include <string.h>

#include "tests/unit/test.h"

static const char tcp[] =
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n"
	"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000\n"
	"   1: 0200000A:1F91 0300000A:0050 01 00000000:00000000 00:00000000 00000000\n"
	"  12: 00000000000000000000000000000000:0050 "
	"00000000000000000000000000000000:0000 0A "
	"00000000:00000000\n"
	"  13: 00000000:0016 00000000:0000 0A";
static const char udp[] =
	"  100: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000\n"
	"  101: 00000000:0036 0100007F:0035 01 00000000:00000000 00:00000000 00000000\n";

TEST(listeners)
{
	struct autoport_set s = { 0 };

	CHECK(autoport_parse(tcp, strlen(tcp), false, &s));
	CHECK(autoport_has(&s, 8080));
	CHECK(!autoport_has(&s, 8081));
	CHECK(autoport_has(&s, 80));
	CHECK(autoport_has(&s, 22));
	CHECK(!autoport_has(&s, 0));
}

TEST(bound)
{
	struct autoport_set s = { 0 };

	CHECK(autoport_parse(udp, strlen(udp), true, &s));
	CHECK(autoport_has(&s, 53));
	CHECK(!autoport_has(&s, 54));
}

TEST(none)
{
	const char *second = strchr(strchr(tcp, '\n') + 1, '\n') + 1;
	struct autoport_set s = { 0 };

	CHECK(!autoport_parse(tcp, (size_t)(strchr(tcp, '\n') - tcp), false, &s));
	CHECK(!autoport_parse(second, (size_t)(strchr(second, '\n') - second), false,
			      &s));
	CHECK(!autoport_has(&s, 8081));
}
