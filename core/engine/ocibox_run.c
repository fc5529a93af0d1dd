/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an OCI container after `create`. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/ocibox.h"
#include "core/engine/ocifolder.h"
#include "core/engine/ocilimit.h"
#include "core/engine/procstat.h"
#include "core/ns/pidfd.h"
#include "core/runtime/gate.h"

#define END_WAIT_MS  10000
#define LOOK_MS      5
#define NS_PER_MS    1000000
#define STOP_WAITS   1000 /* ms in all */
#define PAUSE_ROUNDS 10   /* of stopping what was forked meanwhile */

/* --- start ---------------------------------------------------------------------------
 */

static int set_status(struct ocibox *b, enum state_status status, struct err *e)
{
	b->state.status = status;
	if (status == STATE_RUNNING && b->state.started == 0)
		b->state.started = time_now();
	return state_write(b->dirfd, &b->state, e);
}

int ocibox_start(struct ocibox *b, struct strv *warnings, struct err *e)
{
	int r;

	if (str_eq(b->status, "stopped"))
		return err_set(e, -EINVAL, "cannot start a container that has stopped");
	if (!str_eq(b->status, "created"))
		return err_set(e, -EINVAL, "cannot start a container that is already %s",
			       b->status);
	r = gate_open(b->dirfd, e);
	/* Its start was not written down: whoever started it was killed. */
	if (r == -ECONNREFUSED && pidfd_alive(b->init)) {
		set_status(b, STATE_RUNNING, NULL);
		return err_set(e, -EINVAL, "cannot start an already running container");
	}
	if (r < 0)
		return r;
	r = set_status(b, STATE_RUNNING, e);
	if (r < 0)
		return r;
	b->status = "running";
	ocibox_hooks_after(b, RT_HOOK_POSTSTART, warnings);
	return 0;
}

/* --- its processes -------------------------------------------------------------------
 */

