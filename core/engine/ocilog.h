/* SPDX-License-Identifier: Apache-2.0 */
/* The log file that a caller of an OCI runtime names (--log), in logrus' two forms. */
#ifndef ENGINE_OCILOG_H
#define ENGINE_OCILOG_H

#include <stdbool.h>

/* Appends one entry. 0 or -errno. level: "error", "warning". */
int ocilog_write(const char *path, bool json, const char *level, const char *msg);

#endif
