/* SPDX-License-Identifier: Apache-2.0 */
/* What --ulimit, --sysctl, --pids-limit, --memory, --cpus and their kin come to on this
 * host: parts of config.json, errors, or warnings. */
#ifndef ENGINE_LIMITS_H
#define ENGINE_LIMITS_H

#include "core/engine/config.h"
#include "core/engine/spec.h"
#include "core/oci/runtimeconfig.h"

#define LIMITS_PIDS_DEFAULT 2048

/* process.rlimits: the config's defaults, then the spec's. */
int limits_ulimits(const struct config *cfg, const struct spec *spec,
		   struct rt_process *p, struct err *e);
/* linux.sysctl: only what belongs to namespaces of the container's own. */
int limits_sysctls(const struct spec *spec, unsigned namespaces, struct strv *ret,
		   struct err *e);
/* pids, memory, cpu: c->pids_limit, c->resources' place, and a warning for each that this
 * host cannot hold. */
int limits_resources(const struct spec *spec, struct runtimeconfig *c,
		     struct strv *warnings, struct err *e);

#endif
