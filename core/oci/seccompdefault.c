/* SPDX-License-Identifier: Apache-2.0 */
/* The default seccomp profile, in the JSON format of moby's.
 *
 * The calls allowed are those that Docker's default profile allows, less vmsplice, and
 * less socketcall on machines whose C libraries do without it. What differs is what a
 * refused call sees: programs take ENOSYS as "an old kernel" and fall back, EPERM as "not
 * for you". So calls that the profile does not know (newer than it) get ENOSYS, which is
 * the default action, and known calls that are refused get EPERM by a rule of their own.
 *
 * An argument is compared on the bits that the kernel looks at: a family is an int, so a
 * rule over 64 bits would let 0x100000026 pass for something other than AF_ALG (38).
 * Rules for one call never overlap with different actions, as libseccomp does not say
 * which would win.
 *
 * Checked by tests/unit/oci/seccompprofile.c call by call. */
#include "core/oci/seccompdefault.h"

#define RULE(action, names, more) \
	"{\"action\":\"SCMP_ACT_" action "\",\"names\":[" names "]" more "}"
#define ALLOW(names, when)       RULE("ALLOW", names, when) ","
#define DENY(names, errno, when) RULE("ERRNO", names, ",\"errnoRet\":" errno when) ","
#define EPERM_TEXT               "1"
#define ENOSYS_TEXT              "38"

/* Conditions: on the machine, on the container's bounding set. */
#define ALWAYS
#define ON(arches)          ",\"includes\":{\"arches\":[" arches "]}"
#define WITH_CAP(cap)       ",\"includes\":{\"caps\":[\"CAP_" cap "\"]}"
#define WITHOUT_CAP(cap)    ",\"excludes\":{\"caps\":[\"CAP_" cap "\"]}"
#define WITHOUT_CAPS(a, b)  ",\"excludes\":{\"caps\":[\"CAP_" a "\",\"CAP_" b "\"]}"
#define MIN_KERNEL(version) ",\"includes\":{\"minKernel\":\"" version "\"}"

/* Conditions on an argument. */
#define MASKED(index, mask, value) \
	",\"args\":[{\"index\":" index ",\"value\":" mask ",\"valueTwo\":" value \
	",\"op\":\"SCMP_CMP_MASKED_EQ\"}]"
#define EQUAL(value) \
	",\"args\":[{\"index\":0,\"value\":" value ",\"op\":\"SCMP_CMP_EQ\"}]"

/* For holders of the capability only. */
#define GATED(cap, names) \
	ALLOW(names, WITH_CAP(cap)) DENY(names, EPERM_TEXT, WITHOUT_CAP(cap))
/* For holders of either. */
#define GATED_EITHER(a, b, names) \
	ALLOW(names, WITH_CAP(a)) \
	ALLOW(names, WITH_CAP(b)) DENY(names, EPERM_TEXT, WITHOUT_CAPS(a, b))

/* Families 0 to 47 less AF_ALG (38) and AF_VSOCK (40), by the bits they share. The two
 * see ENOSYS: on i386 libseccomp ties socket to socketcall, where one call cannot have
 * two answers. */
#define SOCKET "\"socket\""
#define LOW_32 "4294967295"
#define FAMILIES \
	ALLOW(SOCKET, MASKED("0", "4294967264", "0"))  /* 0 to 31 */ \
	ALLOW(SOCKET, MASKED("0", "4294967292", "32")) /* to 35 */ \
	ALLOW(SOCKET, MASKED("0", "4294967294", "36")) /* and 37 */ \
	ALLOW(SOCKET, MASKED("0", LOW_32, "39")) \
	ALLOW(SOCKET, MASKED("0", LOW_32, "41")) \
	ALLOW(SOCKET, MASKED("0", "4294967294", "42")) /* and 43 */ \
	ALLOW(SOCKET, MASKED("0", "4294967292", "44")) /* to 47 */

/* clone without new namespaces: none of the bits 0x7e020000, each of which is refused. On
 * s390 the flags are the second argument. */
