/* SPDX-License-Identifier: Apache-2.0 */
/* Taps. */
#include "core/net/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/net/patchbay.h"

#define TAP_NODE "/dev/net/tun"
/* Checksums and segments are left to whoever reads: a packet goes from kernel to kernel
 * as large as it was sent. */
#define TAP_OFFLOAD (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN)

/* What a tap carries at most, with its link header. */
#define TAP_MTU (65535 - 14)

int tap_open(const char *ifname, struct err *e)
{
	autoclose int fd = open(TAP_NODE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };

	if (fd < 0)
		return err_sys(e, "open '%s'", TAP_NODE);
	str_copy(r.ifr_name, sizeof(r.ifr_name), ifname);
	if (ioctl(fd, TUNSETIFF, &r) != 0)
		return err_sys(e, "open tap device '%s'", ifname);
	if (ioctl(fd, TUNSETOFFLOAD, TAP_OFFLOAD) != 0)
		return err_sys(e, "set up tap device '%s'", ifname);
	return TAKE_FD(fd);
}

static int tap_change(struct netlink *nl, const char *ifname, const struct link_end *end,
		      struct err *e)
{
	struct link_end fit = *end;
	uint32_t index;
	int rc = link_index(nl, ifname, &index, e);

	if (rc)
		return rc;
	if (fit.mtu > TAP_MTU)
		fit.mtu = TAP_MTU;
	link_change(nl, index, &fit);
	return netlink_commit(nl, e);
}

int tap_up(struct netlink *nl, const struct link_end *end, struct err *e)
{
	struct patchbay_port port = { .uplink = true };
	int rc;

	str_copy(port.bridge, sizeof(port.bridge), end->ifname);
	autoclose int fd = tap_open(end->ifname, e);
	if (fd == -EBUSY) {
		err_clear(e);
		return 0;
	}
	if (fd < 0)
		return fd;
	if (ioctl(fd, TUNSETPERSIST, 1) != 0)
		return err_sys(e, "keep tap device '%s'", end->ifname);
	rc = tap_change(nl, end->ifname, end, e);
	if (rc)
		return rc;
	/* The first of a realm are found by the patchbay when it starts. */
	rc = patchbay_plug(&port, fd, e);
	if (rc != -ECONNREFUSED)
		return rc;
	err_clear(e);
	return 0;
}

/* The filter of a bridge's port, at the device: there it says how much of a packet to
 * let through. */
static int tap_guard(int fd, const struct guard *g, struct err *e)
{
	struct sock_filter code[GUARD_CODE_MAX];
	struct sock_fprog program = { .filter = code };

	if (g->addr.family == AF_UNSPEC && g->addr6.family == AF_UNSPEC)
		return 0;
	program.len = (unsigned short)guard_compile(g, code);
	for (size_t i = 0; i < program.len; i++)
		if (BPF_CLASS(code[i].code) == BPF_RET)
			code[i].k = code[i].k == TC_ACT_OK ? UINT32_MAX : 0;
	return ioctl(fd, TUNATTACHFILTER, &program) == 0
		       ? 0
		       : err_sys(e, "set the filter of a tap device");
}

int tap_plug(struct netlink *nl, const struct link_end *inner, const struct tap_port *p,
	     struct err *e)
{
	struct patchbay_port port = { .isolated = p->isolated };
	struct ifreq r = { 0 };
	int rc;

	str_copy(port.bridge, sizeof(port.bridge), p->beside);
	memcpy(port.mac, inner->mac, sizeof(port.mac));
	autoclose int fd = tap_open("", e);
	if (fd < 0)
		return fd;
	if (ioctl(fd, TUNGETIFF, &r) != 0)
		return err_sys(e, "ask for the tap device's name");
	rc = tap_guard(fd, &p->guard, e);
	if (!rc)
		rc = tap_change(nl, r.ifr_name, inner, e);
	return rc ? rc : patchbay_plug(&port, fd, e);
}

bool tap_is(struct netlink *nl, const char *ifname)
{
	char kind[LINK_KIND_MAX];
	uint32_t index;

	return link_kind(nl, ifname, &index, kind, NULL) == 0 && str_eq(kind, TAP_KIND);
}
