/* SPDX-License-Identifier: Apache-2.0 */
/* The layers of one image: those that are missing are downloaded, checked and unpacked,
 * all in parallel, and counted only when they are on the disk. */
#ifndef IMAGE_LAYERS_H
#define IMAGE_LAYERS_H

#include "core/image/pull.h"

struct layers_item {
	struct descriptor blob;
	struct digest diff_id, chain_id;
	struct digest parent; /* chainID, unset for the first */
	uint64_t tar_size;    /* uncompressed, when it is known for certain; else 0 */
};

struct layers_job {
	const struct store *store;
	struct registry *registry; /* NULL: all blobs are in the store */
	const struct layers_item *items;
	size_t len;
	const struct pull_options *options;
	/* Called before things are brought to the disk: the moment to put what must be
	 * there with the layers. */
	int (*before_sync)(void *arg, struct err *e);
	void *arg;
};

/* Fills chain_id and parent of the items from their diff_ids. */
void layers_chain(struct layers_item *items, size_t n);
int layers_complete(const struct layers_job *job, struct err *e);

#endif
