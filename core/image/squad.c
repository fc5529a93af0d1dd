/* SPDX-License-Identifier: Apache-2.0 */
/* Workers take numbers of jobs from one pipe and speak over another; both hold whole
 * messages only, because each is written at once and is smaller than PIPE_BUF. */
#include "core/image/squad.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"

#define JOBS_MAX 4096 /* what fits into a pipe without being read */

struct message {
	int code; /* < 0: the worker has failed, and text says how */
	size_t job;
	uint64_t done, total;
	char text[ERR_TEXT_MAX];
};
_Static_assert(sizeof(struct message) <= PIPE_BUF, "a message is written at once");
_Static_assert(JOBS_MAX * sizeof(size_t) <= 65536, "all jobs fit into the pipe");

void squad_say(int say_fd, size_t job, const char *text, uint64_t done, uint64_t total)
{
	struct message m = { .job = job, .done = done, .total = total };

	str_print(m.text, SQUAD_WORD_MAX, "%s", text);
	fd_write_all(say_fd, &m, sizeof(m));
}

static int work(const struct squad *s, int jobs, int say, struct err *e)
{
	int r = s->begin(s->arg, say, e);
	size_t job;

	while (r >= 0 && fd_read_full(jobs, &job, sizeof(job)) == sizeof(job))
		r = s->run(s->arg, job, e);
	return r;
}

static void worker(const struct squad *s, int jobs, int say)
{
	struct message m = { 0 };
	struct err e = { 0 };
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	r = work(s, jobs, say, &e);
	if (r < 0) {
		m.code = r;
		str_print(m.text, sizeof(m.text), "%s", e.text);
		fd_write_all(say, &m, sizeof(m));
	}
	/* no exit handlers: the connections here are the caller's, too */
	_exit(r < 0);
}

static int listen_to(const struct squad *s, int say, struct err *e)
{
	struct message m;

	while (fd_read_full(say, &m, sizeof(m)) == sizeof(m)) {
		struct squad_word w = { .job = m.job, .done = m.done, .total = m.total };

		m.text[sizeof(m.text) - 1] = 0;
		if (m.code < 0)
			return err_set(e, m.code, "%s", m.text);
		str_print(w.text, sizeof(w.text), "%s", m.text);
		s->said(s->arg, &w);
	}
	return 0;
}

static int end_all(const pid_t *pids, size_t n, int r, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (r < 0)
			kill(pids[i], SIGKILL);
		int code = spawn_wait(pids[i]);
		if (r == 0 && code != 0)
			r = err_set(e, -ECHILD, "a process that did a part of it died");
	}
	return r;
}

static int hire(const struct squad *s, int jobs[2], int say[2], pid_t *pids, size_t *ret)
{
	for (size_t i = 0; i < s->workers && i < s->len; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			jobs[1] = fd_close(jobs[1]);
			worker(s, jobs[0], say[1]);
		}
		if (pid < 0)
			return i ? 0 : -errno; /* fewer do it, too */
		pids[(*ret)++] = pid;
	}
	return 0;
}

int squad_run(const struct squad *s, struct err *e)
{
	autofree pid_t *pids = mem_array(s->workers, sizeof(*pids));
	int jobs[2], say[2] = { -1, -1 };
	size_t n = 0;
	int r = 0;

	if (s->len > JOBS_MAX)
		return err_set(e, -E2BIG, "%zu jobs are more than %d", s->len, JOBS_MAX);
	if (pipe2(jobs, O_CLOEXEC))
		return err_sys(e, "pipe");
	if (pipe2(say, O_CLOEXEC))
		r = err_sys(e, "pipe");
	if (r == 0)
		r = fd_write_all(jobs[1], s->jobs, s->len * sizeof(*s->jobs));
	if (r == 0)
		r = hire(s, jobs, say, pids, &n);
	/* the ends of all workers are the end of what they say */
	fd_close(say[1]);
	fd_close(jobs[0]);
	fd_close(jobs[1]);
	if (n)
		r = listen_to(s, say[0], e);
	else if (r < 0 && !(e && e->code))
		err_code(e, r, "start a process");
	fd_close(say[0]);
	return end_all(pids, n, r, e);
}
