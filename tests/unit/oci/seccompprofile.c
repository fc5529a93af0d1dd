/* SPDX-License-Identifier: Apache-2.0 */
#include "core/oci/seccompprofile.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/oci/capability.h"
#include "tests/unit/test.h"

#define CAP(x) (1ull << capability_parse(x))

static const struct seccomp_when here = { CAPABILITY_DEFAULT, "amd64", 6 << 16 | 1 };

static int try(const char *text, const struct seccomp_when *when,
	       struct seccompprofile *p, struct err *e)
{
	autojson *doc = NULL;
	int r;

	err_clear(e);
	seccompprofile_done(p);
	r = json_parse(text, strlen(text), "profile", &doc, e);
	return r < 0 ? r : seccompprofile_parse(yyjson_doc_get_root(doc), when, p, e);
}

/* --- the default profile, call by call
 * ------------------------------------------------------ */

static bool arg_matches(const struct seccomp_arg *a, const uint64_t *args)
{
	uint64_t v = args[a->index];

	if (str_eq(a->op, "SCMP_CMP_EQ"))
		return v == a->value;
	if (str_eq(a->op, "SCMP_CMP_MASKED_EQ"))
		return (v & a->value) == a->value_two;
	test_fail(__FILE__, __LINE__, "%s", a->op);
	return false;
}

#define ALLOWED -1

/* What the profile says to one call: ALLOWED or the errno; all rules that match must
 * agree. */
static int64_t answer(const struct seccompprofile *p, const char *name,
		      const uint64_t *args)
{
	int64_t ret = -2;

	for (size_t i = 0; i < p->rules_len; i++) {
		const struct seccomp_rule *rule = &p->rules[i];
		bool match = strv_has(&rule->names, name);
		int64_t says;

		for (size_t j = 0; match && j < rule->args_len; j++)
			match = arg_matches(&rule->args[j], args);
		if (!match)
			continue;
		says = str_eq(rule->action, "SCMP_ACT_ALLOW") ? ALLOWED : rule->errno_ret;
		if (ret != -2 && ret != says)
			test_fail(__FILE__, __LINE__, "%s: rules disagree", name);
		ret = says;
	}
	return ret == -2 ? p->default_errno : ret;
}

static int64_t answer0(const struct seccompprofile *p, const char *name, uint64_t arg0)
{
	const uint64_t args[6] = { arg0 };

	return answer(p, name, args);
}

static void load_default(struct seccompprofile *p, uint64_t caps, const char *arch)
{
	const struct seccomp_when when = { caps, arch, 6 << 16 | 1 };
	struct err e = { 0 };

	CHECK_INT(try(seccompprofile_default(), &when, p, &e), 0);
	CHECK_STR(e.text, "");
}

/* SECURITY.md, table 1a, with what is ours beyond it; each is refused without
 * capabilities. */
static const char denied[] =
	"_sysctl acct add_key afs_syscall bpf clock_settime create_module delete_module "
	"fanotify_init finit_module fsconfig fsmount fsopen fspick get_kernel_syms "
	"get_mempolicy "
	"getpmsg init_module io_uring_setup io_uring_enter io_uring_register ioperm iopl "
	"kcmp "
	"kexec_load kexec_file_load keyctl lookup_dcookie lsm_get_self_attr "
	"lsm_set_self_attr "
	"lsm_list_modules mbind migrate_pages mount mount_setattr move_mount move_pages "
	"nfsservctl "
	"open_by_handle_at open_tree open_tree_attr perf_event_open pidfd_getfd "
	"pivot_root "
	"process_madvise putpmsg query_module quotactl quotactl_fd reboot request_key "
	"security "
	"set_mempolicy set_mempolicy_home_node setdomainname sethostname setns "
	"settimeofday "
	"swapoff swapon sysfs syslog tuxcall umount2 unshare uselib userfaultfd ustat "
	"vhangup "
	"vserver vmsplice umount stime clock_settime64";

TEST(default_denies)
{
	struct seccompprofile p = { 0 };
	autostrv names = { 0 };

	load_default(&p, CAPABILITY_DEFAULT, "amd64");
	strv_split(&names, denied, ' ');
	CHECK_INT(names.len, 74);
	for (size_t i = 0; i < names.len; i++) {
		if (answer0(&p, names.v[i], 0) != EPERM)
			test_fail(__FILE__, __LINE__, "%s", names.v[i]);
	}
	CHECK_INT(answer0(&p, "clone3", 0), ENOSYS);
	CHECK_INT(answer0(&p, "socketcall", 1), ENOSYS);
	CHECK_INT(answer0(&p, "a_call_of_the_future", 0), ENOSYS);
	CHECK_INT(answer0(&p, "chroot", 0), ALLOWED);
	/* How glibc makes sockets on s390x. */
	load_default(&p, CAPABILITY_DEFAULT, "s390x");
	CHECK_INT(answer0(&p, "socketcall", 1), ALLOWED);
	load_default(&p, CAPABILITY_DEFAULT, "arm64");
	CHECK_INT(answer0(&p, "socketcall", 1), ENOSYS);
	seccompprofile_done(&p);
}

