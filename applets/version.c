/* SPDX-License-Identifier: Apache-2.0 */
/* rootless version */
#include "applets/inspect.h"
#include "core/base/log.h"
#include "core/cli/applet.h"
#include "core/engine/info.h"
#include "core/engine/notices.h"

struct version {
	char *format;
	bool licenses;
};

static const struct opt opts[] = {
	OPT_STRING(struct version, format, 'f', "format", "string", INSPECT_FORMAT_HELP),
	OPT_BOOL(struct version, licenses, 0, "licenses",
		 "Print the licences of the libraries inside"),
	OPT_END,
};

static const char *str_of(yyjson_mut_val *obj, const char *key)
{
	const char *v = yyjson_mut_get_str(yyjson_mut_obj_get(obj, key));

	return v ? v : "";
}

static void line(const char *label, yyjson_mut_val *obj, const char *key, int width)
{
	const char *v = yyjson_mut_get_str(yyjson_mut_obj_get(obj, key));

	if (v)
		printf("%-*s %s\n", width, label, v);
}

static void print_text(yyjson_mut_val *v)
{
	yyjson_mut_val *c = yyjson_mut_obj_get(v, "Client");
	yyjson_mut_val *s = yyjson_mut_obj_get(v, "Server");

	printf("Client: rootless\n");
	line(" Version:", c, "Version", 18);
	line(" API version:", c, "ApiVersion", 18);
	line(" Git commit:", c, "GitCommit", 18);
	printf("%-18s %s/%s\n", " OS/Arch:", str_of(c, "Os"), str_of(c, "Arch"));
	line(" Context:", c, "Context", 18);
	printf("\nServer: rootless\n Engine:\n");
	line("  Version:", s, "Version", 18);
	printf("%-18s %s (minimum version %s)\n",
	       "  API version:", str_of(s, "ApiVersion"), str_of(s, "MinAPIVersion"));
	line("  Git commit:", s, "GitCommit", 18);
	printf("%-18s %s/%s\n", "  OS/Arch:", str_of(s, "Os"), str_of(s, "Arch"));
	line("  Kernel version:", s, "KernelVersion", 18);
}

static int print_licenses(void)
{
	autobuf text = { 0 };
	struct err e = { 0 };

	if (notices_text(&text, &e) < 0) {
		log_error("%s", e.text);
		return 1;
	}
	fputs(buf_str(&text), stdout);
	return 0;
}

static int version_main(void *opts_, char **args)
{
	const struct version *o = opts_;
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *v = info_version(doc);
	struct err e = { 0 };

	if (o->licenses)
		return print_licenses();
	if (!o->format) {
		print_text(v);
		return 0;
	}
	if (inspect_show(o->format, doc, v, &e) < 0) {
		log_error("%s", e.text);
		return 1;
	}
	return 0;
}

const struct applet version_applet = {
	.name = "version",
	.args = "[OPTIONS]",
	.summary = "Show the Docker version information",
	.group = GROUP_COMMON,
	.opts = opts,
	.opts_size = sizeof(struct version),
	.max_args = 0,
	.main = version_main,
};
