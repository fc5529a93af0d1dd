/* SPDX-License-Identifier: Apache-2.0 */
/* The unpack worker's confinement. */
#include "core/image/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/ns/bpf.h"
#include "core/ns/caps.h"
#include "core/ns/idmap.h"
#include "core/ns/landlock.h"

#define MEMORY_MAX (768ull << 20) /* zstd's largest window is 128 MiB */
#define FILE_MAX   (1ull << 40)   /* bytes, holes included */

#define CAP(x)     (1ull << CAP_##x)
#define CAPS_KEPT \
	(CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) | CAP(FSETID) | CAP(MKNOD) | \
	 CAP(SETFCAP))

/* What layerstream, libarchive, isa-l, zstd and the C library call. */
static const int calls[] = {
	/* the blob and the answer */
	__NR_read,
	__NR_pread64,
	__NR_write,
	__NR_close,
#ifdef __NR_poll
	__NR_poll,
#endif
	__NR_ppoll,
	/* files of the layer */
	__NR_openat,
	__NR_openat2,
	__NR_pwrite64,
	__NR_ftruncate,
#ifdef __NR_ftruncate64
	__NR_ftruncate64,
#endif
	__NR_mkdirat,
	__NR_mknodat,
	__NR_symlinkat,
	__NR_linkat,
	__NR_unlinkat,
	__NR_fchown,
	__NR_fchownat,
	__NR_fchmod,
	__NR_fchmodat,
	__NR_fsetxattr,
	__NR_fremovexattr,
	__NR_utimensat,
#ifdef __NR_utimensat_time64
	__NR_utimensat_time64,
#endif
	__NR_getdents64,
	__NR_fstatfs,
#ifdef __NR_fstatfs64
	__NR_fstatfs64,
#endif
	__NR_fstat,
#ifdef __NR_newfstatat
	__NR_newfstatat,
#endif
#ifdef __NR_fstatat64
	__NR_fstatat64,
#endif
#ifdef __NR_fstat64
	__NR_fstat64,
#endif
	__NR_statx,
	__NR_fcntl,
#ifdef __NR_fcntl64
	__NR_fcntl64,
#endif
	__NR_lseek,
#ifdef __NR__llseek
	__NR__llseek,
#endif
#ifdef __NR_sync_file_range
	__NR_sync_file_range,
#endif
#ifdef __NR_sync_file_range2
	__NR_sync_file_range2,
#endif
	__NR_umask,
	__NR_geteuid,
	__NR_getegid,
	/* memory and the end */
	__NR_brk,
#ifdef __NR_mmap
	__NR_mmap,
#endif
#ifdef __NR_mmap2
	__NR_mmap2,
#endif
	__NR_munmap,
	__NR_mremap,
	__NR_madvise,
	__NR_mprotect,
	__NR_futex,
	__NR_getrandom,
#ifdef __NR_clock_gettime
	__NR_clock_gettime,
#endif
#ifdef __NR_clock_gettime64
	__NR_clock_gettime64,
#endif
	__NR_rt_sigprocmask,
	__NR_rt_sigreturn,
	__NR_gettid,
	__NR_getpid,
	__NR_tkill,
	__NR_tgkill,
	__NR_exit,
	__NR_exit_group,
};

static uint32_t count(pid_t pid, const char *map)
{
	char text[4096], file[64];
	autodone(idmap_done) struct idmap m = { 0 };

	if (pid)
		str_print(file, sizeof(file), "/proc/%d/%s", (int)pid, map);
	else
		str_print(file, sizeof(file), "/proc/self/%s", map);
	if (file_read_small(AT_FDCWD, file, text, sizeof(text)) < 0 ||
	    idmap_parse(text, strlen(text), &m) < 0)
		return UINT32_MAX; /* unknown: the kernel will say */
	return idmap_count(&m);
}

void jail_ids(pid_t pid, uint32_t *ret_uids, uint32_t *ret_gids)
{
	*ret_uids = count(pid, "uid_map");
	*ret_gids = count(pid, "gid_map");
}

static int drop_caps(void)
{
	struct caps c;
	int r = caps_bound(CAPS_KEPT);

	if (r < 0 && r != -EPERM) /* EPERM: an ordinary user's process has none anyhow */
		return r;
	r = caps_get(&c);
	if (r < 0)
		return r;
	c.effective &= CAPS_KEPT;
	c.permitted &= CAPS_KEPT;
	c.inheritable = 0;
	return caps_set(&c);
}

static void limit(void)
{
	struct rlimit none = { 0, 0 };
#ifndef SANITIZED /* whose shadow memory is terabytes of addresses */
	struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };
	setrlimit(RLIMIT_AS, &memory);
#endif
	struct rlimit file = { FILE_MAX, FILE_MAX };
	setrlimit(RLIMIT_FSIZE, &file);
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_NPROC, &none);
}

int jail_enter(int dirfd, struct err *e)
{
	autofree struct bpf *filter = mem_new(struct bpf);
	int r = drop_caps();

	if (r < 0)
		return err_code(e, r, "drop capabilities");
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the change of IDs, which clears it */
	limit();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return err_sys(e, "set no_new_privs");
	/* Before ABI 2 Landlock forbids every hard link between folders. */
	if (landlock_abi() >= 2 && (r = landlock_fence(&dirfd, 1)) < 0)
		return err_code(e, r, "fence by Landlock");
	r = bpf_allow_list(calls, ARRAY_LEN(calls), SECCOMP_RET_ERRNO | EPERM, filter);
	if (r < 0)
		return err_code(e, r, "make a seccomp filter");
	return bpf_install(filter, e);
}
