/* SPDX-License-Identifier: Apache-2.0 */
/* Netlink: messages built into one buffer, sent together, each answered. */
#ifndef NS_NETLINK_H
#define NS_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>

#include "core/base/err.h"

#define NETLINK_BUFFER   16384
#define NETLINK_MESSAGES 64

struct netlink_request {
	const char *what; /* for the sentence of an error: "add bridge" */
	int tolerated;    /* -errno that counts as success; 0: none */
};

struct netlink {
	int fd;
	uint32_t seq;   /* of the first message in the buffer */
	uint32_t count; /* messages in the buffer that want an answer */
	size_t len;
	size_t current; /* offset of the message being built */
	bool overflow;
	struct netlink_request requests[NETLINK_MESSAGES];
	uint8_t data[NETLINK_BUFFER] __attribute__((aligned(8)));
};

/* protocol: NETLINK_ROUTE, NETLINK_NETFILTER; in the calling thread's network namespace.
 */
int netlink_open(struct netlink *nl, int protocol, struct err *e);
/* Closes; accepts a zeroed or half-opened one whose fd is -1. */
void netlink_done(struct netlink *nl);

/* Starts a message that will be answered. header: the family's own header. what must
 * outlive the commit. */
void netlink_begin(struct netlink *nl, const char *what, uint16_t type, uint16_t flags);
/* As above without an answer (nfnetlink's batch marks). */
void netlink_mark(struct netlink *nl, uint16_t type);
/* The message just begun may fail with this code (-EEXIST, -ENOENT, …). */
void netlink_tolerate(struct netlink *nl, int code);
/* The family's fixed header: zeroed room for size bytes, or NULL when full (the commit
 * will then say so). */
void *netlink_header(struct netlink *nl, size_t size);
void netlink_put(struct netlink *nl, uint16_t type, const void *p, size_t n);
void netlink_put_str(struct netlink *nl, uint16_t type, const char *s);
void netlink_put_u8(struct netlink *nl, uint16_t type, uint8_t v);
void netlink_put_u16(struct netlink *nl, uint16_t type, uint16_t v);
void netlink_put_u32(struct netlink *nl, uint16_t type, uint32_t v);
/* Big-endian, as nf_tables wants. */
void netlink_put_be32(struct netlink *nl, uint16_t type, uint32_t v);
/* Begins a nested attribute; the value goes to netlink_nest_end. */
size_t netlink_nest(struct netlink *nl, uint16_t type);
void netlink_nest_end(struct netlink *nl, size_t nest);

/* Sends what was built and reads every answer; the first refusal that is not tolerated is
 * the error ("add bridge: the kernel's words: cause"). The buffer is empty afterwards. */
int netlink_commit(struct netlink *nl, struct err *e);

/* Calls fn for each message of a dump; fn returns 0 to go on. The request: one message
 * begun with NLM_F_DUMP. */
typedef int netlink_dump_fn(const struct nlmsghdr *h, void *arg);
int netlink_dump(struct netlink *nl, netlink_dump_fn *fn, void *arg, struct err *e);
/* The attribute of that type among n bytes of attributes, or NULL. */
const struct nlattr *netlink_find(const void *attrs, size_t n, uint16_t type);

#endif
