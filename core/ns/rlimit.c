/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits. */
#include "core/ns/rlimit.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "core/base/mem.h"
#include "core/base/str.h"

static const struct {
	const char *name;
	int number;
} limits[] = {
	{ "as", RLIMIT_AS },
	{ "core", RLIMIT_CORE },
	{ "cpu", RLIMIT_CPU },
	{ "data", RLIMIT_DATA },
	{ "fsize", RLIMIT_FSIZE },
	{ "locks", RLIMIT_LOCKS },
	{ "memlock", RLIMIT_MEMLOCK },
	{ "msgqueue", RLIMIT_MSGQUEUE },
	{ "nice", RLIMIT_NICE },
	{ "nofile", RLIMIT_NOFILE },
	{ "nproc", RLIMIT_NPROC },
	{ "rss", RLIMIT_RSS },
	{ "rtprio", RLIMIT_RTPRIO },
	{ "rttime", RLIMIT_RTTIME },
	{ "sigpending", RLIMIT_SIGPENDING },
	{ "stack", RLIMIT_STACK },
};

int rlimit_number(const char *name)
{
	if (strncasecmp(name, "RLIMIT_", 7) == 0)
		name += 7;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		if (strcasecmp(name, limits[i].name) == 0)
			return limits[i].number;
	}
	return -EINVAL;
}

const char *rlimit_name(int number)
{
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		if (limits[i].number == number)
			return limits[i].name;
	}
	return NULL;
}

static rlim_t value(uint64_t v)
{
	return v == UINT64_MAX ? RLIM_INFINITY : (rlim_t)v;
}

int rlimit_set(int number, uint64_t soft, uint64_t hard, struct err *e)
{
	struct rlimit l = { .rlim_cur = value(soft), .rlim_max = value(hard) }, now;
	int code;

	if (setrlimit(number, &l) == 0)
		return 0;
	code = -errno;
	if (code == -EPERM && getrlimit(number, &now) == 0)
		return err_set(
			e, code,
			"set limit '%s' to %llu:%llu: this user's own hard limit is %llu",
			rlimit_name(number), (unsigned long long)soft,
			(unsigned long long)hard, (unsigned long long)now.rlim_max);
	return err_code(e, code, "set limit '%s'", rlimit_name(number));
}

int rlimit_cap(int number, uint64_t max)
{
	struct rlimit l;

	if (getrlimit(number, &l) < 0)
		return -errno;
	if (l.rlim_max == RLIM_INFINITY || l.rlim_max > max)
		l.rlim_max = (rlim_t)max;
	if (l.rlim_cur == RLIM_INFINITY || l.rlim_cur > l.rlim_max)
		l.rlim_cur = l.rlim_max;
	return setrlimit(number, &l) < 0 ? -errno : 0;
}
