/* SPDX-License-Identifier: Apache-2.0 */
/* How the kernel schedules the calling process. */
#include "core/ns/scheduler.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/strv.h"

#define CPUS_MAX    8192
#define LONG_BITS   (8 * sizeof(long))
#define WHO_PROCESS 1 /* IOPRIO_WHO_PROCESS */
#define CLASS_SHIFT 13

/* linux/sched/types.h, which clashes with libc's sched.h. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

int scheduler_set(const struct scheduler *s)
{
	struct attr a = { .size = sizeof(a),
			  .policy = s->policy,
			  .flags = s->flags,
			  .nice = s->nice,
			  .priority = s->priority,
			  .runtime = s->runtime,
			  .deadline = s->deadline,
			  .period = s->period };

	return syscall(SYS_sched_setattr, 0, &a, 0) < 0 ? -errno : 0;
}

int scheduler_io(uint32_t class, uint32_t level)
{
	unsigned value = class << CLASS_SHIFT | level;

	return syscall(SYS_ioprio_set, WHO_PROCESS, 0, value) < 0 ? -errno : 0;
}

/* One of "3" and "0-3". */
static int add_range(const char *text, unsigned long *set)
{
	const char *dash = strchr(text, '-');
	autofree char *head =
		dash ? str_ndup(text, (size_t)(dash - text)) : str_dup(text);
	uint64_t first, last;

	if (str_u64(head, CPUS_MAX - 1, &first) < 0)
		return -EINVAL;
	last = first;
	if (dash && (str_u64(dash + 1, CPUS_MAX - 1, &last) < 0 || last < first))
		return -EINVAL;
	for (; first <= last; first++)
		set[first / LONG_BITS] |= 1ul << first % LONG_BITS;
	return 0;
}

static int parse(const char *list, unsigned long *set)
{
	autostrv ranges = { 0 };
	int r = 0;

	strv_split(&ranges, list, ',');
	for (size_t i = 0; r == 0 && i < ranges.len; i++)
		r = add_range(ranges.v[i], set);
	return r < 0 || ranges.len == 0 ? -EINVAL : 0;
}

int scheduler_check(const char *list)
{
	unsigned long set[CPUS_MAX / LONG_BITS] = { 0 };

	return parse(list, set);
}

int scheduler_cpus(const char *list)
{
	unsigned long set[CPUS_MAX / LONG_BITS] = { 0 };
	int r = parse(list, set);

	if (r < 0)
		return r;
	return syscall(SYS_sched_setaffinity, 0, sizeof(set), set) < 0 ? -errno : 0;
}
