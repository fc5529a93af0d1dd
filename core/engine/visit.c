/* SPDX-License-Identifier: Apache-2.0 */
/* rootless unshare. The caller stays outside as the parent, for it holds the realm. */
#include "core/engine/visit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/engine/realm.h"
#include "core/ns/mount.h"
#include "core/ns/userns.h"

/* mount(2) itself: <sys/mount.h> and <linux/mount.h> do not go together everywhere. */
static int make_private(void)
{
	struct mount_change c = { .propagation = MS_PRIVATE, .recursive = true };

	autoclose int fd = open("/", O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : mount_change(fd, &c);
}

/* A file system over path. */
static int put(const struct mount_fs *m, const char *path, struct err *e)
{
	autoclose int fd = mount_fs(m, e);
	autoclose int at = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fd;
	return at < 0 ? -errno : mount_move(fd, at);
}

/* /run that can be written, with all that is in it: tools like `ip netns` keep their
 * state there. Where it does not work the command runs all the same. */
static int make_run_writable(void)
{
	struct mount_fs tmpfs = { .type = "tmpfs" };
	autostrv params = { 0 };
	struct mount_fs overlay = { .type = "overlay", .params = &params };
	int r;

	autoclose int user = mount_clone(AT_FDCWD, "/run/user", true);
	r = put(&tmpfs, "/mnt", NULL);
	if (r < 0)
		return r;
	if (mkdir("/mnt/upper", 0755) || mkdir("/mnt/work", 0755))
		return -errno;
	strv_add(&params, "userxattr");
	strv_add(&params, "lowerdir=/run");
	strv_add(&params, "upperdir=/mnt/upper");
	strv_add(&params, "workdir=/mnt/work");
	r = put(&overlay, "/run", NULL);
	if (r < 0 || user < 0)
		return r;
	autoclose int at = open("/run/user", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return at < 0 ? -errno : mount_move(user, at);
}

static int enter(const struct realm *realm, bool net, struct err *e)
{
	int r = userns_join(realm->pidfd, CLONE_NEWUSER | (net ? CLONE_NEWNET : 0), e);

	if (r < 0)
		return r;
	if (unshare(CLONE_NEWNS))
		return err_sys(e, "a mount namespace");
	r = make_private();
	if (r < 0)
		return err_code(e, r, "make the mounts private");
	if (net)
		make_run_writable();
	return 0;
}

/* In the child; what it says goes through the pipe. */
static void become(const struct realm *realm, bool net, char *const argv[], int report)
{
	struct err e = { 0 };

	if (enter(realm, net, &e) >= 0) {
		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		signal(SIGPIPE, SIG_DFL);
		execvp(argv[0], argv);
		err_sys(&e, "exec '%s'", argv[0]);
	}
	fd_write_all(report, &e, sizeof(e));
	_exit(e.code == -ENOENT ? 127 : 126);
}

int visit_realm(const struct store *s, bool net, char *const argv[], struct err *e)
{
	struct realm realm;
	struct err why;
	int fds[2], code;
	pid_t pid;

	code = realm_open(s, &realm, e);
	if (code < 0)
		return code;
	if (pipe2(fds, O_CLOEXEC)) {
		realm_done(&realm);
		return err_sys(e, "pipe");
	}
	autoclose int from = fds[0], to = fds[1];
	/* The terminal's signals are for the command. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	pid = fork();
	if (pid == 0)
		become(&realm, net, argv, to);
	to = fd_close(to);
	code = pid < 0 ? err_sys(e, "fork") : 0;
	if (pid > 0 && fd_read_full(from, &why, sizeof(why)) == sizeof(why))
		err_set(e, why.code, "%s", why.text);
	if (pid > 0)
		code = spawn_wait(pid);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	realm_done(&realm);
	return code;
}
