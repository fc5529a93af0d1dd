/* SPDX-License-Identifier: Apache-2.0 */
/* rootless export */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "applets/host.h"
#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/engine/container_end.h"
#include "core/engine/copy.h"

struct export
{
	char *output;
};

static const struct opt opts[] = {
	OPT_STRING(struct export, output, 'o', "output", "string",
		   "Write to a file, instead of STDOUT"),
	OPT_END,
};

/* Written beside the file, which it becomes when it is whole. */
static int export_file(struct host *h, const struct container *c, const char *path,
		       struct err *e)
{
	autofree char *temp = str_fmt("%s.rootless-%d", path, (int)getpid());
	autoclose int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_sys(e, "failed to export container: open '%s'", path);
	int r = copy_export(&h->store, c, fd, e);
	if (r == 0 && rename(temp, path))
		r = err_sys(e, "write '%s'", path);
	if (r < 0)
		unlink(temp);
	else
		container_end_tell(&h->store, c->id, "export");
	return r;
}

static int export(struct host *h, const struct container *c, const char *path,
		  struct err *e)
{
	bool running =
		c->state.status == STATE_RUNNING || c->state.status == STATE_PAUSED;
	autoclose int lock = running ? -1 : container_end_lock(c->dirfd, c->name, e);

	if (!running && lock < 0)
		return lock;
	if (path)
		return export_file(h, c, path, e);
	int r = copy_export(&h->store, c, STDOUT_FILENO, e);
	if (r == 0)
		container_end_tell(&h->store, c->id, "export");
	return r;
}

static int export_main(void *opts_, char **args)
{
	const struct export *o = opts_;
	autodone(container_done) struct container c = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };

	if (!o->output && isatty(STDOUT_FILENO)) {
		log_error("cowardly refusing to save to a terminal. Use the -o flag or "
			  "redirect");
		return 1;
	}
	if (host_open(&h, &e) < 0 || container_open(&h.store, args[0], &c, &e) < 0 ||
	    export(&h, &c, o->output, &e) < 0)
		return host_fail(&e, 1);
	return 0;
}

const struct applet export_applet = {
	.name = "export",
	.args = "[OPTIONS] CONTAINER",
	.summary = "Export a container's filesystem as a tar archive",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct export),
	.min_args = 1,
	.max_args = 1,
	.main = export_main,
};
