/* SPDX-License-Identifier: Apache-2.0 */
/* The setup process: short-lived, root of the realm; makes a container's namespaces, file
 * system tree and init, then is gone. */
#ifndef RUNTIME_BUILDER_H
#define RUNTIME_BUILDER_H

#include "core/base/err.h"
#include "core/runtime/monitor.h"
#include "core/runtime/setup.h"

struct builder {
	const struct setup *setup;
	int container_dirfd;
	int realm_pidfd;
	int report;   /* socket to the monitor (report.h) */
	int sync;     /* init's end of its socket to the monitor */
	int stdio[3]; /* init's ends; -1: /dev/null. Unused with a terminal */
	const struct monitor_hooks *hooks; /* may be NULL */
};

/* Runs in a forked child of the monitor; the result is its exit code, everything is told
 * by reports. init is made a child of this process's parent. */
int builder_run(const struct builder *b);

#endif
