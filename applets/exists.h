/* SPDX-License-Identifier: Apache-2.0 */
/* podman's exists, a verb of each group: nothing is printed; 0 when it is there, 1 when
 * it is not, 125 for a failure. */
#ifndef APPLETS_EXISTS_H
#define APPLETS_EXISTS_H

#include <errno.h>

#include "applets/host.h"

/* 0 when there is one of that name. */
typedef int exists_fn(struct host *h, const char *name, struct err *e);

static inline int exists_main(char **args, exists_fn *find)
{
	autohost h = { 0 };
	struct err e = { 0 };
	int r = host_open(&h, &e);

	if (r >= 0)
		r = find(&h, args[0], &e);
	/* What can be no name is nothing's. */
	return r >= 0 ? 0 : r == -ENOENT || r == -EINVAL ? 1 : host_fail(&e, 125);
}

/* The applet `exists` of a group, whose find is FIND. */
#define EXISTS_APPLET(FIND, WHAT, what) \
	static int exists_run(void *opts, char **args) \
	{ \
		return exists_main(args, FIND); \
	} \
	static const struct applet exists = { \
		.name = "exists", \
		.args = WHAT, \
		.summary = "Say by the exit code whether " what " exists", \
		.group = GROUP_COMMAND, \
		.min_args = 1, \
		.max_args = 1, \
		.main = exists_run, \
	}

#endif
