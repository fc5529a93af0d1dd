/* SPDX-License-Identifier: Apache-2.0 */
/* The watchman. Docker's times: the first look comes one interval after the start, the
 * next ones an interval after the end of the one before. */
#include "core/runtime/watchman.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/time.h"

static void plan_next(struct monitoring *m)
{
	struct watchman *w = &m->watchman;
	int64_t now = time_monotonic();
	bool young =
		w->status == MONITOR_HEALTH_STARTING && now - m->since < w->start_period;

	m->vigil.wake = now + (young ? w->start_interval : w->interval);
}

void watchman_begin(struct monitoring *m)
{
	const struct setup *s = &m->setup;

	m->watchman = (struct watchman){ .interval = s->health_interval,
					 .start_interval = s->health_start_interval,
					 .start_period = s->health_start_period };
	if (m->watchman.interval > 0 && m->hooks && m->hooks->probe)
		plan_next(m);
}

static int look(struct monitoring *m)
{
	struct setup s = { 0 };
	int r = MONITOR_HEALTH_SAME;

	/* It goes with the monitor, whose locks must not outlive it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd_close(m->lock);
	for (size_t i = 0; i < m->kept_len; i++)
		fd_close(m->kept[i]);
	if (monitoring_read_setup(m, &s, NULL) == 0)
		r = m->hooks->probe(&s);
	return r;
}

void watchman_look(struct monitoring *m)
{
	if (!m->vigil.wake || time_monotonic() < m->vigil.wake)
		return;
	m->vigil.wake = 0;
	m->watchman.looking = fork();
	if (m->watchman.looking == 0)
		_exit(look(m));
	if (m->watchman.looking < 0)
		plan_next(m);
}

bool watchman_heard(struct monitoring *m, pid_t pid, int status)
{
	struct watchman *w = &m->watchman;

	if (w->looking <= 0 || pid != w->looking)
		return false;
	w->looking = 0;
	if (status <= MONITOR_HEALTH_UNHEALTHY)
		w->status = status;
	plan_next(m);
	return true;
}

void watchman_end(struct monitoring *m)
{
	m->vigil.wake = 0;
	if (m->watchman.looking > 0) {
		kill(m->watchman.looking, SIGKILL);
		monitoring_reap(m->watchman.looking);
	}
	m->watchman.looking = 0;
}
