/* SPDX-License-Identifier: Apache-2.0 */
/* A network's driver options: docker network create -o, and the record's Options. */
#ifndef ENGINE_NETOPTION_H
#define ENGINE_NETOPTION_H

#include "core/engine/network.h"

#define NETOPTION_MTU_DEFAULT 1500
#define NETOPTION_MTU         "com.docker.network.driver.mtu"
/* Ours, by cloud networks' name for it: false lets a container send to its neighbours
 * from other addresses than its own, as routers do; true where that must not be. */
#define NETOPTION_SOURCE "source_check"

/* "key=value" into the network. -EOPNOTSUPP names what is not known, -EINVAL what cannot
 * be. */
int netoption_apply(const char *text, struct network *n, struct err *e);

#endif
