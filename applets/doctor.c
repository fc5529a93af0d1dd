/* SPDX-License-Identifier: Apache-2.0 */
/* rootless doctor */
#include "core/engine/doctor.h"

#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/cli/applet.h"
#include "core/wire/json.h"

struct doctor {
	bool json;
};

static const struct opt opts[] = {
	OPT_BOOL(struct doctor, json, 0, "json", "Print an array of objects"),
	OPT_END,
};

struct show {
	yyjson_mut_doc *doc; /* NULL: text */
	unsigned count[3];
};

static void print_row(void *arg, const struct doctor_row *row)
{
	struct show *s = arg;
	yyjson_mut_val *o;

	s->count[row->verdict]++;
	if (!s->doc) {
		printf("%-8s %-24s %s\n", doctor_verdict_name(row->verdict), row->name,
		       row->answer);
		if (row->verdict != DOCTOR_OK)
			printf("         tried:   %s\n         fix:     %s\n"
			       "         without: %s\n",
			       row->tried, row->fix, row->without);
		fflush(stdout);
		return;
	}
	o = yyjson_mut_arr_add_obj(s->doc, yyjson_mut_doc_get_root(s->doc));
	json_add_str(s->doc, o, "name", row->name);
	json_add_str(s->doc, o, "verdict", doctor_verdict_name(row->verdict));
	json_add_str(s->doc, o, "tried", row->tried);
	json_add_str(s->doc, o, "answer", row->answer);
	json_add_str(s->doc, o, "fix", row->fix);
	json_add_str(s->doc, o, "without", row->without);
}

static int doctor_main(void *opts_, char **args)
{
	const struct doctor *o = opts_;
	autojson_mut *doc = o->json ? yyjson_mut_doc_new(NULL) : NULL;
	struct show s = { .doc = doc };
	autobuf text = { 0 };
	struct err e = { 0 };

	if (doc)
		yyjson_mut_doc_set_root(doc, yyjson_mut_arr(doc));
	if (doctor_run(print_row, &s, &e) < 0) {
		log_error("%s", e.text);
		return 1;
	}
	if (doc) {
		json_print(&text, doc, true);
		printf("%s\n", buf_str(&text));
	} else {
		printf("%u ok, %u reduced, %u missing\n", s.count[DOCTOR_OK],
		       s.count[DOCTOR_REDUCED], s.count[DOCTOR_MISSING]);
	}
	return s.count[DOCTOR_MISSING] > 0;
}

const struct applet doctor_applet = {
	.name = "doctor",
	.args = "[OPTIONS]",
	.summary = "Try each thing this host has to give, and say how to fix what is "
		   "missing",
	.details =
		"Each probe really does what containers need, in a process of its own, "
		"and shows what the\nkernel answered, the fix, and what still works "
		"without it. The exit code is 1 when\nsomething is missing that "
		"containers "
		"cannot do without.",
	.group = GROUP_HOST,
	.opts = opts,
	.opts_size = sizeof(struct doctor),
	.max_args = 0,
	.main = doctor_main,
};
