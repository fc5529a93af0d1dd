/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles of the user's own, in moby's format and the runtime-spec's. */
#include "tests/unit/runtime/sieve.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "core/ns/syscallfilter.h"

#define HEAD(action) "{\"defaultAction\":\"SCMP_ACT_" action "\",\"syscalls\":["
#define ARG(index, op, value) \
	"{\"index\":" #index ",\"op\":\"SCMP_CMP_" op "\",\"value\":" #value "}"
#define RULE(name, action, args) \
	"{\"names\":[\"" name "\"],\"action\":\"SCMP_ACT_" action "\",\"args\":[" args \
	"]}"
#define TAIL "]}"

#if defined(__x86_64__)
TEST(mobys_format)
{
	static const char profile[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":13,"
		"\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\","
		"\"subArchitectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"]},"
		"{\"architecture\":\"SCMP_ARCH_AARCH64\","
		"\"subArchitectures\":[\"SCMP_ARCH_ARM\"]}],\"syscalls\":["
		"{\"names\":[\"read\",\"no_such_call\",\"io_uring_setup\",\"ipc\"],"
		"\"action\":\"SCMP_ACT_ALLOW\"},"
		"{\"names\":[\"write\"],\"action\":\"SCMP_ACT_ERRNO\"},"
		"{\"names\":[\"getpid\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":7},"
		"{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_TRAP\"},"
		"{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ALLOW\","
		"\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]},\"excludes\":{}},"
		"{\"names\":[\"ptrace\"],\"action\":\"SCMP_ACT_ALLOW\","
		"\"includes\":{\"minKernel\":\"2.6\"}},"
		"{\"names\":[\"setns\"],\"action\":\"SCMP_ACT_ALLOW\","
		"\"includes\":{\"arches\":[\"s390x\"]}},"
		"{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ALLOW\","
		"\"args\":[{\"index\":1,\"value\":9,\"valueTwo\":0,"
		"\"op\":\"SCMP_CMP_EQ\"}],\"comment\":\"\"}]}";
	struct sieve s = sieve_of(profile);
	uint64_t nine[6] = { 0, 9 };

	CHECK_INT(sieve_call(&s, "read", 0, 0), ALLOW);
	CHECK_INT(sieve_call(&s, "write", 0, 0), SCMP_ACT_ERRNO(EPERM));
	CHECK_INT(sieve_call(&s, "close", 0, 0), SCMP_ACT_ERRNO(13));
	CHECK_INT(sieve_call(&s, "getpid", 0, 0), SCMP_ACT_TRACE(7));
	CHECK_INT(sieve_call(&s, "getppid", 0, 0), SCMP_ACT_TRAP);
	CHECK_INT(sieve_call(&s, "mount", 0, 0), SCMP_ACT_ERRNO(13));
	CHECK_INT(sieve_call(&s, "ptrace", 0, 0), ALLOW);
	CHECK_INT(sieve_call(&s, "setns", 0, 0), SCMP_ACT_ERRNO(13));
	CHECK_INT(sieve_call(&s, "kill", 1, 9), ALLOW);
	CHECK_INT(sieve_call(&s, "kill", 1, 15), SCMP_ACT_ERRNO(13));
	/* The same by i386's numbers; x32 is gone, arm64 is another machine. */
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 3, NULL), ALLOW);
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 4, NULL), SCMP_ACT_ERRNO(EPERM));
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 37, nine), ALLOW);
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 117, NULL), ALLOW); /* ipc */
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_X86_64, 0x40000000, NULL), ENOSYSS);
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_AARCH64, 63, NULL), SCMP_ACT_KILL_PROCESS);
	/* io_uring_setup (425) is the newest that it names. */
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_X86_64, 424, NULL), SCMP_ACT_ERRNO(13));
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_X86_64, 426, NULL), ENOSYSS);
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 426, NULL), ENOSYSS);
	CHECK_INT(sieve_ensure(&s, profile, CAPABILITY_DEFAULT | 1 << 21), 0);
	CHECK_INT(sieve_call(&s, "mount", 0, 0), ALLOW);
	sieve_close(&s);
}

#define X86 "\"architectures\":[\"SCMP_ARCH_X86\"],"

