/* SPDX-License-Identifier: Apache-2.0 */
/* docker's --filter: "key=value" conditions over containers and images. Values of one key
 * are alternatives (of label: all must hold), keys must all hold. */
#ifndef ENGINE_PICK_H
#define ENGINE_PICK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/engine/container.h"
#include "core/engine/image.h"

/* Zero-initialise; pick_done releases. */
struct pick {
	struct strv conditions; /* "key=value" */
	int64_t before, since;  /* ns, of the objects named; 0: none */
	struct strv ancestors;  /* image IDs */
};

/* texts: as given. -EINVAL with docker's words for a form or key that does not exist.
 * What conditions refer to (before, since, ancestor) is looked up now. */
int pick_containers(struct pick *p, const struct store *s, const struct strv *texts,
		    struct err *e);
int pick_images(struct pick *p, const struct store *s, const struct strv *texts,
		struct err *e);
bool pick_has(const struct pick *p, const char *key);
bool pick_container(const struct pick *p, const struct container *c);
/* The image as a whole; names are for pick_image_name. */
bool pick_image(const struct pick *p, const struct image *i);
/* Does reference=… (if any) take this name ("nginx:latest")? */
bool pick_image_name(const struct pick *p, const char *name);
void pick_done(struct pick *p);

#endif
