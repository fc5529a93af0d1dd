/* SPDX-License-Identifier: Apache-2.0 */
/* rootless net.
 *
 * Three processes: this one, which opens and closes ports and knows when it is over; the
 * stack; and the stack's porter, which alone stands in the annex. When this one is
 * killed its connections to the stack close, the ports with them, and the stack follows
 * after a moment; with the porter goes the annex, and with that the target's device. */
#include "core/engine/standalone.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/id.h"
#include "core/base/loop.h"
#include "core/base/str.h"
#include "core/engine/autoport.h"
#include "core/engine/hostfwd.h"

#define TICK_MS 1000

struct run {
	const struct standalone *s;
	struct nstarget *target;
	struct annex annex;
	struct hookup hookup;
	struct hostfwds fwds;
	struct autoports autos;
	int main_fd, api_fd;
	struct err *e;
	struct loop *loop;
	struct loop_timer *tick;
};

void standalone_mac(uint8_t ret[6])
{
	id_random(ret, 6);
	ret[0] = (uint8_t)((ret[0] & 0xfc) | 2);
}

int standalone_parse_mac(const char *text, uint8_t ret[6], struct err *e)
{
	uint8_t mac[6];

	if (strlen(text) != 3 * sizeof(mac) - 1)
		return err_set(e, -EINVAL, "'%s' is not a hardware address", text);
	for (size_t i = 0; i < sizeof(mac); i++) {
		char hex[2] = { (char)tolower(text[3 * i]),
				(char)tolower(text[3 * i + 1]) };
		char sep = text[3 * i + 2];

		if (str_unhex(&mac[i], 1, hex, 2) != 0 || (sep && sep != ':'))
			return err_set(e, -EINVAL, "'%s' is not a hardware address",
				       text);
	}
	if (mac[0] & 1)
		return err_set(e, -EINVAL, "'%s' is a multicast address", text);
	memcpy(ret, mac, sizeof(mac));
	return 0;
}

/* --- what ends it ---------------------------------------------------------------------
 */

static void on_stack(struct loop *l, int fd, uint32_t events, void *arg)
{
	struct run *r = arg;

	loop_stop(l, err_set(r->e, -EPIPE, "the network process has died"));
}

static void on_watch(struct loop *l, int fd, uint32_t events, void *arg)
{
	struct run *r = arg;

	/* A command's namespace goes before its exit code is known. */
	if (annex_ended(&r->annex) && !r->s->child)
		loop_stop(l, 0);
}

static void on_exit_fd(struct loop *l, int fd, uint32_t events, void *arg)
{
	loop_stop(l, 0);
}

static void on_signal(struct loop *l, int signo, void *arg)
{
	const struct run *r = arg;

	if (r->s->child)
		kill(r->s->child, signo);
	else
		loop_stop(l, 0);
}

/* The terminal's signals are for the command, if there is one. */
static void on_terminal(struct loop *l, int signo, void *arg)
{
	const struct run *r = arg;

	if (!r->s->child)
		loop_stop(l, 0);
}

static void on_child(struct loop *l, int signo, void *arg)
{
	const struct run *r = arg;
	int status;

	if (!r->s->child || waitpid(r->s->child, &status, WNOHANG) != r->s->child)
		return;
	loop_stop(l, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void on_tick(struct loop *l, void *arg)
{
	struct run *r = arg;

	if (r->s->alive && access(r->s->alive, F_OK) != 0) {
		loop_stop(l, 0);
		return;
	}
	autoport_scan(&r->autos);
	loop_timer_set(r->tick, TICK_MS);
}

static void on_api(struct loop *l, int fd, uint32_t events, void *arg)
{
	struct run *r = arg;
	int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	if (conn >= 0)
		hostfwd_serve(&r->fwds, conn);
}

static int watch_all(struct run *r, struct err *e)
{
	struct loop *l = r->loop;
	bool ok = loop_io_add(l, r->main_fd, EPOLLIN | EPOLLRDHUP, on_stack, r) &&
		  loop_io_add(l, r->annex.watch, EPOLLIN, on_watch, r) &&
		  loop_signal(l, SIGTERM, on_signal, r) == 0 &&
		  loop_signal(l, SIGHUP, on_signal, r) == 0 &&
		  loop_signal(l, SIGINT, on_terminal, r) == 0 &&
		  loop_signal(l, SIGQUIT, on_terminal, r) == 0 &&
		  loop_signal(l, SIGCHLD, on_child, r) == 0;

	if (ok && r->s->exit_fd >= 0)
		ok = loop_io_add(l, r->s->exit_fd, EPOLLIN, on_exit_fd, r);
	if (ok && r->api_fd >= 0)
		ok = loop_io_add(l, r->api_fd, EPOLLIN, on_api, r);
	if (ok && (r->s->alive || autoport_wanted(&r->autos)))
		ok = (r->tick = loop_timer_add(l, TICK_MS, on_tick, r));
	return ok ? 0 : err_sys(e, "watch the network");
}

/* --- the start ------------------------------------------------------------------------
 */

static int open_api(struct run *r, struct err *e)
{
	r->api_fd = -1;
	if (!r->s->api)
		return 0;
	r->api_fd = fd_unix_listen(AT_FDCWD, r->s->api, SOCK_STREAM);
	r->fwds.hookup = &r->hookup;
	return r->api_fd < 0 ? err_code(e, r->api_fd, "listen on '%s'", r->s->api) : 0;
}

static int raise_all(struct run *r, struct err *e)
{
	const struct standalone *s = r->s;
	int c = annex_open(&s->plan, r->target, &r->annex, e);

	if (c < 0)
		return c;
	r->hookup.target = r->target;
	r->hookup.place.loopback = s->loopback;
	r->hookup.place.closed = s->closed;
	c = hookup_open(&r->hookup, &s->plan, &r->annex, e);
	annex_leave(&r->annex);
	if (c < 0)
		return c;
	r->main_fd = hookup_add(&r->hookup, s->ports, s->ports_len, NULL, e);
	if (r->main_fd < 0)
		return r->main_fd;
	if ((c = open_api(r, e)) < 0)
		return c;
	c = autoport_open(&r->autos, s, &r->hookup, e);
	/* Its last process gone, the namespace is to end, whoever looked on. */
	if (!autoport_wanted(&r->autos))
		nstarget_done(r->target);
	return c;
}

static int serve(struct run *r, struct err *e)
{
	int c = raise_all(r, e);

	r->loop = c < 0 ? NULL : loop_new();
	if (r->loop)
		c = watch_all(r, e);
	if (c == 0 && r->s->ready)
		c = r->s->ready(r->s->arg, e);
	return c < 0 ? c : loop_run(r->loop);
}

int standalone_run(const struct standalone *s, struct nstarget *t, struct err *e)
{
	struct run r = { .s = s,
			 .target = t,
			 .e = e,
			 .annex = { .pidfd = -1, .watch = -1, .sock = -1 },
			 .main_fd = -1,
			 .api_fd = -1 };
	int c = serve(&r, e);

	autoport_done(&r.autos);
	hostfwd_done(&r.fwds);
	if (r.api_fd >= 0)
		unlink(s->api);
	fd_close(r.api_fd);
	fd_close(r.main_fd);
	hookup_done(&r.hookup);
	annex_done(&r.annex);
	loop_free(r.loop);
	return c;
}
