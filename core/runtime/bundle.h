/* SPDX-License-Identifier: Apache-2.0 */
/* What a container's folder says about how to run it. */
#ifndef RUNTIME_BUNDLE_H
#define RUNTIME_BUNDLE_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/oci/runtimeconfig.h"

struct bundle {
	struct runtimeconfig config;
	struct buf bpf; /* compiled seccomp filter; empty: none */
	char *path;     /* absolute */
};

/* seccomp: path of the filter, or NULL. bundle_done releases, also after a failure. */
int bundle_read(int container_dirfd, const char *seccomp, struct bundle *ret,
		struct err *e);
/* config.json of a folder; relative paths in it start at path. Hooks are the caller's. */
int bundle_read_oci(int dirfd, const char *path, const char *seccomp, struct bundle *ret,
		    struct err *e);
/* The filter alone. */
int bundle_read_filter(const char *path, struct buf *ret, struct err *e);
void bundle_done(struct bundle *b);

#endif
