/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/engine/config.c: daemon.json. */
#include "core/engine/config.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autodone(config_done) struct config c = { 0 };
	struct err e = { 0 };
	char path[32];
	autoclose int fd = fuzz_memory(data, size, path);

	if (config_read(path, &c, &e) < 0) {
		must(e.text[0] && !c.path);
		return 0;
	}
	must(!str_empty(c.log_driver) && c.shm_size > 0 && c.mtu <= 65535);
	for (size_t i = 0; i < c.default_ulimits.len; i++)
		must(strchr(c.default_ulimits.v[i], '=') != NULL);
	return 0;
}
