/* SPDX-License-Identifier: Apache-2.0 */
/* The file system tree of a container: root, mounts, devices, terminal, masks. Built by
 * the setup process in the realm's mount namespace. */
#ifndef RUNTIME_INTERIOR_H
#define RUNTIME_INTERIOR_H

#include <sys/types.h>

#include "core/base/err.h"
#include "core/ns/idmap.h"
#include "core/oci/runtimeconfig.h"
#include "core/runtime/setup.h"

struct interior {
	const struct setup *setup;
	const struct runtimeconfig *config;
	const struct idmap *uid, *gid; /* container → realm */
	const char *bundle;            /* absolute path */
	int init_pidfd;
	unsigned own; /* RT_NS_* of init that are not the host's */
	pid_t ahead;  /* of interior_begin */
	bool no_pivot;
	/* out */
	int root;
	int master, slave; /* of the terminal; -1 without one */
};

/* Sets about making the root in a process of its own; interior_build waits for that. */
void interior_begin(struct interior *in);
/* Hangs up the root; everything else goes below it. */
int interior_build(struct interior *in, struct err *e);
/* Makes it the root of the mount namespace, for every process in it; with no_pivot only
 * mounted over the old one, for the caller alone. */
int interior_enter(struct interior *in, struct err *e);
void interior_done(struct interior *in);

#endif
