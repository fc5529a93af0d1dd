/* SPDX-License-Identifier: Apache-2.0 */
/* rootless manifest: what a registry says an image is. */
#include <errno.h>
#include <string.h>

#include "applets/host.h"
#include "core/base/str.h"
#include "core/cli/applet.h"

struct manifest_inspect {
	bool insecure;
};

static const struct opt inspect_opts[] = {
	OPT_BOOL(struct manifest_inspect, insecure, 0, "insecure",
		 "Allow communication with an insecure registry"),
	OPT_END,
};

/* As docker prints it: indented by tabs. */
static int print(const struct buf *body, struct err *e)
{
	autojson *doc = NULL;
	autobuf text = { 0 };
	int r = json_parse(buf_str(body), body->len, "the manifest", &doc, e);

	if (r == 0)
		r = json_print_val(&text, yyjson_doc_get_root(doc), true);
	if (r < 0)
		return e->code < 0 ? r : err_code(e, r, "print the manifest");
	for (const char *line = buf_str(&text); *line;) {
		size_t spaces = strspn(line, " "), n = strcspn(line, "\n");

		for (size_t i = 0; i < spaces; i += 2)
			putchar('\t');
		printf("%.*s\n", (int)(n - spaces), line + spaces);
		line += n + (line[n] == '\n');
	}
	return 0;
}

static int inspect(struct host *h, const char *what, bool insecure, struct err *e)
{
	char type[DESCRIPTOR_MEDIA_MAX], text[DIGEST_TEXT_MAX];
	autodone(reference_done) struct reference ref = { 0 };
	autobuf body = { 0 };
	struct registry *registry = NULL;
	struct digest digest;
	int r = reference_parse(what, &ref, e);

	if (r < 0)
		return r;
	if (insecure)
		strv_add(&h->config.registry.insecure, ref.registry);
	r = registry_open(&ref, &h->config.registry, &registry, e);
	if (r == 0)
		r = registry_manifest(registry,
				      digest_is_set(&ref.digest)
					      ? digest_text(text, &ref.digest)
					      : ref.tag,
				      &body, type, &digest, e);
	registry_free(registry);
	return r < 0 ? r : print(&body, e);
}

static int inspect_main(void *opts_, char **args)
{
	const struct manifest_inspect *o = opts_;
	autohost h = { 0 };
	struct err e = { 0 };

	if (host_open(&h, &e) < 0 || inspect(&h, args[0], o->insecure, &e) < 0)
		return host_fail(&e, 1);
	return 0;
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
