/* SPDX-License-Identifier: Apache-2.0 */
/* An attach client's frames, in pieces: bounds hold, and it ends. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct client c;
	struct client_input x;
	size_t eaten = 0;

	client_init(&c, -1, false);
	while (n > 0) {
		size_t room = sizeof(c.in) - c.in_len;
		size_t take = p[0] % 64 + 1u;
		enum client_event event;

		if (take > n)
			take = n;
		if (take > room)
			take = room;
		if (take == 0)
			abort(); /* a full buffer always holds something to deal with */
		memcpy(c.in + c.in_len, p, take);
		c.in_len += take;
		p += take;
		n -= take;
		while ((event = client_next(&c, &x)) != CLIENT_NONE) {
			if (event == CLIENT_BAD)
				return 0;
			if (event != CLIENT_INPUT)
				continue;
			if (x.n == 0 || x.n > c.in_len || x.p != c.in)
				abort();
			client_eat(&c, x.n);
			eaten += x.n;
		}
		if (c.in_len > sizeof(c.in))
			abort();
	}
	return eaten == SIZE_MAX;
}
