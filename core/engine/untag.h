/* SPDX-License-Identifier: Apache-2.0 */
/* docker rmi: taking names off images, and removing what nothing names any more. */
#ifndef ENGINE_UNTAG_H
#define ENGINE_UNTAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/store/store.h"

struct untag_action {
	bool deleted; /* else untagged */
	char *what; /* "nginx:latest", "nginx@sha256:…", "sha256:…" of an image or a chain
		     */
};

/* what: a reference or an ID. -EBUSY "conflict: unable to …" as docker when a container
 * uses it, or an ID that several repositories name (force lifts both, but never for a
 * running container). no_prune: layers that nothing uses any more are left for a later
 * rmi. *ret malloc'd, to be released by untag_done; also filled with what was done before
 * a failure. */
int untag_image(const struct store *s, const char *what, bool force, bool no_prune,
		struct untag_action **ret, size_t *ret_len, struct err *e);
/* Removes the layers and blobs that neither an image nor a container uses; their bytes go
 * to *ret_bytes (may be NULL). */
int untag_collect(const struct store *s, uint64_t *ret_bytes, struct err *e);
/* A container of that image is gone: when the image was removed before it, what only the
 * container held goes, too. Best effort. */
void untag_released(const struct store *s, const char *image_id);
void untag_done(struct untag_action *v, size_t len);

#endif
