/* SPDX-License-Identifier: Apache-2.0 */
/* The content of one image on its way into the store: manifest, config, layers; wherever
 * it comes from. */
#ifndef IMAGE_CONTENT_H
#define IMAGE_CONTENT_H

#include "core/image/layers.h"
#include "core/oci/imageconfig.h"

/* Zero-initialise. */
struct content {
	struct buf manifest_bytes, config_bytes;
	struct descriptor descriptor; /* of the manifest */
	struct manifest manifest;
	struct imageconfig config;
	struct layers_item *items;
	const struct store *store; /* while content_complete runs */
};

/* Parses manifest_bytes, whose digest is d. An index is fine: then look into it and come
 * again with the bytes it names. */
int content_manifest(struct content *c, const char *media_type, const struct digest *d,
		     struct err *e);
/* Parses config_bytes; refuses what does not fit the manifest or is not for Linux. */
int content_config(struct content *c, struct err *e);
/* fd of a lease on all of it (lease_drop). */
int content_lease(const struct content *c, const struct store *s, struct err *e);
/* Brings all of it into the store and to the disk. */
int content_complete(struct content *c, const struct store *s, struct registry *r,
		     const struct pull_options *o, struct err *e);
/* A tag for it, not set yet; tag_done. */
struct tag content_tag(const struct content *c, const char *name);
/* Drops its blobs that nothing needs. */
void content_collect(const struct content *c, const struct store *s);
/* Manifest and config of a tag, out of the store. */
int content_read(struct content *c, const struct store *s, const struct tag *t,
		 struct err *e);
/* Does the store have all of the image, and for this platform (os "": any)? */
bool content_is_whole(const struct store *s, const struct tag *t,
		      const struct platform *platform);
/* "blobs/sha256/HEX", as layouts and archives name a blob; malloc'd. */
char *content_blob_file(const struct digest *d);
/* After a failure: what was begun goes (gc_sweep, with the realm's power unless
 * realm_pidfd is -1). */
void content_sweep(const struct store *s, int realm_pidfd);
void content_done(struct content *c);

#endif
