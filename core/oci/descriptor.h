/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors and media types (image-spec descriptor.md, media-types.md), docker's
 * included. */
#ifndef OCI_DESCRIPTOR_H
#define OCI_DESCRIPTOR_H

#include <stdint.h>

#include "core/base/strv.h"
#include "core/oci/platform.h"
#include "core/wire/json.h"
#include "core/wire/digest.h"

#define MEDIA_OCI_INDEX       "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_MANIFEST    "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_CONFIG      "application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER       "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_OCI_LAYER_GZIP  "application/vnd.oci.image.layer.v1.tar+gzip"
#define MEDIA_OCI_LAYER_ZSTD  "application/vnd.oci.image.layer.v1.tar+zstd"
#define MEDIA_DOCKER_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_CONFIG   "application/vnd.docker.container.image.v1+json"
#define MEDIA_DOCKER_LAYER    "application/vnd.docker.image.rootfs.diff.tar.gzip"

#define DESCRIPTOR_MEDIA_MAX  128

enum descriptor_kind {
	DESCRIPTOR_UNKNOWN,
	DESCRIPTOR_INDEX,
	DESCRIPTOR_MANIFEST,
	DESCRIPTOR_CONFIG,
	DESCRIPTOR_LAYER,
};

struct descriptor {
	char media_type[DESCRIPTOR_MEDIA_MAX];
	struct digest digest;
	uint64_t size;            /* bytes */
	struct platform platform; /* empty strings when absent */
	struct strv annotations;  /* "key=value" */
};

/* Refuses negative sizes, malformed digests and "urls" (foreign layers). */
int descriptor_parse(yyjson_val *obj, struct descriptor *ret, struct err *e);
void descriptor_build(const struct descriptor *d, yyjson_mut_doc *doc,
		      yyjson_mut_val *obj);
enum descriptor_kind descriptor_kind(const struct descriptor *d);
void descriptor_done(struct descriptor *d);

#endif
