/* SPDX-License-Identifier: Apache-2.0 */
/* Signals by name or number, as docker takes them: "KILL", "SIGKILL", "sigterm", "9",
 * "RTMIN+3". */
#ifndef ENGINE_SIGNALNAME_H
#define ENGINE_SIGNALNAME_H

#include "core/base/err.h"

/* The number, or -EINVAL "invalid signal: x". */
int signalname_parse(const char *text, struct err *e);

#endif
