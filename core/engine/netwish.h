/* SPDX-License-Identifier: Apache-2.0 */
/* One --network of run and create: a name, or docker's fields
 * (name=NET,alias=A,ip=…,ip6=…,mac-address=…,gw-priority=N,driver-opt=K=V). Also what
 * `network connect` asks for. */
#ifndef ENGINE_NETWISH_H
#define ENGINE_NETWISH_H

#include <stdint.h>

#include "core/base/err.h"
#include "core/base/strv.h"

struct netwish {
	char *name;
	char *ip, *ip6, *mac; /* NULL: any */
	char *ifname;         /* of the interface; NULL: the next ethN */
	struct strv aliases;
	int64_t priority; /* the highest has the default route */
};

/* Of --network, checked for its form: -EINVAL with docker's words. A pure parser: fuzz
 * target netwish. */
int netwish_parse(const char *text, struct netwish *ret, struct err *e);
/* A --driver-opt: com.docker.network.endpoint.ifname=NAME; others are refused by name. */
int netwish_driver_option(struct netwish *w, const char *text, struct err *e);
int netwish_check_mac(const char *text, struct err *e);
void netwish_done(struct netwish *w);

#endif
