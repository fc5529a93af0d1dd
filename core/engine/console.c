/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's side of an OCI container's streams. */
#include "core/engine/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/cli/tty.h"
#include "core/ns/pty.h"

#define CHUNK 16384

int console_send(const char *path, int master, struct err *e)
{
	static const char name[] = "/dev/ptmx";
	autoclose int sock = fd_unix_connect(AT_FDCWD, path, SOCK_STREAM);
	int r = sock < 0 ? sock : fd_send(sock, name, sizeof(name) - 1, &master, 1);

	return r < 0 ? err_code(e, r, "hand the terminal to '%s'", path) : 0;
}

struct console {
	pid_t pid;
	int master, signals;
	bool input;
	struct tty terminal;
	int code; /* -1: it runs */
};

void console_resize(int master)
{
	uint16_t rows, cols;

	if (master >= 0 && tty_size(STDIN_FILENO, &rows, &cols) == 0)
		pty_resize(master, rows, cols);
}

/* Everything that has ended; as a subreaper we may get more than the one. */
static void reap(struct console *c)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == c->pid)
			c->code = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
						      : WEXITSTATUS(status);
	}
	if (pid < 0 && errno == ECHILD && c->code < 0)
		c->code = 255;
}

static void hear_signals(struct console *c)
{
	struct signalfd_siginfo i;

	while (read(c->signals, &i, sizeof(i)) == (ssize_t)sizeof(i)) {
		int signo = (int)i.ssi_signo;

		if (signo == SIGCHLD)
			reap(c);
		else if (signo == SIGWINCH)
			console_resize(c->master);
		else if (signo != SIGPIPE && signo != SIGURG)
			kill(c->pid, signo);
	}
}

static int move_bytes(int from, int to)
{
	char chunk[CHUNK];
	ssize_t n = fd_read(from, chunk, sizeof(chunk));

	if (n <= 0)
		return n < 0 ? (int)n : -EPIPE;
	return fd_write_all(to, chunk, (size_t)n);
}

/* What the terminal still holds. */
static void drain(const struct console *c)
{
	struct pollfd p = { .fd = c->master, .events = POLLIN };

	while (c->master >= 0 && poll(&p, 1, 0) > 0 && (p.revents & POLLIN)) {
		if (move_bytes(c->master, STDOUT_FILENO) < 0)
			return;
	}
}

static int serve(struct console *c, struct err *e)
{
	bool open = c->master >= 0;

	reap(c);
	while (c->code < 0) {
		struct pollfd p[] = {
			{ .fd = c->signals, .events = POLLIN },
			{ .fd = open ? c->master : -1, .events = POLLIN },
			{ .fd = open && c->input ? STDIN_FILENO : -1, .events = POLLIN },
		};

		if (poll(p, ARRAY_LEN(p), -1) < 0 && errno != EINTR)
			return err_sys(e, "poll");
		if (p[1].revents && move_bytes(c->master, STDOUT_FILENO) < 0)
			open = false; /* -EIO: nobody has it open any more */
		if (p[2].revents && move_bytes(STDIN_FILENO, c->master) < 0)
			c->input = false;
		if (p[0].revents)
			hear_signals(c);
	}
	drain(c);
	return c->code;
}

int console_serve(pid_t pid, int master, struct err *e)
{
	struct console c = { .pid = pid, .master = master, .input = true, .code = -1 };
	sigset_t all, before;
	int r;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	c.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (c.signals < 0)
		return err_sys(e, "wait for signals");
	if (master >= 0)
		tty_raw(&c.terminal, STDIN_FILENO);
	r = serve(&c, e);
	tty_restore(&c.terminal);
	fd_close(c.signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}
