/* SPDX-License-Identifier: Apache-2.0 */
/* Images: docker's verbs over the store. Removing is core/engine/untag.h, save and load
 * are core/engine/imagefile.h. */
#ifndef ENGINE_IMAGE_H
#define ENGINE_IMAGE_H

#include "core/engine/config.h"
#include "core/image/pull.h"
#include "core/oci/imageconfig.h"
#include "core/store/tag.h"

struct image {
	struct digest id; /* of the config */
	struct tag tag;   /* the tag it was found by; any of its tags when found by ID */
	struct imageconfig config;
	struct strv repo_tags;    /* familiar: "nginx:latest" */
	struct strv repo_digests; /* "nginx@sha256:…" */
	uint64_t size;            /* content of its layers */
	int64_t created;          /* ns */
};

/* By reference, ID or unambiguous ID prefix, or "@welcome"; -ENOENT "No such image: x",
 * -EINVAL for what is no reference at all. */
int image_open(const struct store *s, const char *what, struct image *ret, struct err *e);
void image_done(struct image *i);
/* The entry of all that a reference, ID or ID prefix means; errors as image_open. */
int image_find(const struct tags *all, const char *what, size_t *ret, struct err *e);
/* All, newest first; dangling ones too. *ret malloc'd array. An image whose config cannot
 * be read is listed with what its tags say. */
int image_list(const struct store *s, struct image **ret, size_t *ret_len, struct err *e);
/* Opens the image, pulling it first when policy ("missing", "always", "never") says so;
 * "@name" is an image embedded in this executable. progress may be NULL. platform NULL or
 * "": the host's. */
int image_ensure(const struct store *s, const struct config *cfg, const char *what,
		 const char *policy, const char *platform, pull_progress_fn *progress,
		 void *arg, struct image *ret, struct err *e);
/* docker pull: prints nothing; *ret_digest of what the registry named; *ret_new as
 * pull_image. */
int image_pull(const struct store *s, const struct config *cfg,
	       const struct reference *ref, const char *platform,
	       pull_progress_fn *progress, void *arg, struct tag *ret, bool *ret_new,
	       struct err *e);
/* Appends the tags that the registry has of ref's repository. */
int image_remote_tags(const struct config *cfg, const struct reference *ref,
		      struct strv *ret, struct err *e);
int image_tag(const struct store *s, const char *source, const char *target,
	      struct err *e);
/* Does the image that is here serve the platform that was asked for ("" or NULL: any)?
 * -ENOENT with docker's sentence. */
int image_check_platform(const struct image *i, const char *what, const char *platform,
			 struct err *e);
/* docker inspect's object of an image. */
yyjson_mut_val *image_inspect(const struct store *s, const struct image *i,
			      yyjson_mut_doc *doc, struct err *e);
/* "sha256:<12 digits>" of docker's short ID: the 12 digits alone. */
void image_short_id(const struct image *i, char ret[13]);

#endif
