/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's side of the OCI runtime's `create` and `exec`. */
#include "core/runtime/ociproc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/runtime/launch.h"
#include "core/runtime/listener.h"
#include "core/runtime/report.h"
#include "core/runtime/request.h"

/* A start in progress: our ends of the two sockets. */
struct talk {
	struct ociproc *p;
	int report, sync;
	pid_t maker;
	bool ready; /* REPORT_READY was heard */
	int (*hooks)(void *arg, pid_t init, struct err *e);
	void *arg;
};

static void talk_done(struct talk *t)
{
	fd_close(t->report);
	fd_close(t->sync);
	if (t->maker > 0)
		spawn_wait(t->maker);
}

static int run_hooks(struct talk *t, struct err *e)
{
	int r = t->hooks ? t->hooks(t->arg, t->p->pid, e) : 0;

	if (r == 0)
		r = fd_write_all(t->report, "h", 1);
	return r;
}

static int take_report(struct talk *t, const struct report *r, int fd, struct err *e)
{
	if (r->kind != REPORT_TTY)
		fd_close(fd);
	switch (r->kind) {
	case REPORT_INIT:
		t->p->pid = r->pid;
		return 0;
	case REPORT_TTY:
		t->p->master = fd;
		return 0;
	case REPORT_HOOKS:
		return run_hooks(t, e);
	case REPORT_READY:
		t->ready = true;
		return 0;
	case REPORT_ERROR:
		t->p->exit_code = r->exit_code;
		if (e)
			*e = r->e;
		return r->e.code < 0 ? r->e.code : -EIO;
	}
	return err_set(e, -EPROTO, "a wrong report");
}

/* Up to REPORT_READY, or to the end of the socket. */
static int hear(struct talk *t, int sock, struct err *e)
{
	t->ready = false;
	while (!t->ready) {
		struct report r;
		int fd = -1, n = report_receive(sock, &r, &fd);

		if (n == 0)
			return 0;
		if (n < 0)
			return err_code(e, n, "hear from the container");
		n = take_report(t, &r, fd, e);
		if (n < 0)
			return n;
	}
	return 0;
}

/* What it gets: the preserved ones, so that they keep their numbers; those of more; our
 * two sockets; stdio. */
static int start(struct talk *t, char *const argv[], const int *more, size_t n,
		 struct err *e)
{
	const struct ociproc *p = t->p;
	int fds[LAUNCH_FDS_MAX], report[2], sync[2], r;
	size_t len = 0;

	if (p->preserve > OCIPROC_PRESERVE_MAX)
		return err_set(e, -E2BIG, "more than %d descriptors to preserve",
			       OCIPROC_PRESERVE_MAX);
	for (unsigned i = 0; i < p->preserve; i++) {
		fds[len++] = 3 + (int)i;
		if (fcntl(3 + (int)i, F_GETFD) < 0)
			return err_sys(e, "preserve descriptor %u", 3 + i);
	}
	if (fd_socketpair(SOCK_SEQPACKET, report) < 0)
		return err_sys(e, "make a socket pair");
	t->report = report[0];
	if (fd_socketpair(SOCK_SEQPACKET, sync) < 0) {
		r = err_sys(e, "make a socket pair");
		fd_close(report[1]);
		return r;
	}
	t->sync = sync[0];
	for (size_t i = 0; i < n; i++)
		fds[len++] = more[i];
	fds[len++] = report[1];
	fds[len++] = sync[1];
	for (int i = 0; i < 3; i++)
		fds[len++] = p->stdio[i];
	r = launch(p->inner_fd, argv, fds, len, e);
	fd_close(report[1]);
	fd_close(sync[1]);
	if (r < 0)
		return r;
	t->maker = r;
	return 0;
}

static int let_go(struct talk *t, struct err *e)
{
	const struct ociproc *p = t->p;
	autofree char *text = p->agent >= 0 ? p->describe(p->describe_arg, p->pid) : NULL;
	const struct listener l = { .agent = p->agent, .text = text };
	int r = listener_go(t->sync, &l);

	return r < 0 ? err_code(e, r, "let the new process go on") : 0;
}

static int fail(struct talk *t, int code)
{
	if (t->p->pid > 0) {
		kill(t->p->pid, SIGKILL);
		spawn_wait(t->p->pid);
		t->p->pid = 0;
	}
	t->p->master = fd_close(t->p->master);
	return code;
}

static void reset(struct ociproc *p)
{
	p->pid = 0;
	p->master = -1;
	p->exit_code = REPORT_EXIT_FAILED;
}

int ociproc_create(struct ociproc_create *c, struct err *e)
{
	char count[16];
	char *argv[] = { (char *)"rootless",
			 (char *)"create",
			 count,
			 (char *)(c->no_pivot ? "cover" : "pivot"),
			 (char *)c->bundle,
			 (char *)(c->group ? c->group : ""),
			 NULL };
	int more[] = { c->common.dirfd, c->gate, c->record };
	autodone(talk_done) struct talk t = { .p = &c->common,
					      .report = -1,
					      .sync = -1,
					      .hooks = c->hooks,
					      .arg = c->arg };
	int r;

	reset(&c->common);
	c->tie = -1;
	str_print(count, sizeof(count), "%u", c->common.preserve);
	r = start(&t, argv, more, ARRAY_LEN(more), e);
	if (r == 0)
		r = hear(&t, t.report, e);
	if (r == 0 && !t.ready)
		r = err_set(e, -EIO, "the setup process died");
	if (r == 0)
		r = let_go(&t, e);
	if (r == 0)
		r = hear(&t, t.sync, e);
	if (r == 0 && !t.ready)
		r = err_set(e, -EIO, "the container's first process died");
	if (r < 0)
		return fail(&t, r);
	c->tie = TAKE_FD(t.sync);
	return 0;
}

int ociproc_exec(struct ociproc_exec *x, struct err *e)
{
	char count[16];
	char *argv[] = { (char *)"rootless", (char *)"enlist", count, NULL };
	struct request_in in = { .process = x->process,
				 .seccomp = x->seccomp,
				 .keyring = x->keyring,
				 .group = x->group };
	autoclose int request = request_write(&in, e);
	int more[] = { x->init, request };
	autodone(talk_done) struct talk t = { .p = &x->common, .report = -1, .sync = -1 };
	int r = request < 0 ? request : 0;

	reset(&x->common);
	str_print(count, sizeof(count), "%u", x->common.preserve);
	if (r == 0)
		r = start(&t, argv, more, ARRAY_LEN(more), e);
	if (r == 0)
		r = hear(&t, t.report, e);
	if (r == 0 && x->common.pid <= 0)
		r = err_set(e, -EIO, "the process died");
	if (r == 0)
		r = let_go(&t, e);
	if (r == 0)
		r = hear(&t, t.sync, e);
	return r < 0 ? fail(&t, r) : 0;
}
