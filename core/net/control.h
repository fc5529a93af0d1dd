/* SPDX-License-Identifier: Apache-2.0 */
/* The registration protocol between a container's monitor and the stack: one
 * SOCK_SEQPACKET message for each fact, numbers big-endian, strings as a 16-bit length
 * and bytes. A newer stack must understand an older monitor: fields are only ever added
 * at the end. */
#ifndef NET_CONTROL_H
#define NET_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/net/stack.h"
#include "core/net/tenant.h"

#define CONTROL_VERSION     1
#define CONTROL_MESSAGE_MAX 32768

enum control_type {
	CONTROL_HELLO = 1, /* version, id */
	CONTROL_PLACE,     /* an attachment */
	CONTROL_PUBLISH,   /* a published port, with its listeners */
	CONTROL_HOST,      /* a name and its address */
	CONTROL_COMMIT,    /* serve it; answered. With the ports of the places before,
			      and links */
	CONTROL_ANSWER,    /* the stack's: code (a negative errno or 0), sentence */
	CONTROL_AMEND,    /* what follows is for the registered container of hello's ID */
	CONTROL_LEAVE,    /* the network of a place that is no more: in place.network */
	CONTROL_ROUTER,   /* the router of the place before: router, loopback, closed */
	CONTROL_WITHDRAW, /* a published port that is no more: in map */
};

/* A message read. Release with control_done. */
struct control {
	enum control_type type;
	uint8_t version;
	char id[65];
	struct stack_attachment place;
	struct publish map;
	struct tenant_host host;
	uint8_t ports_len;
	char ports[STACK_NETWORKS_MAX][IFNAMSIZ];
	bool linked; /* commit: it says which links there are */
	struct strv links;
	int32_t code;
	char text[ERR_TEXT_MAX];
};

/* -EINVAL for anything malformed; *ret then needs no release. */
int control_parse(const uint8_t *p, size_t n, struct control *ret);
void control_done(struct control *c);

/* Each appends one whole message. */
int control_put_hello(struct buf *b, const char *id);
int control_put_place(struct buf *b, const struct stack_attachment *a);
int control_put_router(struct buf *b, const struct stack_attachment *a);
int control_put_publish(struct buf *b, const struct publish *p);
int control_put_host(struct buf *b, const char *name, const struct ip_addr *addr);
/* a: the n places that were sent before; links: NULL to say nothing of them. */
int control_put_commit(struct buf *b, const struct stack_attachment *a, size_t n,
		       const struct strv *links);
int control_put_amend(struct buf *b);
int control_put_leave(struct buf *b, const char *network);
int control_put_withdraw(struct buf *b, const struct publish *p);
int control_put_answer(struct buf *b, int code, const char *text);

/* Sends an amendment, what of it is not NULL; its answer is still to be read. */
int control_send_amend(int sock, const char *id, const struct stack_amendment *a);
/* Sends a whole registration; its answer is still to be read. */
int control_send(int sock, const struct stack_registration *r);

#endif
