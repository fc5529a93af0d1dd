/* SPDX-License-Identifier: Apache-2.0 */
/* Images: docker's verbs over the store. */
#ifndef ENGINE_IMAGE_H
#define ENGINE_IMAGE_H

#include "core/engine/config.h"
#include "core/image/pull.h"
#include "core/oci/imageconfig.h"
#include "core/store/tag.h"

struct image {
	struct digest id; /* of the config */
	struct tag tag;   /* the tag it was found by */
	struct imageconfig config;
	struct strv repo_tags;    /* familiar: "nginx:latest" */
	struct strv repo_digests; /* "nginx@sha256:…" */
	uint64_t size;            /* content of its layers */
	int64_t created;          /* ns */
};

/* By reference, ID or unambiguous ID prefix; -ENOENT "No such image: x". */
int image_open(const struct store *s, const char *what, struct image *ret, struct err *e);
void image_done(struct image *i);
/* All, newest first; dangling ones too. */
int image_list(const struct store *s, struct image **ret, size_t *ret_len, struct err *e);
/* Opens the image, pulling it first when policy ("missing", "always", "never") says so;
 * "@name" is an image embedded in this executable. progress may be NULL. platform "" :
 * the host's. */
int image_ensure(const struct store *s, const struct config *cfg, const char *what,
		 const char *policy, const char *platform, pull_progress_fn *progress,
		 void *arg, struct image *ret, struct err *e);
/* docker pull: prints nothing; *ret_digest of what the registry named; *ret_new as
 * pull_image. */
int image_pull(const struct store *s, const struct config *cfg,
	       const struct reference *ref, const char *platform,
	       pull_progress_fn *progress, void *arg, struct tag *ret, bool *ret_new,
	       struct err *e);
int image_tag(const struct store *s, const char *source, const char *target,
	      struct err *e);
/* Appends "untagged: x" / "deleted: sha256:…" actions ("Untagged: …" as docker prints is
 * the applet's). -EBUSY "conflict: unable to …" as docker when a container uses it
 * (unless force). */
struct image_action {
	bool deleted; /* else untagged */
	char *what;
};
int image_remove(const struct store *s, const char *what, bool force, bool prune,
		 struct image_action **ret, size_t *ret_len, struct err *e);
int image_load(const struct store *s, const struct config *cfg, int fd,
	       pull_progress_fn *progress, void *arg, struct strv *ret_names,
	       struct err *e);
int image_save(const struct store *s, const struct strv *names, int fd, struct err *e);
/* docker inspect's object of an image. */
yyjson_mut_val *image_inspect(const struct store *s, const struct image *i,
			      yyjson_mut_doc *doc, struct err *e);

#endif
