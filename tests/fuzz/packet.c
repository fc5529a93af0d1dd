/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/net/packet.c: what is read lies inside the bytes, and a SYN that is
 * written again reads the same. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[PACKET_WHOLE];
	struct packet_path path;
	struct packet k, again;
	size_t n;

	if (packet_parse(data, size, &k) != 0)
		return 0;
	if (k.l4 < data || k.l4 + k.l4_len > data + size || k.raw_len > size)
		abort();
	path = (struct packet_path){ k.src, k.dst, k.src_port, k.dst_port };
	packet_write_unreachable(out, &k.dst, k.raw, k.raw_len, EHOSTUNREACH);
	if (k.kind == PACKET_ECHO) {
		packet_write_echo(out, &path, k.l4, k.l4_len);
		return 0;
	}
	if (k.kind == PACKET_DATAGRAM) {
		if (k.l4_len < 8)
			abort();
		return 0;
	}
	if (k.l4_len > PACKET_TCP_MAX)
		abort();
	n = packet_write_syn(out, &path, k.l4, k.l4_len);
	if (packet_parse(out, n, &again) != 0 || again.seq != k.seq ||
	    again.src_port != k.src_port || !ipam_addr_eq(&again.dst, &k.dst))
		abort();
	packet_write_reset(out, &path, k.seq);
	return 0;
}
