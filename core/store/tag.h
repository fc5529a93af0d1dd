/* SPDX-License-Identifier: Apache-2.0 */
/* index.json of the OCI layout: which manifest each reference names. One writer at a time
 * (flock), never torn. Each entry carries org.opencontainers.image.ref.name = full
 * reference and, as annotations of ours, the image ID and when it was pulled or tagged.
 */
#ifndef STORE_TAG_H
#define STORE_TAG_H

#include "core/oci/descriptor.h"
#include "core/oci/reference.h"
#include "core/store/store.h"

struct tag {
	char *name; /* full reference "docker.io/library/nginx:latest"; NULL when
		       the image is dangling */
	struct descriptor manifest; /* of the platform's manifest, not the index */
	struct digest image_id;     /* digest of the config */
	struct digest repo_digest;  /* what the registry calls it (index or manifest);
				       unset when built or  loaded */
	char *repo;                 /* "docker.io/library/nginx" of repo_digest; NULL */
	int64_t updated; /* ns: when it was pulled or tagged; tag_set fills it */
};

struct tags {
	struct tag *v;
	size_t len;
};

/* In the order of index.json. An index.json that cannot be read is an error only here. */
int tag_list(const struct store *s, struct tags *ret, struct err *e);
/* Adds or moves a tag; what the name pointed to before becomes dangling if nothing else
 * names it. */
int tag_set(const struct store *s, const struct tag *t, struct err *e);
/* Removes one name (the image may become dangling: keep = true, or vanish from the
 * index). */
int tag_remove(const struct store *s, const char *name, bool keep_dangling,
	       struct err *e);
/* Removes every entry of an image. */
int tag_remove_image(const struct store *s, const struct digest *image_id, struct err *e);
void tags_done(struct tags *t);
void tag_done(struct tag *t);

#endif
