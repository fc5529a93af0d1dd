/* SPDX-License-Identifier: Apache-2.0 */
/* Confinement of our own long-lived processes beside a container. */
#ifndef RUNTIME_FENCE_H
#define RUNTIME_FENCE_H

/* The pump: no privilege gained any more, no file but below dir (-1: none at all), only
 * the calls it makes. 0 or -errno. */
int fence_pump(int dir);

#endif
