/* SPDX-License-Identifier: Apache-2.0 */
/* What a seccomp rule answers. */
#include "core/runtime/verdict.h"

#include <errno.h>
#include <seccomp.h>

#include "core/base/mem.h"
#include "core/base/str.h"

static const struct verdict {
	const char *name;
	uint32_t value;
	uint32_t errno_max; /* 0: takes none */
} verdicts[] = {
	{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW, 0 },
	{ "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0), 4095 }, /* the kernel's MAX_ERRNO */
	{ "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD, 0 },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS, 0 },
	{ "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD, 0 },
	{ "SCMP_ACT_LOG", SCMP_ACT_LOG, 0 },
	{ "SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY, 0 },
	{ "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0), 0xffff },
	{ "SCMP_ACT_TRAP", SCMP_ACT_TRAP, 0 },
};

static const struct verdict *verdict_find(const char *action)
{
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
		if (str_eq(verdicts[i].name, action))
			return &verdicts[i];
	}
	return NULL;
}

int verdict_parse(const char *action, int64_t errno_ret, uint32_t *ret, struct err *e)
{
	const struct verdict *v = verdict_find(action);

	if (!v)
		return err_set(e, -EINVAL, "unknown seccomp action '%s'", action);
	if (errno_ret >= 0 && v->errno_max == 0)
		return err_set(e, -EINVAL, "seccomp action '%s' takes no errno", action);
	if (errno_ret < 0)
		errno_ret = v->errno_max ? EPERM : 0;
	if (errno_ret > v->errno_max)
		return err_set(e, -EINVAL, "errno %lld of seccomp action '%s': past %u",
			       (long long)errno_ret, action, v->errno_max);
	*ret = v->value | (uint32_t)errno_ret;
	return 0;
}

bool verdict_permits(uint32_t verdict)
{
	return verdict == SCMP_ACT_ALLOW || verdict == SCMP_ACT_LOG;
}
