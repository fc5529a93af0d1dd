/* SPDX-License-Identifier: Apache-2.0 */
/* rootless logs */
#include <errno.h>
#include <unistd.h>

#include "applets/host.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/cli/applet.h"
#include "core/engine/logs.h"

struct logs {
	bool details, follow, timestamps;
	char *since, *tail, *until;
};

static const struct opt opts[] = {
	OPT_BOOL(struct logs, details, 0, "details",
		 "Show extra details provided to logs"),
	OPT_BOOL(struct logs, follow, 'f', "follow", "Follow log output"),
	OPT_STRING(
		struct logs, since, 0, "since", "string",
		"Show logs since timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative "
		"(e.g. \"42m\" for 42 minutes)"),
	OPT_STRING_DEF(struct logs, tail, 'n', "tail", "string",
		       "Number of lines to show from the end of the logs", "all"),
	OPT_BOOL(struct logs, timestamps, 't', "timestamps", "Show timestamps"),
	OPT_STRING(struct logs, until, 0, "until", "string",
		   "Show logs before a timestamp (e.g. \"2013-01-02T13:23:37Z\") or "
		   "relative (e.g. \"42m\" for 42 minutes)"),
	OPT_END,
};

static int write_piece(void *arg, bool is_stderr, int64_t time, const char *text,
		       size_t n)
{
	FILE *out = is_stderr ? stderr : stdout;

	if (fwrite(text, 1, n, out) != n || fflush(out))
		return -EPIPE;
	return 0;
}

static int parse_time(const char *text, const char *flag, int64_t *ret, struct err *e)
{
	if (text && time_since(text, time_now(), ret) < 0)
		return err_set(e, -EINVAL, "invalid value for \"%s\": '%s' is not a time",
			       flag, text);
	return 0;
}

static int parse(const struct logs *l, struct logs_options *o, struct err *e)
{
	int r = parse_time(l->since, "since", &o->since, e);

	o->follow = l->follow;
	o->timestamps = l->timestamps;
	o->details = l->details;
	o->want_stdout = o->want_stderr = true;
	/* As docker: what is no number means all. */
	if (str_i64(l->tail, 0, INT64_MAX, &o->tail) < 0)
		o->tail = -1;
	return r < 0 ? r : parse_time(l->until, "until", &o->until, e);
}

static int logs_main(void *opts_, char **args)
{
	struct logs_options o = { 0 };
	struct container c = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	int r;

	if (parse(opts_, &o, &e) < 0 || host_open(&h, &e) < 0 ||
	    container_open(&h.store, args[0], &c, &e) < 0)
		return host_fail(&e, 1);
	r = logs_read(&h.store, &c, &o, write_piece, NULL, &e);
	container_done(&c);
	return r < 0 && e.text[0] ? host_fail(&e, 1) : r < 0;
}

const struct applet logs_applet = {
	.name = "logs",
	.args = "[OPTIONS] CONTAINER",
	.summary = "Fetch the logs of a container",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct logs),
	.min_args = 1,
	.max_args = 1,
	.main = logs_main,
};
