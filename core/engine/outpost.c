/* SPDX-License-Identifier: Apache-2.0 */
/* The outpost.
 *
 * Holds: the connections to the stack by which ports are served, the sockets at which
 * more are asked for, what tells it of the end. Gives up: every file, exec, other users'
 * and its own user's processes but its two (outpost_confine.c).
 *
 * The process that has raised the network becomes it, by executing the inner executable:
 * it keeps its number, its parent and its child, and loses what made it large. */
#include "core/engine/outpost.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/hostfwd.h"
#include "core/engine/outpost_inside.h"

#define TICK_MS 1000
#define FDS_MAX 24

struct run {
	struct outpost o;
	struct annex annex;
	struct hostfwds fwds;
	struct autoports *autos;
	struct loop *loop;
	struct loop_timer *tick;
};

static const int held_signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGCHLD };

/* --- from one executable to the other -------------------------------------------------
 */

/* The descriptors that it is told of. */
static size_t all_fds(const struct outpost *o, const struct autoports *a, int v[FDS_MAX])
{
	const int mine[] = { o->first,          o->watch,        o->links,   o->exit_fd,
			     o->api.fd,         o->api.dir,      o->desk.fd, o->desk.dir,
			     o->target.user_fd, o->target.net_fd };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(mine); i++)
		if (mine[i] >= 0)
			v[n++] = mine[i];
	for (size_t i = 0; i < 2 * ARRAY_LEN(a->tables[0]); i++)
		if (a->tables[i / 4][i % 4] > 0)
			v[n++] = a->tables[i / 4][i % 4];
	return n;
}

/* What it is told, in a file without a name. */
static int write_order(const struct outpost *o, const struct publish *ports,
		       const struct autoports *autos, struct err *e)
{
	autoclose int fd = memfd_create("order", 0);

	if (fd < 0 || fd_write_all(fd, o, sizeof(*o)) != 0 ||
	    fd_write_all(fd, ports, o->ports_len * sizeof(*ports)) != 0 ||
	    (autoport_wanted(autos) && fd_write_all(fd, autos, sizeof(*autos)) != 0) ||
	    lseek(fd, 0, SEEK_SET) != 0)
		return err_sys(e, "write what the network's process is told");
	return TAKE_FD(fd);
}

int outpost_become(struct outpost *o, const struct publish *ports,
		   const struct autoports *autos, struct err *e)
{
	int keep[FDS_MAX];
	size_t n = all_fds(o, autos, keep);
	char number[16];
	char *const argv[] = { (char *)"rootless", (char *)"net", number, NULL };

	prctl(PR_GET_NAME, o->name);
	o->autos = autoport_wanted(autos);
	autoclose int order = write_order(o, ports, autos, e);
	if (order < 0)
		return order;
	for (size_t i = 0; i < n; i++)
		fd_cloexec(keep[i], false);
	str_print(number, sizeof(number), "%d", order);
	/* Its sockets would be taken for those handed over for a port. */
	unsetenv("LISTEN_PID");
	syscall(SYS_execveat, o->hookup.inner, "", argv, environ, AT_EMPTY_PATH);
	return err_sys(e, "run the inner executable");
}

