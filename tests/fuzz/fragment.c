/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/net/fragment.c: packets, each behind its length (two bytes), are
 * added one after the other; what becomes whole lies in the table, and is the same again
 * when it was cut and put together. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/fragment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct packet *k)
{
	static struct fragments f;
	static uint8_t whole[PACKET_WHOLE], piece[UINT16_MAX];
	size_t n = k->raw_len, header = k->raw_len - k->l4_len, at = 0, len;
	struct packet other;
	int rc = -EAGAIN;

	memset(&f, 0, sizeof(f));
	memcpy(whole, k->raw, n);
	while ((len = fragment_cut(whole, n, 1280, 1, &at, piece)) > 0)
		rc = fragment_add(&f, piece, len, 1, &other);
	/* One piece is no fragment. */
	if (k->l4_len <= 1280 - header - 8)
		return;
	if (rc != 0 || other.raw_len != n || memcmp(other.raw, whole, n) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fragments f;
	const uint8_t *low = (const uint8_t *)&f, *high = low + sizeof(f);
	uint64_t now = 1;

	memset(&f, 0, sizeof(f));
	while (size >= 2) {
		size_t n = packet_get16(data);
		struct packet k;

		data += 2;
		size -= 2;
		n = n < size ? n : size;
		if (fragment_add(&f, data, n, now, &k) == 0) {
			if (k.raw < low || k.l4 + k.l4_len > high ||
			    k.raw + k.raw_len != k.l4 + k.l4_len ||
			    k.raw_len > PACKET_WHOLE || !k.longest)
				abort();
			again(&k);
		}
		now += n % 7 * 100;
		data += n;
		size -= n;
	}
	return 0;
}
