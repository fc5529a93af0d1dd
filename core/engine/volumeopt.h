/* SPDX-License-Identifier: Apache-2.0 */
/* The options of docker's local volume driver (type, device, o), as far as a user's own
 * power goes: a folder of the host, or a tmpfs. */
#ifndef ENGINE_VOLUMEOPT_H
#define ENGINE_VOLUMEOPT_H

#include "core/engine/spec.h"
#include "core/wire/json.h"

/* opts: "key=value". *ret (zeroed, without target) is what such a volume mounts:
 * SPEC_VOLUME its own folder (no options), SPEC_BIND its source, SPEC_TMPFS a new one.
 * -EINVAL and -EOPNOTSUPP with a sentence. */
int volumeopt_parse(const struct strv *opts, struct spec_mount *ret, struct err *e);
/* The same of a volume's record. */
int volumeopt_read(yyjson_val *record, struct spec_mount *ret, struct err *e);

#endif
