/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of an OCI container: linux.cgroupsPath and linux.resources against what this
 * host gives its user. */
#ifndef ENGINE_OCILIMIT_H
#define ENGINE_OCILIMIT_H

#include "core/engine/ocibox.h"

/* For ociproc_create: malloc'd, or NULL when the container goes without a group of its
 * own. A limit that cannot be held then is an error by name; a path that cannot be
 * honoured a warning. */
int ocilimit_plan(struct ocibox *b, const struct ocibox_options *o, char **ret,
		  struct err *e);
/* Keeps the path of the group that the first process is in, for later commands. */
int ocilimit_note(struct ocibox *b, struct err *e);
/* Reads it: b->group stays NULL when there is none. */
void ocilimit_find(struct ocibox *b);
/* Sets those of resources (as in config.json) while it runs. */
int ocilimit_change(const struct ocibox *b, yyjson_val *resources, struct err *e);
/* Stops or continues every process by the group; -ENOENT without one. */
int ocilimit_freeze(const struct ocibox *b, bool on);
/* Removes the group after the last process. */
void ocilimit_end(const struct ocibox *b);

#endif
