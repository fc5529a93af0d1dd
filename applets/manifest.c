/* SPDX-License-Identifier: Apache-2.0 */
/* rootless manifest: what a registry says an image is. */
#include <errno.h>
#include <string.h>

#include "applets/host.h"
#include "core/cli/applet.h"
#include "core/engine/manifestview.h"

struct manifest_inspect {
	bool insecure, verbose;
};

static const struct opt inspect_opts[] = {
	OPT_BOOL(struct manifest_inspect, insecure, 0, "insecure",
		 "Allow communication with an insecure registry"),
	OPT_BOOL(struct manifest_inspect, verbose, 'v', "verbose",
		 "Output additional info including layers and platform"),
	OPT_END,
};

/* As docker prints it: indented by tabs. */
static int print(const yyjson_mut_doc *doc, struct err *e)
{
	autobuf text = { 0 };
	int r = json_print(&text, doc, true);

	if (r < 0)
		return err_code(e, r, "print the manifest");
	for (const char *line = buf_str(&text); *line;) {
		size_t spaces = strspn(line, " "), n = strcspn(line, "\n");

		for (size_t i = 0; i < spaces; i += 2)
			putchar('\t');
		printf("%.*s\n", (int)(n - spaces), line + spaces);
		line += n + (line[n] == '\n');
	}
	return 0;
}

static int inspect_main(void *opts_, char **args)
{
	const struct manifest_inspect *o = opts_;
	const struct manifestview v = { args[0], o->verbose, o->insecure };
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *found = NULL;
	autohost h = { 0 };
	struct err e = { 0 };

	if (host_open(&h, &e) < 0 ||
	    manifestview_read(&h.config, &v, doc, &found, &e) < 0)
		return host_fail(&e, 1);
	yyjson_mut_doc_set_root(doc, found);
	return print(doc, &e) < 0 ? host_fail(&e, 1) : 0;
}

static const struct applet verb_inspect = {
	.name = "inspect",
	.args = "[OPTIONS] MANIFEST",
	.summary = "Display an image manifest, or manifest list",
	.group = GROUP_COMMAND,
	.opts = inspect_opts,
	.opts_size = sizeof(struct manifest_inspect),
	.min_args = 1,
	.max_args = 1,
	.main = inspect_main,
};

static const struct applet_verb verbs[] = {
	{ "inspect", &verb_inspect },
	{ NULL, NULL },
};

const struct applet manifest_applet = {
	.name = "manifest",
	.args = "COMMAND",
	.summary = "Show image manifests and manifest lists",
	.group = GROUP_MANAGEMENT,
	.verbs = verbs,
	.max_args = -1,
};
