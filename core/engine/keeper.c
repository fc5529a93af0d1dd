/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper. Holds: the realm's two namespaces, the listener, one connection for each
 * user of the realm, its own executable and pidfd. Gives up: everything else
 * (close_range, folder "/", not dumpable, a seccomp list of the few calls below).
 *
 * It counts open connections instead of watching a lock: nothing has to be polled, a
 * holder's death is seen at once, and a client that connects while the keeper leaves
 * finds its connection reset and starts another.
 *
 * Should it be killed, the containers live on in the realm. Each monitor holds the
 * network namespace, so the realm does not end, and starts the next keeper there
 * (realm_recover). What else that one has to know lies in every connection as a message:
 * memory of the kernel's that is there exactly as long as someone may need it. */
#include "core/engine/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/realm.h"
#include "core/ns/bpf.h"
#include "core/ns/userns.h"

#define LISTEN_FD 3
#define READY_FD  4
/* "again": */
#define OLD_FD    5
#define NETNS_FD  6
#define LINGER_MS 3000
#define EVENTS    32

struct keeper {
	struct buf answer;
	int exe_fd, pidfd, epoll;
	unsigned users;
};

static int confine(struct err *e)
{
	static const int calls[] = {
		__NR_epoll_pwait, __NR_epoll_ctl, __NR_accept4,      __NR_sendmsg,
		__NR_close,       __NR_read,      __NR_rt_sigreturn, __NR_exit_group,
#ifdef __NR_epoll_wait
		__NR_epoll_wait,
#endif
	};
	static struct bpf code;
	int r = bpf_allow_list(calls, ARRAY_LEN(calls), SECCOMP_RET_ERRNO | EPERM, &code);

	return r < 0 ? err_code(e, r, "seccomp list of the keeper")
		     : bpf_install(&code, e);
}

static void welcome(struct keeper *k)
{
	int fds[2] = { k->pidfd, k->exe_fd };
	int fd = accept4(LISTEN_FD, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP, .data.fd = fd };

	if (fd < 0)
		return;
	/* A client that went away meanwhile, or descriptors used up: closing tells it. */
	if (fd_send(fd, k->answer.data, k->answer.len, fds, 2) < 0 ||
	    fd_send(fd, k->answer.data, k->answer.len, NULL, 0) < 0 ||
	    epoll_ctl(k->epoll, EPOLL_CTL_ADD, fd, &ev))
		close(fd);
	else
		k->users++;
}

static void farewell(struct keeper *k, int fd)
{
	epoll_ctl(k->epoll, EPOLL_CTL_DEL, fd, NULL);
	close(fd);
	k->users--;
}

static int serve(struct keeper *k)
{
	struct epoll_event events[EVENTS];

	for (;;) {
		int n = epoll_wait(k->epoll, events, EVENTS, k->users ? -1 : LINGER_MS);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return 1;
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == LISTEN_FD)
				welcome(k);
			else
				farewell(k, events[i].data.fd);
		}
	}
}

static void report(int code, const char *text)
{
	autofree char *line = str_fmt("%d %s", code, text);

	fd_write_all(READY_FD, line, strlen(line));
	close(READY_FD);
}

/* In the realm, as its root. */
static int hold(void *arg)
{
	struct keeper *k = arg;
	struct err e = { 0 };
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = LISTEN_FD };

	k->pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	k->epoll = epoll_create1(EPOLL_CLOEXEC);
	int keep[] = { LISTEN_FD, READY_FD, k->exe_fd, k->pidfd, k->epoll };
	if (k->pidfd < 0 || k->epoll < 0 ||
	    epoll_ctl(k->epoll, EPOLL_CTL_ADD, LISTEN_FD, &ev))
		err_sys(&e, "keeper");
	fd_close_except(0, keep, ARRAY_LEN(keep));
	fd_nonblock(LISTEN_FD, true);
	if (e.code || confine(&e) < 0)
		return 1; /* the pipe closes without a word */
	fd_close(READY_FD);
	return serve(k);
}

/* One descriptor a holder. */
static void raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static int prepare(struct keeper *k, struct idmap *uid, struct idmap *gid, struct err *e)
{
	autofree char *why = NULL;
	char id[REALM_ID_LEN + 1];
	uint8_t random[REALM_ID_LEN / 2];
	int r;

	if ((r = idmap_host(uid, gid, &why, e)) < 0)
		return r;
	id_random(random, sizeof(random));
	str_hex(id, random, sizeof(random));
	if ((r = buf_add(&k->answer, id, sizeof(id))) < 0 ||
	    (r = idmap_text(uid, &k->answer)) < 0 || (r = buf_addc(&k->answer, 0)) < 0 ||
	    (r = idmap_text(gid, &k->answer)) < 0 || (r = buf_addc(&k->answer, 0)) < 0 ||
	    (r = buf_adds(&k->answer, why ? why : "")) < 0 ||
	    (r = buf_addc(&k->answer, 0)) < 0)
		return err_code(e, r, "ID maps of the realm");
	return 0;
}

/* A pidfd of the process that holds a new realm. */
static int make(struct keeper *k, struct err *e)
{
	autodone(idmap_done) struct idmap uid = { 0 }, gid = { 0 };
	int r = prepare(k, &uid, &gid, e);

	return r < 0 ? r : userns_spawn(&uid, &gid, hold, k, NULL, e);
}

/* The same, in the realm of one that has died. */
static int take_over(struct keeper *k, struct err *e)
{
	autofree char *text = mem_alloc(KEEPER_ANSWER_MAX);

	fd_cloexec(OLD_FD, true);
	fd_cloexec(NETNS_FD, true);
	ssize_t n = fd_peek(OLD_FD, text, KEEPER_ANSWER_MAX);
	if (n <= 0 || buf_add(&k->answer, text, (size_t)n) < 0)
		return err_set(e, -EPROTO, "the last keeper has left nothing");
	return userns_respawn(NETNS_FD, hold, k, NULL, e);
}

int keeper_main(int argc, char **argv)
{
	struct keeper k = {
		.answer.max = KEEPER_ANSWER_MAX, .exe_fd = -1, .pidfd = -1, .epoll = -1
	};
	struct err e = { 0 };

	prctl(PR_SET_NAME, "rootless-keeper");
	fd_cloexec(LISTEN_FD, true);
	fd_cloexec(READY_FD, true);
	raise_files();
	k.exe_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (k.exe_fd < 0) {
		err_sys(&e, "open '/proc/self/exe'");
		report(e.code, e.text);
		return 1;
	}
	bool again = argc > 2 && str_eq(argv[2], KEEPER_AGAIN);
	autoclose int pidfd = again ? take_over(&k, &e) : make(&k, &e);
	report(pidfd < 0 ? e.code : 0, e.text);
	buf_done(&k.answer);
	return pidfd < 0;
}
