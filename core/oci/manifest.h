/* SPDX-License-Identifier: Apache-2.0 */
/* Image manifests and indexes, OCI and Docker schema 2 (image-spec manifest.md,
 * image-index.md). Pure parsers over bytes; ambiguous documents (CVE-2021-41190) are
 * refused. */
#ifndef OCI_MANIFEST_H
#define OCI_MANIFEST_H

#include <stddef.h>

#include "core/oci/descriptor.h"

#define MANIFEST_MAX           (4u << 20) /* bytes */
#define MANIFEST_INDEX_ENTRIES 1000
#define MANIFEST_INDEX_DEPTH   3
#define MANIFEST_LAYERS_MAX    500

struct manifest {
	char media_type[DESCRIPTOR_MEDIA_MAX];
	bool is_index;
	/* manifest */
	struct descriptor config;
	struct descriptor *layers;
	size_t layers_len;
	/* index */
	struct descriptor *manifests;
	size_t manifests_len;
};

/* media_type: from the Content-Type or the descriptor; "" when unknown. */
int manifest_parse(const void *p, size_t n, const char *media_type, struct manifest *ret,
		   struct err *e);
/* The index entry that serves the platform best; -ENOENT "no image for platform
 * 'linux/arm64' (has linux/amd64, …)". */
int manifest_select(const struct manifest *index, const struct platform *want,
		    const struct descriptor **ret, struct err *e);
/* Appends an OCI image manifest. Annotations of the descriptors are written, too. */
int manifest_print(const struct descriptor *config, const struct descriptor *layers,
		   size_t n, struct buf *out);
void manifest_done(struct manifest *m);

#endif
