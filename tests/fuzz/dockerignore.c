/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/image/dockerignore.c: the first line is a path, the rest the file.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/dockerignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nl = size ? memchr(data, '\n', size) : NULL;
	struct dockerignore d = { 0 };
	struct err e = { 0 };

	if (!nl)
		return 0;
	autofree char *path = str_ndup((const char *)data, (size_t)(nl - data));
	size_t rest = size - (size_t)(nl + 1 - data);
	if (dockerignore_parse((const char *)nl + 1, rest, "f", &d, &e) < 0) {
		if (!str_starts(e.text, "f:"))
			abort();
		return 0;
	}
	dockerignore_has(&d, path);
	for (size_t i = 0; i < d.len; i++) {
		/* A path that has no signs in it excludes itself. */
		if (!dockerignore_is_pattern(d.v[i].text) &&
		    !dockerignore_match(d.v[i].text, d.v[i].text))
			abort();
		dockerignore_match(d.v[i].text, path);
	}
	dockerignore_done(&d);
	return 0;
}
