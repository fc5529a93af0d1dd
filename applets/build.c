/* SPDX-License-Identifier: Apache-2.0 */
/* rootless build */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/host.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/cli/applet.h"
#include "core/engine/build.h"

struct build {
	char *file, *iidfile, *network, *platform, *progress, *target;
	struct strv add_host, build_arg, build_context, cap_add, cap_drop, label, secret,
		security_opt, tag, ulimit;
	uint64_t memory, shm_size;
	bool force_rm, load, no_cache, pull, quiet, rm, squash;
};

static const struct opt opts[] = {
	OPT_LIST(struct build, add_host, 0, "add-host", "list",
		 "Add a custom host-to-IP mapping (\"host:ip\")"),
	OPT_LIST(struct build, build_arg, 0, "build-arg", "list",
		 "Set build-time variables"),
	OPT_LIST(struct build, build_context, 0, "build-context", "list",
		 "Additional build contexts (e.g., name=path)"),
	OPT_LIST(struct build, cap_add, 0, "cap-add", "list",
		 "Add Linux capabilities to RUN's containers"),
	OPT_LIST(struct build, cap_drop, 0, "cap-drop", "list",
		 "Drop Linux capabilities of RUN's containers"),
	OPT_STRING(struct build, file, 'f', "file", "string",
		   "Name of the Dockerfile (default: \"PATH/Dockerfile\")"),
	OPT_BOOL(struct build, force_rm, 0, "force-rm",
		 "Always remove intermediate containers (it is always so)"),
	OPT_STRING(struct build, iidfile, 0, "iidfile", "string",
		   "Write the image ID to a file"),
	OPT_LIST(struct build, label, 0, "label", "list", "Set metadata for an image"),
	OPT_BOOL(struct build, load, 0, "load",
		 "Put the image among the others (it is always so)"),
	OPT_SIZE(struct build, memory, 'm', "memory", "Memory limit of RUN's containers"),
	OPT_STRING(struct build, network, 0, "network", "string",
		   "Set the networking mode for the \"RUN\" instructions during build "
		   "(default \"default\")"),
	OPT_BOOL(struct build, no_cache, 0, "no-cache",
		 "Do not use cache when building the image"),
	OPT_STRING(struct build, platform, 0, "platform", "string",
		   "Set target platform for build"),
	OPT_STRING_DEF(struct build, progress, 0, "progress", "string",
		       "Set type of progress output (\"auto\", \"plain\", \"quiet\")",
		       "auto"),
	OPT_BOOL(struct build, pull, 0, "pull",
		 "Always attempt to pull all referenced images"),
	OPT_BOOL(struct build, quiet, 'q', "quiet",
		 "Suppress the build output and print image ID on success"),
	OPT_BOOL_DEF(struct build, rm, 0, "rm",
		     "Remove intermediate containers after a successful build", "true"),
	OPT_LIST(struct build, secret, 0, "secret", "list",
		 "Secret to expose to the build (format: "
		 "\"id=mysecret[,src=/local/secret]\")"),
	OPT_LIST(struct build, security_opt, 0, "security-opt", "list",
		 "Security options of RUN's containers"),
	OPT_SIZE(struct build, shm_size, 0, "shm-size",
		 "Shared memory size for RUN's containers"),
	OPT_BOOL(struct build, squash, 0, "squash",
		 "Squash newly built layers into a single new layer"),
	OPT_LIST(struct build, tag, 't', "tag", "list",
		 "Name and optionally a tag in the \"name:tag\" format"),
	OPT_STRING(struct build, target, 0, "target", "string",
		   "Set the target build stage to build"),
	OPT_LIST(struct build, ulimit, 0, "ulimit", "list", "Ulimit options"),
	OPT_END,
};

/* --- what is shown: plain progress, on stderr as docker has it -------------------------
 */

struct view {
	bool quiet;
	int64_t begun;
	struct buf line; /* of output, not yet ended */
	struct buf all;  /* when quiet: shown if it fails */
};

static double seconds(const struct view *v)
{
	return (double)(time_monotonic() - v->begun) / 1e9;
}

static void say(struct view *v, const char *text)
{
	if (v->quiet)
		buf_adds(&v->all, text);
	else
		fputs(text, stderr);
}

static void begin(void *arg, unsigned n, const char *title)
{
	struct view *v = arg;
	autofree char *text = str_fmt("#%u %s\n", n, title);

	v->begun = time_monotonic();
	say(v, text);
}