void outpost_hold_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(held_signals); i++)
		sigaddset(&set, held_signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int read_order(struct run *r, const char *number)
{
	autofree struct publish *ports = NULL;
	int keep[FDS_MAX];
	uint64_t v;
	size_t n;

	if (str_u64(number, INT_MAX, &v) != 0)
		return -EINVAL;
	autoclose int fd = (int)v;
	if (fd_read_full(fd, &r->o, sizeof(r->o)) != sizeof(r->o))
		return -EIO;
	n = r->o.ports_len * sizeof(*ports);
	ports = mem_alloc(n + 1);
	r->autos = mem_new(struct autoports);
	if (fd_read_full(fd, ports, n) != (ssize_t)n)
		return -EIO;
	n = sizeof(*r->autos);
	if (r->o.autos && fd_read_full(fd, r->autos, n) != (ssize_t)n)
		return -EIO;
	/* Pointers into the executable that was. */
	r->o.hookup.target = &r->o.target;
	r->o.hookup.inner = r->o.hookup.log_fd = -1;
	r->autos->hookup = r->fwds.hookup = &r->o.hookup;
	hostfwd_first(&r->fwds, ports, r->o.ports_len);
	n = all_fds(&r->o, r->autos, keep);
	fd_close_except(STDERR_FILENO + 1, keep, n);
	for (size_t i = 0; i < n; i++)
		fd_cloexec(keep[i], true);
	TAKE_FD(fd); /* closed with the others */
	return 0;
}

/* --- what ends it ---------------------------------------------------------------------
 */

static void on_stack(struct loop *l, int fd, uint32_t events, void *arg)
{
	const struct run *r = arg;

	log_error("the network process has died");
	if (r->o.child)
		kill(r->o.child, SIGKILL);
	loop_stop(l, 1);
}

static void on_watch(struct loop *l, int fd, uint32_t events, void *arg)
{
	const struct run *r = arg;

	/* A command's namespace goes before its exit code is known. */
	if (annex_ended(&r->annex) && !r->o.child)
		loop_stop(l, 0);
}

static void on_exit_fd(struct loop *l, int fd, uint32_t events, void *arg)
{
	loop_stop(l, 0);
}

static void on_signal(struct loop *l, int signo, void *arg)
{
	const struct run *r = arg;

	if (r->o.child)
		kill(r->o.child, signo);
	else
		loop_stop(l, 0);
}

/* The terminal's signals are for the command, if there is one. */
static void on_terminal(struct loop *l, int signo, void *arg)
{
	const struct run *r = arg;

	if (!r->o.child)
		loop_stop(l, 0);
}

static void on_child(struct loop *l, int signo, void *arg)
{
	const struct run *r = arg;
	int status;

	if (!r->o.child || waitpid(r->o.child, &status, WNOHANG) != r->o.child)
		return;
	loop_stop(l, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void on_tick(struct loop *l, void *arg)
{
	struct run *r = arg;

	/* EACCES: Landlock lets nobody look into the namespaces of a process outside, but
	 * it is there. */
	if (r->o.alive[0] && access(r->o.alive, F_OK) != 0 && errno != EACCES) {
		loop_stop(l, 0);
		return;
	}
	autoport_scan(r->autos);
	loop_timer_set(r->tick, TICK_MS);
}

static void on_door(struct loop *l, int fd, uint32_t events, void *arg)
{
	struct run *r = arg;
	int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	if (conn < 0)
		return;
	hostfwd_serve(&r->fwds, conn);
	/* Who has taken the last port away sees the end of the connection with the end of
	 * this process: what comes next finds no half of it. */
	if (r->o.visits && !r->fwds.len)
		loop_stop(l, 0);
	else
		fd_close(conn);
}

/* --- the process ----------------------------------------------------------------------
 */

static int watch_all(struct run *r)
{
	static loop_signal_fn *const fns[] = { on_signal, on_signal, on_terminal,
					       on_terminal, on_child };
	const int doors[] = { r->o.api.fd, r->o.desk.fd };
	struct loop *l = r->loop;
	bool ok = loop_io_add(l, r->o.first, EPOLLIN | EPOLLRDHUP, on_stack, r) &&
		  loop_io_add(l, r->o.watch, EPOLLIN, on_watch, r);

	for (size_t i = 0; ok && i < ARRAY_LEN(fns); i++)
		ok = loop_signal(l, held_signals[i], fns[i], r) == 0;
	for (size_t i = 0; ok && i < ARRAY_LEN(doors); i++)
		ok = doors[i] < 0 || loop_io_add(l, doors[i], EPOLLIN, on_door, r);
	if (ok && r->o.links >= 0)
		ok = loop_io_add(l, r->o.links, EPOLLIN | EPOLLRDHUP, on_stack, r);
	if (ok && r->o.exit_fd >= 0)
		ok = loop_io_add(l, r->o.exit_fd, EPOLLIN, on_exit_fd, r);
	if (ok && (r->o.alive[0] || autoport_wanted(r->autos)))
		ok = (r->tick = loop_timer_add(l, TICK_MS, on_tick, r));
	return ok ? 0 : -errno;
}

/* The end: the stack goes now and not after its time. */
static void leave(const struct run *r)
{
	const struct outpost_door *const doors[] = { &r->o.api, &r->o.desk };

	for (size_t i = 0; i < ARRAY_LEN(doors); i++)
		if (doors[i]->fd >= 0)
			unlinkat(doors[i]->dir, doors[i]->name, 0);
	kill(r->o.hookup.stack, SIGKILL);
	waitpid(r->o.hookup.stack, NULL, 0);
}

int outpost_main(int argc, char **argv)
{
	struct run *r = mem_new(struct run);
	struct err e = { 0 };
	int code = argc == 3 ? read_order(r, argv[2]) : -EINVAL;

	if (code < 0)
		return 1;
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, r->o.name);
	r->annex = (struct annex){
		.pidfd = -1, .sock = -1, .links = -1, .watch = r->o.watch
	};
	r->loop = loop_new();
	code = r->loop ? watch_all(r) : -errno;
	if (code < 0)
		err_code(&e, code, "watch the network");
	if (code == 0)
		code = outpost_confine(&r->o, r->o.target.net_fd >= 0, &e);
	if (code == 0)
		code = loop_run(r->loop);
	else
		log_error("%s", e.text);
	leave(r);
	_exit(code < 0 ? 1 : code);
}
