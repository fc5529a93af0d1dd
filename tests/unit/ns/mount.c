/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ns/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/ns/caps.h"
#include "core/ns/rlimit.h"
#include "core/ns/syscallfilter.h"
#include "tests/unit/test.h"

#define NOT_HERE 77

static struct mount_change change;
static enum mount_bind bind;

static bool option(const char *opt)
{
	return mount_option(opt, &change, &bind);
}

TEST(options)
{
	change = (struct mount_change){ 0 };
	bind = MOUNT_NO_BIND;
	CHECK(option("ro") && option("nosuid") && option("rbind") && option("rprivate"));
	CHECK_INT(change.set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID);
	CHECK_INT(change.propagation, MS_PRIVATE);
	CHECK(change.recursive && bind == MOUNT_RBIND);
	/* The last word counts. */
	CHECK(option("rw") && option("bind") && option("slave"));
	CHECK_INT(change.set, MOUNT_ATTR_NOSUID);
	CHECK_INT(change.clear, MOUNT_ATTR_RDONLY);
	CHECK_INT(change.propagation, MS_SLAVE);
	CHECK_INT(bind, MOUNT_BIND);
	CHECK(!option("size=5") && !option("") && !option("rosy"));
}

TEST(refusal_is_told)
{
	struct mount_fs m = { .type = "no-such-fs" };
	struct err e = { 0 };

	CHECK(mount_fs(&m, &e) < 0);
	CHECK(e.text[0] != 0);
	CHECK(mount_clone(-1, "nowhere", false) < 0);
}

/* From here on the kernel has no mount_setattr(2). */
static int forget_setattr(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mount_setattr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return syscallfilter_load(code, sizeof(code), NULL);
}

static int change_by_remount(void)
{
	const struct mount_fs m = { .type = "tmpfs", .attr = MOUNT_ATTR_NODEV };
	const struct mount_change first = { .set = MOUNT_ATTR_RDONLY };
	const struct mount_change second = { .set = MOUNT_ATTR_NOSUID,
					     .clear = MOUNT_ATTR_RDONLY };
	struct statvfs st;
	int fd, tmp;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return NOT_HERE;
	tmp = open("/tmp", O_PATH | O_CLOEXEC);
	fd = mount_fs(&m, NULL);
	if (fd < 0 || mount_move(fd, tmp) < 0 || forget_setattr() < 0)
		return NOT_HERE;
	if (mount_change(fd, &first) < 0 || fstatvfs(fd, &st) < 0)
		return 1;
	if (!(st.f_flag & ST_RDONLY) || !(st.f_flag & ST_NODEV))
		return 2;
	if (mount_change(fd, &second) < 0 || fstatvfs(fd, &st) < 0)
		return 3;
	return (st.f_flag & (ST_RDONLY | ST_NODEV | ST_NOSUID)) == (ST_NODEV | ST_NOSUID)
		       ? 0
		       : 4;
}

TEST(change_without_setattr)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(change_by_remount());
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_HERE)
		test_skip("no user namespace, mount API or seccomp here");
	else
		CHECK_INT(status, 0);
}

TEST(limit_names)
{
	CHECK_INT(rlimit_number("RLIMIT_NOFILE"), RLIMIT_NOFILE);
	CHECK_INT(rlimit_number("nproc"), RLIMIT_NPROC);
	CHECK_INT(rlimit_number("nofil"), -EINVAL);
	CHECK_STR(rlimit_name(RLIMIT_CORE), "core");
	CHECK(rlimit_name(1000) == NULL);
}

TEST(limit_set)
{
	struct err e = { 0 };
	struct rlimit l;

	CHECK_INT(rlimit_cap(RLIMIT_NOFILE, 200), 0);
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &l), 0);
	CHECK(l.rlim_cur <= 200 && l.rlim_max == 200);
	CHECK_INT(rlimit_set(RLIMIT_NOFILE, 100, 150, &e), 0);
	CHECK_INT(rlimit_cap(RLIMIT_NOFILE, 1000), 0);
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &l), 0);
	CHECK_INT(l.rlim_max, 150);
	if (geteuid() != 0)
		CHECK_INT(rlimit_set(RLIMIT_NOFILE, 100, 151, &e), -EPERM);
}

TEST(capabilities)
{
	struct caps c = { 0 }, none = { 0 };

	CHECK(caps_known() & 1);
	CHECK_INT(caps_get(&c), 0);
	CHECK_INT(c.effective & ~c.permitted, 0);
	CHECK_INT(caps_set(&none), 0);
	CHECK_INT(caps_get(&c), 0);
	CHECK(c.permitted == 0 && c.effective == 0 && c.inheritable == 0);
	CHECK_INT(caps_ambient(0), 0);
	CHECK_INT(caps_ambient(1), -EPERM);
}
