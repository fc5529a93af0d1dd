/* SPDX-License-Identifier: Apache-2.0 */
/* tc's ingress hook: linux/rtnetlink.h and linux/pkt_cls.h are the format. */
#include "core/net/tc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#define TC_HOOK   (TC_H_INGRESS & TC_H_MAJ_MASK)
#define TC_HANDLE 1 /* each place has one filter */

static void tc_begin(struct netlink *nl, const char *what, uint16_t type, uint16_t flags,
		     const struct tcmsg *tc)
{
	struct tcmsg *m;

	netlink_begin(nl, what, type, flags);
	m = netlink_header(nl, sizeof(*m));
	if (m)
		*m = *tc;
}

void tc_add_ingress(struct netlink *nl, uint32_t ifindex)
{
	tc_begin(nl, "add ingress hook", RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL,
		 &(struct tcmsg){ .tcm_ifindex = (int)ifindex,
				  .tcm_handle = TC_HOOK,
				  .tcm_parent = TC_H_INGRESS });
	netlink_tolerate(nl, -EEXIST);
	netlink_put_str(nl, TCA_KIND, "ingress");
}

static struct tcmsg tc_filter(uint32_t ifindex, enum tc_place place, uint32_t handle)
{
	return (struct tcmsg){ .tcm_ifindex = (int)ifindex,
			       .tcm_handle = handle,
			       .tcm_parent = TC_HOOK,
			       .tcm_info = TC_H_MAKE((uint32_t)place << 16,
						     htons(ETH_P_ALL)) };
}

static void tc_put_filter(struct netlink *nl, const struct tcmsg *tc, uint16_t flags,
			  const struct sock_filter *code, size_t n)
{
	size_t options;

	tc_begin(nl, "add port filter", RTM_NEWTFILTER, flags, tc);
	netlink_put_str(nl, TCA_KIND, "bpf");
	options = netlink_nest(nl, TCA_OPTIONS);
	netlink_put_u16(nl, TCA_BPF_OPS_LEN, (uint16_t)n);
	netlink_put(nl, TCA_BPF_OPS, code, n * sizeof(*code));
	netlink_put_u32(nl, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	netlink_nest_end(nl, options);
}

void tc_add_filter(struct netlink *nl, uint32_t ifindex, enum tc_place place,
		   const struct sock_filter *code, size_t n)
{
	struct tcmsg tc = tc_filter(ifindex, place, TC_HANDLE);

	tc_put_filter(nl, &tc, NLM_F_CREATE | NLM_F_EXCL, code, n);
}

void tc_set_filter(struct netlink *nl, uint32_t ifindex, enum tc_place place,
		   const struct sock_filter *code, size_t n)
{
	struct tcmsg tc = tc_filter(ifindex, place, TC_HANDLE);

	tc_put_filter(nl, &tc, NLM_F_CREATE, code, n);
}

void tc_del_filter(struct netlink *nl, uint32_t ifindex, enum tc_place place)
{
	struct tcmsg tc = tc_filter(ifindex, place, 0);

	tc_begin(nl, "delete port filter", RTM_DELTFILTER, 0, &tc);
}
