/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks that run inside a container in the making. */
#ifndef RUNTIME_HOOKING_H
#define RUNTIME_HOOKING_H

#include "core/base/err.h"
#include "core/runtime/interior.h"

/* Those at createContainer: in init's namespaces, with the tree hung up below the old
 * root. init is its PID as the hooks are told; the setup process calls it between
 * interior_build and interior_enter. */
int hooking_container(const struct interior *in, pid_t init, struct err *e);

#endif
