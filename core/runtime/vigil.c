/* SPDX-License-Identifier: Apache-2.0 */
/* The vigil. */
#include "core/runtime/vigil.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "core/base/fd.h"
#include "core/base/time.h"

#define VIGIL_FIRST_MS  20
#define VIGIL_DOUBLINGS 10 /* to some 20 s */
#define VIGIL_MS        1000000ll
#define VIGIL_BLIND_MS  1000

void vigil_init(struct vigil *v, vigil_renew *renew, void *arg)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*v = (struct vigil){
		.renew = renew, .arg = arg, .keeper = -1, .control = -1, .pressure = -1
	};
	v->children = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool vigil_has_ended(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) > 0;
}

/* The first try is at once; each that fails doubles the wait for the next. */
static void vigil_try(struct vigil *v, int *connection)
{
	int fd = v->renew(v->arg);

	v->next = 0;
	if (fd >= 0) {
		*connection = fd > 0 ? fd : -1;
		v->tries = 0;
		if (vigil_has_ended(v->keeper))
			v->keeper = -1; /* and will not come back */
		return;
	}
	v->next = time_monotonic() + (VIGIL_FIRST_MS * VIGIL_MS << v->tries);
	if (v->tries < VIGIL_DOUBLINGS)
		v->tries++;
}

static int vigil_timeout(const struct vigil *v)
{
	int64_t first = v->next, left;

	if (v->wake && (!first || v->wake < first))
		first = v->wake;
	if (v->end && (!first || v->end < first))
		first = v->end;
	if (!first)
		return -1;
	left = (first - time_monotonic()) / VIGIL_MS + 1;
	return left <= 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

static bool vigil_is_time(const struct vigil *v)
{
	int64_t now = time_monotonic();

	return (v->wake && now >= v->wake) || (v->end && now >= v->end);
}

/* Out of descriptors or memory: then the children alone, or looked for now and then. */
static void vigil_await_blindly(const struct vigil *v)
{
	struct pollfd p = { .fd = v->control, .events = POLLIN };
	siginfo_t left = { 0 };

	if (v->wake)
		poll(&p, 1, VIGIL_BLIND_MS);
	else
		waitid(P_ALL, 0, &left, WEXITED | WNOWAIT);
}

void vigil_await(struct vigil *v, int *connection)
{
	struct signalfd_siginfo gone;

	if (v->children < 0)
		vigil_await_blindly(v);
	/* Keeper and stack have been told to go as well, and nothing new is begun. */
	if (v->dismissed) {
		v->next = 0;
		v->keeper = -1;
	}
	while (v->children >= 0) {
		struct pollfd p[5] = { { .fd = v->children, .events = POLLIN },
				       { .fd = *connection },
				       { .fd = v->control, .events = POLLIN },
				       { .fd = v->pressure, .events = POLLPRI },
				       { .fd = v->next ? -1 : v->keeper } };
		int n = poll(p, 5, vigil_timeout(v));

		if (n < 0)
			continue; /* interrupted */
		if (p[0].revents) {
			while (fd_read(v->children, &gone, sizeof(gone)) > 0)
				v->dismissed |= gone.ssi_signo == SIGTERM;
			return;
		}
		if (p[2].revents || p[3].revents)
			return;
		if (p[1].revents)
			*connection = fd_close(*connection);
		if (!v->dismissed && (p[1].revents || p[4].revents ||
				      (v->next && time_monotonic() >= v->next)))
			vigil_try(v, connection);
		if (vigil_is_time(v))
			return;
	}
}
