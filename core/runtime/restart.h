/* SPDX-License-Identifier: Apache-2.0 */
/* Restart policies, by docker's rules. */
#ifndef RUNTIME_RESTART_H
#define RUNTIME_RESTART_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"

enum restart_kind {
	RESTART_NO,
	RESTART_ON_FAILURE,
	RESTART_ALWAYS,
	RESTART_UNLESS_STOPPED,
};

struct restart {
	enum restart_kind kind;
	int64_t max; /* restarts of on-failure; 0: no limit */
};

/* "no", "on-failure[:N]", "always", "unless-stopped"; NULL and "" are "no". -EINVAL with
 * docker's words. */
int restart_parse(const char *text, struct restart *ret, struct err *e);
const char *restart_name(enum restart_kind kind);
/* After a run that ended with exit_code, restarted count times so far, and was not
 * stopped by the user. */
bool restart_wanted(const struct restart *r, int exit_code, int64_t count);
/* At boot, for one that has run before. stopped: by the user. */
bool restart_at_boot(const struct restart *r, bool stopped);
/* How long to wait before the next run, ms. last: the wait before this one (0: none);
 * ran: how long it ran, ns. */
int64_t restart_delay(int64_t last, int64_t ran);

#endif
