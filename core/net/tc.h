/* SPDX-License-Identifier: Apache-2.0 */
/* tc's ingress hook of a link, with filters that are classic BPF programs over a frame
 * (direct action, tc-bpf(8)). Each call adds messages to a netlink buffer;
 * netlink_commit sends them. */
#ifndef NET_TC_H
#define NET_TC_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "core/ns/netlink.h"

/* The filters of a port in their order: what comes first may answer TC_ACT_UNSPEC, for
 * the next to decide. */
enum tc_place { TC_RING = 1, TC_GUARD };

/* An existing one is no error. */
void tc_add_ingress(struct netlink *nl, uint32_t ifindex);
/* Existing: -EEXIST. */
void tc_add_filter(struct netlink *nl, uint32_t ifindex, enum tc_place place,
		   const struct sock_filter *code, size_t n);
/* In the stead of the one that may be there, from one frame to the next. */
void tc_set_filter(struct netlink *nl, uint32_t ifindex, enum tc_place place,
		   const struct sock_filter *code, size_t n);
/* One that is not there: -ENOENT, or -EINVAL where there is no hook. */
void tc_del_filter(struct netlink *nl, uint32_t ifindex, enum tc_place place);

#endif
