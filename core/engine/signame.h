/* SPDX-License-Identifier: Apache-2.0 */
/* Signals by docker's names: "SIGTERM", "term", "15", "RTMIN+3". */
#ifndef ENGINE_SIGNAME_H
#define ENGINE_SIGNAME_H

#include "core/base/err.h"

/* The signal's number; -EINVAL "invalid signal: x". */
int signame_parse(const char *text, struct err *e);
/* "SIGTERM"; NULL when it has no name. */
const char *signame_text(int signo);

#endif
