/* SPDX-License-Identifier: Apache-2.0 */
/* The default filter, call by call (SECURITY.md section 1a), and the cache. */
#include "tests/unit/runtime/sieve.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "core/ns/syscallfilter.h"

#define CAP(n) (CAPABILITY_DEFAULT | 1ull << (n))

#if defined(__x86_64__)

#define CALLS 480 /* past the last of Linux 6.18 */
#define X32   0x40000000u

/* Docker's 73 that libseccomp has a number for, and vmsplice. clone3 is the one with
 * ENOSYS; open_tree_attr, file_getattr and file_setattr are newer than libseccomp. */
static const char *const denied[] = {
	"_sysctl",
	"acct",
	"add_key",
	"afs_syscall",
	"bpf",
	"clock_settime",
	"create_module",
	"delete_module",
	"fanotify_init",
	"finit_module",
	"fsconfig",
	"fsmount",
	"fsopen",
	"fspick",
	"get_kernel_syms",
	"get_mempolicy",
	"getpmsg",
	"init_module",
	"io_uring_setup",
	"io_uring_enter",
	"io_uring_register",
	"ioperm",
	"iopl",
	"kcmp",
	"kexec_file_load",
	"kexec_load",
	"keyctl",
	"lookup_dcookie",
	"lsm_get_self_attr",
	"lsm_set_self_attr",
	"lsm_list_modules",
	"mbind",
	"migrate_pages",
	"mount",
	"mount_setattr",
	"move_mount",
	"move_pages",
	"nfsservctl",
	"open_by_handle_at",
	"open_tree",
	"perf_event_open",
	"pidfd_getfd",
	"pivot_root",
	"process_madvise",
	"putpmsg",
	"query_module",
	"quotactl",
	"quotactl_fd",
	"reboot",
	"request_key",
	"security",
	"set_mempolicy",
	"set_mempolicy_home_node",
	"setdomainname",
	"sethostname",
	"setns",
	"settimeofday",
	"swapoff",
	"swapon",
	"sysfs",
	"syslog",
	"tuxcall",
	"umount2",
	"unshare",
	"uselib",
	"userfaultfd",
	"ustat",
	"vhangup",
	"vserver",
	"vmsplice",
};

static bool in_list(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(list[i], name))
			return true;
	}
	return false;
}

static uint32_t expected(const char *name)
{
	if (!name || str_eq(name, "clone3"))
		return ENOSYSS;
	return in_list(denied, ARRAY_LEN(denied), name) ? EPERMS : ALLOW;
}

static void check_call(const struct sieve *s, uint32_t nr, uint32_t want)
{
	uint32_t got = sieve_ask(s, AUDIT_ARCH_X86_64, nr, NULL);
	autofree char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, (int)nr);

	if (got != want)
		test_fail(__FILE__, __LINE__, "%s (%u): %x, not %x", name ? name : "?",
			  nr, got, want);
}

TEST(default_table)
{
	struct sieve s = sieve_of(NULL);
	size_t named = 0, refused = 0;

	for (uint32_t nr = 0; nr < CALLS; nr++) {
		autofree char *name =
			seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, (int)nr);
		uint32_t want = expected(name);

		named += name != NULL;
		refused += want == EPERMS;
		/* The three with conditions are allowed with arguments of 0. */
		check_call(&s, nr, want);
		check_call(&s, nr | X32, ENOSYSS);
	}
	/* Nothing in the list was a name unknown to libseccomp. */
	CHECK_INT(refused, ARRAY_LEN(denied));
	CHECK(named >= 376);
	check_call(&s, UINT32_MAX, ENOSYSS);
	sieve_close(&s);
}

/* Exactly these calls change from refused to allowed with the capability. */
static void check_gate(const struct sieve *plain, int cap, const char *const *opened,
		       size_t n)
{
	struct sieve s;

	sieve_open(&s);
	CHECK_INT(sieve_ensure(&s, NULL, CAP(cap)), 0);
	for (uint32_t nr = 0; nr < CALLS; nr++) {
		autofree char *name =
			seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, (int)nr);
		uint32_t was = sieve_ask(plain, AUDIT_ARCH_X86_64, nr, NULL);

		if (name && in_list(opened, n, name)) {
			CHECK(was != ALLOW);
			was = ALLOW;
		}
		check_call(&s, nr, was);
	}
	sieve_close(&s);
}

