/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/engine/spec_add.c and spec.c: the value of one option. The first
 * byte says of which. */
#include <stdint.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int (*const add[])(struct spec *s, const char *text, struct err *e) = {
	spec_add_volume, spec_add_mount, spec_add_tmpfs, spec_add_device, spec_add_env,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autodone(spec_done) struct spec s;
	struct err e = { 0 };

	spec_init(&s);
	if (size == 0)
		return 0;
	autofree char *text = str_ndup((const char *)data + 1, size - 1);
	int r = add[data[0] % (sizeof(add) / sizeof(*add))](&s, text, &e);

	/* A spec that could not be read is given up whole. */
	if (r < 0 && !e.text[0])
		abort();
	if (r < 0)
		return 0;
	for (size_t i = 0; i < s.mounts_len; i++)
		if (!s.mounts[i].target || s.mounts[i].target[0] != '/')
			abort();
	for (size_t i = 0; i < s.devices_len; i++)
		if (!s.devices[i].host || !s.devices[i].container)
			abort();
	return 0;
}