/* Docker allows 361 calls without condition; ours are those less vmsplice and socketcall.
 */
TEST(default_allows)
{
	struct seccompprofile p = { 0 };
	autostrv all = { 0 };
	size_t on_machine = 0;

	load_default(&p, CAPABILITY_DEFAULT, "amd64");
	for (size_t i = 0; i < p.rules_len; i++) {
		const struct seccomp_rule *rule = &p.rules[i];

		if (rule->args_len > 0 || !str_eq(rule->action, "SCMP_ACT_ALLOW"))
			continue;
		for (size_t j = 0; j < rule->names.len; j++) {
			if (strv_has(&all, rule->names.v[j]))
				test_fail(__FILE__, __LINE__, "%s twice",
					  rule->names.v[j]);
			strv_add(&all, rule->names.v[j]);
			on_machine++;
		}
	}
	/* 359, ptrace and two more, arch_prctl, modify_ldt, chroot (by capability) */
	CHECK_INT(on_machine, 359 + 3 + 2 + 1);
	CHECK(strv_has(&all, "openat2") && strv_has(&all, "execve") &&
	      strv_has(&all, "ptrace"));
	CHECK(!strv_has(&all, "clone") && !strv_has(&all, "socket") &&
	      !strv_has(&all, "mount"));
	CHECK(!strv_has(&all, "riscv_flush_icache"));
	seccompprofile_done(&p);
}

TEST(default_families)
{
	struct seccompprofile p = { 0 };

	load_default(&p, CAPABILITY_DEFAULT, "amd64");
	for (uint64_t family = 0; family < 64; family++) {
		bool bad = family == 38 || family == 40;
		int64_t want = family < 48 && !bad ? ALLOWED : ENOSYS;

		CHECK_INT(answer0(&p, "socket", family), want);
		/* The kernel looks at the low half only. */
		CHECK_INT(answer0(&p, "socket", family | 1ull << 32), want);
		CHECK_INT(answer0(&p, "socket", family | 0xffffffffull << 32), want);
	}
	CHECK_INT(answer0(&p, "socket", UINT32_MAX), ENOSYS);
	seccompprofile_done(&p);
}

TEST(default_clone)
{
	static const uint64_t bits[] = { 0x20000,    0x2000000,  0x4000000, 0x8000000,
					 0x10000000, 0x20000000, 0x40000000 };
	const uint64_t s390[6] = { 0, 0x10000000 }, plain[6] = { 0x10000000, 0x11 };
	struct seccompprofile p = { 0 };

	load_default(&p, CAPABILITY_DEFAULT, "amd64");
	CHECK_INT(answer0(&p, "clone", 0x11), ALLOWED);
	CHECK_INT(answer0(&p, "clone", 0x3d0f00), ALLOWED); /* a thread */
	for (size_t i = 0; i < ARRAY_LEN(bits); i++) {
		CHECK_INT(answer0(&p, "clone", bits[i]), EPERM);
		CHECK_INT(answer0(&p, "clone", bits[i] | 0x3d0f11), EPERM);
	}
	CHECK_INT(answer0(&p, "clone", 0x7e020000), EPERM);
	CHECK_INT(answer(&p, "clone", s390), ALLOWED);
	load_default(&p, CAPABILITY_DEFAULT, "s390x");
	CHECK_INT(answer(&p, "clone", s390), EPERM);
	CHECK_INT(answer(&p, "clone", plain), ALLOWED);
	load_default(&p, CAP("SYS_ADMIN"), "s390x");
	CHECK_INT(answer(&p, "clone", s390), ALLOWED);
	load_default(&p, CAP("SYS_ADMIN"), "amd64");
	CHECK_INT(answer(&p, "clone", plain), ALLOWED);
	CHECK_INT(answer0(&p, "clone3", 0), ALLOWED);
	seccompprofile_done(&p);
}

TEST(default_personality)
{
	static const uint64_t good[] = { 0, 8, 0x20000, 0x20008, 0xffffffff };
	struct seccompprofile p = { 0 };

	load_default(&p, CAPABILITY_DEFAULT, "amd64");
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		CHECK_INT(answer0(&p, "personality", good[i]), ALLOWED);
	CHECK_INT(answer0(&p, "personality", 0x40000), ENOSYS);
	CHECK_INT(answer0(&p, "personality", 0x400000), ENOSYS);
	seccompprofile_done(&p);
}