/* What i386's socketcall(SYS_SOCKET) and ipc(SHMGET) get. */
static void check_muxes(const char *rules, uint32_t want_socketcall, uint32_t want_ipc)
{
	autofree char *profile = str_fmt(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\"," X86 "\"syscalls\":[%s]}", rules);
	struct sieve s = sieve_of(profile);
	uint64_t create[6] = { 1 }, shmget[6] = { 23 };

	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 102, create), want_socketcall);
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 117, shmget), want_ipc);
	sieve_close(&s);
}

TEST(multiplexers)
{
#define SOCKET_1 RULE("socket", "ALLOW", ARG(0, "EQ", 1))
	/* Without conditions libseccomp tells the calls apart by their number. */
	check_muxes(RULE("socket", "ALLOW", ""), ALLOW, EPERMS);
	check_muxes(RULE("bind", "ALLOW", "") "," RULE("shmget", "ALLOW", ""), EPERMS,
		    ALLOW);
	check_muxes(SOCKET_1, ENOSYSS, EPERMS);
	check_muxes(SOCKET_1 "," RULE("shmget", "ALLOW", ARG(1, "EQ", 1)), ENOSYSS,
		    ENOSYSS);
	/* The profile's own word, before or after. */
	check_muxes(SOCKET_1 "," RULE("socketcall", "ALLOW", ""), ALLOW, EPERMS);
	check_muxes(RULE("socketcall", "ALLOW", "") "," SOCKET_1, ALLOW, EPERMS);
	check_muxes(RULE("socketcall", "ERRNO", "") "," SOCKET_1, EPERMS, EPERMS);
	check_muxes(RULE("socket", "ALLOW", "") "," RULE("socketcall", "ERRNO", ""),
		    EPERMS, EPERMS);
}

/* A call behind a multiplexer that also has a number of its own counts as known. */
TEST(numbers_of_their_own)
{
	struct sieve s = sieve_of("{\"defaultAction\":\"SCMP_ACT_ERRNO\"," X86
				  "\"syscalls\":[" RULE("read", "ALLOW", "") "," RULE(
					  "socket", "ALLOW", ARG(0, "EQ", 1)) TAIL);
	uint64_t local[6] = { 1 };

	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 359, local), ALLOW);
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 359, NULL), EPERMS);
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 424, NULL), EPERMS);
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 425, NULL), ENOSYSS);
	sieve_close(&s);
}
#endif

TEST(deny_list)
{
	struct sieve s = sieve_of(HEAD("ALLOW") RULE("chmod", "ERRNO", "") "," RULE(
		"fchmod", "ERRNO", "") "," RULE("read", "KILL", "") TAIL);

	CHECK_INT(sieve_call(&s, "fchmod", 0, 0), EPERMS);
	CHECK_INT(sieve_call(&s, "read", 0, 0), SCMP_ACT_KILL_THREAD);
	CHECK_INT(sieve_call(&s, "write", 0, 0), ALLOW);
	/* Newer calls than the profile's are what it says they are. */
	CHECK_INT(sieve_ask(&s, seccomp_arch_native(), 5000, NULL), ALLOW);
	sieve_close(&s);
}

TEST(actions)
{
	struct sieve s;

	if (seccomp_api_get() < 3) {
		test_skip("the kernel has no SCMP_ACT_LOG");
		return;
	}
	s = sieve_of(HEAD("KILL_PROCESS") RULE("read", "LOG", "") "," /*  */
		     RULE("write", "KILL_THREAD", "") ","             /*  */
		     RULE("close", "TRACE", "") "," RULE("statx", "ALLOW", "") TAIL);
	CHECK_INT(sieve_call(&s, "read", 0, 0), SCMP_ACT_LOG);
	CHECK_INT(sieve_call(&s, "write", 0, 0), SCMP_ACT_KILL_THREAD);
	CHECK_INT(sieve_call(&s, "close", 0, 0), SCMP_ACT_TRACE(EPERM));
	CHECK_INT(sieve_call(&s, "dup", 0, 0), SCMP_ACT_KILL_PROCESS);
	CHECK_INT(sieve_call(&s, "openat2", 0, 0), ENOSYSS);
	sieve_close(&s);
	/* A tracer sees the calls that the profile does not know. */
	s = sieve_of(HEAD("TRACE") RULE("read", "ALLOW", "") TAIL);
	CHECK_INT(sieve_call(&s, "openat2", 0, 0), SCMP_ACT_TRACE(EPERM));
	sieve_close(&s);
}

