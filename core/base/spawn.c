/* SPDX-License-Identifier: Apache-2.0 */
/* Running another program of the host, with bounded output and time. */
#include "core/base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/base/strv.h"
#include "core/base/time.h"

#define NS_PER_MS 1000000

/* Where newuidmap and friends are when PATH is a poor one. */
static const char system_path[] = "/usr/sbin:/sbin:/usr/bin:/bin";

static bool runnable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static char *find_in(const char *folders, const char *name)
{
	autostrv list = { 0 };

	strv_split(&list, folders, ':');
	for (size_t i = 0; i < list.len; i++) {
		autofree char *path = path_join(list.v[i], name);

		/* Relative and empty entries would mean whatever folder we are in. */
		if (path_is_abs(list.v[i]) && runnable(path))
			return TAKE_PTR(path);
	}
	return NULL;
}

char *spawn_find(const char *name)
{
	const char *folders = getenv("PATH");
	char *path = NULL;

	if (str_empty(name))
		return NULL;
	if (strchr(name, '/'))
		return runnable(name) ? str_dup(name) : NULL;
	if (!str_empty(folders))
		path = find_in(folders, name);
	return path ? path : find_in(system_path, name);
}

int spawn_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

/* One running program. Descriptors are -1 once done with. */
struct job {
	pid_t pid;
	int pidfd;   /* -1 where the kernel has none */
	int out[2];  /* stdout, stderr: our reading ends */
	int status;  /* the pipe on which a failed exec tells its errno */
	int64_t end; /* time_monotonic, INT64_MAX: none */
	struct buf *buf[2];
	bool cut;
};

static void job_done(struct job *j)
{
	j->pidfd = fd_close(j->pidfd);
	j->out[0] = fd_close(j->out[0]);
	j->out[1] = fd_close(j->out[1]);
	j->status = fd_close(j->status);
}

