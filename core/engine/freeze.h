/* SPDX-License-Identifier: Apache-2.0 */
/* docker pause and unpause. A container with a control group is frozen by it. Others
 * have every process stopped by SIGSTOP, which none can refuse, and go on by SIGCONT.
 * (One that was stopped before goes on as well.) */
#ifndef ENGINE_FREEZE_H
#define ENGINE_FREEZE_H

#include "core/engine/container.h"

/* -EBUSY "Container x is not running", "… is already paused", "… is not paused". */
int freeze_pause(const struct store *s, struct container *c, struct err *e);
int freeze_unpause(const struct store *s, struct container *c, struct err *e);
/* Only the processes, for a moment: state and events are as before. */
int freeze_stop(const struct container *c, struct err *e);
int freeze_continue(const struct container *c, struct err *e);

#endif
