/* SPDX-License-Identifier: Apache-2.0 */
/* rootless net: a network for one namespace that is not of our containers, carried by a
 * stack of its own, for as long as the process that asks for it lives. */
#ifndef ENGINE_STANDALONE_H
#define ENGINE_STANDALONE_H

#include "core/engine/annex.h"
#include "core/engine/portspec.h"

/* Where the portal's address (border.h) leads. */
enum standalone_portal { STANDALONE_NOWHERE, STANDALONE_HOST, STANDALONE_LOOPBACK };

struct standalone {
	struct annex_plan plan;
	bool visits;   /* it is there for the ports alone, and leaves with the last */
	bool loopback; /* the router's address leads to the host's loopback */
	enum standalone_portal portal;
	uint8_t closed; /* protocols not carried: 1 << enum stack_proto */
	struct publish *ports;
	size_t ports_len;
	/* Ports that something listens on are passed on by themselves, by protocol: those
	 * of the namespace on the host, those of the host in the namespace. */
	bool auto_in[2], auto_out[2];
	const struct portspec *except[2][2]; /* but these: [udp][out]; NULL: none */
	const char *api;   /* path of slirp4netns' API socket, or NULL */
	int exit_fd;       /* it ends when this one does; -1: none */
	const char *alive; /* or when this path is no more; NULL: none */
	pid_t child;       /* or when this child does: its exit code is ours; 0: none */
	int log_fd;        /* the stack's log; -1: none */
	/* Called once when all of it stands. */
	int (*ready)(void *arg, struct err *e);
	void *arg;
};

/* Makes the calling process the one that serves until the end (outpost.h), whose exit
 * code is then the process's: returns on failure alone, with -errno. */
int standalone_run(const struct standalone *s, struct nstarget *t, struct err *e);
/* A random, locally administered hardware address. */
void standalone_mac(uint8_t ret[6]);
/* "02:00:00:00:00:01". */
int standalone_parse_mac(const char *text, uint8_t ret[6], struct err *e);

#endif
