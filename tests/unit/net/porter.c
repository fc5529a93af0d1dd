/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net/porter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/ns/pidfd.h"
#include "core/ns/userns.h"
#include "tests/unit/test.h"

#define STUCK_S 20

static int stay(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
	return 0;
}

struct realm {
	int pidfd;
	pid_t pid;
};

/* false: this host allows no user namespace; the test is skipped. */
static bool realm_open(struct realm *r)
{
	autodone(idmap_done) struct idmap uid = { 0 }, gid = { 0 };
	autofree char *why = NULL;
	struct err e = { 0 };

	r->pidfd = idmap_host(&uid, &gid, &why, &e);
	if (r->pidfd == 0)
		r->pidfd = userns_spawn(&uid, &gid, stay, NULL, &r->pid, &e);
	if (r->pidfd < 0)
		test_skip(e.text);
	return r->pidfd >= 0;
}

static void realm_close(struct realm *r, struct porter *p)
{
	for (int kind = 0; kind < PORTER_KINDS; kind++)
		while (p->stocked[kind])
			close(p->stock[kind][--p->stocked[kind]]);
	fd_close(p->sock);
	pidfd_signal(r->pidfd, SIGKILL);
	waitpid(r->pid, NULL, 0);
	while (wait(NULL) > 0)
		;
	fd_close(r->pidfd);
}

/* Who waits for a socket takes in what the loop has been told of already. */
TEST(what_is_taken_in_is_not_waited_for)
{
	struct porter p;
	struct realm r;
	struct err e = { 0 };

	if (!realm_open(&r))
		return;
	CHECK_INT(porter_start(&p, r.pidfd, "/nonexistent", &e), 0);
	CHECK_STR(e.text, "");
	for (int i = 0; i < 3; i++) {
		int fd = porter_take(&p, PORTER_TCP4);

		CHECK(fd >= 0);
		fd_close(fd);
	}
	CHECK_INT(p.asked[PORTER_TCP4], 0);
	alarm(STUCK_S);
	CHECK_INT(porter_event(&p), 0);
	alarm(0);
	realm_close(&r, &p);
}

/* Without room for descriptors there is no socket to be had; the porter is there, and
 * serves again as soon as there is. */
TEST(no_room_for_descriptors)
{
	struct rlimit all, few;
	struct porter p;
	struct realm r;
	struct err e = { 0 };
	int fd;

	if (!realm_open(&r))
		return;
	CHECK_INT(porter_start(&p, r.pidfd, "/nonexistent", &e), 0);
	getrlimit(RLIMIT_NOFILE, &all);
	fd = fcntl(p.sock, F_DUPFD_CLOEXEC, 0);
	few = (struct rlimit){ (rlim_t)fd + 4, all.rlim_max };
	fd_close(fd);
	setrlimit(RLIMIT_NOFILE, &few);
	alarm(STUCK_S);
	CHECK_INT(porter_take(&p, PORTER_TCP4), -EMFILE);
	CHECK_INT(porter_take(&p, PORTER_TCP4), -EMFILE);
	setrlimit(RLIMIT_NOFILE, &all);
	fd = porter_take(&p, PORTER_TCP4);
	CHECK(fd >= 0);
	alarm(0);
	fd_close(fd);
	realm_close(&r, &p);
}
