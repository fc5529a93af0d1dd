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
	int64_t until;          /* ns, of images; 0: none */
	struct strv ancestors;  /* image IDs */
};

/* texts: as given; keys: those that this verb knows, NULL-terminated. -EINVAL with
 * docker's words for a form or key that does not exist. Nothing is looked up. */
int pick_parse(struct pick *p, const struct strv *texts, const char *const *keys,
	       struct err *e);
/* The value of a condition of that key, else NULL. */
const char *pick_value(const char *condition, const char *key);
/* label=… and label!=… (all must hold) over an object of labels, which may be NULL. */
bool pick_labels(const struct pick *p, yyjson_val *labels);
/* Does the key's regular expression, if there is any such condition, match text? */
bool pick_regex(const struct pick *p, const char *key, const char *text);
/* Is text among the key's values, if there is any such condition? */
bool pick_exact(const struct pick *p, const char *key, const char *text);
/* until=… (a time, or a span before now): *ret ns, or 0 without one. -EINVAL. */
int pick_until(const struct pick *p, int64_t *ret, struct err *e);
/* A boolean condition of that key: 1, 0, or -ENOENT without one. -EINVAL with a sentence.
 */
int pick_truth(const struct pick *p, const char *key, struct err *e);
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
