/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the keeper, or starting one under a lock. */
#include "core/engine/realm.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/engine/keeper.h"
#include "core/engine/sealed.h"
#include "core/ns/userns.h"
#include "core/runtime/launch.h"
#include "core/store/gc.h"

#define START_LOCK   "realm.lock"
#define ANSWER_S     10
#define TRIES        5
#define READY_MAX    2048
#define ANSWER_PARTS 4 /* ID, uid map, gid map, why */

static const struct realm empty = { .pidfd = -1, .users_fd = -1, .inner_fd = -1 };

static int take_answer(struct realm *r, const char *p, size_t n, struct err *e)
{
	const char *part[ANSWER_PARTS];
	size_t at = 0;

	for (size_t i = 0; i < ANSWER_PARTS; i++) {
		size_t len = strnlen(p + at, n - at);
		if (at + len >= n)
			return err_set(e, -EPROTO, "keeper: answer cut short");
		part[i] = p + at;
		at += len + 1;
	}
	int ret = str_copy(r->id, sizeof(r->id), part[0]);
	if (!ret)
		ret = idmap_parse(part[1], strlen(part[1]), &r->uid);
	if (!ret)
		ret = idmap_parse(part[2], strlen(part[2]), &r->gid);
	if (ret < 0)
		return err_code(e, ret, "keeper: answer not understood");
	r->single_id = *part[3];
	if (r->single_id)
		r->why = str_dup(part[3]);
	return 0;
}

/* The keeper's own executable is shared where it is ours: its pages are in memory
 * already. */
static int choose_inner(struct realm *r, int exe_fd, struct err *e)
{
	if (sealed_same(exe_fd)) {
		r->inner_fd = exe_fd;
		return 0;
	}
	fd_close(exe_fd);
	r->inner_fd = sealed_open(e);
	return r->inner_fd < 0 ? r->inner_fd : 0;
}

/* -ENOENT, without a sentence, when no keeper answers. */
static int ask(const struct store *s, struct realm *ret, struct err *e)
{
	autodone(realm_done) struct realm r = empty;
	struct timeval limit = { .tv_sec = ANSWER_S };
	int fds[2];
	size_t nfds = 2;

	r.users_fd = fd_unix_connect(s->run_fd, KEEPER_SOCKET, SOCK_SEQPACKET);
	if (r.users_fd == -ENOENT || r.users_fd == -ECONNREFUSED)
		return -ENOENT;
	if (r.users_fd < 0)
		return err_code(e, r.users_fd, "connect to '%s/%s'", s->run,
				KEEPER_SOCKET);
	setsockopt(r.users_fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	autofree char *answer = mem_alloc(KEEPER_ANSWER_MAX);
	ssize_t n = fd_recv(r.users_fd, answer, KEEPER_ANSWER_MAX, fds, &nfds);
	if (n == 0 || n == -ECONNRESET || n == -EPIPE)
		return -ENOENT; /* it left this very moment */
	if (n < 0)
		return err_code(e, (int)n, "keeper: no answer in %d s", ANSWER_S);
	if (nfds != 2) {
		for (size_t i = 0; i < nfds; i++)
			fd_close(fds[i]);
		return err_set(e, -EPROTO, "keeper: answer without descriptors");
	}
	r.pidfd = fds[0];
	int c = choose_inner(&r, fds[1], e);
	if (c < 0 || (c = take_answer(&r, answer, (size_t)n, e)) < 0)
		return c;
	*ret = r;
	r = empty;
	return 0;
}

/* Under the lock. Waits until it serves, or has failed and said why. */
static int start_keeper(const struct store *s, struct err *e)
{
	char *const argv[] = { (char *)"rootless", (char *)"keeper", NULL };
	autobuf said = { .max = READY_MAX };
	int ends[2];

	autoclose int inner = sealed_open(e);
	if (inner < 0)
		return inner;
	autoclose int listener = fd_unix_listen(s->run_fd, KEEPER_SOCKET, SOCK_SEQPACKET);
	if (listener < 0)
		return err_code(e, listener, "listen on '%s/%s'", s->run, KEEPER_SOCKET);
	if (pipe2(ends, O_CLOEXEC))
		return err_sys(e, "pipe");
	autoclose int ready = ends[0];
	int fds[] = { listener, ends[1] };
	pid_t pid = launch(inner, argv, fds, ARRAY_LEN(fds), e);
	fd_close(ends[1]);
	if (pid < 0)
		return pid;
	int r = file_read_fd(ready, READY_MAX, &said);
	spawn_wait(pid); /* it has made the realm's process and goes */
	char *end;
	long code = strtol(buf_str(&said), &end, 10);
	if (r < 0 || end == buf_str(&said))
		return err_set(e, -EIO, "the keeper process died while it started");
	if (code < 0)
		return err_set(e, (int)code, "%s", *end == ' ' ? end + 1 : end);
	return 0;
}

int realm_find(const struct store *s, struct realm *ret, struct err *e)
{
	int r = ask(s, ret, e);

	return r == -ENOENT ? err_set(e, r, "no realm is running") : r;
}

int realm_open(const struct store *s, struct realm *ret, struct err *e)
{
	for (int i = 0; i < TRIES; i++) {
		int r = ask(s, ret, e);
		if (r != -ENOENT)
			return r;
		autoclose int lock = file_lock(s->run_fd, START_LOCK, true, true);
		if (lock < 0)
			return err_code(e, lock, "lock '%s/%s'", s->run, START_LOCK);
		if ((r = ask(s, ret, e)) != -ENOENT)
			return r;
		if ((r = start_keeper(s, e)) < 0)
			return err_wrap(e, "start the realm");
	}
	return err_set(e, -EAGAIN, "the keeper process dies each time it is started");
}

static int sweep(void *arg, struct err *e)
{
	return gc_sweep(arg, e);
}

int realm_sweep(const struct store *s, struct err *e)
{
	autodone(realm_done) struct realm realm = empty;
	size_t n = 0;
	int r = gc_pending(s, &n, e);

	if (r < 0 || !n)
		return r;
	if ((r = realm_open(s, &realm, e)) < 0)
		return r;
	return userns_call(realm.pidfd, CLONE_NEWUSER, sweep, (void *)s, e);
}

void realm_done(struct realm *r)
{
	int *fds[] = { &r->pidfd, &r->users_fd, &r->inner_fd };

	/* 0 is never one of ours (fd_guard_std): a zeroed struct is an empty one. */
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (*fds[i] > 0)
			*fds[i] = fd_close(*fds[i]);
	str_set(&r->why, NULL);
	idmap_done(&r->uid);
	idmap_done(&r->gid);
}
