/* SPDX-License-Identifier: Apache-2.0 */
/* `update` of an OCI container: what its command line and its file come to. */
#ifndef ENGINE_OCIUPDATE_H
#define ENGINE_OCIUPDATE_H

#include "core/engine/ocibox.h"

/* Texts as given; NULL: not given. */
struct ociupdate {
	const char *file; /* linux.resources as JSON; "-": standard input */
	const char *memory, *reservation, *swap;
	const char *shares, *quota, *period, *burst, *idle, *cpus, *mems;
	const char *pids, *weight;
};

int ociupdate_apply(const struct ocibox *b, const struct ociupdate *u, struct err *e);

#endif
