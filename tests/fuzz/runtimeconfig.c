/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/oci/runtimeconfig.c (and rtprocess.c, rtlinux.c, rtscheduling.c,
 * resources.c): printed and read again it prints the same. */
#include <stdint.h>
#include <stdlib.h>

#include "core/oci/resources.h"
#include "core/oci/runtimeconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct runtimeconfig c = { 0 }, again = { 0 };
	autobuf first = { 0 }, second = { 0 };
	autostrv limits = { 0 };
	struct err e = { 0 };

	if (runtimeconfig_parse(data, size, &c, &e) < 0)
		return 0;
	if (runtimeconfig_print(&c, &first) < 0)
		abort();
	resources_limits(c.resources, &limits, &e);
	err_clear(&e);
	/* Annotations "a=":"" and "a":"=" become one key; such a document is refused. */
	if (runtimeconfig_parse(first.data, first.len, &again, &e) == 0 &&
	    (runtimeconfig_print(&again, &second) < 0 || first.len != second.len ||
	     memcmp(first.data, second.data, first.len) != 0))
		abort();
	runtimeconfig_done(&c);
	runtimeconfig_done(&again);
	return 0;
}
