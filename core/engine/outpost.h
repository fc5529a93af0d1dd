/* SPDX-License-Identifier: Apache-2.0 */
/* The outpost: the process that looks after a network of its own (standalone.h) once it
 * stands. It runs from the inner executable and is confined: it opens and closes ports as
 * asked, and knows when it is over. */
#ifndef ENGINE_OUTPOST_H
#define ENGINE_OUTPOST_H

#include <limits.h>

#include "core/engine/autoport.h"
#include "core/engine/hookup.h"

#define OUTPOST_NAME_MAX 108

/* A socket at which it is asked, and where it lies, for the end to remove it. */
struct outpost_door {
	int fd, dir; /* -1: none */
	char name[OUTPOST_NAME_MAX];
};

/* What it is told; goes from one executable to the other as it is, with the descriptors
 * of these numbers. */
struct outpost {
	struct hookup hookup;
	struct nstarget target; /* for listeners inside that are opened later; else -1 */
	int first;              /* the connection that serves the ports of the start */
	int watch, links;       /* the annex' */
	int exit_fd;            /* -1: none */
	struct outpost_door api, desk;
	char alive[PATH_MAX]; /* "": none */
	pid_t child;          /* 0: none */
	bool visits;          /* it ends with the last port, too */
	char name[16];        /* of the process */
	size_t ports_len;     /* those of the start */
	bool autos;           /* ports are passed on by themselves */
};

/* The calling process becomes the outpost: returns on failure alone. autos: zeroed, or
 * open. */
int outpost_become(struct outpost *o, const struct publish *ports,
		   const struct autoports *autos, struct err *e);
/* Main of the outpost (inner executable). */
int outpost_main(int argc, char **argv);
/* Blocks the signals that it takes, so that none is lost on the way there. */
void outpost_hold_signals(void);

#endif
