/* SPDX-License-Identifier: Apache-2.0 */
/* Pushing an image of the store to a registry. What the registry has is not sent again;
 * what a neighbour on it has is mounted. */
#ifndef IMAGE_PUSH_H
#define IMAGE_PUSH_H

#include "core/image/pull.h"

struct push_options {
	const struct registry_options *registry; /* NULL: defaults */
	pull_progress_fn *progress;              /* id: 12 digits of the diffID */
	void *progress_arg;
};

/* The image of t as `to` (its tag; without one by digest alone). */
int push_image(const struct store *s, const struct tag *t, const struct reference *to,
	       const struct push_options *o, struct err *e);

#endif
