/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacking one layer: a confined process (realm's user namespace, one blob, one folder)
 * writes the tar as an overlay layer: whiteouts as char 0:0 nodes or, without MKNOD, as
 * user.overlay.whiteout files; opaque folders by user.overlay.opaque. Every path is
 * resolved beneath the layer's folder on descriptors. */
#ifndef IMAGE_UNPACK_H
#define IMAGE_UNPACK_H

#include "core/ns/idmap.h"
#include "core/store/layer.h"
#include "core/wire/compression.h"

struct unpack_job {
	int blob_fd;           /* compressed or plain layer */
	int dirfd;             /* the layer's diff/ */
	struct digest diff_id; /* what the uncompressed stream must hash to */
	int realm_pidfd;
};

struct unpack_result {
	uint64_t size;
	uint32_t uid_max, gid_max;
};

struct unpack;
/* Starts the worker. */
int unpack_start(const struct unpack_job *job, struct unpack **ret, struct err *e);
/* fd that becomes readable when it has ended. */
int unpack_fd(const struct unpack *u);
/* Waits, takes the result, frees u. -EBADMSG "diffID mismatch", -EOVERFLOW when an owner
 * is beyond the ID map: "'usr/x' belongs to uid 70000, beyond the 65536 IDs of your map:
 * …fix…". */
int unpack_finish(struct unpack *u, struct unpack_result *ret, struct err *e);
void unpack_cancel(struct unpack *u);

/* The worker's inside, also for tests and fuzzing: a tar stream into dirfd, in this
 * process. */
int unpack_stream(compression_read_fn *read, void *arg, int dirfd,
		  const struct digest *diff_id, struct unpack_result *ret, struct err *e);

#endif
