/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/net/control.c: what parses as a place is written and read again the
 * same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control c, again;
	autobuf b = { 0 };

	if (control_parse(data, size, &c) != 0)
		return 0;
	if (c.type == CONTROL_PLACE) {
		if (control_put_place(&b, &c.place) != 0 ||
		    control_parse((uint8_t *)b.data, b.len, &again) != 0 ||
		    again.place.names.len != c.place.names.len ||
		    strcmp(again.place.bridge, c.place.bridge) != 0)
			abort();
		control_done(&again);
	}
	control_done(&c);
	return 0;
}