/* The PID namespace of a process, 0 when it may not be seen. */
static ino_t pid_namespace(const char *pid)
{
	char path[64];
	struct stat st;

	str_print(path, sizeof(path), "/proc/%.20s/ns/pid", pid);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/* Everybody in its PID namespace. */
static int add_by_namespace(const char *first, ino_t ns, struct strv *ret, struct err *e)
{
	DIR *d = opendir("/proc");
	struct dirent *entry;

	if (!d)
		return err_sys(e, "read '/proc'");
	while ((entry = readdir(d))) {
		const char *name = entry->d_name;

		if (name[strspn(name, "0123456789")] == 0 && !str_eq(name, first) &&
		    pid_namespace(name) == ns)
			strv_add(ret, name);
	}
	closedir(d);
	return 0;
}

/* Without a PID namespace of its own: what descends from the first one. */
static void add_by_descent(struct strv *ret)
{
	for (size_t i = 0; i < ret->len; i++) {
		char path[80], text[4096];
		autostrv pids = { 0 };

		str_print(path, sizeof(path), "/proc/%s/task/%s/children", ret->v[i],
			  ret->v[i]);
		if (file_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
			continue;
		strv_split(&pids, text, ' ');
		for (size_t n = 0; n < pids.len; n++) {
			if (*pids.v[n] && !strv_has(ret, pids.v[n]))
				strv_add(ret, pids.v[n]);
		}
	}
}

int ocibox_pids(const struct ocibox *b, struct strv *ret, struct err *e)
{
	char first[16];
	ino_t ns;

	if (b->init < 0)
		return err_set(e, -ESRCH, "container not running");
	str_print(first, sizeof(first), "%d", (int)b->state.pid);
	strv_add(ret, first);
	ns = pid_namespace(first);
	if (ns && ns != pid_namespace("self"))
		return add_by_namespace(first, ns, ret, e);
	add_by_descent(ret);
	return 0;
}

static void signal_pid(const char *text, int signo)
{
	int64_t pid;

	if (str_i64(text, 2, INT32_MAX, &pid) == 0)
		kill((pid_t)pid, signo);
}

int ocibox_kill(const struct ocibox *b, int signo, bool all, struct err *e)
{
	autostrv pids = { 0 };
	int r;

	/* runc's own callers end with it what a stopped container left. */
	if (b->init < 0 && all)
		return 0;
	if (b->init < 0)
		return err_set(e, -ESRCH, "container not running");
	r = all ? ocibox_pids(b, &pids, e) : 0;
	if (r < 0)
		return r;
	r = pidfd_signal(b->init, signo);
	for (size_t i = 1; i < pids.len; i++)
		signal_pid(pids.v[i], signo);
	return r < 0 ? err_code(e, r, "signal the container") : 0;
}

/* --- pause ---------------------------------------------------------------------------
 */

/* A signal takes its time to a process that runs on another CPU. */
static void await_stop(const struct strv *pids)
{
	const struct timespec step = { .tv_nsec = NS_PER_MS };

	for (size_t i = 0, waits = 0; i < pids->len && waits < STOP_WAITS;) {
		struct procstat p;
		int64_t pid;

		if (str_i64(pids->v[i], 2, INT32_MAX, &pid) < 0 ||
		    procstat_read((pid_t)pid, &p) < 0 || !strchr("RSD", p.state)) {
			i++;
			continue;
		}
		nanosleep(&step, NULL);
		waits++;
	}
}

/* Without a cgroup there is no freezer: every process is stopped, and again until none
 * was forked meanwhile. */
static int stop_all(const struct ocibox *b, struct err *e)
{
	size_t before = 0;

	for (int i = 0; i < PAUSE_ROUNDS; i++) {
		autostrv pids = { 0 };
		int r = ocibox_pids(b, &pids, e);

		if (r < 0)
			return r;
		if (pids.len == before) {
			await_stop(&pids);
			return 0;
		}
		before = pids.len;
		for (size_t n = 0; n < pids.len; n++)
			signal_pid(pids.v[n], SIGSTOP);
	}
	return 0;
}

int ocibox_pause(struct ocibox *b, bool on, struct err *e)
{
	int r;

	if (!str_eq(b->status, on ? "running" : "paused"))
		return err_set(e, -EINVAL, "container is %s, not %s", b->status,
			       on ? "running" : "paused");
	r = ocilimit_freeze(b, on);
	if (r == -ENOENT)
		r = on ? stop_all(b, e) : ocibox_kill(b, SIGCONT, true, e);
	else if (r < 0)
		return err_code(e, r, "%s the container", on ? "freeze" : "thaw");
	return r < 0 ? r : set_status(b, on ? STATE_PAUSED : STATE_RUNNING, e);
}

/* --- delete --------------------------------------------------------------------------
 */

bool ocibox_await(const struct ocibox *b, int64_t ns)
{
	struct pollfd p = { .fd = b->init, .events = POLLIN };

	return b->init < 0 ||
	       poll(&p, 1,
		    (int)(ns / NS_PER_MS < INT32_MAX ? ns / NS_PER_MS : INT32_MAX));
}

static int end(struct ocibox *b, struct err *e)
{
	struct pollfd p = { .fd = b->init, .events = POLLIN };
	int r = ocibox_kill(b, SIGKILL, true, e);

	/* What is frozen does not end. */
	ocilimit_freeze(b, false);
	if (r < 0 && r != -ESRCH)
		return r;
	if (poll(&p, 1, END_WAIT_MS) == 0)
		return err_set(e, -EBUSY, "the container does not end");
	b->init = fd_close(b->init);
	b->status = "stopped";
	return 0;
}

/* Its `create` was killed: whoever that started ends by itself, and until then may still
 * make what is removed here (its control group). */
static int await_makers(const struct ocibox *b, struct err *e)
{
	int r = gate_await_end(b->dirfd, END_WAIT_MS);

	if (r == -EBUSY)
		return err_set(e, r,
			       "what the killed `create` of container '%s' has started "
			       "does not end (a hook of it?)",
			       b->id);
	return r < 0 ? err_code(e, r, "look for what `create` has left") : 0;
}

/* By force: `create` may be at its end, or was killed this moment. What it leaves is
 * looked at anew. */
static int await_creator(struct ocibox *b, struct err *e)
{
	const struct timespec step = { .tv_nsec = LOOK_MS * NS_PER_MS };
	autofree char *id = str_dup(b->id);
	int root = b->root;

	for (int ms = 0; ms < END_WAIT_MS && file_is_locked(b->dirfd, OCIFOLDER_LOCK) > 0;
	     ms += LOOK_MS)
		nanosleep(&step, NULL);
	ocibox_done(b);
	return ocibox_open(root, id, b, e);
}

int ocibox_delete(struct ocibox *b, bool force, struct strv *warnings, struct err *e)
{
	int r = 0;

	if (force && str_eq(b->status, "creating"))
		r = await_creator(b, e);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (str_eq(b->status, "creating"))
		return err_set(e, -EBUSY, "container '%s' is being created", b->id);
	if (b->init >= 0 && !force && !str_eq(b->status, "created"))
		return err_set(e, -EBUSY,
			       "cannot delete container '%s' that is not stopped: %s",
			       b->id, b->status);
	if (b->init >= 0)
		r = end(b, e);
	else if (b->state.pid == 0)
		r = await_makers(b, e);
	if (r < 0)
		return r;
	ocilimit_end(b);
	ocibox_hooks_after(b, RT_HOOK_POSTSTOP, warnings);
	r = ocifolder_remove(b->root, b->id);
	return r < 0 && r != -ENOENT ? err_code(e, r, "remove the container's folder")
				     : 0;
}
