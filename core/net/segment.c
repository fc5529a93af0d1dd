/* SPDX-License-Identifier: Apache-2.0 */
/* Segments.
 *
 * Theory of operation. A bridge with a veth pair for each container is two of the
 * kernel's modules, and a small kernel may lack either. macvlan ports in bridge mode on
 * one link hand each other their packets: the container's port stands in its namespace,
 * the realm's port beside it bears the bridge's name, group and gateway, and whatever
 * else looks at the bridge (chain, packet sockets, resolver, routes) finds what it looks
 * for. By the link below nothing leaves: a dummy, or what else of that sort there is.
 *
 * Why this first, of what could stand in: it answers for both modules at once, runs in
 * the kernel, and needs no process. Where there is no macvlan either, taps and a process
 * between them do (patchbay.h), by far the slower. Routed veth ports need no bridge, but
 * veth; and the realm would have to forward between them, which the path without
 * nf_tables (bridge.h) relies on that it never does. Netkit and ipvlan are rarer than
 * macvlan.
 *
 * What it gives up: a port cannot be kept from its neighbours (--icc=false), and what
 * passes between ports passes no rule of ours. */
#include "core/net/segment.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define SEGMENT_MTU 65535 /* of the wire: each port has its own below that */

/* One name for each port's: interface names are too short to add to. */
static void segment_wire(char dst[IFNAMSIZ], const char *ifname)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *ifname; ifname++)
		hash = (hash ^ (uint8_t)*ifname) * 16777619u;
	str_print(dst, IFNAMSIZ, "wire%08x", hash);
}

int segment_plug(struct netlink *nl, const char *beside, const struct link_end *port,
		 struct err *e)
{
	char wire[IFNAMSIZ];
	uint32_t index;
	int rc;

	segment_wire(wire, beside);
	rc = link_index(nl, wire, &index, e);
	if (rc)
		return rc;
	link_add_macvlan(nl, index, port);
	return netlink_commit(nl, e);
}

int segment_down(struct netlink *nl, const char *ifname, struct err *e)
{
	char wire[IFNAMSIZ];

	segment_wire(wire, ifname);
	link_del(nl, wire);
	return netlink_commit(nl, e);
}

/* Kinds that carry macvlan and swallow what leaves by them. A veth pair does that too,
 * once its far end is up. */
static int segment_add_wire(struct netlink *nl, const char *name, struct err *e)
{
	static const char *const kinds[] = { "dummy", "ifb" };
	struct link_end wire = { .ifname = name, .mtu = SEGMENT_MTU, .netns_fd = -1 };
	struct link_end far = { .mtu = SEGMENT_MTU, .netns_fd = -1 };
	char far_name[IFNAMSIZ];
	uint32_t index;
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		link_add_plain(nl, kinds[i], &wire);
		rc = netlink_commit(nl, NULL);
		if (!rc)
			return 0;
	}
	str_print(far_name, sizeof(far_name), "far%s", name + strlen("wire"));
	far.ifname = far_name;
	link_add_veth(nl, &wire, &far);
	rc = netlink_commit(nl, NULL);
	if (!rc)
		rc = link_index(nl, far_name, &index, NULL);
	if (rc)
		return err_code(e, rc, "a dummy, ifb or veth link for macvlan ports");
	link_set_up(nl, index);
	return netlink_commit(nl, e);
}

int segment_up(struct netlink *nl, const struct link_end *port, struct err *e)
{
	char wire[IFNAMSIZ];
	int rc;

	segment_wire(wire, port->ifname);
	rc = segment_add_wire(nl, wire, e);
	if (!rc)
		rc = segment_plug(nl, port->ifname, port, e);
	if (rc == -EEXIST) {
		err_clear(e);
		return 0;
	}
	if (rc)
		segment_down(nl, port->ifname, NULL);
	return rc;
}

bool segment_is(struct netlink *nl, const char *ifname)
{
	char kind[LINK_KIND_MAX];
	uint32_t index;

	return link_kind(nl, ifname, &index, kind, NULL) == 0 &&
	       str_eq(kind, SEGMENT_KIND);
}
