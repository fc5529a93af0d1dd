/* SPDX-License-Identifier: Apache-2.0 */
/* Making the folder of an OCI container (ocibox.h): what is known before it runs. */
#ifndef ENGINE_OCIFOLDER_H
#define ENGINE_OCIFOLDER_H

#include "core/engine/ocibox.h"

#define OCIFOLDER_CONFIG "config.json"
#define OCIFOLDER_BUNDLE "bundle"
#define OCIFOLDER_LOCK   "lock" /* flocked while `create` is at work */

/* runc's rule: letters, digits, "_+-."; no more than 1024. */
int ocifolder_check_id(const char *id, struct err *e);
/* Makes and fills it: -EEXIST when there is one of that ID. ret->dirfd is open, config,
 * setup and bundle are set. On failure nothing is left. */
int ocifolder_make(const struct ocibox_options *o, struct ocibox *ret, struct err *e);
/* How many descriptors from 3 on come by socket activation (sd_listen_fds(3)); they are
 * the container's, before those of --preserve-fds. */
unsigned ocifolder_listeners(void);
/* --pid-file, whole or not at all: whoever waits for it reads it at once. path NULL: none
 * is wanted. */
int ocifolder_write_pid(const char *path, pid_t pid, struct err *e);
/* Removes it whole. */
int ocifolder_remove(int root, const char *id);

#endif
