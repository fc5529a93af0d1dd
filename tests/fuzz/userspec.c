/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/oci/userspec.c. Input: spec, extra group, passwd, group, each up to
 * a zero byte. */
#include <stdint.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/oci/userspec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = str_ndup((const char *)data, 0);
	struct userspec u = { 0 };
	struct err e = { 0 };
	autostrv extra = { 0 };
	const char *part[4];
	size_t at = 0;

	free(text);
	text = mem_alloc(size + 4);
	if (size > 0)
		memcpy(text, data, size);
	for (int i = 0; i < 4; i++) {
		part[i] = text + at;
		at += strlen(part[i]) + (at + strlen(part[i]) < size + 3);
	}
	if (*part[1])
		strv_add(&extra, part[1]);
	if (userspec_resolve(part[0], part[2], part[3], &extra, &u, &e) < 0)
		return 0;
	if (u.uid > INT32_MAX || u.gid > INT32_MAX || !u.home[0])
		abort();
	/* What is all digits is that number or nothing. */
	if (str_eq(part[0], "1000") && u.uid != 1000)
		abort();
	userspec_done(&u);
	return 0;
}
