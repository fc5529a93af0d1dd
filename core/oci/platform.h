/* SPDX-License-Identifier: Apache-2.0 */
/* Platforms (image-spec image-index.md): os/architecture[/variant]. */
#ifndef OCI_PLATFORM_H
#define OCI_PLATFORM_H

#include <stdbool.h>

#include "core/base/err.h"

struct platform {
	char os[32];
	char architecture[32];
	char variant[16];
};

/* This machine's (uname; arm variant by cpuinfo-free rules: armv7l → arm/v7). */
void platform_host(struct platform *ret);
/* Lower case, and the names Go uses: x86_64 → amd64, aarch64 → arm64, arm64/v8 → arm64,
 * arm → arm/v7, macos → darwin. */
void platform_normalize(struct platform *p);
/* "linux/arm64/v8", "arm64", "linux"; names normalised as containerd does (aarch64 →
 * arm64). */
int platform_parse(const char *text, struct platform *ret, struct err *e);
/* "linux/amd64" */
char *platform_text(char dst[96], const struct platform *p);
/* How well `have` serves `want`: 0 not at all, higher is better (an older arm variant
 * serves). */
int platform_match(const struct platform *want, const struct platform *have);

#endif
