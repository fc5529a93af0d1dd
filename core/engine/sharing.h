/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces that a container shares with another: --pid, --ipc and
 * --network container:X.
 *
 * With X's processes or its shared memory goes X's user namespace, which owns them: only
 * so can a debugger trace and a root signal as docker's can. Its ID map is then the
 * container's too. A network alone is shared from a user namespace of one's own. Part of
 * the inner executable. */
#ifndef ENGINE_SHARING_H
#define ENGINE_SHARING_H

#include "core/engine/container.h"

#define SHARING_PREFIX "container:"

/* Does the mode name another container? */
bool sharing_is(const char *mode);
/* X of the mode "container:X"; -ENOENT when there is none. */
int sharing_open(const struct store *s, const char *mode, struct container *ret,
		 struct err *e);
/* Before a run: the others' namespaces, as they are now, into the config.json of the
 * container in that folder. record: its own. -EBUSY when one of them does not run. */
int sharing_join(const struct store *s, int container_dirfd, yyjson_val *record,
		 struct err *e);

#endif
