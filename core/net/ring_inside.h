/* SPDX-License-Identifier: Apache-2.0 */
/* A ring's shape, known to who makes it and to who reads it. */
#ifndef NET_RING_INSIDE_H
#define NET_RING_INSIDE_H

#define RING_FRAME 2048
#define RING_BLOCK 65536
#define RING_SIZE  (1 << 20)

#endif
