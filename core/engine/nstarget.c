/* SPDX-License-Identifier: Apache-2.0 */
/* A network namespace that is to get a network. */
#include "core/engine/nstarget.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/spawn.h"
#include "core/base/str.h"

static bool same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

int nstarget_open(const char *net, const char *user, struct nstarget *ret, struct err *e)
{
	autoclose int net_fd = open(net, O_RDONLY | O_CLOEXEC);
	autoclose int own = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	autoclose int user_fd = -1;

	if (net_fd < 0)
		return err_sys(e, "open the network namespace '%s'", net);
	if (own < 0)
		return err_sys(e, "open '/proc/self/ns/user'");
	user_fd = user ? open(user, O_RDONLY | O_CLOEXEC) : ioctl(net_fd, NS_GET_USERNS);
	if (user_fd < 0 && user)
		return err_sys(e, "open the user namespace '%s'", user);
	if (user_fd < 0)
		return err_sys(e, "find the owner of the network namespace '%s'", net);
	/* What ioctl(2) gives is not close-on-exec everywhere. */
	fd_cloexec(user_fd, true);
	ret->net_fd = TAKE_FD(net_fd);
	ret->user_fd = same_file(user_fd, own) ? -1 : TAKE_FD(user_fd);
	return 0;
}

int nstarget_of_pid(const char *pid, char **ret_net, struct err *e)
{
	uint64_t v;

	if (str_u64(pid, INT32_MAX, &v) != 0 || !v)
		return err_set(e, -EINVAL, "'%s' is not the number of a process", pid);
	*ret_net = str_fmt("/proc/%s/ns/net", pid);
	return 0;
}

int nstarget_enter(const struct nstarget *t, struct err *e)
{
	if (t->user_fd >= 0 && setns(t->user_fd, CLONE_NEWUSER) != 0)
		return err_sys(e, "join the owner of the network namespace");
	return 0;
}

static int inside(const struct nstarget *t, int (*fn)(void *arg), void *arg)
{
	int r = nstarget_enter(t, NULL);

	if (r < 0)
		return r;
	if (setns(t->net_fd, CLONE_NEWNET) != 0)
		return -errno;
	return fn(arg);
}

int nstarget_socket(const struct nstarget *t, int (*fn)(void *arg), void *arg)
{
	int pair[2], fd = -1, r = fd_socketpair(SOCK_SEQPACKET, pair);
	size_t n = 1;
	pid_t pid;

	if (r < 0)
		return r;
	pid = fork();
	if (pid == 0) {
		r = inside(t, fn, arg);
		fd_send(pair[1], &r, sizeof(r), &r, r >= 0);
		_exit(0);
	}
	fd_close(pair[1]);
	if (pid < 0)
		r = -errno;
	else if (fd_recv(pair[0], &r, sizeof(r), &fd, &n) != sizeof(r))
		r = -EIO;
	fd_close(pair[0]);
	if (pid > 0)
		spawn_wait(pid);
	return r < 0 ? r : n ? fd : -EIO;
}

void nstarget_done(struct nstarget *t)
{
	t->user_fd = fd_close(t->user_fd);
	t->net_fd = fd_close(t->net_fd);
}
