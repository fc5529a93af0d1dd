/* SPDX-License-Identifier: Apache-2.0 */
/* Ports passed on by themselves: what listens on one side is looked up again and again,
 * and listened for on the other. */
#ifndef ENGINE_AUTOPORT_H
#define ENGINE_AUTOPORT_H

#include <stdint.h>

#include "core/engine/hookup.h"

#define AUTOPORT_TABLE (65536 / 8)
#define AUTOPORT_MAX   2048 /* at the same time */

/* A set of ports. */
struct autoport_set {
	uint8_t bits[AUTOPORT_TABLE];
};

/* Adds the ports that somebody listens on (TCP) or is bound to without a peer (UDP),
 * from the text of /proc/net/{tcp,udp}{,6}: was there any? A pure parser. */
bool autoport_parse(const char *text, size_t n, bool udp, struct autoport_set *ret);
bool autoport_has(const struct autoport_set *s, uint16_t port);

struct autoport {
	bool udp, out;
	uint16_t port;
};

/* Zeroed: nothing is wanted. */
struct autoports {
	const struct hookup *hookup;
	/* What the stack knows the namespace by, which is served already. */
	char id[16];
	bool in[2], out[2];
	/* The tables of sockets, the namespace's and the host's, by the direction that
	 * looks there: tcp, tcp6, udp, udp6; 0: not looked at. */
	int tables[2][4];
	struct autoport v[AUTOPORT_MAX];
	size_t len;
	/* Ports that are forwarded by request: never both ways. */
	struct autoport_set fixed[2][2]; /* [udp][out] */
};

struct standalone;
/* id: see above. */
int autoport_open(struct autoports *a, const struct standalone *s, const struct hookup *h,
		  const char *id, struct err *e);
bool autoport_wanted(const struct autoports *a);
void autoport_scan(struct autoports *a);
void autoport_done(struct autoports *a);

#endif
