/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of the descriptors. */
#include "core/net/quota.h"

#include <sys/resource.h>

#include "core/net/flow.h"
#include "core/net/udp.h"

/* Not for flows: listeners, resolver, registrations; a quarter, within these. */
#define QUOTA_SPARE_LEAST 256
#define QUOTA_SPARE_MOST  1024
#define QUOTA_LEAST       64

static rlim_t quota_of_flows(rlim_t limit)
{
	rlim_t spare = limit / 4;

	if (spare < QUOTA_SPARE_LEAST)
		spare = QUOTA_SPARE_LEAST;
	if (spare > QUOTA_SPARE_MOST)
		spare = QUOTA_SPARE_MOST;
	return limit > spare + QUOTA_LEAST ? limit - spare : QUOTA_LEAST;
}

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
	n = quota_of_flows(r.rlim_max);
	flows = quota_least(n * 17 / 40, FLOW_MAX);
	udp = quota_least(n / 20, UDP_MAX);
	return (struct quota){ (uint16_t)flows,
			       quota_least(n / 2 - flows - udp, 2 * FLOW_MAX),
			       (uint16_t)udp };
}
