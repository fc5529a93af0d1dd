/* SPDX-License-Identifier: Apache-2.0 */
/* The image inside the binary: `@welcome`, one layer that holds this very executable.
 * Made on first use, and anew when the executable has changed. No network, no registry.
 */
#ifndef ENGINE_WELCOME_H
#define ENGINE_WELCOME_H

#include <stdbool.h>

#include "core/image/pull.h"

#define WELCOME_NAME "@welcome"

/* Is what an embedded image's name ("@…")? */
bool welcome_is_name(const char *what);
/* The reference it is stored by: "localhost/welcome:latest"; NULL for an unknown "@name".
 */
const char *welcome_reference(const char *what);
/* Makes sure that it is in the store. -ENOENT for an unknown name. o: realm for
 * unpacking. */
int welcome_ensure(const struct store *s, const char *what, const struct pull_options *o,
		   struct err *e);

#endif
