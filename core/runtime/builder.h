/* SPDX-License-Identifier: Apache-2.0 */
/* The setup process: short-lived, root of the realm; makes a container's namespaces, file
 * system tree and init, then is gone. */
#ifndef RUNTIME_BUILDER_H
#define RUNTIME_BUILDER_H

#include "core/base/err.h"
#include "core/runtime/monitor.h"
#include "core/runtime/setup.h"

struct interior;

/* What is different for `create` of an OCI runtime. */
struct builder_oci {
	const char *bundle; /* absolute: where relative paths start. config.json is a copy
			       in the container's folder */
	bool mapped;        /* the ID maps of config.json are the caller's own by now */
	unsigned settled;   /* RT_NS_* given by path in which the caller is by now */
	const char *group;  /* of ocigroup_plan, or "" */
	bool no_pivot;      /* the root is on a file system that cannot be pivoted from */
	unsigned preserve;  /* descriptors from 3 on that are the payload's */
	int gate;           /* gate.h */
	int record;         /* of state_prepare */
	/* The tree stands, below the old root still. */
	int (*built)(void *arg, pid_t init, const struct interior *in, struct err *e);
	void *arg;
};

struct builder {
	const struct setup *setup;
	int container_dirfd;
	int realm_pidfd; /* -1: no realm; made from the caller's own namespaces, in which
			    it is root */
	int report;      /* socket to the monitor (report.h) */
	int sync;        /* init's end of its socket to the monitor */
	int stdio[3];    /* init's ends; -1: /dev/null. Unused with a terminal */
	const struct monitor_hooks *hooks; /* may be NULL */
	const struct builder_oci *oci;     /* NULL: the engine's container */
};

/* Runs in a forked child of the monitor; the result is its exit code, everything is told
 * by reports. init is made a child of this process's parent. */
int builder_run(const struct builder *b);

#endif