/* A memfd holds the input, so nobody has to feed a pipe while reading others. */
static int open_input(const char *input)
{
	autoclose int fd = -1;
	int r;

	if (!input) {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return fd < 0 ? -errno : TAKE_FD(fd);
	}
	fd = (int)syscall(SYS_memfd_create, "input", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, input, strlen(input));
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* In the child: puts fd at place, safe also when fd is one of 0..2 itself. */
static bool put_fd(int fd, int place)
{
	return dup2(fd, place) == place && fd_cloexec(place, false) == 0;
}

static void child(const struct spawn *s, const char *path, const int fds[3], int status)
{
	sigset_t none;
	int code;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* fds and status are all above 2: main guards the standard descriptors. */
	for (int i = 0; i < 3; i++) {
		if (!put_fd(fds[i], i))
			goto failed;
	}
	if (fd_close_except(3, &status, 1) < 0)
		goto failed;
	execve(path, s->argv, s->env ? s->env : environ);
failed:
	code = errno ? errno : EIO;
	(void)fd_write_all(status, &code, sizeof(code));
	_exit(127);
}

static int job_start(struct job *j, const char *path, const struct spawn *s)
{
	autoclose int in = open_input(s->input);
	autoclose int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	autoclose int out = -1, errout = -1, status = -1;
	int *ends[2] = { &out, &errout };
	int ends_of[2];

	if (in < 0)
		return in;
	if (null < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		if (!j->buf[i])
			continue;
		if (pipe2(ends_of, O_CLOEXEC) < 0)
			return -errno;
		j->out[i] = ends_of[0];
		*ends[i] = ends_of[1];
		if (fd_nonblock(j->out[i], true) < 0)
			return -errno;
	}
	if (pipe2(ends_of, O_CLOEXEC) < 0)
		return -errno;
	j->status = ends_of[0];
	status = ends_of[1];
	j->pid = fork();
	if (j->pid < 0)
		return -errno;
	if (j->pid == 0) {
		const int fds[3] = { in, out >= 0 ? out : null,
				     errout >= 0 ? errout : null };

		child(s, path, fds, status);
	}
	j->pidfd = (int)syscall(SYS_pidfd_open, j->pid, 0);
	return 0;
}

/* The errno of a failed exec as -errno, 0 when it succeeded. */
static int job_exec_result(struct job *j)
{
	int code = 0;
	ssize_t got = fd_read_full(j->status, &code, sizeof(code));

	j->status = fd_close(j->status);
	return got == (ssize_t)sizeof(code) ? -code : 0;
}

/* Takes what stream i has now: 0, or -errno. At its end the stream is closed. */
static int job_take(struct job *j, int i)
{
	while (j->out[i] >= 0) {
		ssize_t got;
		int r = buf_reserve(j->buf[i], 1);

		if (r == 0) {
			size_t room = j->buf[i]->cap - j->buf[i]->len - 1;
			size_t max = j->buf[i]->max ? j->buf[i]->max : BUF_MAX_DEFAULT;

			if (room > max - j->buf[i]->len)
				room = max - j->buf[i]->len;
			got = fd_read(j->out[i], j->buf[i]->data + j->buf[i]->len, room);
		} else {
			char surplus;

			got = fd_read(j->out[i], &surplus, 1);
			if (got > 0 && !j->cut)
				return r;
		}
		if (got == -EAGAIN)
			return 0;
		if (got < 0)
			return (int)got;
		if (got == 0) {
			j->out[i] = fd_close(j->out[i]);
			return 0;
		}
		j->buf[i]->len += (size_t)got;
		j->buf[i]->data[j->buf[i]->len] = 0;
	}
	return 0;
}

static int time_left(const struct job *j)
{
	int64_t left;

	if (j->end == INT64_MAX)
		return -1;
	left = j->end - time_monotonic();
	return left <= 0 ? 0 : (int)(left / NS_PER_MS + 1);
}

/* Reads the streams until the program has ended (a grandchild that keeps a pipe open is
 * not waited for), or, without pidfds, until both streams have. */
static int job_pump(struct job *j)
{
	for (;;) {
		struct pollfd pfd[3] = { { j->out[0], POLLIN, 0 },
					 { j->out[1], POLLIN, 0 },
					 { j->pidfd, POLLIN, 0 } };
		int left = time_left(j), r;

		if (j->pidfd < 0 && j->out[0] < 0 && j->out[1] < 0)
			return 0;
		if (left == 0)
			return -ETIMEDOUT;
		if (poll(pfd, 3, left) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		for (int i = 0; i < 2; i++) {
			r = job_take(j, i);
			if (r < 0)
				return r;
		}
		if (pfd[2].revents)
			return 0;
	}
}

int spawn_run(char *const argv[], const char *input, struct buf *out, struct buf *errout,
	      int timeout_ms, struct err *e)
{
	struct spawn s = { .path = argv[0],
			   .argv = argv,
			   .input = input,
			   .out = out,
			   .errout = errout,
			   .timeout_ms = timeout_ms };

	return spawn_program(&s, e);
}

int spawn_program(const struct spawn *s, struct err *e)
{
	autodone(job_done) struct job j = { .pidfd = -1,
					    .out = { -1, -1 },
					    .status = -1,
					    .buf = { s->out, s->errout },
					    .end = INT64_MAX,
					    .cut = s->cut };
	autofree char *path = spawn_find(s->path);
	int r, code;

	if (!path)
		return err_set(e, -ENOENT, "run '%s': no such program", s->path);
	if (s->timeout_ms > 0)
		j.end = time_monotonic() + (int64_t)s->timeout_ms * NS_PER_MS;
	r = job_start(&j, path, s);
	if (r < 0)
		return err_code(e, r, "run '%s'", s->path);
	r = job_exec_result(&j);
	if (r == 0) {
		r = job_pump(&j);
		if (r < 0)
			kill(j.pid, SIGKILL);
	}
	code = spawn_wait(j.pid);
	if (r == -ETIMEDOUT)
		return err_set(e, r, "run '%s': not done after %d ms", s->path,
			       s->timeout_ms);
	if (r == -E2BIG)
		return err_set(e, r, "run '%s': it prints too much", s->path);
	if (r < 0 || code < 0)
		return err_code(e, r < 0 ? r : code, "run '%s'", s->path);
	return code;
}