#define CHECK_GATE(cap, ...) \
	do { \
		static const char *const opened_[] = { __VA_ARGS__ }; \
		check_gate(&plain, capability_parse(cap), opened_, ARRAY_LEN(opened_)); \
	} while (0)

TEST(capabilities_open_calls)
{
	struct sieve plain = sieve_of(NULL);

	CHECK_GATE("SYS_ADMIN", "bpf", "clone3", "fanotify_init", "fsconfig", "fsmount",
		   "fsopen", "fspick", "lookup_dcookie", "lsm_get_self_attr",
		   "lsm_list_modules", "lsm_set_self_attr", "mount", "mount_setattr",
		   "move_mount", "open_tree", "perf_event_open", "quotactl",
		   "quotactl_fd", "setdomainname", "sethostname", "setns", "syslog",
		   "umount2", "unshare");
	CHECK_GATE("BPF", "bpf");
	CHECK_GATE("PERFMON", "perf_event_open");
	CHECK_GATE("SYSLOG", "syslog");
	CHECK_GATE("DAC_READ_SEARCH", "open_by_handle_at");
	CHECK_GATE("SYS_BOOT", "reboot");
	CHECK_GATE("SYS_MODULE", "delete_module", "finit_module", "init_module");
	CHECK_GATE("SYS_PACCT", "acct");
	CHECK_GATE("SYS_PTRACE", "kcmp", "pidfd_getfd", "process_madvise");
	CHECK_GATE("SYS_RAWIO", "ioperm", "iopl");
	CHECK_GATE("SYS_TIME", "clock_settime", "settimeofday");
	CHECK_GATE("SYS_TTY_CONFIG", "vhangup");
	CHECK_GATE("SYS_NICE", "get_mempolicy", "mbind", "set_mempolicy",
		   "set_mempolicy_home_node");
	CHECK_INT(sieve_ensure(&plain, NULL, 0), 0);
	CHECK_INT(sieve_call(&plain, "chroot", 0, 0), EPERMS);
	sieve_close(&plain);
}

TEST(clone_flags)
{
	struct sieve s = sieve_of(NULL);
	static const int namespaces[] = { 17, 25, 26, 27, 28, 29, 30 };

	CHECK_INT(sieve_call(&s, "clone", 0, 17), ALLOW);       /* fork */
	CHECK_INT(sieve_call(&s, "clone", 0, 0x3d0f00), ALLOW); /* a thread */
	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++) {
		uint64_t bit = 1ull << namespaces[i];

		CHECK_INT(sieve_call(&s, "clone", 0, bit), EPERMS);
		CHECK_INT(sieve_call(&s, "clone", 0, bit | 17), EPERMS);
		CHECK_INT(sieve_call(&s, "clone", 0, bit | 1ull << 40), EPERMS);
	}
	CHECK_INT(sieve_call(&s, "clone", 0, 0x7e020011), EPERMS);
	CHECK_INT(sieve_ensure(&s, NULL, CAP(21)), 0); /* SYS_ADMIN */
	CHECK_INT(sieve_call(&s, "clone", 0, 0x7e020011), ALLOW);
	sieve_close(&s);
}

TEST(personalities)
{
	struct sieve s = sieve_of(NULL);
	static const uint32_t ok[] = { 0, 8, 0x20000, 0x20008, 0xffffffff };

	for (size_t i = 0; i < ARRAY_LEN(ok); i++)
		CHECK_INT(sieve_call(&s, "personality", 0, ok[i]), ALLOW);
	CHECK(sieve_call(&s, "personality", 0, 0x40000) != ALLOW); /* no ASLR */
	CHECK(sieve_call(&s, "personality", 0, 0x20009) != ALLOW);
	CHECK(sieve_call(&s, "personality", 0, 0x100040000) != ALLOW);
	sieve_close(&s);
}

