/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor: one process for each started container. It makes the container (through a
 * short-lived setup process), is the parent of its init, pumps its output to the log and
 * to attached clients, and writes state.json. */
#ifndef RUNTIME_MONITOR_H
#define RUNTIME_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/runtime/setup.h"
#include "core/runtime/state.h"

#define MONITOR_KEEP_MAX 1024
/* In the container's runtime folder: where attach clients come. */
#define MONITOR_SOCKET "attach.sock"

/* What a look at a container's health found. */
enum monitor_health {
	MONITOR_HEALTH_STARTING,
	MONITOR_HEALTH_HEALTHY,
	MONITOR_HEALTH_UNHEALTHY,
	MONITOR_HEALTH_SAME, /* it could not look */
};

/* What the engine adds; called inside the inner executable. */
struct monitor_hooks {
	/* In the setup process: root of the realm and in its network namespace, init
	 * exists. */
	int (*network_attach)(const struct setup *s, int netns_fd, struct err *e);
	/* In the monitor before the payload starts: opens what must live as long as this
	 * run (the connection to the stack, given the listeners kept). Again, whenever
	 * that has broken. The descriptor to hold and to watch, 0 when there is nothing
	 * to watch, or -errno. */
	int (*network_open)(const struct setup *s, const int *kept, size_t kept_len,
			    struct err *e);
	/* In the monitor, when no run follows and before state.json says so: nobody is to
	 * find the container's name or ports taken once they hear of its end. Closes the
	 * listeners kept (-1 in their place). */
	void (*network_close)(int *kept, size_t kept_len);
	/* In the monitor: setup.json has other published ports; closes the listeners
	 * kept of those that are gone (-1 in their place). Those that were handed over
	 * later stand behind those of the start. */
	void (*ports)(const struct setup *s, int *kept, size_t kept_len);
	/* In the monitor, after state.json says running and before the client is told;
	 * may be NULL. */
	void (*started)(const struct setup *s, const struct state *st);
	/* In the monitor, after state.json says so: the kernel has killed a process of
	 * the container for want of memory. Journals the event. */
	void (*starved)(const struct setup *s);
	/* In a child of the monitor: one look at the container's health, written down.
	 * MONITOR_HEALTH_*. */
	int (*probe)(const struct setup *s);
	/* In the monitor, after state.json says restarting: a run has ended, and another
	 * one will follow. Journals the event. */
	void (*rested)(const struct setup *s, const struct state *st);
	/* In the monitor, when the connection to the keeper has ended: brings the same
	 * realm's next keeper, and gives realm and kept its descriptors under the numbers
	 * of the old. 0, also where nothing was to be done; -ESRCH: there is no way back
	 * to that realm. */
	int (*recover)(const struct setup *s, int realm, const int *kept, struct err *e);
	/* In the monitor, before another run: what it needs of others, and recover.
	 * Without a way back, opens another realm. 1: it has, and network_open is due. */
	int (*revive)(const struct setup *s, int realm, const int *kept, size_t kept_len,
		      struct err *e);
	/* In the monitor, after state.json says exited and before clients are told:
	 * removes an auto-remove container, journals the event (unless told: rested has).
	 */
	void (*exited)(const struct setup *s, const struct state *st, bool told);
	/* In the monitor, after clients were told of an auto-remove container's end: the
	 * part of its removal that takes time. */
	void (*ended)(int container_dirfd, int realm_pidfd);
};

struct monitor_spawn {
	int inner_fd;        /* sealed executable */
	int container_dirfd; /* the container's folder */
	int socket_dirfd; /* runtime folder of this container: attach.sock is made here */
	int realm_pidfd;  /* keeper */
	const int *kept;  /* held by the monitor for its life: first the connection to the
			     keeper; then what the hooks want, listeners in the order of
			     setup.json's network object */
	size_t kept_len;
};

/* Front side. Starts a detached monitor; returns a connected stream socket of frames
 * (core/wire/frame.h), the first attach client: the container is being made meanwhile;
 * send FRAME_ATTACH to want its streams, then FRAME_START. FRAME_STATUS running follows,
 * or FRAME_ERROR with the cause and FRAME_EXIT with 125, 126 or 127. Closing it leaves
 * the container running (before FRAME_START: undone). */
int monitor_spawn(const struct monitor_spawn *s, struct err *e);
/* Connects a further client to a running container; -ENOENT, -ECONNREFUSED when none. */
int monitor_connect(int socket_dirfd, struct err *e);
/* Main of the inner executable's "monitor"; argv as monitor_spawn made it. Exit code. */
int monitor_main(int argc, char **argv, const struct monitor_hooks *hooks);

#endif
