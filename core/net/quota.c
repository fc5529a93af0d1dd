/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of the descriptors. */
#include "core/net/quota.h"

#include <sys/resource.h>

#include "core/net/flow.h"
#include "core/net/udp.h"

#define QUOTA_SPARE 1024 /* not for flows: listeners, resolver, registrations */

static uint16_t quota_least(rlim_t n, uint16_t most)
{
	return n < most ? (uint16_t)n : most;
}

struct quota quota_take(void)
{
	struct rlimit r = { 0 };
	rlim_t n, flows, udp;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	n = r.rlim_max > QUOTA_SPARE ? r.rlim_max - QUOTA_SPARE : 64;
	flows = quota_least(n * 17 / 40, FLOW_MAX);
	udp = quota_least(n / 20, UDP_MAX);
	return (struct quota){ (uint16_t)flows,
			       quota_least(n / 2 - flows - udp, 2 * FLOW_MAX),
			       (uint16_t)udp };
}
