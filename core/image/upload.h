/* SPDX-License-Identifier: Apache-2.0 */
/* One blob's way to a registry (distribution-spec, "Pushing blobs"): is it there, can it
 * be mounted from a neighbour, else sent; after an interruption from where the registry
 * has it. */
#ifndef IMAGE_UPLOAD_H
#define IMAGE_UPLOAD_H

#include "core/image/ask.h"

struct upload {
	const struct ask *ask;
	const char *repository; /* "library/nginx" */
	struct digest digest;
	uint64_t size;
	int fd; /* its bytes, from the beginning */
	void (*tick)(void *arg, uint64_t sent);
	void *arg;
};

/* 1: the repository has it; 0: not. */
int upload_present(const struct upload *u, struct err *e);
/* 1: mounted from that repository of the same registry; 0: not, and *ret_location,
 * malloc'd or NULL, is a session to be given to upload_run. */
int upload_mount(const struct upload *u, const char *from, char **ret_location,
		 struct err *e);
/* Sends it. location: of a session that was begun, taken over; or NULL. */
int upload_run(const struct upload *u, char *location, struct err *e);

#endif
