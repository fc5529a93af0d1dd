/* SPDX-License-Identifier: Apache-2.0 */
/* How the kernel schedules the calling process: policy (sched_setattr(2)), I/O priority
 * (ioprio_set(2)), CPUs (sched_setaffinity(2)). All is inherited by fork and exec. */
#ifndef NS_SCHEDULER_H
#define NS_SCHEDULER_H

#include <stdint.h>

struct scheduler {
	uint32_t policy; /* SCHED_OTHER … */
	int32_t nice;
	uint32_t priority;
	uint64_t flags;                     /* SCHED_FLAG_* */
	uint64_t runtime, deadline, period; /* ns */
};

/* 0 or -errno, as the others. */
int scheduler_set(const struct scheduler *s);
/* class: IOPRIO_CLASS_RT 1, BE 2, IDLE 3; level 0 (first) to 7. */
int scheduler_io(uint32_t class, uint32_t level);
/* "0-3,7"; -EINVAL for what is no such list. */
int scheduler_cpus(const char *list);
/* Is it a list of CPUs? */
int scheduler_check(const char *list);

#endif
