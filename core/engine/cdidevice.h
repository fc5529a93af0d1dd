/* SPDX-License-Identifier: Apache-2.0 */
/* --device vendor.com/class=name and --gpus: devices that the host's specs of the
 * Container Device Interface name. Looked up when a container is made; what they say then
 * holds for its life. */
#ifndef ENGINE_CDIDEVICE_H
#define ENGINE_CDIDEVICE_H

#include "core/engine/spec.h"
#include "core/ns/idmap.h"
#include "core/oci/cdi.h"

/* Zero-initialise. */
struct cdidevice {
	struct cdi *files;
	size_t files_len;
	const struct cdi_edits **edits; /* in files; in the order in which they apply */
	size_t edits_len;
	struct strv warnings;
};

/* What there is of the container already. */
struct cdidevice_room {
	const struct idmap *gids;
	bool keep_groups, shares_pids;
};

/* Nothing is read when no device is named. -ENOENT with all that may be the reason;
 * -EEXIST for a device that two files of one folder have. */
int cdidevice_find(const struct spec *spec, struct cdidevice *ret, struct err *e);
/* Is there a node that only a supplementary group of the user's opens? */
bool cdidevice_by_group(const struct cdidevice *d);
/* Applies them. An error for what cannot be had. */
int cdidevice_add(const struct cdidevice *d, const struct cdidevice_room *room,
		  struct runtimeconfig *c, struct strv *warnings, struct err *e);
void cdidevice_done(struct cdidevice *d);

#endif
