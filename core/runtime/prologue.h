/* SPDX-License-Identifier: Apache-2.0 */
/* The instructions before libseccomp's program: what it cannot say or says wrongly (the
 * list stands in prologue.c). */
#ifndef RUNTIME_PROLOGUE_H
#define RUNTIME_PROLOGUE_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/oci/seccompprofile.h"

#define PROLOGUE_ARCHES_MAX 16
#define PROLOGUE_CHECKS_MAX 5
/* load the architecture; for each: compare, load the number, checks, go on */
#define PROLOGUE_MAX (1 + PROLOGUE_ARCHES_MAX * (3 + 2 * PROLOGUE_CHECKS_MAX))

struct prologue {
	struct sock_filter code[PROLOGUE_MAX];
	size_t len;
};

/* arches: libseccomp's tokens, at most PROLOGUE_ARCHES_MAX, without x32. */
int prologue_build(const struct seccompprofile *p, const uint32_t *arches, size_t n,
		   struct prologue *ret, struct err *e);

#endif
