/* SPDX-License-Identifier: Apache-2.0 */
/* The process of an OCI `exec`: process.json, or the container's own process with what
 * the command line changes. */
#ifndef ENGINE_OCIEXEC_H
#define ENGINE_OCIEXEC_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/oci/runtimeconfig.h"

struct ociexec {
	char *const *args; /* the command, NULL-terminated */
	const char *file;  /* process.json, or NULL */
	const char *apparmor, *label, *cwd, *user;
	const struct strv *gids, *caps, *env;
	bool no_new_privs, tty;
};

/* p is the container's and becomes the new one's. */
int ociexec_describe(const struct ociexec *x, struct rt_process *p, struct err *e);

#endif
