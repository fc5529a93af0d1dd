/* SPDX-License-Identifier: Apache-2.0 */
/* Reading from journalctl. */
#include "core/engine/logjournal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/spawn.h"
#include "core/base/str.h"

#define CHUNK     65536
#define LINE_MAX_ (4u << 20)
#define LOOK_MS   500
#define QUIET     2 /* looks without an entry after the container's end */

static void fill_arguments(const struct logjournal *j, const char *program,
			   struct strv *argv)
{
	strv_add(argv, program);
	strv_add(argv, "--quiet");
	strv_add(argv, "--no-pager");
	strv_add(argv, "--all");
	strv_add(argv, "--output=json");
	if (j->tail >= 0)
		strv_addf(argv, "--lines=%lld", (long long)j->tail);
	else
		strv_add(argv, "--lines=all");
	if (j->running)
		strv_add(argv, "--follow");
	strv_addf(argv, "CONTAINER_ID_FULL=%s", j->id);
}

static pid_t start(const struct logjournal *j, const char *program, int *ret_fd)
{
	autostrv argv = { 0 };
	int p[2];
	pid_t pid;

	fill_arguments(j, program, &argv);
	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		if (dup2(p[1], STDOUT_FILENO) == STDOUT_FILENO)
			execv(program, argv.v);
		_exit(127);
	}
	fd_close(p[1]);
	*ret_fd = p[0];
	return pid < 0 ? -errno : pid;
}

static int take_lines(const struct logjournal *j, struct buf *in)
{
	size_t at = 0;
	int c = 0;

	while (c == 0) {
		autodone(logentry_done) struct logentry x = { 0 };
		const char *from = in->data + at;
		const char *end = in->len > at ? memchr(from, '\n', in->len - at) : NULL;

		if (!end)
			break;
		if (logentry_parse_journal(from, (size_t)(end - from), &x) == 0)
			c = j->fn(j->arg, &x);
		at += (size_t)(end - from) + 1;
	}
	buf_consume(in, at);
	return c;
}

static int pump(const struct logjournal *j, int fd)
{
	autobuf in = { .max = LINE_MAX_ };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int quiet = 0, c = 0;

	while (c == 0 && quiet < QUIET) {
		int n = poll(&p, 1, j->running ? LOOK_MS : -1);
		ssize_t got;

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n <= 0) {
			quiet += j->running && !j->running(j->arg);
			continue;
		}
		quiet = 0;
		if ((c = buf_reserve(&in, CHUNK)) < 0)
			return c;
		got = fd_read(fd, in.data + in.len, CHUNK);
		if (got <= 0)
			return (int)got;
		in.len += (size_t)got;
		c = take_lines(j, &in);
	}
	return c;
}

int logjournal_read(const struct logjournal *j, struct err *e)
{
	autofree char *program = spawn_find("journalctl");
	autoclose int fd = -1;
	pid_t pid;
	int r, status;

	if (!program)
		return err_set(e, -EOPNOTSUPP,
			       "the log is in the journal, and there is no journalctl to "
			       "read it with: install systemd's");
	pid = start(j, program, &fd);
	if (pid < 0)
		return err_code(e, pid, "start 'journalctl'");
	r = pump(j, fd);
	if (r != 0 || j->running)
		kill(pid, SIGTERM);
	status = spawn_wait(pid);
	if (r == 0 && !j->running && status != 0)
		return err_set(e, -EIO, "journalctl failed with exit code %d", status);
	return r < 0 ? err_code(e, r, "read from journalctl") : r;
}