TEST(socket_families)
{
	struct sieve s = sieve_of(NULL);
	for (uint64_t family = 0; family < 48; family++) {
		uint32_t want = family == 38 || family == 40 ? ENOSYSS : ALLOW;
		uint64_t args[6] = { family };

		CHECK_INT(sieve_call(&s, "socket", 0, family), want);
		/* The kernel looks at 32 bits. */
		CHECK_INT(sieve_call(&s, "socket", 0, family | 7ull << 32), want);
		CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 359, args), want);
	}
	CHECK(sieve_call(&s, "socket", 0, 48) != ALLOW);
	CHECK(sieve_call(&s, "socket", 0, 0xffffffff) != ALLOW);
	sieve_close(&s);
}

TEST(other_architectures)
{
	struct sieve s = sieve_of(NULL);

	for (uint64_t sub = 0; sub < 24; sub++) {
		uint64_t args[6] = { sub };

		/* socketcall, ipc */
		CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 102, args), ENOSYSS);
		CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 117, args), ALLOW);
	}
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 3, NULL), ALLOW);    /* read */
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 21, NULL), EPERMS);  /* mount */
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 310, NULL), EPERMS); /* unshare */
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_I386, 435, NULL), ENOSYSS);
	CHECK_INT(sieve_ask(&s, AUDIT_ARCH_AARCH64, 63, NULL), SCMP_ACT_KILL_PROCESS);
	CHECK_INT(sieve_ask(&s, 0, 0, NULL), SCMP_ACT_KILL_PROCESS);
	sieve_close(&s);
}

#elif defined(__s390x__)

/* socketcall and ipc for both widths, whatever they multiplex. */
TEST(multiplexers)
{
	struct sieve s = sieve_of(NULL);

	for (uint64_t sub = 0; sub < 24; sub++) {
		uint64_t args[6] = { sub };

		CHECK_INT(sieve_ask(&s, AUDIT_ARCH_S390X, 102, args), ALLOW);
		CHECK_INT(sieve_ask(&s, AUDIT_ARCH_S390, 102, args), ALLOW);
		CHECK_INT(sieve_ask(&s, AUDIT_ARCH_S390X, 117, args), ALLOW);
	}
	CHECK_INT(sieve_call(&s, "socket", 0, 2), ALLOW);
	CHECK_INT(sieve_call(&s, "socket", 0, 38), ENOSYSS);
	CHECK_INT(sieve_call(&s, "clone", 1, 0x10000000), EPERMS);
	sieve_close(&s);
}

#endif

TEST(kernel_takes_it)
{
	struct sieve s = sieve_of(NULL);
	struct err e = { 0 };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		    syscallfilter_load(s.program.data, s.program.len, &e) < 0)
			_exit(e.code == -EINVAL || e.code == -ENOSYS ? 77 : 2);
		if (getppid() <= 0)
			_exit(3);
		if (syscall(SYS_unshare, 0) != -1 || errno != EPERM)
			_exit(4);
		if (syscall(SYS_clone3, NULL, 0) != -1 || errno != ENOSYS)
			_exit(5);
		if (syscall(SYS_socket, 0x100000026, SOCK_SEQPACKET, 0) != -1 ||
		    errno != ENOSYS)
			_exit(6);
		if (syscall(SYS_socket, 0x100000001, SOCK_STREAM, 0) < 0)
			_exit(7);
		_exit(0);
	}
	CHECK(pid > 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		test_skip("no seccomp filters here");
	else
		CHECK_INT(status, 0);
	sieve_close(&s);
}

/* --- the cache -----------------------------------------------------------------------
 */

static struct stat entry(const struct sieve *s)
{
	struct stat st = { 0 };

	CHECK_INT(fstatat(s->fd, s->name, &st, 0), 0);
	return st;
}

static void check_same(const struct stat *a, const struct stat *b, bool same)
{
	CHECK_INT(a->st_ino == b->st_ino && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
			  a->st_mtim.tv_nsec == b->st_mtim.tv_nsec,
		  same);
}

