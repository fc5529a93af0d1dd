/* SPDX-License-Identifier: Apache-2.0 */
/* How many descriptors the stack gives to what. */
#ifndef NET_QUOTA_H
#define NET_QUOTA_H

#include <stdint.h>

struct quota {
	uint16_t flows, pipes, udp;
};

/* Raises the limit of descriptors as far as it goes and shares them out, so that they
 * never run out: two for a TCP flow, a pipe, or a UDP flow. Where they are plenty every
 * flow can hold both its pipes; else those whose peers read slowly share fewer, for a
 * flow does without one of its own (relay.c). */
struct quota quota_take(void);

#endif
