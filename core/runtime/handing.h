/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners handed to a container's monitor while it runs. The command sets them out at a
 * socket in the container's runtime folder and says the word (bidding.h); the monitor
 * comes for them. So nothing is open, and nothing asked of a start, when nobody hands. */
#ifndef RUNTIME_HANDING_H
#define RUNTIME_HANDING_H

#include <stddef.h>

#include "core/base/err.h"

#define HANDING_MAX 2 /* of one port */

/* Command, which holds the container's lock: n listeners, which stay the caller's too;
 * those that setup.json has no more are closed before. 0 of them: that alone.
 * -ENXIO, -ENOENT: no monitor comes: it has gone, or knows nothing of this; -E2BIG: it
 * can hold no more. */
int handing_offer(int container_dirfd, int socket_dirfd, const int *fds, size_t n,
		  struct err *e);
/* Monitor: what is set out; the socket that awaits the answer, or -errno. */
int handing_take(int socket_dirfd, int ret_fds[HANDING_MAX], size_t *ret_n);
/* Monitor: 0, or why they are not held; closes the socket. */
void handing_answer(int sock, int code);

#endif
