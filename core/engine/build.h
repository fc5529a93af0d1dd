/* SPDX-License-Identifier: Apache-2.0 */
/* docker build: a Dockerfile and a context become an image. Each RUN is an ordinary
 * container; each layer is remembered by the digest of everything it was made from. */
#ifndef ENGINE_BUILD_H
#define ENGINE_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/strv.h"
#include "core/engine/config.h"
#include "core/store/store.h"
#include "core/wire/digest.h"

struct build_options {
	/* folder, "-" (stdin: a Dockerfile or a tar), git repository, URL */
	const char *context;
	const char *file; /* NULL: Dockerfile of the context; "-": stdin */
	int input;        /* stdin */
	const char *target, *platform, *network; /* NULL: default */
	struct strv contexts;                    /* "NAME=VALUE" */
	struct strv tags, args, labels, secrets, add_host, ulimits, cap_add, cap_drop,
		security_opt;
	uint64_t shm_size, memory;
	bool no_cache, pull, squash;
};

/* What the caller shows; n numbers the steps. */
struct build_view {
	void (*begin)(void *arg, unsigned n, const char *title);
	void (*output)(void *arg, unsigned n, const void *p, size_t len);
	/* how: "CACHED", "DONE", "ERROR" */
	void (*end)(void *arg, unsigned n, const char *how);
	void (*warn)(void *arg, const char *sentence);
	void *arg;
};

/* -EINVAL "Dockerfile:7: …" for what is wrong in it. Nothing stays of a build that failed
 * but the results of steps that were done. */
int build_image(const struct store *s, const struct config *cfg,
		const struct build_options *o, const struct build_view *v,
		struct digest *ret_id, struct err *e);

#endif
