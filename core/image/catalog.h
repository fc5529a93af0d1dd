/* SPDX-License-Identifier: Apache-2.0 */
/* Searching a registry: docker's v1 search where it is served, else the catalog of
 * repositories (distribution-spec's predecessor, /v2/_catalog). */
#ifndef IMAGE_CATALOG_H
#define IMAGE_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/image/registry.h"

#define CATALOG_MAX (4u << 20) /* bytes of an answer */

struct catalog_item {
	char *name, *description;
	int64_t stars;
	bool official;
};

/* Zero-initialise. */
struct catalog {
	struct catalog_item *v;
	size_t len;
};

/* registry: "docker.io" or "host[:port]"; term: what names are to hold. At most limit
 * items. -EOPNOTSUPP with a sentence when the registry has neither. */
struct catalog_query {
	const char *registry, *term;
	unsigned limit;
};
int catalog_search(const struct registry_options *o, const struct catalog_query *q,
		   struct catalog *ret, struct err *e);
/* The answer of a v1 search, a pure parser. */
int catalog_parse(const char *text, size_t n, struct catalog *ret, struct err *e);
void catalog_done(struct catalog *c);

#endif
