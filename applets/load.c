/* SPDX-License-Identifier: Apache-2.0 */
/* rootless load */
#include <fcntl.h>
#include <unistd.h>

#include "applets/host.h"
#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/cli/progress.h"
#include "core/engine/imagefile.h"

struct load {
	char *input;
	bool quiet;
};

static const struct opt opts[] = {
	OPT_STRING(struct load, input, 'i', "input", "string",
		   "Read from tar archive file, instead of STDIN"),
	OPT_BOOL(struct load, quiet, 'q', "quiet", "Suppress the load output"),
	OPT_REFUSED("platform", "of an archive the image of this machine is taken"),
	OPT_END,
};

static void show(void *arg, const char *id, const char *status, uint64_t done,
		 uint64_t total)
{
	progress_update(arg, id, status, done, total);
}

static int load_main(void *opts_, char **args)
{
	const struct load *o = opts_;
	autohost h = { 0 };
	autostrv names = { 0 };
	struct err e = { 0 };
	struct progress *p;
	int r;

	if (!o->input && isatty(STDIN_FILENO)) {
		log_error("requested load from stdin, but stdin is empty");
		return 1;
	}
	autoclose int fd = o->input ? open(o->input, O_RDONLY | O_CLOEXEC) : -1;
	if (o->input && fd < 0) {
		err_sys(&e, "open '%s'", o->input);
		return host_fail(&e, 1);
	}
	if (host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	/* Layer progress only where someone watches it, as docker does. */
	p = progress_new(STDOUT_FILENO, o->quiet || !isatty(STDOUT_FILENO));
	r = imagefile_load(&h.store, &h.config, o->input ? fd : STDIN_FILENO, show, p,
			   &names, &e);
	progress_free(p);
	for (size_t n = 0; n < names.len; n++)
		printf("Loaded image%s: %s\n",
		       str_starts(names.v[n], "sha256:") ? " ID" : "", names.v[n]);
	return r < 0 ? host_fail(&e, 1) : 0;
}

const struct applet load_applet = {
	.name = "load",
	.args = "[OPTIONS]",
	.summary = "Load an image from a tar archive or STDIN",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct load),
	.max_args = 0,
	.main = load_main,
};
