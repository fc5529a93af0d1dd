/* SPDX-License-Identifier: Apache-2.0 */
/* The running kernel's version. */
#include "core/ns/kernel.h"

#include <stdio.h>
#include <sys/utsname.h>

uint32_t kernel_version(void)
{
	unsigned int major, minor;
	struct utsname u;

	if (uname(&u) < 0 || sscanf(u.release, "%5u.%5u", &major, &minor) != 2)
		return 0;
	return KERNEL(major, minor & 0xffff);
}