/* lseek(fd, offset, whence): its offset is 64 bits wide. */
static void check_compare(const char *op, uint64_t value, const bool want[3])
{
	autofree char *profile =
		str_fmt(HEAD("ERRNO") "{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_"
				      "ALLOW\",\"args\":[{\"index\":1,\"op\":\"%s\","
				      "\"value\":%llu,\"valueTwo\":%llu}]}" TAIL,
			op, (unsigned long long)value, (unsigned long long)value);
	struct sieve s = sieve_of(profile);

	for (int i = -1; i <= 1; i++) {
		uint64_t with = value + (uint64_t)(int64_t)i;
		bool got = sieve_call(&s, "lseek", 1, with) == ALLOW;

		if (got != want[i + 1])
			test_fail(__FILE__, __LINE__, "%s %llx: %llx", op,
				  (unsigned long long)value, (unsigned long long)with);
	}
	sieve_close(&s);
}

TEST(comparisons)
{
	static const uint64_t values[] = { 5, 0x500000000, 0x4ffffffff, 0xffffffff };

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		check_compare("SCMP_CMP_NE", values[i], (bool[]){ 1, 0, 1 });
		check_compare("SCMP_CMP_LT", values[i], (bool[]){ 1, 0, 0 });
		check_compare("SCMP_CMP_LE", values[i], (bool[]){ 1, 1, 0 });
		check_compare("SCMP_CMP_EQ", values[i], (bool[]){ 0, 1, 0 });
		check_compare("SCMP_CMP_GE", values[i], (bool[]){ 0, 1, 1 });
		check_compare("SCMP_CMP_GT", values[i], (bool[]){ 0, 0, 1 });
	}
	/* mask and value are the same here: all its bits set */
	check_compare("SCMP_CMP_MASKED_EQ", 0x500000001, (bool[]){ 0, 1, 0 });
}

/* Docker 29.4's way of leaving out AF_ALG and AF_VSOCK. */
TEST(families_by_range)
{
	struct sieve s =
		sieve_of(HEAD("ERRNO") RULE("socket", "ALLOW", ARG(0, "LT", 38)) /*  */
			 "," RULE("socket", "ALLOW", ARG(0, "EQ", 39))           /*  */
			 "," RULE("socket", "ALLOW", ARG(0, "GT", 40)) TAIL);

	for (uint64_t family = 0; family < 100; family++) {
		uint32_t want = family == 38 || family == 40 ? EPERMS : ALLOW;

		CHECK_INT(sieve_call(&s, "socket", 0, family), want);
		CHECK_INT(sieve_call(&s, "socket", 0, family | 1ull << 32), want);
		CHECK_INT(sieve_call(&s, "socket", 0, family | UINT64_MAX << 32), want);
	}
	CHECK_INT(sieve_call(&s, "socket", 0, UINT64_MAX), ALLOW);
	sieve_close(&s);
}

TEST(conditions_together)
{
	/* On different arguments all must hold, */
	struct sieve s = sieve_of(HEAD("ERRNO") RULE(
		"socket", "ALLOW", ARG(0, "EQ", 2) "," ARG(1, "NE", 3)) TAIL);
	uint64_t args[6] = { 2, 1 };
	uint32_t nr = sieve_number("socket");
	uint32_t arch = seccomp_arch_native();

	CHECK_INT(sieve_ask(&s, arch, nr, args), ALLOW);
	args[1] = 3;
	CHECK_INT(sieve_ask(&s, arch, nr, args), EPERMS);
	args[1] = 3 | 1ull << 40;
	CHECK_INT(sieve_ask(&s, arch, nr, args), EPERMS);
	args[0] = 10, args[1] = 1;
	CHECK_INT(sieve_ask(&s, arch, nr, args), EPERMS);
	sieve_close(&s);
	/* on the same one either. */
	s = sieve_of(HEAD("ERRNO") RULE("socket", "ALLOW",
					ARG(0, "EQ", 2) "," ARG(0, "EQ", 10)) TAIL);
	CHECK_INT(sieve_call(&s, "socket", 0, 2), ALLOW);
	CHECK_INT(sieve_call(&s, "socket", 0, 10), ALLOW);
	CHECK_INT(sieve_call(&s, "socket", 0, 1), EPERMS);
	sieve_close(&s);
	/* Always and never. */
	s = sieve_of(HEAD("ERRNO") RULE("socket", "ALLOW", ARG(0, "GE", 0)) "," /*  */
		     RULE("ioctl", "ALLOW", ARG(1, "LT", 0)) TAIL);
	CHECK_INT(sieve_call(&s, "socket", 0, 77), ALLOW);
	CHECK_INT(sieve_call(&s, "ioctl", 1, 0), EPERMS);
	sieve_close(&s);
}

