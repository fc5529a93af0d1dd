/* SPDX-License-Identifier: Apache-2.0 */
/* A new image in the making: a parent or nothing, layers put on top of it, its config
 * changed, then written and named. What import, commit and build share.
 *
 * Each layer is a blob in the store and an unpacked folder on the disk as soon as it is
 * added (so that the next step of a build can run on it), kept by leases until
 * compose_free. */
#ifndef IMAGE_COMPOSE_H
#define IMAGE_COMPOSE_H

#include "core/image/layers.h"
#include "core/ns/idmap.h"
#include "core/oci/imageconfig.h"
#include "core/store/tag.h"

struct compose_options {
	int realm_pidfd;          /* as pull_options */
	int64_t created;          /* ns: stamp of config and history; 0: now */
	struct platform platform; /* without a parent; os "": the host's */
};

struct compose;
/* parent NULL: from nothing. */
int compose_new(const struct store *s, const struct tag *parent,
		const struct compose_options *o, struct compose **ret, struct err *e);
/* To be changed freely; compose itself writes created, rootfs and history. */
struct imageconfig *compose_config(struct compose *c);

/* Adds the tar stream fd (plain, gzip or zstd), read to its end, as a layer. Bytes are
 * not trusted: a confined worker unpacks them. */
int compose_add_tar(struct compose *c, int fd, struct err *e);
/* Of whoever wrote the upper folders that are added from now on: its IDs → the realm's,
 * not owned; empty ones, or NULL: the same. */
void compose_ids(struct compose *c, const struct idmap *uid, const struct idmap *gid);
/* Adds what the upper folder of an overlay changed (core/image/diff.h); skip: paths to be
 * left out, or NULL. 1: a layer was added, 0: nothing had changed. */
int compose_add_upper(struct compose *c, int upper, const struct strv *skip,
		      struct err *e);
/* Adds a layer that is in the store already (a cache has it): -ENOENT when it is not, or
 * not in place over the layers so far. */
int compose_add_stored(struct compose *c, const struct descriptor *blob,
		       const struct digest *diff_id, struct err *e);
/* Ends an instruction with its line of history: empty_layer is set when none was added
 * since the last note. comment may be NULL. */
void compose_note(struct compose *c, const char *created_by, const char *comment);
/* The layers so far, lowest first; valid until the next is added. Their number. */
size_t compose_layers(const struct compose *c, const struct layers_item **ret);

/* Writes config and manifest, brings all to the disk and sets the tag: full reference, or
 * NULL for an image without a name. *ret as it was set (tag_done). May be called again
 * after further changes. */
int compose_finish(struct compose *c, const char *name, struct tag *ret, struct err *e);
/* Ends the leases; blobs that no tag needs go. NULL is fine. */
void compose_free(struct compose *c);

#endif
