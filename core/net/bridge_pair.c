/* SPDX-License-Identifier: Apache-2.0 */
/* The realm's pair: what is sent out of its one end comes in at the other. */
#include "core/net/bridge_inside.h"

#include <errno.h>

#include "core/net/segment.h"

const char *bridge_pair(enum bridge_path path, bool out)
{
	static const char *const names[][2] = { { "hold0", "hold1" },
						{ "door0", "door1" },
						{ "bare0", "bare1" } };

	return names[path][out];
}

int bridge_pair_up(struct netlink *nl, int path, int fabric, struct err *e)
{
	struct link_end in = { .ifname = bridge_pair((enum bridge_path)path, false),
			       .group = BRIDGE_PAIR_GROUP,
			       .mtu = BRIDGE_HOLD_MTU,
			       .netns_fd = -1 };
	struct link_end out = { .ifname = bridge_pair((enum bridge_path)path, true),
				.mtu = BRIDGE_HOLD_MTU,
				.netns_fd = -1 };
	struct err veth = { 0 }, port = { 0 };
	int rc = -EOPNOTSUPP;

	if (fabric != BRIDGE_MACVLAN) {
		link_add_veth(nl, &out, &in);
		netlink_tolerate(nl, -EEXIST);
		rc = netlink_commit(nl, &veth);
	}
	if (rc == 0)
		return 0;
	rc = segment_up(nl, &out, &port);
	if (!rc)
		rc = segment_plug(nl, out.ifname, &in, &port);
	if (rc == 0 || rc == -EEXIST)
		return 0;
	return err_set(e, rc,
		       "this kernel lacks what bridged networks need: %s%s%s (containers "
		       "with --network host or none work)",
		       veth.text, veth.text[0] ? "; " : "", port.text);
}

int bridge_pair_taken(struct netlink *nl)
{
	int rc = -ENODEV;

	for (int i = 0; i < BRIDGE_PATHS && rc < 0; i++)
		if (link_is_up(nl, bridge_pair((enum bridge_path)i, false)) == 1)
			rc = i;
	return rc;
}
