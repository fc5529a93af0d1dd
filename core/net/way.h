/* SPDX-License-Identifier: Apache-2.0 */
/* The way that a realm's network goes, by name: a path and a fabric of bridge.h. */
#ifndef NET_WAY_H
#define NET_WAY_H

#include "core/net/bridge.h"

#define WAYS (BRIDGE_PATHS * BRIDGE_FABRICS)

/* Both are there to be chosen from: BRIDGE_PATHS, BRIDGE_FABRICS mean any. */
struct way {
	int path;
	int fabric;
};

/* "doors", "macvlan", "doors,macvlan"; NULL or "": any way. What is not said is found by
 * trying. -EINVAL. */
int way_parse(const char *text, struct way *ret);
/* One that has been taken as one number below WAYS, and its name: "tproxy", or
 * "doors,macvlan" where the fabric is not the usual one. */
int way_number(const struct way *w);
const char *way_name(int number);
/* The number of that name; -EINVAL. */
int way_find(const char *name);

#endif
