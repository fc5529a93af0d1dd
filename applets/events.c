/* SPDX-License-Identifier: Apache-2.0 */
/* rootless events */
#include "core/engine/events.h"

#include <errno.h>

#include "applets/host.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/cli/applet.h"
#include "core/cli/format.h"

struct events {
	struct strv filter;
	char *format, *since, *until;
};

static const struct opt opts[] = {
	OPT_LIST(struct events, filter, 'f', "filter", "filter",
		 "Filter output based on conditions provided"),
	OPT_STRING(struct events, format, 0, "format", "string",
		   "Format output using a custom template:\n"
		   "'json':             Print in JSON format\n"
		   "'TEMPLATE':         Print output using the given Go template.\n"
		   "Refer to https://docs.docker.com/go/formatting/ for more information "
		   "about formatting output with templates"),
	OPT_STRING(struct events, since, 0, "since", "string",
		   "Show all events created since timestamp"),
	OPT_STRING(struct events, until, 0, "until", "string",
		   "Stream events until this timestamp"),
	OPT_END,
};

struct show {
	struct format *format; /* NULL: docker's line */
	bool json;
};

static int show_one(yyjson_val *event, void *arg)
{
	const struct show *s = arg;
	autobuf out = { 0 };
	struct err e = { 0 };

	if (s->json) {
		json_print_val(&out, event, false);
	} else if (s->format) {
		autojson_mut *doc = yyjson_mut_doc_new(NULL);
		autojson *row = yyjson_mut_val_imut_copy(events_row(event, doc), NULL);
		if (format_run(s->format, yyjson_doc_get_root(row), &out, &e) < 0)
			return -host_fail(&e, EINVAL);
	} else {
		events_line(event, &out);
	}
	printf("%s\n", buf_str(&out));
	return fflush(stdout) ? -EPIPE : 0;
}

static int parse_time(const char *text, const char *flag, int64_t *ret, struct err *e)
{
	if (text && time_since(text, time_now(), ret) < 0)
		return err_set(e, -EINVAL, "invalid value for \"%s\": '%s' is not a time",
			       flag, text);
	return 0;
}

static int events_main(void *opts_, char **args)
{
	const struct events *o = opts_;
	autodone(pick_done) struct pick p = { 0 };
	struct events_options how = { .pick = &p };
	struct show show = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	int r;

	show.json = str_eq(o->format, "json") || str_eq(o->format, "{{json .}}");
	if (parse_time(o->since, "since", &how.since, &e) < 0 ||
	    parse_time(o->until, "until", &how.until, &e) < 0 ||
	    events_pick(&p, &o->filter, &e) < 0 ||
	    (!str_empty(o->format) && format_new(o->format, &show.format, &e) < 0) ||
	    host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	r = events_watch(&h.store, &how, show_one, &show, &e);
	format_free(show.format);
	return r < 0 && e.text[0] ? host_fail(&e, 1) : r < 0;
}

const struct applet events_applet = {
	.name = "events",
	.args = "[OPTIONS]",
	.summary = "Get real time events from the server",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct events),
	.max_args = 0,
	.main = events_main,
};
