/* SPDX-License-Identifier: Apache-2.0 */
/* Published ports of a network namespace that is no container's: `rootless port --netns`.
 * Where `rootless net` serves it, that publishes them; else a process of the same kind is
 * started for them, which gives the namespace a device for its visitors and no way out.
 * It leaves with the namespace, or with the last of the ports. */
#ifndef ENGINE_FOREIGN_H
#define ENGINE_FOREIGN_H

#include "core/base/strv.h"
#include "core/net/publish.h"

/* specs: as of -p. All of them, or none and the reason. */
int foreign_add(const char *pid, char *const specs[], struct err *e);
/* -ENOENT: one of them is not published. */
int foreign_remove(const char *pid, char *const specs[], struct err *e);
/* What is published, as "80/tcp -> 0.0.0.0:8080", sorted. */
int foreign_list(const char *pid, struct strv *ret, struct err *e);

#endif
