/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities of the calling process, as bit sets (1 << CAP_x); capabilities(7). */
#ifndef NS_CAPS_H
#define NS_CAPS_H

#include <stdint.h>

struct caps {
	uint64_t effective, permitted, inheritable;
};

/* All that the running kernel knows. */
uint64_t caps_known(void);
/* Drops every capability that is not in keep from the bounding set. 0 or -errno. */
int caps_bound(uint64_t keep);
/* 0 or -errno. */
int caps_get(struct caps *ret);
int caps_set(const struct caps *c);
/* The ambient set becomes exactly this (each must be permitted and inheritable). */
int caps_ambient(uint64_t set);

#endif
