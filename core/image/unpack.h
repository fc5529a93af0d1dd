/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacking one layer: a confined process (realm's user namespace, one blob, one folder)
 * writes the tar as an overlay layer: whiteouts as char 0:0 nodes, opaque folders by
 * user.overlay.opaque. Every path is resolved beneath the layer's folder on descriptors.
 */
#ifndef IMAGE_UNPACK_H
#define IMAGE_UNPACK_H

#include "core/ns/idmap.h"
#include "core/store/layer.h"
#include "core/wire/compression.h"

/* A layer may grow to this, or to a hundred times its compressed size if that is more. */
#define UNPACK_SIZE_FREE    (1ull << 30)
#define UNPACK_SIZE_RATIO   100
#define UNPACK_IMPLICIT_MAX (1u << 20) /* bytes of paths */

struct unpack_job {
	int blob_fd;        /* compressed or plain layer, read from its start */
	uint64_t blob_size; /* bytes it has, or will have */
	uint64_t tar_size;  /* uncompressed, when it is known; 0: unpack_limit holds */
	int more_fd; /* -1: the blob is whole. Else it still grows: a byte comes here
			for more of it, the end when it is whole; not owned */
	int dirfd;   /* the layer's diff/ */
	struct digest diff_id; /* what the uncompressed stream must hash to */
	int realm_pidfd;       /* -1: stay in this user namespace (tests) */
	/* The folder that says which IDs beyond the map its files have (store/owners.h);
	 * -1: there may be none. */
	const struct store *store;
	int holder;
};

/* Whose IDs files are given to: how many there are, and who lends a slot for another. */
struct unpack_owners {
	uint32_t uids, gids;
	int (*lend)(void *arg, bool group, uint32_t id, uint32_t *ret_slot,
		    struct err *e); /* NULL: nobody does */
	void *arg;
};

struct unpack_result {
	uint64_t size;
	uint32_t uid_max, gid_max;
	uint32_t devices; /* nodes left out: a user namespace cannot make them */
	char *implicit;   /* folders that no entry describes, parents first, each ended by
			     NUL; malloc'd, or NULL. core/image/parents.h is for them */
	uint32_t implicit_size;
};

/* What the worker says, followed by the bytes of result.implicit. */
struct unpack_answer {
	int code;
	struct unpack_result result;
	char text[ERR_TEXT_MAX];
};
/* Reads it to its end. The worker has read foreign bytes, so it is not believed: what is
 * no whole answer is -ECHILD. */
int unpack_read_answer(int fd, struct unpack_result *ret, struct err *e);

/* How large a layer may be whose compressed size is known. Pure. */
uint64_t unpack_limit(uint64_t blob_size);
struct unpack;
/* Starts the worker. */
int unpack_start(const struct unpack_job *job, struct unpack **ret, struct err *e);
/* fd that becomes readable when it has ended, or has something for unpack_serve. */
int unpack_fd(const struct unpack *u);
/* 1: it was not the end, but a slot that it had to be lent; 0: it has ended. */
int unpack_serve(struct unpack *u);
/* Waits (and lends), takes the result, frees u. -EBADMSG "diffID mismatch", -EOVERFLOW
 * when an owner is beyond the ID map and no slot can be had: "'usr/x' belongs to uid
 * 70000, beyond the 1 ID of your map: …fix…". */
int unpack_finish(struct unpack *u, struct unpack_result *ret, struct err *e);
void unpack_cancel(struct unpack *u);

/* The worker's inside, also for tests and fuzzing: a tar stream into dirfd, in this
 * process. */
struct unpack_stream {
	compression_read_fn *read;
	void *arg;
	int dirfd;
	uint64_t max;                 /* uncompressed bytes */
	const struct digest *diff_id; /* NULL: any */
	struct unpack_owners owners;
};
int unpack_stream(const struct unpack_stream *s, struct unpack_result *ret,
		  struct err *e);

#endif
