/* SPDX-License-Identifier: Apache-2.0 */
/* Limits: rlimits, sysctls, and what needs a control group. */
#include "core/engine/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ns/rlimit.h"

#define NOFILE_SOFT 1024

static int ulimit_value(const char *text, uint64_t *ret)
{
	if (str_eq(text, "-1") || str_eq(text, "unlimited")) {
		*ret = UINT64_MAX;
		return 0;
	}
	return str_u64(text, INT64_MAX, ret);
}

/* "RLIMIT_NOFILE" of config.json, malloc'd. */
static char *rlimit_type(int number)
{
	char *type = str_fmt("RLIMIT_%s", rlimit_name(number));

	for (char *p = type; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return type;
}

static void set(struct rt_process *p, int number, uint64_t soft, uint64_t hard)
{
	autofree char *type = rlimit_type(number);

	for (size_t i = 0; i < p->rlimits_len; i++) {
		if (str_eq(p->rlimits[i].type, type)) {
			p->rlimits[i].soft = soft;
			p->rlimits[i].hard = hard;
			return;
		}
	}
	p->rlimits = mem_resize(p->rlimits, p->rlimits_len + 1, sizeof(*p->rlimits));
	p->rlimits[p->rlimits_len++] =
		(struct rt_rlimit){ .type = TAKE_PTR(type), .soft = soft, .hard = hard };
}

static uint64_t hard_of(int number)
{
	struct rlimit now;

	if (getrlimit(number, &now) || now.rlim_max == RLIM_INFINITY)
		return UINT64_MAX;
	return now.rlim_max;
}

static int add_ulimit(struct rt_process *p, const char *text, struct err *e)
{
	const char *eq = strchr(text, '=');
	autostrv part = { 0 };
	uint64_t soft, hard;

	if (!eq)
		return err_set(e, -EINVAL, "invalid ulimit argument: %s", text);
	autofree char *name = str_ndup(text, (size_t)(eq - text));
	int number = rlimit_number(name);
	if (number < 0)
		return err_set(e, -EINVAL, "invalid ulimit type: %s", name);
	strv_split(&part, eq + 1, ':');
	if (part.len > 2)
		return err_set(
			e, -EINVAL,
			"too many limit value arguments - %s, can only have up to two, "
			"`soft[:hard]`",
			eq + 1);
	if (ulimit_value(part.v[0], &soft) || ulimit_value(part.v[part.len - 1], &hard))
		return err_set(e, -EINVAL, "invalid ulimit argument: %s", text);
	if (soft > hard)
		return err_set(
			e, -EINVAL,
			"ulimit soft limit must be less than or equal to hard limit: "
			"%s > %s",
			part.v[0], part.v[part.len - 1]);
	uint64_t most = hard_of(number);
	if (hard > most)
		return err_set(
			e, -EPERM,
			"ulimit '%s': your own hard limit is %llu, and only root may "
			"raise it (limits.conf(5))",
			text, (unsigned long long)most);
	set(p, number, soft, hard);
	return 0;
}

int limits_ulimits(const struct config *cfg, const struct spec *spec,
		   struct rt_process *p, struct err *e)
{
	const struct strv *lists[] = { &cfg->default_ulimits, &spec->ulimits };
	uint64_t files = hard_of(RLIMIT_NOFILE);
	int r;

	set(p, RLIMIT_NOFILE, files < NOFILE_SOFT ? files : NOFILE_SOFT, files);
	set(p, RLIMIT_CORE, 0, hard_of(RLIMIT_CORE));
	for (size_t l = 0; l < ARRAY_LEN(lists); l++)
		for (size_t i = 0; i < lists[l]->len; i++)
			if ((r = add_ulimit(p, lists[l]->v[i], e)) < 0)
				return r;
	return 0;
}

static bool is_ipc_sysctl(const char *key)
{
	static const char *const names[] = { "kernel.msgmax", "kernel.msgmnb",
					     "kernel.msgmni", "kernel.sem",
					     "kernel.shmall", "kernel.shmmax",
					     "kernel.shmmni", "kernel.shm_rmid_forced" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(key, names[i]))
			return true;
	return str_starts(key, "fs.mqueue.");
}

int limits_sysctls(const struct spec *spec, unsigned namespaces, struct strv *ret,
		   struct err *e)
{
	for (size_t i = 0; i < spec->sysctls.len; i++) {
		const char *text = spec->sysctls.v[i], *eq = strchr(text, '=');
		if (!eq || eq == text)
			return err_set(e, -EINVAL, "invalid sysctl: %s", text);
		autofree char *key = str_ndup(text, (size_t)(eq - text));
		for (char *p = key; *p; p++)
			*p = *p == '/' ? '.' : *p;
		if (strstr(key, ".."))
			return err_set(e, -EINVAL, "invalid sysctl: %s", text);
		bool net = str_starts(key, "net."), ipc = is_ipc_sysctl(key);
		if (!net && !ipc)
			return err_set(
				e, -EINVAL,
				"sysctl '%s' is not in a separate kernel namespace", key);
		if (net && !(namespaces & RT_NS_NET))
			return err_set(e, -EINVAL,
				       "sysctl '%s' is not allowed in the host's network "
				       "namespace",
				       key);
		if (ipc && !(namespaces & RT_NS_IPC))
			return err_set(
				e, -EINVAL,
				"sysctl '%s' is not allowed in the host's ipc namespace",
				key);
		strv_addf(ret, "%s=%s", key, eq + 1);
	}
	return 0;
}
