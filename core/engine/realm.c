/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the keeper, or starting one under a lock.
 *
 *   nobody answers ──► nobody holds HELD_LOCK ──► a new realm
 *                 └──► somebody does: the realm lives, and its keeper is being brought
 *                      back by one of those; a second realm beside it would part
 *                      containers that belong together */
#include "core/engine/realm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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
#include "core/engine/desk.h"
#include "core/engine/sealed.h"
#include "core/ns/pidfd.h"
#include "core/ns/userns.h"
#include "core/runtime/launch.h"
#include "core/store/gc.h"

#define START_LOCK   "realm.lock"
#define HELD_LOCK    "realm.held"
#define AWAIT_TRIES  250
#define AWAIT_MS     20
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

/* What is left of a realm whose keeper has died. */
struct remains {
	int users_fd, netns;
};

/* Under the lock. Waits until it serves, or has failed and said why. old: the realm that
 * it is to keep; NULL: a new one. */
static int start_keeper(const struct store *s, const struct remains *old, struct err *e)
{
	char *const argv[] = { (char *)"rootless", (char *)"keeper",
			       old ? (char *)KEEPER_AGAIN : NULL, NULL };
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
	int fds[] = { listener, ends[1], old ? old->users_fd : -1,
		      old ? old->netns : -1 };
	pid_t pid = launch(inner, argv, fds, old ? 4 : 2, e);
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

/* The runtime folder has marks of networks and a stack's socket for each realm: those of
 * realms that are gone go. */
static void drop_leftovers(const struct store *s, const char *id)
{
	autoclose int fd = openat(s->run_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d)
		return;
	fd = -1;
	for (struct dirent *de; (de = readdir(d));) {
		bool mark = str_starts(de->d_name, REALM_MARK);
		bool stack = str_starts(de->d_name, REALM_STACK);

		if ((!mark && !stack) || strstr(de->d_name, id))
			continue;
		/* One that could not be recovered may have its stack still. */
		autoclose int live =
			stack ? fd_unix_connect(s->run_fd, de->d_name, SOCK_SEQPACKET)
			      : -1;
		if (live < 0)
			unlinkat(s->run_fd, de->d_name, 0);
	}
	closedir(d);
}

/* Has anyone told that the realm is to be brought back? */
static bool is_held(const struct store *s)
{
	autoclose int fd = file_lock(s->run_fd, HELD_LOCK, true, false);

	return fd == -EWOULDBLOCK;
}

/* Under no lock, which who brings the keeper back needs. */
static int ask_patiently(const struct store *s, struct realm *ret, struct err *e)
{
	int r = ask(s, ret, e);

	for (int i = 0; r == -ENOENT && i < AWAIT_TRIES && is_held(s); i++) {
		poll(NULL, 0, AWAIT_MS);
		r = ask(s, ret, e);
	}
	return r;
}

/* Nobody has answered: takes the lock, asks again, and starts a keeper. -ENOENT, without
 * a sentence, when that has died at once. */
static int begin(const struct store *s, const struct remains *old, struct realm *ret,
		 struct err *e)
{
	autoclose int lock = file_lock(s->run_fd, START_LOCK, true, true);
	int r;

	if (lock < 0)
		return err_code(e, lock, "lock '%s/%s'", s->run, START_LOCK);
	if ((r = ask(s, ret, e)) != -ENOENT)
		return r;
	if ((r = start_keeper(s, old, e)) < 0)
		return err_wrap(e, "start the realm");
	r = ask(s, ret, e);
	if (r == 0 && !old) {
		drop_leftovers(s, ret->id);
		desk_sweep(s->run_fd);
	}
	return r;
}

int realm_find(const struct store *s, struct realm *ret, struct err *e)
{
	int r = ask_patiently(s, ret, e);

	return r == -ENOENT ? err_set(e, r, "no realm is running") : r;
}

static int given_up(struct err *e)
{
	return err_set(e, -EAGAIN, "the keeper process dies each time it is started");
}

int realm_open(const struct store *s, struct realm *ret, struct err *e)
{
	int r = -ENOENT;

	for (int i = 0; r == -ENOENT && i < TRIES; i++) {
		r = ask_patiently(s, ret, e);
		if (r == -ENOENT)
			r = begin(s, NULL, ret, e);
	}
	return r == -ENOENT ? given_up(e) : r;
}

int realm_hold(const struct store *s, const struct realm *r, struct realm_hold *ret,
	       struct err *e)
{
	autoclose int told = file_lock(s->run_fd, HELD_LOCK, false, true);
	autoclose int netns = pidfd_open_ns(r->pidfd, "net");

	if (told < 0)
		return err_code(e, told, "lock '%s/%s'", s->run, HELD_LOCK);
	if (netns < 0)
		return err_code(e, netns, "open the realm's network namespace");
	*ret = (struct realm_hold){ TAKE_FD(netns), TAKE_FD(told) };
	return 0;
}

/* The ID in what the keeper has left in a connection: 0, or -errno when there is nothing.
 */
static int left_id(int users_fd, char id[REALM_ID_LEN + 1])
{
	autofree char *text = mem_alloc(KEEPER_ANSWER_MAX);
	ssize_t n = fd_peek(users_fd, text, KEEPER_ANSWER_MAX);

	if (n <= 0)
		return -ENODATA;
	text[n - 1] = 0;
	return str_copy(id, REALM_ID_LEN + 1, text);
}

/* The caller will give up its old connection for this one, so it must be as good. The
 * keeper has answered, and its testament is on the way; or it has died. */
static bool has_left(int users_fd)
{
	char id[REALM_ID_LEN + 1];

	return fd_wait(users_fd, POLLIN) == 0 && left_id(users_fd, id) == 0;
}

int realm_recover(const struct store *s, int users_fd, int netns, struct realm *ret,
		  struct err *e)
{
	const struct remains old = { users_fd, netns };
	struct pollfd p = { .fd = users_fd };
	char id[REALM_ID_LEN + 1] = "";
	bool dead = poll(&p, 1, 0) > 0;
	bool left = left_id(users_fd, id) == 0;
	int r = -ENOENT;

	if (dead && !left)
		return err_set(e, -ESRCH, "the realm's keeper has died");
	for (int i = 0; r == -ENOENT && i < TRIES; i++) {
		r = ask(s, ret, e);
		if (r == -ENOENT && left)
			r = begin(s, &old, ret, e);
		if (r == 0 && left && !has_left(ret->users_fd)) {
			realm_done(ret);
			r = -ENOENT;
		}
	}
	if (r == -ENOENT)
		return given_up(e);
	if (r == 0 && left && !str_eq(ret->id, id)) {
		realm_done(ret);
		return err_set(e, -ESRCH, "another realm is running");
	}
	return r;
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
