/* SPDX-License-Identifier: Apache-2.0 */
/* What a program says on stderr. Only applets and process mains call it; rooms return
 * errors. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_QUIET, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);
/* One line each; control characters of the arguments are escaped. error: "rootless: …",
 * warn: "WARNING: …" as docker prints warnings. */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