/* The flags stand in the last instruction. */
static uint32_t flags_of(const char *list)
{
	autofree char *profile =
		str_fmt("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[%s]}", list);
	struct sieve s = sieve_of(profile);
	struct sock_filter last = { 0 };

	CHECK(s.program.len >= sizeof(last));
	memcpy(&last, s.program.data + s.program.len - sizeof(last), sizeof(last));
	CHECK_INT(last.code, BPF_RET | BPF_K);
	CHECK_INT(last.jt, SYSCALLFILTER_FLAGS_MARK);
	sieve_close(&s);
	return last.k;
}

TEST(flags)
{
	CHECK_INT(flags_of(""), 0);
	CHECK_INT(flags_of("\"SECCOMP_FILTER_FLAG_TSYNC\""), 0);
	CHECK_INT(flags_of("\"SECCOMP_FILTER_FLAG_LOG\""), SECCOMP_FILTER_FLAG_LOG);
	CHECK_INT(flags_of("\"SECCOMP_FILTER_FLAG_LOG\","
			   "\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\""),
		  SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	CHECK_REFUSED("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"FAST\"]}",
		      -EINVAL, "unknown seccomp flag 'FAST'");
	CHECK_REFUSED("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":["
		      "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]}",
		      -EOPNOTSUPP,
		      "seccomp flag 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV' is not "
		      "supported: it belongs to SCMP_ACT_NOTIFY");
}

TEST(refused)
{
	struct sieve s;

	CHECK_REFUSED("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":["
		      "\"SCMP_ARCH_PDP11\"]}",
		      -EINVAL, "unknown seccomp architecture 'SCMP_ARCH_PDP11'");
	CHECK_REFUSED("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1}",
		      -EINVAL, "seccomp action 'SCMP_ACT_ALLOW' takes no errno");
	CHECK_REFUSED(HEAD("ERRNO") RULE("ioctl", "ALLOW", ARG(1, "EQ", 5)) "," /*  */
		      RULE("ioctl", "TRAP", ARG(1, "EQ", 5)) TAIL,
		      -EINVAL, "seccomp rules for 'ioctl' contradict each other");
	sieve_open(&s);
	CHECK_INT(sieve_ensure(&s, HEAD("NOTIFY") TAIL, 0), -EOPNOTSUPP);
	CHECK(strstr(s.e.text, "SCMP_ACT_NOTIFY") != NULL);
	CHECK_INT(sieve_ensure(&s, HEAD("ALLOW") RULE("read", "NOTIFY", "") TAIL, 0),
		  -EOPNOTSUPP);
	CHECK(strstr(s.e.text, "SCMP_ACT_NOTIFY") != NULL);
	CHECK_INT(sieve_ensure(&s, "{", 0), -EINVAL);
	CHECK_INT(sieve_ensure(&s, "[]", 0), -EINVAL);
	CHECK_INT(sieve_ensure(&s, "{}", 0), -EINVAL);
	sieve_close(&s);
}

/* The kernel takes 4096 instructions; each of these is one of them at least. */
TEST(too_large)
{
	autobuf text = { 0 };
	struct sieve s;

	buf_adds(&text, HEAD("ERRNO"));
	for (int i = 0; i < 4200; i++)
		buf_addf(&text,
			 "%s{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ALLOW\","
			 "\"args\":[{\"index\":1,\"op\":\"SCMP_CMP_EQ\",\"value\":%d}]}",
			 i ? "," : "", i * 7);
	buf_adds(&text, TAIL);
	sieve_open(&s);
	CHECK_INT(sieve_ensure(&s, text.data, 0), -E2BIG);
	CHECK(str_starts(s.e.text, "the seccomp profile is too large"));
	sieve_close(&s);
}
