/* SPDX-License-Identifier: Apache-2.0 */
/* slirp4netns' API socket: ports added, listed and removed by JSON requests, one a
 * connection. A listener that is open already may be sent along with add_hostfwd. */
#ifndef ENGINE_HOSTFWD_H
#define ENGINE_HOSTFWD_H

#include <stddef.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/engine/hookup.h"

#define HOSTFWD_REQUEST_MAX 4096

enum hostfwd_verb { HOSTFWD_ADD, HOSTFWD_LIST, HOSTFWD_REMOVE };

struct hostfwd_request {
	enum hostfwd_verb verb;
	struct publish map;   /* ADD; host_ip as given, else 0.0.0.0 */
	struct ip_addr guest; /* ADD; AF_UNSPEC: not given */
	int64_t id;           /* REMOVE */
};

/* A pure parser. -EINVAL with the sentence for the reply. */
int hostfwd_parse(const char *text, size_t n, struct hostfwd_request *ret, struct err *e);

#define HOSTFWD_FIRST "first" /* what the stack knows the ports of the start by */

struct hostfwd {
	int64_t id;
	int sock; /* of hookup_add; -1: a port of the start */
	struct publish map;
	struct ip_addr guest;
};
/* Zero but for hookup. */
struct hostfwds {
	const struct hookup *hookup;
	struct hostfwd *v;
	size_t len;
	int64_t last;
};

/* The ports that are served from the start are there to be listed and removed. */
void hostfwd_first(struct hostfwds *f, const struct publish *p, size_t n);
/* The reply to a request. listener: one for add_hostfwd that is the caller's, or -1. */
int hostfwd_answer(struct hostfwds *f, const char *text, size_t n, int listener,
		   struct buf *out);
/* Reads the request of one connection and answers it; conn is the caller's to close. */
void hostfwd_serve(struct hostfwds *f, int conn);
void hostfwd_done(struct hostfwds *f);

#endif
