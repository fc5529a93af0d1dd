/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of a D-Bus peer: never past the bytes, and a length that is within them. */
#include "core/wire/dbus.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dbus_answer a;
	int n = dbus_parse(data, size, &a);

	if (n > 0 && (size_t)n > size)
		abort();
	if (strlen(a.error) >= sizeof(a.error) || strlen(a.text) >= sizeof(a.text))
		abort();
	return 0;
}
