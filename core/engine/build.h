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
	struct strv outputs; /* as core/engine/buildoutput.h reads them; none: an image */
	struct strv ssh;     /* "ID[=SOCKET]" */
	struct strv fresh;   /* names of stages that the cache is not for */
	struct strv tags, args, labels, secrets, add_host, ulimits, cap_add, cap_drop,
		security_opt;
	uint64_t shm_size, memory;
	int64_t memory_swap, cpu_shares, cpu_period, cpu_quota; /* as in struct spec */
	const char *cpuset_cpus, *cpuset_mems, *cgroup_parent;
	bool no_cache, pull, squash, push;
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

/* Zero-initialise. */
struct build_result {
	bool is_image; /* there is one: not of outputs that are files alone */
	struct digest id, manifest;
	struct strv names; /* full references */
};
void build_result_done(struct build_result *r);

/* -EINVAL "Dockerfile:7: …" for what is wrong in it. Nothing stays of a build that failed
 * but the results of steps that were done. */
int build_image(const struct store *s, const struct config *cfg,
		const struct build_options *o, const struct build_view *v,
		struct build_result *ret, struct err *e);

#endif