TEST(cached)
{
	struct sieve s = sieve_of(NULL);
	struct stat first = entry(&s), again;
	autofree char *name = str_dup(s.name);

	CHECK_INT(sieve_ensure(&s, NULL, CAPABILITY_DEFAULT), 0);
	CHECK_STR(s.name, name);
	again = entry(&s);
	check_same(&first, &again, true);
	CHECK_INT(first.st_mode & 0777, 0600);
	/* Other capabilities, another profile: other files, this one untouched. */
	CHECK_INT(sieve_ensure(&s, NULL, CAP(21)), 0);
	CHECK(!str_eq(s.name, name));
	CHECK_INT(sieve_ensure(&s, "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}",
			       CAPABILITY_DEFAULT),
		  0);
	CHECK(!str_eq(s.name, name));
	CHECK_INT(sieve_ensure(&s, NULL, CAPABILITY_DEFAULT), 0);
	again = entry(&s);
	check_same(&first, &again, true);
	sieve_close(&s);
}

/* What filter_ensure makes of the entry with n bytes of p in place of it. */
static void check_mended(const void *p, size_t n)
{
	struct sieve s = sieve_of(NULL);
	struct buf good = s.program;
	struct stat spoilt, now;

	s.program = (struct buf){ 0 };
	CHECK_INT(file_replace_nosync(s.fd, s.name, p ? p : good.data,
				      p ? n : good.len - n, 0600),
		  0);
	spoilt = entry(&s);
	CHECK_INT(sieve_ensure(&s, NULL, CAPABILITY_DEFAULT), 0);
	now = entry(&s);
	check_same(&spoilt, &now, false);
	CHECK_INT(s.program.len, good.len);
	CHECK(s.program.len == good.len &&
	      memcmp(s.program.data, good.data, good.len) == 0);
	buf_done(&good);
	sieve_close(&s);
}

TEST(damaged_entry_is_made_again)
{
	struct sieve s = sieve_of(NULL);
	char zeros[4096] = "";

	check_mended("", 0);
	check_mended(zeros, sizeof(zeros));
	check_mended("seccomp", 7);
	check_mended(NULL, 8); /* cut short */
	check_mended(NULL, 1);
	s.program.data[s.program.len / 2] ^= 1;
	check_mended(s.program.data, s.program.len);
	s.program.data[s.program.len / 2] ^= 1;
	s.program.data[s.program.len - 1] ^= 1; /* the flags */
	check_mended(s.program.data, s.program.len);
	sieve_close(&s);
}

/* An entry of that name, last used so many days ago. */
static void put_old(const struct sieve *s, const char *name, int days)
{
	const struct timespec used[2] = { { .tv_sec = time(NULL) - days * 86400 },
					  { .tv_sec = time(NULL) - days * 86400 } };

	CHECK_INT(file_replace_nosync(s->fd, name, "x", 1, 0600), 0);
	CHECK_INT(utimensat(s->fd, name, used, 0), 0);
}

static bool has(const struct sieve *s, const char *name)
{
	return faccessat(s->fd, name, F_OK, 0) == 0;
}

/* What is not used for the longest time goes, and nothing that is not a filter. */
TEST(bounded)
{
	struct sieve s;
	size_t left = 0;
	char name[32];

	sieve_open(&s);
	put_old(&s, "note", 9999);
	put_old(&s, FILE_TEMP_PREFIX "left", 999);
	for (int i = 1; i <= FILTER_CACHE_MAX + 8; i++) {
		str_print(name, sizeof(name), "%d" FILTER_SUFFIX, i);
		put_old(&s, name, i);
	}
	CHECK_INT(sieve_ensure(&s, NULL, CAPABILITY_DEFAULT), 0);
	CHECK(has(&s, s.name));
	CHECK(has(&s, "note"));
	CHECK(!has(&s, FILE_TEMP_PREFIX "left"));
	for (int i = 1; i <= FILTER_CACHE_MAX + 8; i++) {
		str_print(name, sizeof(name), "%d" FILTER_SUFFIX, i);
		left += has(&s, name);
		CHECK_INT(has(&s, name), i < FILTER_CACHE_MAX);
	}
	CHECK_INT(left, FILTER_CACHE_MAX - 1);
	sieve_close(&s);
}

