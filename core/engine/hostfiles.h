/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/hosts, /etc/hostname and /etc/resolv.conf of a container: files in its folder,
 * written at each start and bound into it. */
#ifndef ENGINE_HOSTFILES_H
#define ENGINE_HOSTFILES_H

#include "core/engine/netplan.h"

/* --add-host's "name:address" (or name=address; "host-gateway" is an address of the
 * host's) as "name=address", appended. -EINVAL "invalid IP address in add-host: x". */
int hostfiles_add_host(const char *text, struct strv *ret, struct err *e);
/* Its resolv.conf, on a host with that one, appended. */
void hostfiles_resolv(const struct netplan *n, const char *host, struct buf *out);
int hostfiles_write(int container_dirfd, const struct netplan *n, struct err *e);
/* While it runs: hosts loses the lines that came of before's networks and gets those of
 * n's; resolv.conf likewise, unless the container has made it its own. Both are bound
 * into it, so they are rewritten where they are. */
int hostfiles_update(int container_dirfd, const struct netplan *before,
		     const struct netplan *n, struct err *e);

#endif
