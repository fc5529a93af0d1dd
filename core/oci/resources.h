/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources of config.json, which are worded for the first version of control
 * groups, as settings of the second (runtime-spec config-linux.md; the conversions are
 * those all runtimes agree on). Pure. */
#ifndef OCI_RESOURCES_H
#define OCI_RESOURCES_H

#include "core/base/strv.h"
#include "core/wire/json.h"

/* Adds "memory.max=1048576", …, those of "unified" last. What the second version has no
 * word for is an error by name: -ENOTSUP. "devices" is nothing to set: a container has no
 * other nodes than it is given. */
int resources_limits(yyjson_val *resources, struct strv *ret, struct err *e);
/* The first that means something to whoever wrote it and needs a control group, or NULL:
 * not the number of processes (there is another way), nor the shares that callers give as
 * a default. */
const char *resources_asked(const struct strv *limits);
/* A number of shares (2 to 262144) as a weight (1 to 10000). */
uint64_t resources_weight(uint64_t shares);

#endif