TEST(use_keeps_an_entry_young)
{
	struct sieve s = sieve_of(NULL);
	const struct timespec past[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	ino_t first = entry(&s).st_ino;

	CHECK_INT(utimensat(s.fd, s.name, past, 0), 0);
	CHECK_INT(sieve_ensure(&s, NULL, CAPABILITY_DEFAULT), 0);
	CHECK_INT(entry(&s).st_ino, first);
	CHECK(entry(&s).st_mtime > 1000);
	sieve_close(&s);
}

/* --- the interpreter -----------------------------------------------------------------
 */

#define RUN(...) \
	({ \
		struct sock_filter code_[] = { __VA_ARGS__ }; \
		filter_simulate(code_, sizeof(code_), 0xa, 0xb, args); \
	})

TEST(interpreter)
{
	uint64_t args[6] = { 0x1122334455667788, 2, 3, 4, 5, 0x99aabbccddeeff00 };
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	uint32_t low = 20;
#else
	uint32_t low = 16;
#endif

	CHECK_INT(RUN(BPF_STMT(BPF_RET | BPF_K, 5)), 5);
	CHECK_INT(
		RUN(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_STMT(BPF_RET | BPF_A, 0)),
		0xb);
	CHECK_INT(
		RUN(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4), BPF_STMT(BPF_RET | BPF_A, 0)),
		0xa);
	CHECK_INT(RUN(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low),
		      BPF_STMT(BPF_RET | BPF_A, 0)),
		  0x55667788);
	CHECK_INT(RUN(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 60 - (low & 4)),
		      BPF_STMT(BPF_RET | BPF_A, 0)),
		  0x99aabbcc);
	CHECK_INT(RUN(BPF_STMT(BPF_LD | BPF_IMM, 12), BPF_STMT(BPF_MISC | BPF_TAX, 0),
		      BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LD | BPF_MEM, 3),
		      BPF_STMT(BPF_ALU | BPF_MUL | BPF_X, 0),
		      BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
		      BPF_STMT(BPF_RET | BPF_A, 0)),
		  9);
	CHECK_INT(RUN(BPF_STMT(BPF_LD | BPF_IMM, 7),
		      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 7, 0, 1),
		      BPF_STMT(BPF_RET | BPF_K, 1),
		      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 4, 1, 0),
		      BPF_STMT(BPF_RET | BPF_K, 2), BPF_STMT(BPF_JMP | BPF_JA, 1),
		      BPF_STMT(BPF_RET | BPF_K, 3), BPF_STMT(BPF_RET | BPF_K, 4)),
		  4);
}

TEST(interpreter_faults)
{
	uint64_t args[6] = { 0 };

	CHECK_INT(filter_simulate(NULL, 0, 0, 0, args), SCMP_ACT_KILL_PROCESS);
	CHECK_INT(RUN(BPF_STMT(BPF_LD | BPF_IMM, 1)), SCMP_ACT_KILL_PROCESS);
	CHECK_INT(
		RUN(BPF_STMT(BPF_JMP | BPF_JA, 0xfffffff0), BPF_STMT(BPF_RET | BPF_K, 1)),
		SCMP_ACT_KILL_PROCESS);
	CHECK_INT(
		RUN(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), BPF_STMT(BPF_RET | BPF_K, 1)),
		SCMP_ACT_KILL_PROCESS);
	CHECK_INT(
		RUN(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), BPF_STMT(BPF_RET | BPF_K, 1)),
		SCMP_ACT_KILL_PROCESS);
	CHECK_INT(RUN(BPF_STMT(BPF_ST, 16), BPF_STMT(BPF_RET | BPF_K, 1)),
		  SCMP_ACT_KILL_PROCESS);
	CHECK_INT(
		RUN(BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 1)),
		SCMP_ACT_KILL_PROCESS);
	CHECK_INT(
		RUN(BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0), BPF_STMT(BPF_RET | BPF_K, 1)),
		SCMP_ACT_KILL_PROCESS);
}
