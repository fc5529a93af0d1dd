/* SPDX-License-Identifier: Apache-2.0 */
/* The running kernel's version, for what cannot be asked for otherwise. */
#ifndef NS_KERNEL_H
#define NS_KERNEL_H

#include <stdint.h>

#define KERNEL(major, minor) ((uint32_t)(major) << 16 | (minor))

/* As KERNEL makes it; 0, which is older than all, when it does not say. */
uint32_t kernel_version(void);

#endif
