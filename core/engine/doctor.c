/* SPDX-License-Identifier: Apache-2.0 */
/* The runner of doctor's probes. */
#include "core/engine/doctor.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/base/time.h"

#define PROBE_MS 10000

const char *doctor_verdict_name(enum doctor_verdict v)
{
	static const char *const names[] = { "ok", "reduced", "missing" };

	return names[v];
}

void doctor_judge(struct doctor_row *row, int r, enum doctor_verdict bad, const char *fix,
		  const char *without)
{
	row->verdict = r >= 0 ? DOCTOR_OK : bad;
	if (!row->answer[0])
		str_print(row->answer, sizeof(row->answer), "%s",
			  r >= 0 ? "yes" : strerror(-r));
	if (r >= 0)
		return;
	str_print(row->fix, sizeof(row->fix), "%s", fix);
	str_print(row->without, sizeof(row->without), "%s", without);
}

int doctor_enter(int flags)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char text[64];
	int r;

	if (unshare(CLONE_NEWUSER | flags))
		return -errno;
	str_print(text, sizeof(text), "0 %u 1", uid);
	r = file_write_small(AT_FDCWD, "/proc/self/uid_map", text);
	if (r < 0)
		return r;
	r = file_write_small(AT_FDCWD, "/proc/self/setgroups", "deny");
	if (r < 0)
		return r;
	str_print(text, sizeof(text), "0 %u 1", gid);
	return file_write_small(AT_FDCWD, "/proc/self/gid_map", text);
}

/* The row from the child, whole, within the time; else what became of the child. */
static void collect(int fd, pid_t pid, struct doctor_row *row)
{
	int64_t end = time_monotonic() + PROBE_MS * 1000000ll;
	struct doctor_row got = { 0 };
	size_t have = 0;
	ssize_t n = 1;

	while (have < sizeof(got) && n > 0) {
		int64_t left = (end - time_monotonic()) / 1000000;
		struct pollfd p = { fd, POLLIN, 0 };

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			break;
		n = fd_read(fd, (char *)&got + have, sizeof(got) - have);
		have += n > 0 ? (size_t)n : 0;
	}
	if (have < sizeof(got))
		kill(pid, SIGKILL);
	int status = spawn_wait(pid);
	if (have == sizeof(got)) {
		got.name = row->name;
		*row = got;
		return;
	}
	row->verdict = DOCTOR_MISSING;
	str_print(row->tried, sizeof(row->tried), "the probe itself");
	str_print(row->answer, sizeof(row->answer), "ended without a word (status %d)",
		  status);
	str_print(row->fix, sizeof(row->fix), "report it: this is a fault of rootless");
}

static int run_one(const struct doctor_probe *p, struct doctor_row *row, struct err *e)
{
	int fds[2];
	pid_t pid;

	*row = (struct doctor_row){ .name = p->name };
	if (pipe2(fds, O_CLOEXEC))
		return err_sys(e, "pipe");
	autoclose int from = fds[0], to = fds[1];
	pid = fork();
	if (pid < 0)
		return err_sys(e, "fork");
	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		p->fn(row);
		_exit(fd_write_all(to, row, sizeof(*row)) < 0);
	}
	to = fd_close(to);
	collect(from, pid, row);
	return 0;
}

int doctor_run(void (*fn)(void *arg, const struct doctor_row *row), void *arg,
	       struct err *e)
{
	const struct doctor_probe *const groups[] = { doctor_user_probes,
						      doctor_kernel_probes,
						      doctor_net_probes };

	for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
		for (const struct doctor_probe *p = groups[g]; p->name; p++) {
			struct doctor_row row;
			int r = run_one(p, &row, e);

			if (r < 0)
				return r;
			fn(arg, &row);
		}
	}
	return 0;
}
