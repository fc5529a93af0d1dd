/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of a container: those asked for, the image's volumes, and docker's default
 * ones. */
#ifndef ENGINE_MOUNTS_H
#define ENGINE_MOUNTS_H

#include <stdbool.h>

#include "core/engine/copyup.h"
#include "core/engine/spec.h"
#include "core/oci/runtimeconfig.h"
#include "core/store/store.h"

/* One of them, its source found. */
struct mounts_item {
	enum spec_mount_type type;
	char *source; /* absolute, or the image; NULL for a tmpfs */
	char *volume; /* name */
	/* What is mounted where that is not a bind of source: kind "bind" with its folder
	 * from, "tmpfs", "overlay". */
	const char *kind;
	char *from;
	char *target;
	char *subpath;     /* in the volume, or NULL */
	char *options;     /* config.json's, comma list */
	char *propagation; /* of a bind: "rprivate", … */
	bool read_only, made;
	bool quiet; /* a --tmpfs: docker inspect has it elsewhere */
};

struct mounts {
	struct mounts_item *v;
	size_t len;
	struct strv chain; /* chainIDs, hex, of the images among them */
};

/* Finds every source: those of other containers (--volumes-from), host folders (made for
 * -v when missing), volumes (made, and filled from the image's layers, top first), an
 * anonymous volume for each of the image's own that nothing else covers. On failure what
 * was made is removed again. */
struct mounts_want {
	const struct spec *spec;
	const struct strv *image_volumes;
	const struct strv *layers;
	const struct copyup_ids
		*ids; /* of what volumes are filled with; NULL: the image's */
};
int mounts_resolve(const struct store *s, const struct mounts_want *w, struct mounts *ret,
		   struct err *e);
/* Removes the volumes that mounts_resolve made. */
void mounts_undo(const struct store *s, struct mounts *m);
/* /proc, /dev, /sys and their kin, for these namespaces. tty_gid: gid 5 is mapped. */
struct mounts_defaults {
	unsigned namespaces;
	bool privileged, tty_gid;
	uint64_t shm_size;
	const char *ipc; /* --ipc */
};
void mounts_add_defaults(const struct mounts_defaults *d, struct runtimeconfig *c);
/* The three files of folder dir (hosts, hostname, resolv.conf) unless something is
 * mounted there, then the items; deeper targets after those above them. */
void mounts_add(const struct mounts *m, const char *dir, struct runtimeconfig *c);
/* docker inspect's "Mounts". */
void mounts_describe(const struct mounts *m, yyjson_mut_doc *doc, yyjson_mut_val *arr);
void mounts_done(struct mounts *m);

#endif
