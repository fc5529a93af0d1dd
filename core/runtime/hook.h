/* SPDX-License-Identifier: Apache-2.0 */
/* OCI hooks (runtime-spec config.md, "POSIX-platform Hooks"). */
#ifndef RUNTIME_HOOK_H
#define RUNTIME_HOOK_H

#include <stddef.h>

#include "core/base/err.h"
#include "core/oci/runtimeconfig.h"

/* Runs them in their order, each with state (the container's, JSON) as its input and
 * nothing but its own environment; up to the first that fails. */
int hook_run(const struct rt_hook *hooks, size_t n, const char *state, struct err *e);
/* All of them, whatever becomes of each (poststart, poststop): a sentence for each that
 * fails, begun with kind, is added to warnings. */
void hook_run_each(const struct rt_hook *hooks, size_t n, const char *state,
		   const char *kind, struct strv *warnings);

#endif
