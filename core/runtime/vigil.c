/* SPDX-License-Identifier: Apache-2.0 */
/* The vigil. */
#include "core/runtime/vigil.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "core/base/fd.h"
#include "core/base/time.h"

#define VIGIL_FIRST_MS  20
#define VIGIL_DOUBLINGS 10 /* to some 20 s */
#define VIGIL_MS        1000000ll

void vigil_init(struct vigil *v, vigil_renew *renew, void *arg)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*v = (struct vigil){ .renew = renew, .arg = arg };
	v->children = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The first try is at once; each that fails doubles the wait for the next. */
static void vigil_try(struct vigil *v, int *connection)
{
	int fd = v->renew(v->arg);

	v->next = 0;
	*connection = fd > 0 ? fd : -1;
	if (fd >= 0) {
		v->tries = 0;
		return;
	}
	v->next = time_monotonic() + (VIGIL_FIRST_MS * VIGIL_MS << v->tries);
	if (v->tries < VIGIL_DOUBLINGS)
		v->tries++;
}

static int vigil_timeout(const struct vigil *v)
{
	int64_t left = v->next - time_monotonic();

	if (!v->next)
		return -1;
	return left > 0 ? (int)(left / VIGIL_MS) + 1 : 0;
}

void vigil_await(struct vigil *v, int *connection)
{
	struct signalfd_siginfo gone;
	siginfo_t left = { 0 };

	/* Out of descriptors or memory: then the children alone. */
	if (v->children < 0)
		waitid(P_ALL, 0, &left, WEXITED | WNOWAIT);
	while (v->children >= 0) {
		struct pollfd p[2] = { { .fd = v->children, .events = POLLIN },
				       { .fd = *connection } };
		int n = poll(p, 2, vigil_timeout(v));

		if (n < 0)
			continue; /* interrupted */
		if (p[0].revents) {
			while (fd_read(v->children, &gone, sizeof(gone)) > 0)
				;
			return;
		}
		if (p[1].revents)
			*connection = fd_close(*connection);
		vigil_try(v, connection);
	}
}
