/* SPDX-License-Identifier: Apache-2.0 */
/* A descriptor kept back for the moment when there is no other: with it, who waits at a
 * listener can be turned away. Left there he would wait in silence, and the loop would be
 * told of him without end. */
#ifndef NET_SPARE_H
#define NET_SPARE_H

#include <sys/socket.h>

struct spare {
	int fd, of; /* a second descriptor of this one */
};

/* of: any that stays open as long. What is kept back is taken now. */
void spare_init(struct spare *s, int of);
/* accept4(2), close-on-exec and non-blocking; peer may be NULL. The descriptor, or
 * -errno: -EMFILE when there was none for this one, who is gone; another may wait. */
int spare_accept(struct spare *s, int listener, struct sockaddr_storage *peer);

#endif
