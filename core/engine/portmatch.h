/* SPDX-License-Identifier: Apache-2.0 */
/* docker ps --filter publish= and expose=: "80", "80/udp", "8000-8010/tcp". */
#ifndef ENGINE_PORTMATCH_H
#define ENGINE_PORTMATCH_H

#include "core/engine/container.h"

/* Is it of that form? 0 or -EINVAL. */
int portmatch_check(const char *text);
/* By the port in the container, published or not. */
bool portmatch_exposed(const struct container *c, const char *text);
/* By the host's port; the protocol is that of the container's. */
bool portmatch_published(const struct container *c, const char *text);

#endif
