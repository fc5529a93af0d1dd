/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of spec_add_env_file in core/engine/spec.c: what is taken are NAME=value
 * strings without a line's end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autodone(spec_done) struct spec s;
	struct err e = { 0 };
	char path[64];
	int fd = memfd_create("env", MFD_CLOEXEC);

	spec_init(&s);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	str_print(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (spec_add_env_file(&s, path, &e) < 0 && !e.text[0])
		abort();
	for (size_t i = 0; i < s.env.len; i++)
		if (!strchr(s.env.v[i], '=') || s.env.v[i][0] == '=' ||
		    strchr(s.env.v[i], '\n'))
			abort();
	close(fd);
	return 0;
}
