/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/limits.h"

#include <errno.h>
#include <sys/resource.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/runtime/scope.h"
#include "tests/unit/test.h"

static const struct rt_rlimit *find(const struct rt_process *p, const char *type)
{
	for (size_t i = 0; i < p->rlimits_len; i++)
		if (str_eq(p->rlimits[i].type, type))
			return &p->rlimits[i];
	return NULL;
}

static int ulimit(const char *own, const char *text, struct rt_process *p, struct err *e)
{
	autodone(spec_done) struct spec s;
	struct config cfg = { 0 };

	spec_init(&s);
	if (own)
		strv_add(&cfg.default_ulimits, own);
	if (text)
		strv_add(&s.ulimits, text);
	int r = limits_ulimits(&cfg, &s, p, e);
	strv_done(&cfg.default_ulimits);
	return r;
}

TEST(ulimits)
{
	autodone(runtimeconfig_done_process) struct rt_process p = { 0 };
	struct err e = { 0 };

	CHECK_INT(ulimit("stack=4096", "nofile=10:20", &p, &e), 0);
	CHECK_INT(find(&p, "RLIMIT_NOFILE")->soft, 10);
	CHECK_INT(find(&p, "RLIMIT_NOFILE")->hard, 20);
	CHECK_INT(find(&p, "RLIMIT_STACK")->soft, 4096);
	CHECK_INT(find(&p, "RLIMIT_STACK")->hard, 4096);
	CHECK_INT(find(&p, "RLIMIT_CORE")->soft, 0);
}

TEST(ulimits_refused)
{
	static const char *const bad[] = { "nofile",       "foo=1",      "nofile=x",
					   "nofile=1:2:3", "nofile=5:4", "nofile=" };
	struct err e = { 0 };
	struct rlimit now;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		autodone(runtimeconfig_done_process) struct rt_process p = { 0 };
		CHECK_INT(ulimit(NULL, bad[i], &p, &e), -EINVAL);
	}
	getrlimit(RLIMIT_NOFILE, &now);
	autodone(runtimeconfig_done_process) struct rt_process p = { 0 };
	autofree char *more =
		str_fmt("nofile=1:%llu", (unsigned long long)now.rlim_max + 1);
	CHECK_INT(ulimit(NULL, more, &p, &e), -EPERM);
}

TEST(sysctls)
{
	autodone(spec_done) struct spec s;
	autostrv out = { 0 };
	struct err e = { 0 };

	spec_init(&s);
	strv_add(&s.sysctls, "net/ipv4/ip_forward=1");
	strv_add(&s.sysctls, "kernel.sem=1 2 3 4");
	CHECK_INT(limits_sysctls(&s, RT_NS_NET | RT_NS_IPC, &out, &e), 0);
	CHECK_STR(out.v[0], "net.ipv4.ip_forward=1");
	CHECK_STR(out.v[1], "kernel.sem=1 2 3 4");
	CHECK_INT(limits_sysctls(&s, RT_NS_IPC, &out, &e), -EINVAL);
	CHECK_STR(e.text,
		  "sysctl 'net.ipv4.ip_forward' is not allowed in the host's network "
		  "namespace");
	CHECK_INT(limits_sysctls(&s, RT_NS_NET, &out, &e), -EINVAL);
	strv_reset(&s.sysctls);
	strv_add(&s.sysctls, "vm.swappiness=1");
	CHECK_INT(limits_sysctls(&s, ~0u, &out, &e), -EINVAL);
	CHECK_STR(e.text, "sysctl 'vm.swappiness' is not in a separate kernel namespace");
}

/* Depending on the host: the limit, or a sentence. */
TEST(what_needs_a_cgroup_is_said)
{
	autodone(spec_done) struct spec s;
	autodone(runtimeconfig_done) struct runtimeconfig c = { 0 };
	autostrv warnings = { 0 };
	struct err e = { 0 };
	const char *why = NULL;

	spec_init(&s);
	s.memory = 64 << 20;
	s.cpus = 1.5;
	CHECK_INT(limits_resources(&s, &c, &warnings, &e), 0);
	if (scope_available("memory", &why)) {
		CHECK(strv_has(&c.unified, "memory.max=67108864"));
		CHECK(strv_has(&c.unified, "memory.swap.max=67108864"));
		CHECK_STR(c.cgroups_path, ":rootless:");
	} else {
		CHECK(warnings.len > 0 &&
		      str_starts(warnings.v[0], "--memory discarded: ") &&
		      str_ends(warnings.v[0], why));
		CHECK(c.unified.len == 0 || scope_available("cpu", NULL));
	}
	s.memory = 1 << 20;
	CHECK_INT(limits_resources(&s, &c, &warnings, &e), -EINVAL);
	CHECK_STR(e.text, "Minimum memory limit allowed is 6MB");
	s.memory = 0;
	s.memory_swap = 1 << 30;
	CHECK_INT(limits_resources(&s, &c, &warnings, &e), -EINVAL);
}

TEST(pids_are_limited_anyway)
{
	autodone(spec_done) struct spec s;
	struct runtimeconfig c = { 0 };
	autostrv warnings = { 0 };
	struct err e = { 0 };

	spec_init(&s);
	CHECK_INT(limits_resources(&s, &c, &warnings, &e), 0);
	CHECK_INT(c.pids_limit, LIMITS_PIDS_DEFAULT);
	s.pids_limit = -1;
	CHECK_INT(limits_resources(&s, &c, &warnings, &e), 0);
	CHECK_INT(c.pids_limit, 0);
	s.pids_limit = 7;
	CHECK_INT(limits_resources(&s, &c, &warnings, &e), 0);
	CHECK_INT(c.pids_limit, 7);
}

static int block(size_t list, const char *text, struct err *e)
{
	autodone(spec_done) struct spec s;
	autodone(runtimeconfig_done) struct runtimeconfig c = { 0 };
	autostrv warnings = { 0 };

	spec_init(&s);
	struct strv *lists[] = { &s.blkio_weight_device, &s.device_read_bps,
				 &s.device_write_bps, &s.device_read_iops,
				 &s.device_write_iops };
	strv_add(lists[list], text);
	return limits_resources(&s, &c, &warnings, e);
}

TEST(block_devices)
{
	autodone(spec_done) struct spec s;
	autodone(runtimeconfig_done) struct runtimeconfig c = { 0 };
	autostrv warnings = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < 5; i++) {
		CHECK_INT(block(i, "/dev/null", &e), -EINVAL);
		CHECK_STR(e.text, "bad format: /dev/null");
		CHECK_INT(block(i, ":5", &e), -EINVAL);
		CHECK_INT(block(i, "sda:5", &e), -EINVAL);
		CHECK_STR(e.text, "bad format for device path: sda:5");
		CHECK_INT(block(i, "/dev/nosuch:5", &e), -ENOENT);
		CHECK_INT(block(i, "/dev/null:5", &e), -ENOTBLK);
	}
	spec_init(&s);
	s.blkio_weight = 9;
	CHECK_INT(limits_resources(&s, &c, &warnings, &e), -EINVAL);
	CHECK_STR(e.text, "Range of blkio weight is from 10 to 1000");
	s.blkio_weight = 1000;
	CHECK_INT(limits_resources(&s, &c, &warnings, &e), 0);
	CHECK(strv_has(&c.unified, "io.weight=default 10000") ||
	      (warnings.len && str_starts(warnings.v[0], "--blkio-weight discarded: ")));
}
