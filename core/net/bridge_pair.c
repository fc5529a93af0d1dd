/* SPDX-License-Identifier: Apache-2.0 */
/* The realm's pair: what is sent out of its one end comes in at the other. */
#include "core/net/bridge_inside.h"

#include <errno.h>

#include "core/net/segment.h"
#include "core/net/tap.h"

const char *bridge_pair(enum bridge_path path, bool out)
{
	static const char *const names[][2] = { { "hold0", "hold1" },
						{ "door0", "door1" },
						{ "bare0", "bare1" } };

	return names[path][out];
}

/* in is the last to be up. */
static int bridge_pair_try(struct netlink *nl, int fabric, const struct link_end *in,
			   const struct link_end *out, struct err *e)
{
	int rc;

	if (fabric == BRIDGE_VETH) {
		link_add_veth(nl, out, in);
		netlink_tolerate(nl, -EEXIST);
		return netlink_commit(nl, e);
	}
	if (fabric == BRIDGE_TAPS) {
		rc = tap_up(nl, out, e);
		return rc ? rc : tap_up(nl, in, e);
	}
	rc = segment_up(nl, out, e);
	if (!rc)
		rc = segment_plug(nl, out->ifname, in, e);
	return rc == -EEXIST ? 0 : rc;
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
	struct err why[BRIDGE_FABRICS] = { 0 };
	int rc = -EOPNOTSUPP;

	for (int i = 0; i < BRIDGE_FABRICS && rc; i++)
		if (fabric == i || fabric == BRIDGE_FABRICS)
			rc = bridge_pair_try(nl, i, &in, &out, &why[i]);
	return rc ? bridge_lacks_links(why, rc, e) : 0;
}

const char *bridge_why(const struct err *e)
{
	return e->text[0] ? e->text : "not tried";
}

int bridge_lacks_links(const struct err why[BRIDGE_FABRICS], int code, struct err *e)
{
	return err_set(e, code,
		       "this kernel lacks what bridged networks need: bridge and veth "
		       "(%s), or macvlan (%s), or tun (%s): as root, modprobe the first "
		       "two or one of the others; containers with --network host or none "
		       "work as it is",
		       bridge_why(&why[BRIDGE_VETH]), bridge_why(&why[BRIDGE_MACVLAN]),
		       bridge_why(&why[BRIDGE_TAPS]));
}

int bridge_pair_taken(struct netlink *nl)
{
	int rc = -ENODEV;

	for (int i = 0; i < BRIDGE_PATHS && rc < 0; i++)
		if (link_is_up(nl, bridge_pair((enum bridge_path)i, false)) == 1)
			rc = i;
	return rc;
}

int bridge_pair_fabric(struct netlink *nl, const char *ifname)
{
	int path = ifname ? 0 : bridge_pair_taken(nl);

	if (path < 0)
		return BRIDGE_VETH;
	if (!ifname)
		ifname = bridge_pair((enum bridge_path)path, false);
	return segment_is(nl, ifname) ? BRIDGE_MACVLAN
	       : tap_is(nl, ifname)   ? BRIDGE_TAPS
				      : BRIDGE_VETH;
}
