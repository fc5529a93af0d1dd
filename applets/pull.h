/* SPDX-License-Identifier: Apache-2.0 */
/* Pulling with docker's words, for pull, run and create. */
#ifndef APPLETS_PULL_H
#define APPLETS_PULL_H

#include "applets/host.h"

/* Prints "latest: Pulling from library/x", the layers, "Digest: …" and "Status: …" to fd
 * (nothing when quiet). */
int pull_show(struct host *h, const char *what, const char *platform, int fd, bool quiet,
	      struct err *e);

#endif