TEST(default_by_capability)
{
	static const char *const cases[][2] = {
		{ "SYS_ADMIN", "mount" },
		{ "SYS_ADMIN", "bpf" },
		{ "SYS_ADMIN", "syslog" },
		{ "SYS_ADMIN", "unshare" },
		{ "BPF", "bpf" },
		{ "PERFMON", "perf_event_open" },
		{ "SYSLOG", "syslog" },
		{ "DAC_READ_SEARCH", "open_by_handle_at" },
		{ "SYS_BOOT", "reboot" },
		{ "SYS_CHROOT", "chroot" },
		{ "SYS_MODULE", "init_module" },
		{ "SYS_PACCT", "acct" },
		{ "SYS_PTRACE", "pidfd_getfd" },
		{ "SYS_RAWIO", "iopl" },
		{ "SYS_TIME", "settimeofday" },
		{ "SYS_TTY_CONFIG", "vhangup" },
		{ "SYS_NICE", "mbind" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct seccompprofile p = { 0 };

		load_default(&p, CAP(cases[i][0]), "amd64");
		if (answer0(&p, cases[i][1], 0) != ALLOWED)
			test_fail(__FILE__, __LINE__, "%s: %s", cases[i][0], cases[i][1]);
		load_default(&p, 0, "amd64");
		if (answer0(&p, cases[i][1], 0) != EPERM)
			test_fail(__FILE__, __LINE__, "%s", cases[i][1]);
		seccompprofile_done(&p);
	}
}

TEST(default_architectures)
{
	struct seccompprofile p = { 0 };

	load_default(&p, 0, "amd64");
	CHECK_INT(p.architectures.len, 2);
	CHECK(strv_has(&p.architectures, "SCMP_ARCH_X86_64"));
	CHECK(strv_has(&p.architectures, "SCMP_ARCH_X86"));
	load_default(&p, 0, "arm64");
	CHECK(strv_has(&p.architectures, "SCMP_ARCH_ARM"));
	load_default(&p, 0, "riscv64");
	CHECK_INT(p.architectures.len, 1);
	load_default(&p, 0, "newcpu");
	CHECK_INT(p.architectures.len, 0);
	seccompprofile_done(&p);
}

/* --- the format
 * ------------------------------------------------------------------------------- */

#define ACT  "\"defaultAction\":\"SCMP_ACT_ERRNO\""
#define R(x) "{" ACT ",\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\"," x "}]}"

TEST(conditions)
{
	static const struct {
		const char *filter;
		int rules;
	} cases[] = {
		{ "\"includes\":{}", 1 },
		{ "\"includes\":{\"arches\":[\"amd64\",\"x32\"]}", 1 },
		{ "\"includes\":{\"arches\":[\"arm64\"]}", 0 },
		{ "\"excludes\":{\"arches\":[\"amd64\"]}", 0 },
		{ "\"excludes\":{\"arches\":[\"arm64\"]}", 1 },
		{ "\"includes\":{\"caps\":[\"CAP_CHOWN\"]}", 1 },
		{ "\"includes\":{\"caps\":[\"CAP_CHOWN\",\"CAP_BPF\"]}", 0 },
		{ "\"excludes\":{\"caps\":[\"CAP_CHOWN\",\"CAP_BPF\"]}", 0 },
		{ "\"excludes\":{\"caps\":[\"CAP_BPF\"]}", 1 },
		{ "\"includes\":{\"minKernel\":\"6.1\"}", 1 },
		{ "\"includes\":{\"minKernel\":\"6.2\"}", 0 },
		{ "\"includes\":{\"minKernel\":\"4.20\"}", 1 },
		{ "\"includes\":{\"minKernel\":\"\"}", 1 },
		{ "\"excludes\":{\"minKernel\":\"6.1\"}", 0 },
		{ "\"excludes\":{\"minKernel\":\"6.2\"}", 1 },
		{ "\"includes\":{\"caps\":[\"CAP_CHOWN\"]},\"excludes\":{\"arches\":["
		  "\"amd64\"]}",
		  0 },
		{ "\"includes\":null,\"excludes\":null,\"args\":null,\"comment\":\"x\"",
		  1 },
	};
	struct seccompprofile p = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autofree char *text =
			str_fmt(R("\"names\":[\"read\"],%s"), cases[i].filter);

		CHECK_INT(try(text, &here, &p, &e), 0);
		if (p.rules_len != (size_t)cases[i].rules)
			test_fail(__FILE__, __LINE__, "case %zu", i);
	}
	seccompprofile_done(&p);
}