#define CLONE                       "\"clone\""
#define CLONE_BIT(index, bit, when) DENY(CLONE, EPERM_TEXT, MASKED(index, bit, bit) when)
#define CLONE_RULES(index, when) \
	ALLOW(CLONE, MASKED(index, "2114060288", "0") when) \
	CLONE_BIT(index, "131072", when)     /* NEWNS */ \
	CLONE_BIT(index, "33554432", when)   /* NEWCGROUP */ \
	CLONE_BIT(index, "67108864", when)   /* NEWUTS */ \
	CLONE_BIT(index, "134217728", when)  /* NEWIPC */ \
	CLONE_BIT(index, "268435456", when)  /* NEWUSER */ \
	CLONE_BIT(index, "536870912", when)  /* NEWPID */ \
	CLONE_BIT(index, "1073741824", when) /* NEWNET */
#define S390        "\"s390\",\"s390x\""
#define NOT_S390    ",\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"],\"arches\":[" S390 "]}"

#define PERSONALITY "\"personality\""

/* clang-format off */
static const char text[] =
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":" ENOSYS_TEXT ","
	/* The x32 ABI of x86_64 is left out. */
	"\"archMap\":["
	"{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X86\"]},"
	"{\"architecture\":\"SCMP_ARCH_AARCH64\",\"subArchitectures\":[\"SCMP_ARCH_ARM\"]},"
	"{\"architecture\":\"SCMP_ARCH_S390X\",\"subArchitectures\":[\"SCMP_ARCH_S390\"]},"
	"{\"architecture\":\"SCMP_ARCH_RISCV64\",\"subArchitectures\":null},"
	"{\"architecture\":\"SCMP_ARCH_PPC64LE\",\"subArchitectures\":null},"
	"{\"architecture\":\"SCMP_ARCH_ARM\",\"subArchitectures\":null},"
	"{\"architecture\":\"SCMP_ARCH_LOONGARCH64\",\"subArchitectures\":null}],"
	"\"syscalls\":["

	/* files: open, read, write */
	ALLOW(
		"\"open\",\"openat\",\"openat2\",\"creat\",\"close\",\"close_range\","
		"\"read\",\"write\",\"readv\",\"writev\",\"pread64\",\"pwrite64\","
		"\"preadv\",\"pwritev\",\"preadv2\",\"pwritev2\",\"lseek\",\"_llseek\","
		"\"dup\",\"dup2\",\"dup3\",\"fcntl\",\"fcntl64\",\"flock\",\"ioctl\","
		"\"fsync\",\"fdatasync\",\"sync\",\"syncfs\",\"sync_file_range\","
		"\"ftruncate\",\"ftruncate64\",\"truncate\",\"truncate64\","
		"\"fallocate\",\"fadvise64\",\"fadvise64_64\",\"readahead\","
		"\"copy_file_range\",\"sendfile\",\"sendfile64\",\"splice\",\"tee\","
		"\"pipe\",\"pipe2\",\"select\",\"_newselect\",\"pselect6\","
		"\"pselect6_time64\",\"poll\",\"ppoll\",\"ppoll_time64\","
		"\"epoll_create\",\"epoll_create1\",\"epoll_ctl\",\"epoll_ctl_old\","
		"\"epoll_wait\",\"epoll_wait_old\",\"epoll_pwait\",\"epoll_pwait2\","
		"\"eventfd\",\"eventfd2\",\"memfd_create\",\"memfd_secret\","
		"\"cachestat\"",
		ALWAYS)

	/* files: names and what they stand for */
	ALLOW(
		"\"access\",\"faccessat\",\"faccessat2\",\"chdir\",\"fchdir\","
		"\"getcwd\",\"mkdir\",\"mkdirat\",\"rmdir\",\"mknod\",\"mknodat\","
		"\"link\",\"linkat\",\"symlink\",\"symlinkat\",\"readlink\","
		"\"readlinkat\",\"unlink\",\"unlinkat\",\"rename\",\"renameat\","
		"\"renameat2\",\"getdents\",\"getdents64\",\"name_to_handle_at\","
		"\"stat\",\"stat64\",\"lstat\",\"lstat64\",\"fstat\",\"fstat64\","
		"\"fstatat64\",\"newfstatat\",\"statx\",\"statfs\",\"statfs64\","
		"\"fstatfs\",\"fstatfs64\",\"statmount\",\"listmount\",\"chmod\","
		"\"fchmod\",\"fchmodat\",\"fchmodat2\",\"chown\",\"chown32\","
		"\"fchown\",\"fchown32\",\"fchownat\",\"lchown\",\"lchown32\","
		"\"umask\",\"utime\",\"utimes\",\"futimesat\",\"utimensat\","
		"\"utimensat_time64\",\"getxattr\",\"lgetxattr\",\"fgetxattr\","
		"\"getxattrat\",\"setxattr\",\"lsetxattr\",\"fsetxattr\","
		"\"setxattrat\",\"listxattr\",\"llistxattr\",\"flistxattr\","
		"\"listxattrat\",\"removexattr\",\"lremovexattr\",\"fremovexattr\","
		"\"removexattrat\",\"inotify_init\",\"inotify_init1\","
		"\"inotify_add_watch\",\"inotify_rm_watch\",\"fanotify_mark\"",
		ALWAYS)

	/* asynchronous input and output, the old way */
	ALLOW(
		"\"io_setup\",\"io_destroy\",\"io_submit\",\"io_cancel\","
		"\"io_getevents\",\"io_pgetevents\",\"io_pgetevents_time64\"",
		ALWAYS)

	/* memory */
	ALLOW(
		"\"brk\",\"mmap\",\"mmap2\",\"munmap\",\"mremap\",\"mprotect\","
		"\"madvise\",\"mincore\",\"msync\",\"mlock\",\"mlock2\",\"mlockall\","
		"\"munlock\",\"munlockall\",\"mseal\",\"membarrier\","
		"\"remap_file_pages\",\"pkey_alloc\",\"pkey_free\",\"pkey_mprotect\","
		"\"map_shadow_stack\"",
		ALWAYS)

	/* processes and threads */
	ALLOW(
		"\"fork\",\"vfork\",\"execve\",\"execveat\",\"exit\",\"exit_group\","
		"\"wait4\",\"waitid\",\"waitpid\",\"getpid\",\"getppid\",\"gettid\","
		"\"getpgid\",\"getpgrp\",\"setpgid\",\"getsid\",\"setsid\","
		"\"set_tid_address\",\"set_robust_list\",\"get_robust_list\",\"rseq\","
		"\"futex\",\"futex_time64\",\"futex_waitv\",\"futex_wait\","
		"\"futex_wake\",\"futex_requeue\",\"get_thread_area\","
		"\"set_thread_area\",\"prctl\",\"seccomp\",\"landlock_create_ruleset\","
		"\"landlock_add_rule\",\"landlock_restrict_self\",\"pidfd_open\","
		"\"pidfd_send_signal\",\"process_mrelease\",\"restart_syscall\","
		"\"uretprobe\",\"getcpu\",\"riscv_hwprobe\"",
		ALWAYS)

	/* who one is */
	ALLOW(
		"\"getuid\",\"getuid32\",\"geteuid\",\"geteuid32\",\"getgid\","
		"\"getgid32\",\"getegid\",\"getegid32\",\"getresuid\",\"getresuid32\","
		"\"getresgid\",\"getresgid32\",\"getgroups\",\"getgroups32\","
		"\"setuid\",\"setuid32\",\"setgid\",\"setgid32\",\"setreuid\","
		"\"setreuid32\",\"setregid\",\"setregid32\",\"setresuid\","
		"\"setresuid32\",\"setresgid\",\"setresgid32\",\"setfsuid\","
		"\"setfsuid32\",\"setfsgid\",\"setfsgid32\",\"setgroups\","
		"\"setgroups32\",\"capget\",\"capset\"",
		ALWAYS)

	/* scheduling, limits, the system */
	ALLOW(
		"\"sched_yield\",\"sched_getaffinity\",\"sched_setaffinity\","
		"\"sched_getattr\",\"sched_setattr\",\"sched_getparam\","
		"\"sched_setparam\",\"sched_getscheduler\",\"sched_setscheduler\","
		"\"sched_get_priority_max\",\"sched_get_priority_min\","
		"\"sched_rr_get_interval\",\"sched_rr_get_interval_time64\","
		"\"getpriority\",\"setpriority\",\"ioprio_get\",\"ioprio_set\","
		"\"getrlimit\",\"ugetrlimit\",\"setrlimit\",\"prlimit64\","
		"\"getrusage\",\"times\",\"sysinfo\",\"uname\",\"getrandom\"",
		ALWAYS)

	/* signals and time */
	ALLOW(
		"\"kill\",\"tkill\",\"tgkill\",\"pause\",\"alarm\",\"sigaltstack\","
		"\"sigprocmask\",\"sigreturn\",\"rt_sigaction\",\"rt_sigpending\","
		"\"rt_sigprocmask\",\"rt_sigqueueinfo\",\"rt_sigreturn\","
		"\"rt_sigsuspend\",\"rt_sigtimedwait\",\"rt_sigtimedwait_time64\","
		"\"rt_tgsigqueueinfo\",\"signalfd\",\"signalfd4\",\"nanosleep\","
		"\"clock_nanosleep\",\"clock_nanosleep_time64\",\"time\","
		"\"gettimeofday\",\"clock_gettime\",\"clock_gettime64\","
		"\"clock_getres\",\"clock_getres_time64\",\"clock_adjtime\","
		"\"clock_adjtime64\",\"adjtimex\",\"getitimer\",\"setitimer\","
		"\"timer_create\",\"timer_delete\",\"timer_getoverrun\","
		"\"timer_gettime\",\"timer_gettime64\",\"timer_settime\","
		"\"timer_settime64\",\"timerfd_create\",\"timerfd_gettime\","
		"\"timerfd_gettime64\",\"timerfd_settime\",\"timerfd_settime64\"",
		ALWAYS)

	/* sockets; not socketcall, whose family cannot be seen here (see S390 below) */
	ALLOW(
		"\"socketpair\",\"bind\",\"listen\",\"accept\",\"accept4\",\"connect\","
		"\"shutdown\",\"getsockname\",\"getpeername\",\"getsockopt\","
		"\"setsockopt\",\"send\",\"sendto\",\"sendmsg\",\"sendmmsg\",\"recv\","
		"\"recvfrom\",\"recvmsg\",\"recvmmsg\",\"recvmmsg_time64\"",
		ALWAYS)

	/* System V and POSIX queues, semaphores, shared memory */
	ALLOW(
		"\"ipc\",\"msgget\",\"msgsnd\",\"msgrcv\",\"msgctl\",\"semget\","
		"\"semop\",\"semctl\",\"semtimedop\",\"semtimedop_time64\",\"shmget\","
		"\"shmat\",\"shmdt\",\"shmctl\",\"mq_open\",\"mq_unlink\","
		"\"mq_notify\",\"mq_getsetattr\",\"mq_timedsend\","
		"\"mq_timedsend_time64\",\"mq_timedreceive\",\"mq_timedreceive_time64\"",
		ALWAYS)

	/* before 4.8 a tracer could step around seccomp */
	ALLOW("\"ptrace\",\"process_vm_readv\",\"process_vm_writev\"", MIN_KERNEL("4.8"))
	FAMILIES

	/* 0, PER_LINUX32, UNAME26, both, and asking; others see ENOSYS */
	ALLOW(PERSONALITY, EQUAL("0"))
	ALLOW(PERSONALITY, EQUAL("8"))
	ALLOW(PERSONALITY, EQUAL("131072"))
	ALLOW(PERSONALITY, EQUAL("131080"))
	ALLOW(PERSONALITY, EQUAL("4294967295"))

	/* calls of one architecture */
	ALLOW("\"arch_prctl\"", ON("\"amd64\",\"x32\""))
	ALLOW("\"modify_ldt\"", ON("\"amd64\",\"x32\",\"x86\""))
	ALLOW(
		"\"arm_fadvise64_64\",\"arm_sync_file_range\",\"sync_file_range2\","
		"\"breakpoint\",\"cacheflush\",\"set_tls\"",
		ON("\"arm\",\"arm64\""))
	ALLOW("\"sync_file_range2\",\"swapcontext\"", ON("\"ppc64le\""))
	ALLOW("\"riscv_flush_icache\"", ON("\"riscv64\""))
	ALLOW(
		"\"s390_pci_mmio_read\",\"s390_pci_mmio_write\",\"s390_runtime_instr\"",
		ON(S390))
	/* glibc has no other way to a socket there, as it is built for kernels from
	 * before 4.3; so AF_ALG and AF_VSOCK stay open on that machine. */
	ALLOW("\"socketcall\"", ON(S390))

	/* new namespaces; clone3 keeps its flags in memory, so libraries must fall back */
	ALLOW("\"clone\",\"clone3\"", WITH_CAP("SYS_ADMIN"))
	CLONE_RULES("0", NOT_S390)
	CLONE_RULES("1", ON(S390) WITHOUT_CAP("SYS_ADMIN"))
	DENY("\"clone3\"", ENOSYS_TEXT, WITHOUT_CAP("SYS_ADMIN"))

	GATED("SYS_ADMIN",
		"\"fanotify_init\",\"fsconfig\",\"fsmount\",\"fsopen\",\"fspick\","
		"\"lookup_dcookie\",\"lsm_get_self_attr\",\"lsm_list_modules\","
		"\"lsm_set_self_attr\",\"mount\",\"mount_setattr\",\"move_mount\","
		"\"open_tree\",\"quotactl\",\"quotactl_fd\",\"setdomainname\","
		"\"sethostname\",\"setns\",\"umount\",\"umount2\",\"unshare\"")
	GATED_EITHER("SYS_ADMIN", "BPF", "\"bpf\"")
	GATED_EITHER("SYS_ADMIN", "PERFMON", "\"perf_event_open\"")
	GATED_EITHER("SYS_ADMIN", "SYSLOG", "\"syslog\"")
	GATED("DAC_READ_SEARCH", "\"open_by_handle_at\"")
	GATED("SYS_BOOT", "\"reboot\"")
	GATED("SYS_CHROOT", "\"chroot\"")
	GATED("SYS_MODULE", "\"delete_module\",\"init_module\",\"finit_module\"")
	GATED("SYS_PACCT", "\"acct\"")
	GATED("SYS_PTRACE", "\"kcmp\",\"pidfd_getfd\",\"process_madvise\"")
	GATED("SYS_RAWIO", "\"ioperm\",\"iopl\"")
	GATED("SYS_TIME", "\"settimeofday\",\"stime\",\"clock_settime\",\"clock_settime64\"")
	GATED("SYS_TTY_CONFIG", "\"vhangup\"")
	GATED("SYS_NICE",
		"\"get_mempolicy\",\"mbind\",\"set_mempolicy\","
		"\"set_mempolicy_home_node\"")

	/* for nobody */
	RULE("ERRNO",
		"\"_sysctl\",\"add_key\",\"afs_syscall\",\"create_module\","
		"\"get_kernel_syms\",\"getpmsg\",\"io_uring_enter\","
		"\"io_uring_register\",\"io_uring_setup\",\"kexec_file_load\","
		"\"kexec_load\",\"keyctl\",\"migrate_pages\",\"move_pages\","
		"\"nfsservctl\",\"open_tree_attr\",\"pivot_root\",\"putpmsg\","
		"\"query_module\",\"request_key\",\"security\",\"swapoff\",\"swapon\","
		"\"sysfs\",\"tuxcall\",\"uselib\",\"userfaultfd\",\"ustat\","
		"\"vmsplice\",\"vserver\"",
		",\"errnoRet\":" EPERM_TEXT)
	"]}";
/* clang-format on */

const char *seccompdefault_text(void)
{
	return text;
}
