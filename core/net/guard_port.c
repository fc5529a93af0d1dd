/* SPDX-License-Identifier: Apache-2.0 */
/* The guard on its port. */
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "core/net/guard.h"
#include "core/net/link.h"
#include "core/net/tc.h"

const char *guard_way_name(enum guard_way way)
{
	static const char *const names[] = { "filter", "lock", "none" };

	return names[way];
}

static int guard_filter(struct netlink *nl, uint32_t ifindex, const struct guard *g,
			struct err *e)
{
	struct sock_filter code[GUARD_CODE_MAX];
	size_t n = guard_compile(g, code);

	tc_add_ingress(nl, ifindex);
	tc_add_filter(nl, ifindex, TC_GUARD, code, n);
	return netlink_commit(nl, e);
}

/* The bridge learns nothing from the port, and is told what there is to know; frames from
 * other addresses are dropped by kernels that can (5.16). */
static void guard_lock(struct netlink *nl, uint32_t ifindex, const struct guard *g)
{
	struct ifinfomsg *port;
	struct ndmsg *entry;
	size_t flags;

	netlink_begin(nl, "lock bridge port", RTM_SETLINK, 0);
	port = netlink_header(nl, sizeof(*port));
	if (port) {
		port->ifi_family = AF_BRIDGE;
		port->ifi_index = (int)ifindex;
	}
	flags = netlink_nest(nl, IFLA_PROTINFO);
	netlink_put_u8(nl, IFLA_BRPORT_LEARNING, 0);
	netlink_put_u8(nl, IFLA_BRPORT_LOCKED, 1);
	netlink_nest_end(nl, flags);
	netlink_begin(nl, "add link address of the port", RTM_NEWNEIGH,
		      NLM_F_CREATE | NLM_F_REPLACE);
	entry = netlink_header(nl, sizeof(*entry));
	if (entry) {
		entry->ndm_family = AF_BRIDGE;
		entry->ndm_ifindex = (int)ifindex;
		entry->ndm_state = NUD_NOARP;
		entry->ndm_flags = NTF_MASTER;
	}
	netlink_put(nl, NDA_LLADDR, g->mac, sizeof(g->mac));
}

int guard_port(struct netlink *nl, uint32_t ifindex, uint32_t bridge,
	       const struct guard *g, enum guard_way way, struct err *e)
{
	int rc = way == GUARD_FILTER ? guard_filter(nl, ifindex, g, e) : 0;

	if (rc)
		return rc;
	link_set_master(nl, ifindex, bridge);
	if (way == GUARD_LOCK)
		guard_lock(nl, ifindex, g);
	return netlink_commit(nl, e);
}

enum guard_way guard_try(struct netlink *nl, const char *ifname)
{
	static const struct guard nobody;
	uint32_t index;
	int rc = link_index(nl, ifname, &index, NULL);

	if (!rc)
		rc = guard_filter(nl, index, &nobody, NULL);
	return rc == 0 || rc == -EEXIST ? GUARD_FILTER : GUARD_LOCK;
}
