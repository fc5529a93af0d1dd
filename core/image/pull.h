/* SPDX-License-Identifier: Apache-2.0 */
/* Pulling an image from a registry into the store (distribution-spec, Docker Registry
 * HTTP API V2), layers unpacked by confined workers. */
#ifndef IMAGE_PULL_H
#define IMAGE_PULL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/image/registry.h"
#include "core/oci/platform.h"
#include "core/oci/reference.h"
#include "core/store/tag.h"

/* What the caller shows. id: first 12 digits of the layer, or NULL. */
typedef void pull_progress_fn(void *arg, const char *id, const char *status,
			      uint64_t done, uint64_t total);

struct pull_options {
	struct platform platform; /* os "" : the host's */
	int realm_pidfd;          /* keeper: unpack workers join its user namespace */
	const struct registry_options *registry; /* NULL: defaults */
	pull_progress_fn *progress;
	void *progress_arg;
};

/* 0 and the tag as it was set (tag_done). *ret_new: false when the image was up to date.
 * -ENOENT: "pull access denied for x, repository does not exist or may require 'docker
 * login'" / "manifest for x not found: manifest unknown". */
int pull_image(const struct store *s, const struct reference *ref,
	       const struct pull_options *o, struct tag *ret, bool *ret_new,
	       struct err *e);

#endif
