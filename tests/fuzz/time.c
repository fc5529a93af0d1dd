/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/base/time.c: stamps and durations. A stamp that reads prints as one
 * that reads the same. */
#include <stdint.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = str_ndup((const char *)data, size);
	char stamp[TIME_STAMP_MAX], human[64];
	int64_t t = 0, again = 0;

	if (time_parse(text, &t) == 0 && t != 0) {
		time_stamp(stamp, t);
		if (time_parse(stamp, &again) < 0 || again != t)
			abort();
	}
	if (time_duration(text, &t) == 0)
		time_human(human, sizeof(human), t);
	time_since(text, 1700000000000000000, &t);
	return 0;
}
