/* SPDX-License-Identifier: Apache-2.0 */
/* Image references as Docker resolves them (distribution/reference grammar): familiar
 * names, registry/repository:tag@digest. A pure parser of untrusted text. */
#ifndef OCI_REFERENCE_H
#define OCI_REFERENCE_H

#include <stddef.h>

#include "core/base/err.h"
#include "core/wire/digest.h"

#define REFERENCE_DEFAULT_REGISTRY "docker.io"

/* Heap strings; zero-initialise, release with reference_done. */
struct reference {
	char *registry;       /* "docker.io", "localhost:5000" */
	char *repository;     /* "library/nginx" */
	char *tag;            /* "latest"; NULL when only a digest was given */
	struct digest digest; /* unset unless given */
};

/* "nginx" → docker.io/library/nginx:latest. -EINVAL "invalid reference format" with
 * docker's further words (repository name must be lowercase, …). */
int reference_parse(const char *text, struct reference *ret, struct err *e);
/* Is that a tag by itself? */
bool reference_is_tag(const char *s);
/* "docker.io/library/nginx:latest", "…@sha256:…" (tag before digest when both). Malloc'd.
 */
char *reference_full(const struct reference *r);
/* As docker shows it: "nginx:latest", "localhost:5000/a:b", "nginx@sha256:…". Malloc'd.
 */
char *reference_familiar(const struct reference *r);
/* Name part only: "nginx", "localhost:5000/a". Malloc'd. */
char *reference_familiar_name(const struct reference *r);
/* The host that serves the API: docker.io → "registry-1.docker.io". */
const char *reference_host(const struct reference *r);
void reference_copy(struct reference *ret, const struct reference *r);
void reference_done(struct reference *r);

#endif
