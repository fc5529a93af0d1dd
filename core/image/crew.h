/* SPDX-License-Identifier: Apache-2.0 */
/* The unpack workers of one pull: a few at once, each begun as soon as its blob begins to
 * come, so that unpacking hides behind the download. */
#ifndef IMAGE_CREW_H
#define IMAGE_CREW_H

#include "core/image/layers.h"
#include "core/image/unpack.h"

#define CREW_MAX 3

struct crew_layer {
	const struct layers_item *item;
	size_t number; /* in the image, from 1 */
	char id[13];   /* for showing */
	bool need_blob, need_layer;
	struct layer_maker *maker;
	const struct blob_writer *part; /* while it is being downloaded, else NULL */
	uint64_t have;                  /* bytes of the blob */
	int64_t shown;                  /* ns: when progress was last shown */
	/* the crew's */
	struct unpack *worker;
	int more_fd; /* tells the worker that there is more, or -1 */
	bool unpacked;
	struct err doubt; /* it failed on bytes that are not checked yet */
	struct unpack_result result;
};

struct crew {
	const struct layers_job *job;
	struct crew_layer *v;
	size_t len, at_work;
	int epoll_fd;   /* readable when a worker has ended */
	struct err err; /* the first failure */
};

int crew_init(struct crew *c, const struct layers_job *job, struct crew_layer *v,
	      size_t n, struct err *e);
/* Ends workers that still run; layers in the making are the caller's. */
void crew_done(struct crew *c);
/* Starts workers where there is something for them. -errno: c->err has the sentence. */
int crew_staff(struct crew *c);
/* Takes in those that have ended, then staffs again. */
int crew_reap(struct crew *c);
/* Until every layer is unpacked. */
int crew_wait(struct crew *c);
/* There are more bytes of a layer's blob, all of them, or it began anew. */
void crew_more(struct crew *c, size_t i);
void crew_whole(struct crew *c, size_t i);
int crew_restart(struct crew *c, size_t i);

void crew_show(const struct crew *c, const struct crew_layer *l, const char *status,
	       uint64_t total);

#endif
