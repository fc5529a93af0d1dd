/* SPDX-License-Identifier: Apache-2.0 */
/* rootless save */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/host.h"
#include "applets/images.h"
#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/engine/imagefile.h"

struct save {
	char *output, *format, *platform;
};

static const struct opt opts[] = {
	OPT_STRING_DEF(
		struct save, format, 0, "format", "string",
		"Format of the archive (docker-archive, oci-archive: one file that "
		"is both; oci-dir: a folder, with --output)",
		"docker-archive"),
	OPT_STRING(struct save, output, 'o', "output", "string",
		   "Write to a file, instead of STDOUT"),
	OPT_STRING(struct save, platform, 0, "platform", "string",
		   "Save only the given platform (\"os[/arch[/variant]]\")"),
	OPT_END,
};

static int begin(const char *path, bool dir)
{
	if (!dir)
		return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return mkdir(path, 0755) ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Beside the target first, so that a failure leaves no half archive under its name. */
static int save_aside(const struct store *s, const struct strv *names, const char *path,
		      bool dir, struct err *e)
{
	autofree char *temporary = str_fmt("%s.tmp-%d", path, (int)getpid());
	autoclose int fd = begin(temporary, dir);
	int r;

	if (fd < 0)
		return err_sys(e, "save '%s'", path);
	r = imagefile_save(s, names, fd, e);
	/* an empty folder makes room for a folder, anything else stays */
	if (r >= 0 && rename(temporary, path))
		r = err_sys(e, "save '%s'", path);
	if (r < 0)
		file_remove_tree(AT_FDCWD, temporary);
	return r;
}

static int check_format(const struct save *o, bool *ret_dir, struct err *e)
{
	*ret_dir = str_eq(o->format, "oci-dir");
	if (!*ret_dir && !str_eq(o->format, "docker-archive") &&
	    !str_eq(o->format, "oci-archive"))
		return err_set(e, -EINVAL,
			       "unknown format '%s': must be docker-archive, oci-archive "
			       "or oci-dir",
			       o->format);
	if (*ret_dir && !o->output)
		return err_set(e, -EINVAL,
			       "--format oci-dir makes a folder: name it with --output");
	return 0;
}

static int save_main(void *opts_, char **args)
{
	const struct save *o = opts_;
	autohost h = { 0 };
	autostrv names = { 0 };
	struct err e = { 0 };
	bool dir;
	int r;

	strv_addv(&names, args);
	if (check_format(o, &dir, &e) < 0 ||
	    (o->platform && images_check(args, o->platform, &e) < 0))
		return host_fail(&e, 1);
	if (!o->output && isatty(STDOUT_FILENO)) {
		log_error("cowardly refusing to save to a terminal. Use the -o flag or "
			  "redirect");
		return 1;
	}
	if (host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	r = o->output ? save_aside(&h.store, &names, o->output, dir, &e)
		      : imagefile_save(&h.store, &names, STDOUT_FILENO, &e);
	return r < 0 ? host_fail(&e, 1) : 0;
}

const struct applet save_applet = {
	.name = "save",
	.args = "[OPTIONS] IMAGE [IMAGE...]",
	.summary = "Save one or more images to a tar archive (streamed to STDOUT by "
		   "default)",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct save),
	.min_args = 1,
	.max_args = -1,
	.main = save_main,
};
