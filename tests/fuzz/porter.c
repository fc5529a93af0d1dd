/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of porter_event in core/net/porter.c: messages of the porter to the
 * stack, each of as many bytes as its first one says. */
#include <sys/socket.h>

#include "core/net/porter.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct porter p = { 0 };
	int pair[2];

	must(fd_socketpair(SOCK_SEQPACKET, pair) == 0);
	autoclose int in = pair[0], out = pair[1];
	p.sock = in;
	while (size > 1) {
		size_t n = data[0] + 1u;

		if (n > size - 1)
			n = size - 1;
		must(fd_send(out, data + 1, n, NULL, 0) == 0);
		porter_event(&p);
		for (size_t i = 0; i < PORTER_KINDS; i++)
			must(p.stocked[i] == 0);
		data += n + 1;
		size -= n + 1;
	}
	return 0;
}
