/* SPDX-License-Identifier: Apache-2.0 */
/* How a network of its own is attended to. */
#include "core/engine/attended.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ns/userns.h"

/* --- a command ------------------------------------------------------------------------
 */

struct command {
	char *const *argv;
	int go, report;
};

/* In its namespaces. What it says goes through the pipe, which a success closes. */
static int become(void *arg)
{
	const struct command *c = arg;
	struct err e = { 0 };
	char go;

	if (fd_read_full(c->go, &go, 1) != 1)
		return 1;
	file_write_small(AT_FDCWD, "/proc/sys/net/ipv4/ping_group_range", "0 0");
	execvp(c->argv[0], c->argv);
	err_sys(&e, "exec '%s'", c->argv[0]);
	fd_write_all(c->report, &e, sizeof(e));
	return 1;
}

int attended_spawn(struct attended *a, char *const argv[], struct nstarget *ret,
		   struct err *e)
{
	char *shell = getenv("SHELL");
	char fallback[] = "/bin/sh";
	char *const interactive[] = { shell ? shell : fallback, NULL };
	autodone(idmap_done) struct idmap uid = { 0 }, gid = { 0 };
	autofree char *net = NULL;
	int go[2], report[2];

	if (pipe2(go, O_CLOEXEC) != 0 || pipe2(report, O_CLOEXEC) != 0)
		return err_sys(e, "pipe");
	a->go = go[1];
	a->report = report[0];
	autoclose int at = go[0], say = report[1];
	struct command c = { argv[0] ? argv : interactive, at, say };
	idmap_make(geteuid(), NULL, 0, &uid);
	idmap_make(getegid(), NULL, 0, &gid);
	autoclose int pidfd = userns_spawn(&uid, &gid, become, &c, &a->child, e);
	if (pidfd < 0)
		return pidfd;
	net = str_fmt("/proc/%d/ns/net", a->child);
	return nstarget_open(net, NULL, ret, e);
}

/* The network stands: the command begins, or cannot. */
static int release(struct attended *a, struct err *e)
{
	struct err why;

	if (fd_write_all(a->go, "g", 1) != 0)
		return err_set(e, -ESRCH, "the command's process has died");
	if (fd_read_full(a->report, &why, sizeof(why)) != sizeof(why))
		return 0;
	a->code = why.code == -ENOENT ? 127 : 126;
	return err_set(e, why.code, "%s", why.text);
}

/* --- the background -------------------------------------------------------------------
 */

/* Who waits for the end of what a pipe has waits for all that hold it: in the background
 * none of the caller's is kept. */
static int redirect(const struct attended *a, struct err *e)
{
	autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return err_sys(e, "open '/dev/null'");
	for (int fd = 0; a->background && fd < 3; fd++)
		dup2(null, fd);
	if (a->log >= 0)
		dup2(a->log, 2);
	return 0;
}

/* Where the log goes once the network stands: -1 nowhere. */
static int open_log(struct attended *a, struct err *e)
{
	a->log = -1;
	if (a->log_file) {
		a->log = open(a->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			      0600);
		if (a->log < 0)
			return err_sys(e, "open '%s'", a->log_file);
	} else if (!a->background) {
		a->log = fcntl(2, F_DUPFD_CLOEXEC, 3);
	}
	return 0;
}

/* The sockets that were handed over for this process are for the one that takes its
 * place. */
static void take_listeners(void)
{
	const char *of = getenv("LISTEN_PID");
	char own[16];

	str_print(own, sizeof(own), "%d", getppid());
	if (!of || !str_eq(of, own))
		return;
	str_print(own, sizeof(own), "%d", getpid());
	setenv("LISTEN_PID", own, 1);
}

static int write_pid(const char *path, struct err *e)
{
	char text[16];
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	str_print(text, sizeof(text), "%d\n", getpid());
	if (fd < 0 || fd_write_all(fd, text, strlen(text)) != 0)
		return err_sys(e, "write '%s'", path);
	return 0;
}

static int on_ready(void *arg, struct err *e)
{
	struct attended *a = arg;
	struct err fine = { 0 };
	int r = a->pid_file ? write_pid(a->pid_file, e) : 0;

	if (r == 0)
		r = redirect(a, e);
	if (r == 0 && a->child)
		r = release(a, e);
	if (r == 0 && a->background) {
		fd_write_all(a->told, &fine, sizeof(fine));
		a->told = fd_close(a->told);
	}
	return r;
}

/* 1: this is the process that lives on. */
static int go_behind(struct attended *a, struct err *e)
{
	struct err why;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_sys(e, "pipe");
	pid = fork();
	if (pid == 0) {
		fd_close(ends[0]);
		a->told = ends[1];
		take_listeners();
		setsid();
		return 1;
	}
	fd_close(ends[1]);
	autoclose int from = ends[0];
	if (pid < 0)
		return err_sys(e, "fork");
	if (fd_read_full(from, &why, sizeof(why)) != sizeof(why))
		return err_set(e, -EIO, "the network's process died while it started");
	return why.code ? err_set(e, why.code, "%s", why.text) : 0;
}

int attended_run(struct attended *a, struct standalone *s, struct nstarget *t,
		 struct err *e)
{
	int r = a->background ? go_behind(a, e) : 1;

	if (r != 1)
		return r;
	r = open_log(a, e);
	s->log_fd = a->log;
	s->ready = on_ready;
	s->arg = a;
	s->child = a->child;
	if (r == 0)
		r = standalone_run(s, t, e);
	/* The parent says it. */
	if (r < 0 && a->background && a->told > 0) {
		fd_write_all(a->told, e, sizeof(*e));
		_exit(1);
	}
	if (r < 0 && a->child)
		kill(a->child, SIGKILL);
	return r;
}
