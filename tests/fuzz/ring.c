/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of ring_peek in core/net/ring.c: a place of the ring as the kernel, or who
 * else writes there, may have left it; what is read lies inside of it. */
#include <linux/if_packet.h>
#include <string.h>

#include "core/net/ring.h"
#include "core/net/ring_inside.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frames[RING_SIZE] __attribute__((aligned(16)));
	struct ring r = { .fd = -1, .frames = frames };
	struct packet k;

	memset(frames, 0, RING_FRAME);
	memcpy(frames, data, size < RING_FRAME ? size : RING_FRAME);
	if (ring_peek(&r, 0, &k) == 1) {
		must(k.kind == PACKET_DATAGRAM && k.l4_len >= 8);
		must(k.l4 > frames && k.l4 + k.l4_len <= frames + RING_FRAME);
	}
	ring_release(&r, 1);
	must(ring_peek(&r, 0, &k) == 0);
	return 0;
}
