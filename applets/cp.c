/* SPDX-License-Identifier: Apache-2.0 */
/* rootless cp */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "applets/host.h"
#include "core/base/fd.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/engine/container_end.h"
#include "core/engine/copy.h"
#include "core/engine/row.h"

struct cp {
	bool archive, follow, quiet, has_quiet;
};

static const struct opt opts[] = {
	OPT_BOOL(struct cp, archive, 'a', "archive",
		 "Archive mode (copy all uid/gid information)"),
	OPT_BOOL(struct cp, follow, 'L', "follow-link",
		 "Always follow symbol link in SRC_PATH"),
	OPT_GIVEN(struct cp, has_quiet, OPT_TYPE_BOOL, 'q', "quiet", NULL,
		  "Suppress progress output during copy. Progress output is "
		  "automatically suppressed if no terminal is attached",
		  NULL, OPT_CHECKED_(struct cp, quiet, bool)),
	OPT_END,
};

/* "CONTAINER:PATH" → the container's name, malloc'd, and the path; NULL for a path of the
 * host: absolute, or one that begins with a dot. */
static char *split(const char *text, const char **ret_path)
{
	const char *colon = strchr(text, ':');

	*ret_path = text;
	if (path_is_abs(text) || text[0] == '.' || !colon)
		return NULL;
	*ret_path = colon + 1;
	return str_ndup(text, (size_t)(colon - text));
}

static char *absolute(const char *path)
{
	autofree char *cwd = path_is_abs(path) ? NULL : getcwd(NULL, 0);

	return path_is_abs(path) ? str_dup(path) : path_join(cwd ? cwd : "/", path);
}

/* Only a stream that is no terminal. */
static int check_stream(bool out, struct err *e)
{
	return out && isatty(STDOUT_FILENO)
		       ? err_set(e, -EINVAL,
				 "cowardly refusing to copy to a terminal. Use a file, "
				 "or a pipe")
		       : 0;
}

static void report(uint64_t bytes, const char *name, const char *path)
{
	char size[32];

	row_size(bytes, size, sizeof(size));
	fprintf(stderr, "Successfully copied %s to %s%s%s\n", size, name ? name : "",
		name ? ":" : "", path);
}

static int copy(struct host *h, const struct cp *o, char **args, struct err *e)
{
	const char *from, *to;
	autofree char *source = split(args[0], &from), *target = split(args[1], &to);
	autodone(container_done) struct container c = { 0 };
	bool out = source != NULL, quiet = o->has_quiet ? o->quiet : !isatty(1);
	const char *outside = out ? to : from;
	uint64_t bytes = 0;
	int r;

	if (source && target)
		return err_set(e, -EINVAL, "copying between containers is not supported");
	if (!source && !target)
		return err_set(e, -EINVAL, "must specify at least one container source");
	if ((r = container_open(&h->store, out ? source : target, &c, e)) < 0)
		return r;
	autofree char *host = str_eq(outside, "-") ? NULL : absolute(outside);
	autofree char *inside = path_join("/", out ? from : to);
	struct copy x = {
		.store = &h->store,
		.container = &c,
		.inside = inside,
		.outside = host,
		.fd = out ? STDOUT_FILENO : STDIN_FILENO,
		.archive = o->archive,
		.follow = o->follow,
	};
	if (!host && (r = check_stream(out, e)) < 0)
		return r;
	/* It is not started, and does not end, under our hands. */
	bool running = c.state.status == STATE_RUNNING || c.state.status == STATE_PAUSED;
	autoclose int lock = running ? -1 : container_end_lock(c.dirfd, c.name, e);
	if (!running && lock < 0)
		return lock;
	r = out ? copy_out(&x, &bytes, e) : copy_in(&x, &bytes, e);
	if (r >= 0)
		container_end_tell(&h->store, c.id,
				   out ? "archive-path" : "extract-to-dir");
	if (r >= 0 && host && !quiet)
		report(bytes, out ? NULL : c.name, out ? host : inside);
	return r;
}

static int cp_main(void *o, char **args)
{
	autohost h = { 0 };
	struct err e = { 0 };

	if (str_empty(args[0]) || str_empty(args[1])) {
		log_error(str_empty(args[0]) ? "source can not be empty"
					     : "destination can not be empty");
		return 1;
	}
	if (host_open(&h, &e) < 0 || copy(&h, o, args, &e) < 0)
		return host_fail(&e, 1);
	return 0;
}

const struct applet cp_applet = {
	.name = "cp",
	.args = "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|- | SRC_PATH|- "
		"CONTAINER:DEST_PATH",
	.summary = "Copy files/folders between a container and the local filesystem",
	.details =
		"Use '-' as the source to read a tar archive from stdin and extract it "
		"to a directory destination in a container. Use '-' as the destination "
		"to stream a tar archive of a container source to stdout. With -a the "
		"owners are those that a bind mount would show: your own files are "
		"root's in the container.",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct cp),
	.min_args = 2,
	.max_args = 2,
	.main = cp_main,
};
