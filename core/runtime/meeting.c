/* SPDX-License-Identifier: Apache-2.0 */
/* The meeting of a start. */
#include "core/runtime/meeting.h"

#include <errno.h>
#include <poll.h>

#include "core/base/fd.h"
#include "core/runtime/report.h"

/* Frames of the starting client up to START. */
static int hear_client(struct meeting *m, struct err *e)
{
	struct client_input x;
	ssize_t n = client_fill(m->client);

	if (n == -EAGAIN)
		return 0;
	if (n < 0 || m->client->ended)
		return err_set(e, -ECANCELED, "the starting client went away");
	while (!m->started) {
		switch (client_next(m->client, &x)) {
		case CLIENT_NONE:
		case CLIENT_INPUT: /* for the pump, after START */
			return n == 0 ? err_set(e, -EPROTO, "input before the start") : 0;
		case CLIENT_START:
			m->started = true;
			break;
		case CLIENT_RESIZE:
			m->rows = x.rows;
			m->cols = x.cols;
			break;
		case CLIENT_WANT:
			break;
		case CLIENT_BAD:
		case CLIENT_EOF:
			return err_set(e, -EPROTO,
				       "the starting client sent a wrong frame");
		}
	}
	return 0;
}

/* One report of the setup process or, from init's socket, of init. */
static int hear_report(struct meeting *m, int *sock, struct err *e)
{
	struct report r;
	int fd = -1, n = report_receive(*sock, &r, &fd);

	if (n < 0)
		return err_code(e, n, "hear from the setup process");
	if (n == 0) {
		*sock = fd_close(*sock);
		return m->ready ? 0 : err_set(e, -EIO, "the setup process died");
	}
	switch (r.kind) {
	case REPORT_INIT:
		m->init = r.pid;
		return 0;
	case REPORT_TTY:
		m->master = fd;
		return 0;
	case REPORT_READY:
		m->ready = true;
		return 0;
	case REPORT_ERROR:
		m->exit_code = r.exit_code;
		*e = r.e;
		return r.e.code < 0 ? r.e.code : -EIO;
	case REPORT_HOOKS:
		break;
	}
	return err_set(e, -EPROTO, "a wrong report");
}

int meeting_await(struct meeting *m, struct err *e)
{
	while (!m->ready || !m->started) {
		struct pollfd p[2] = {
			{ .fd = m->ready ? -1 : m->report, .events = POLLIN },
			{ .fd = m->started ? -1 : m->client->fd, .events = POLLIN }
		};
		int r = 0;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return err_sys(e, "poll");
		if (p[0].revents)
			r = hear_report(m, &m->report, e);
		if (r == 0 && p[1].revents)
			r = hear_client(m, e);
		if (r < 0)
			return r;
	}
	m->report = fd_close(m->report);
	return 0;
}

int meeting_move(struct meeting *m, struct err *e)
{
	pid_t before = m->init;
	int r = fd_write_all(m->sync, "m", 1);

	if (r < 0)
		return err_code(e, r, "let init join the PID namespace");
	while (r == 0 && m->init == before && m->sync >= 0)
		r = hear_report(m, &m->sync, e);
	return r == 0 && m->sync < 0 ? err_set(e, -EIO, "init died") : r;
}

int meeting_release(struct meeting *m, struct err *e)
{
	int r = fd_write_all(m->sync, "g", 1);

	if (r < 0)
		return err_code(e, r, "let the payload go");
	/* The end of its socket, closed by exec, is the good news. */
	while (m->sync >= 0 && r == 0)
		r = hear_report(m, &m->sync, e);
	return r;
}
