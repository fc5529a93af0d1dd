/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/net/publish.c: whatever parses has a container port, and a host
 * range that is one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/publish.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct publish *v = NULL;
	struct err e = { 0 };
	size_t n = 0;

	memcpy(text, data, size);
	text[size] = 0;
	if (publish_parse(text, &v, &n, &e) == 0) {
		for (size_t i = 0; i < n; i++)
			if (!v[i].port || v[i].host_port_end < v[i].host_port)
				abort();
	} else if (n || !e.text[0]) {
		abort();
	}
	free(v);
	free(text);
	return 0;
}
