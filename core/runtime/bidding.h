/* SPDX-License-Identifier: Apache-2.0 */
/* How a command reaches a container's monitor: a fifo in the container's folder.
 * A word that is written before a signal is sent is there when the monitor sees what the
 * signal did. */
#ifndef RUNTIME_BIDDING_H
#define RUNTIME_BIDDING_H

enum bidding_word {
	BIDDING_STOP = 's',  /* the user ends it: the restart policy rests */
	BIDDING_PORTS = 'p', /* setup.json has other published ports */
	BIDDING_TAKE = 't',  /* listeners are set out (handing.h) */
};

/* Monitor, which holds the container's lock: a descriptor to poll and to read from, or
 * -errno. */
int bidding_open(int container_dirfd);
/* 0, or -ENXIO and the like when no monitor listens. */
int bidding_send(int container_dirfd, enum bidding_word word);
/* The same, and a descriptor that polls POLLERR once the monitor has gone. */
int bidding_call(int container_dirfd, enum bidding_word word);
/* Monitor: the next word, or 0. */
int bidding_take(int control);

#endif