TEST(members)
{
	static const char text[] = "{\"defaultAction\":\"SCMP_ACT_LOG\","
				   "\"architectures\":[\"SCMP_ARCH_X86\"],"
				   "\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"syscalls\":"
				   "[{\"name\":\"read\",\"action\":"
				   "\"SCMP_ACT_ERRNO\",\"errnoRet\":7,\"args\":[{"
				   "\"index\":5,\"value\":18446744073709551615,"
				   "\"valueTwo\":2,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}";
	struct seccompprofile p = { 0 };
	struct err e = { 0 };

	CHECK_INT(try(text, &here, &p, &e), 0);
	CHECK_STR(p.default_action, "SCMP_ACT_LOG");
	CHECK_INT(p.default_errno, -1);
	CHECK_STR(p.architectures.v[0], "SCMP_ARCH_X86");
	CHECK_STR(p.flags.v[0], "SECCOMP_FILTER_FLAG_LOG");
	CHECK_INT(p.rules_len, 1);
	CHECK_STR(p.rules[0].names.v[0], "read");
	CHECK_INT(p.rules[0].errno_ret, 7);
	CHECK_INT(p.rules[0].args[0].index, 5);
	CHECK(p.rules[0].args[0].value == UINT64_MAX);
	CHECK_INT(p.rules[0].args[0].value_two, 2);
	seccompprofile_done(&p);
}

TEST(refused)
{
	static const char *const bad[] = {
		"[]",
		"{}",
		"{\"defaultAction\":\"ALLOW\"}",
		"{\"defaultAction\":5}",
		"{" ACT ",\"defaultErrnoRet\":4096}",
		"{" ACT ",\"defaultErrnoRet\":-2}",
		"{" ACT ",\"architectures\":[\"x86\"]}",
		"{" ACT
		",\"architectures\":[\"SCMP_ARCH_X86\"],\"archMap\":[{\"architecture\":"
		"\"SCMP_ARCH_X86\"}]}",
		"{" ACT ",\"archMap\":{}}",
		"{" ACT ",\"flags\":\"x\"}",
		"{" ACT ",\"syscalls\":{}}",
		"{" ACT ",\"syscalls\":[\"read\"]}",
		"{" ACT ",\"syscalls\":[{\"names\":[\"read\"]}]}",
		R("\"names\":[]"),
		R("\"names\":\"read\""),
		R("\"names\":[\"re\\u0000ad\"]"),
		R("\"name\":\"read\",\"names\":[\"write\"]"),
		R("\"names\":[\"read\"],\"errnoRet\":5000"),
		R("\"names\":[\"read\"],\"args\":[{\"index\":6,\"op\":\"SCMP_CMP_EQ\"}]"),
		R("\"names\":[\"read\"],\"args\":[{\"index\":0,\"op\":\"EQ\"}]"),
		R("\"names\":[\"read\"],\"args\":[{\"index\":0}]"),
		R("\"names\":[\"read\"],\"args\":[1]"),
		R("\"names\":[\"read\"],\"args\":[{\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}"
		  "]"),
		R("\"names\":[\"read\"],\"includes\":{\"caps\":[\"CAP_X\"]}"),
		R("\"names\":[\"read\"],\"includes\":{\"minKernel\":\"6\"}"),
		R("\"names\":[\"read\"],\"includes\":{\"minKernel\":\"6.x\"}"),
		R("\"names\":[\"read\"],\"excludes\":[]"),
	};
	struct seccompprofile p = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (try(bad[i], &here, &p, &e) != -EINVAL)
			test_fail(__FILE__, __LINE__, "case %zu is taken", i);
		CHECK(str_starts(e.text, "seccomp profile: "));
	}
	CHECK_INT(try("{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", &here, &p, &e),
		  -ENOTSUP);
	CHECK_INT(try("{\"defaultAction\":\"SCMP_ACT_NOTIFY\",\"listenerPath\":\"/x\"}",
		      &here, &p, &e),
		  -ENOTSUP);
	CHECK_INT(try("{" ACT
		      ",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_"
		      "NOTIFY\"}]}",
		      &here, &p, &e),
		  -ENOTSUP);
	CHECK_INT(try("{" ACT ",\"listenerPath\":\"/x\",\"syscalls\":[{\"names\":["
		      "\"sendmsg\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}",
		      &here, &p, &e),
		  -ENOTSUP);
	CHECK_INT(try("{" ACT ",\"listenerPath\":\"/x\",\"syscalls\":[{\"names\":["
		      "\"read\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}",
		      &here, &p, &e),
		  0);
	CHECK(p.notifies);
	seccompprofile_done(&p);
	CHECK_INT(try(R("\"names\":[\"read\"],\"args\":[{\"op\":\"SCMP_CMP_EQ\"},{\"op\":"
			"\"SCMP_CMP_EQ\"},"
			"{\"op\":\"SCMP_CMP_EQ\"},{\"op\":\"SCMP_CMP_EQ\"},{\"op\":"
			"\"SCMP_CMP_EQ\"},"
			"{\"op\":\"SCMP_CMP_EQ\"},{\"op\":\"SCMP_CMP_EQ\"}]"),
		      &here, &p, &e),
		  -E2BIG);
	seccompprofile_done(&p);
}
