/* SPDX-License-Identifier: Apache-2.0 */
/* One look at a container's health: in a short-lived child of its monitor. */
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/container_end.h"
#include "core/engine/execute.h"
#include "core/engine/framesock.h"
#include "core/engine/health.h"
#include "core/engine/health_file.h"
#include "core/engine/netjoin.h"
#include "core/ns/pidfd.h"
#include "core/runtime/monitor.h"

#define SECOND      1000000000ll
#define CODE_FAILED (-1)

void health_begin(const struct setup *s, int container_dirfd)
{
	if (s->health_interval > 0)
		health_file_reset(container_dirfd);
}

static int command_of(const struct container *c, struct strv *args)
{
	yyjson_val *config = yyjson_obj_get(yyjson_doc_get_root(c->record), "Config");
	yyjson_val *check = yyjson_obj_get(config, "Healthcheck");
	autostrv test = { 0 };

	json_get_strv(check, "Test", &test, NULL);
	if (test.len < 2)
		return -ENOENT;
	if (str_eq(test.v[0], "CMD-SHELL"))
		json_get_strv(config, "Shell", args, NULL);
	if (str_eq(test.v[0], "CMD-SHELL") && !args->len) {
		strv_add(args, "/bin/sh");
		strv_add(args, "-c");
	}
	strv_addv(args, strv_view(&test) + 1);
	return 0;
}

static void limit_wait(int sock, int64_t ns)
{
	struct timeval t = { .tv_sec = ns / SECOND, .tv_usec = ns % SECOND / 1000 };

	if (ns < 1000)
		t.tv_usec = 1; /* 0 would be for ever */
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
}

static void take_output(struct buf *out, const struct frame *f)
{
	size_t room = HEALTH_FILE_OUTPUT_MAX - out->len;

	if (out->len >= HEALTH_FILE_OUTPUT_MAX)
		return;
	buf_add(out, f->payload, f->size < room ? f->size : room);
	if (f->size > room)
		buf_adds(out, "...");
}

/* The exit code; -ETIMEDOUT when it took longer than it may. */
static int hear(int sock, int64_t timeout, struct buf *out)
{
	autodone(framesock_done) struct framesock f = { .fd = sock };
	int64_t end = time_monotonic() + timeout;
	struct err e = { 0 };
	struct frame frame;
	int r;

	for (;;) {
		int64_t left = end - time_monotonic();

		if (left <= 0)
			return -ETIMEDOUT;
		limit_wait(sock, left);
		r = framesock_next(&f, &frame);
		if (r == -EAGAIN)
			continue;
		if (r <= 0)
			return -EPIPE;
		if (frame.stream == FRAME_STDOUT || frame.stream == FRAME_STDERR)
			take_output(out, &frame);
		if (frame.stream == FRAME_ERROR) {
			framesock_error(&frame, &e);
			buf_adds(out, e.text);
		}
		if (frame.stream == FRAME_EXIT)
			return framesock_exit_code(&frame);
	}
}

static int run(const struct store *s, const struct setup *setup,
	       const struct container *c, struct buf *out)
{
	autodone(strv_done) struct strv args = { 0 };
	struct err e = { 0 };
	pid_t pid = 0;

	if (command_of(c, &args) < 0)
		return CODE_FAILED;
	const struct execute_spec x = { .args = args, .ret_pid = &pid };
	autoclose int sock = execute_start(s, c, &x, &e);
	if (sock < 0) {
		buf_adds(out, e.text);
		return CODE_FAILED;
	}
	autoclose int process = pid > 0 ? pidfd_open(pid) : -1;
	int code = hear(sock, setup->health_timeout, out);
	if (code >= 0)
		return code;
	if (process >= 0)
		pidfd_signal(process, SIGKILL);
	if (code == -ETIMEDOUT) {
		autofree char *said = str_dup(buf_str(out));

		buf_reset(out);
		buf_addf(out, "Health check exceeded timeout (%gs)%s%s",
			 (double)setup->health_timeout / (double)SECOND,
			 *said ? ": " : "", said);
	}
	return CODE_FAILED;
}

static int status_number(const char *status)
{
	return str_eq(status, "healthy")     ? MONITOR_HEALTH_HEALTHY
	       : str_eq(status, "unhealthy") ? MONITOR_HEALTH_UNHEALTHY
					     : MONITOR_HEALTH_STARTING;
}

int health_probe(const struct setup *setup)
{
	autodone(store_done) struct store s = { 0 };
	autodone(container_done) struct container c = { .dirfd = -1 };
	autobuf out = { 0 };
	struct health_file_look look = { .start = time_now(),
					 .retries = setup->health_retries };
	const char *status;
	bool changed;

	if (netjoin_store(setup, &s) < 0 || container_open(&s, setup->id, &c, NULL) < 0 ||
	    c.state.status != STATE_RUNNING)
		return MONITOR_HEALTH_SAME;
	look.young = look.start - c.state.started < setup->health_start_period;
	look.exit_code = run(&s, setup, &c, &out);
	look.end = time_now();
	look.output = buf_str(&out);
	/* It has ended meanwhile, or was frozen: that says nothing of its health. */
	if (look.exit_code < 0 &&
	    (container_end_read_state(c.dirfd, &c.state, NULL) < 0 ||
	     c.state.status != STATE_RUNNING))
		return MONITOR_HEALTH_SAME;
	if (health_file_add(c.dirfd, &look, &status, &changed) < 0)
		return MONITOR_HEALTH_SAME;
	if (changed) {
		autofree char *action = str_fmt("health_status: %s", status);

		container_end_tell(&s, c.id, action);
	}
	return status_number(status);
}