static void end_line(struct view *v, unsigned n)
{
	autobuf shown = { 0 };

	/* Colours stay, as they do with docker; a carriage return ends a line too. */
	buf_addf(&shown, "#%u %.3f ", n, seconds(v));
	buf_add(&shown, buf_str(&v->line), v->line.len);
	buf_addc(&shown, '\n');
	say(v, buf_str(&shown));
	buf_reset(&v->line);
}

static void output(void *arg, unsigned n, const void *p, size_t len)
{
	struct view *v = arg;
	const char *text = p;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			end_line(v, n);
		else if (buf_addc(&v->line, text[i]) < 0 || v->line.len >= 65536)
			end_line(v, n);
	}
}

static void end(void *arg, unsigned n, const char *how)
{
	struct view *v = arg;
	autofree char *text = str_eq(how, "DONE")
				      ? str_fmt("#%u DONE %.1fs\n\n", n, seconds(v))
				      : str_fmt("#%u %s\n\n", n, how);

	if (v->line.len)
		end_line(v, n);
	say(v, text);
}

static void warn(void *arg, const char *sentence)
{
	(void)arg;
	log_warn("%s", sentence);
}

/* --- the verb ------------------------------------------------------------------------
 */

static int check(const struct build *o, struct err *e)
{
	static const char *const modes[] = { "auto", "plain", "quiet", "tty" };
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		known |= str_eq(o->progress, modes[i]);
	if (!known)
		return err_set(e, -EINVAL, "invalid progress mode: %s", o->progress);
	if (!o->rm)
		return err_set(e, -EOPNOTSUPP,
			       "--rm=false is not supported: containers of a build are "
			       "always removed");
	if (str_eq(o->progress, "tty"))
		return err_set(e, -EOPNOTSUPP,
			       "progress mode tty is not supported: use plain");
	return 0;
}

static int write_iidfile(const char *path, const struct digest *id, struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	int r;

	digest_text(text, id);
	r = file_replace_nosync(AT_FDCWD, path, text, strlen(text), 0644);
	return r < 0 ? err_code(e, r, "write '%s'", path) : 0;
}

static int run(struct host *h, const struct build *o, const char *context, struct err *e)
{
	struct view shown = { .quiet = o->quiet || str_eq(o->progress, "quiet") };
	const struct build_view view = { begin, output, end, warn, &shown };
	const struct build_options bo = {
		.context = context,
		.file = o->file,
		.input = STDIN_FILENO,
		.target = o->target,
		.platform = o->platform,
		.network = o->network,
		.tags = o->tag,
		.args = o->build_arg,
		.contexts = o->build_context,
		.labels = o->label,
		.secrets = o->secret,
		.add_host = o->add_host,
		.ulimits = o->ulimit,
		.cap_add = o->cap_add,
		.cap_drop = o->cap_drop,
		.security_opt = o->security_opt,
		.shm_size = o->shm_size,
		.memory = o->memory,
		.no_cache = o->no_cache,
		.pull = o->pull,
		.squash = o->squash,
	};
	char text[DIGEST_TEXT_MAX];
	struct digest id;
	int r = build_image(&h->store, &h->config, &bo, &view, &id, e);

	if (r < 0 && shown.all.len)
		fputs(buf_str(&shown.all), stderr);
	buf_done(&shown.all);
	buf_done(&shown.line);
	if (r >= 0 && o->iidfile)
		r = write_iidfile(o->iidfile, &id, e);
	if (r >= 0 && shown.quiet)
		printf("%s\n", digest_text(text, &id));
	return r;
}

static int build_main(void *opts_, char **args)
{
	const struct build *o = opts_;
	autohost h = { 0 };
	struct err e = { 0 };

	/* A stale one would be taken for this build's. */
	if (o->iidfile)
		unlink(o->iidfile);
	if (check(o, &e) < 0 || host_open(&h, &e) < 0 || run(&h, o, args[0], &e) < 0)
		return host_fail(&e, 1);
	return 0;
}

const struct applet build_applet = {
	.name = "build",
	.args = "[OPTIONS] PATH | URL | -",
	.summary = "Build an image from a Dockerfile",
	.group = GROUP_COMMON,
	.opts = opts,
	.opts_size = sizeof(struct build),
	.min_args = 1,
	.max_args = 1,
	.main = build_main,
};
