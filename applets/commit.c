/* SPDX-License-Identifier: Apache-2.0 */
/* rootless commit */
#include "core/engine/commit.h"

#include <errno.h>

#include "applets/host.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/oci/reference.h"

struct commit_opts {
	char *author, *message;
	struct strv change;
	bool pause, no_pause;
};

static const struct opt opts[] = {
	OPT_STRING(struct commit_opts, author, 'a', "author", "string",
		   "Author (e.g., \"John Hannibal Smith <hannibal@a-team.com>\")"),
	OPT_LIST(struct commit_opts, change, 'c', "change", "list",
		 "Apply Dockerfile instruction to the created image"),
	OPT_STRING(struct commit_opts, message, 'm', "message", "string",
		   "Commit message"),
	OPT_BOOL(struct commit_opts, no_pause, 0, "no-pause",
		 "Disable pausing container during commit"),
	OPT_BOOL_DEF(struct commit_opts, pause, 'p', "pause",
		     "Pause container during commit", "true"),
	OPT_END,
};

/* "repo[:tag]" → the full reference. */
static int full_name(const char *text, char **ret, struct err *e)
{
	autodone(reference_done) struct reference ref = { 0 };
	int r = reference_parse(text, &ref, e);

	if (r < 0)
		return r;
	if (digest_is_set(&ref.digest))
		return err_set(e, -EINVAL, "cannot commit to digest reference: %s", text);
	*ret = reference_full(&ref);
	return 0;
}

static int commit(struct host *h, const struct commit_opts *o, char **args, struct err *e)
{
	autodone(container_done) struct container c = { 0 };
	autofree char *name = NULL;
	struct commit how = { .author = o->author,
			      .message = o->message,
			      .changes = &o->change,
			      .pause = o->pause && !o->no_pause };
	struct digest id = { 0 };
	char text[DIGEST_TEXT_MAX];
	int r = container_open(&h->store, args[0], &c, e);

	if (r == 0 && !str_empty(args[1]))
		r = full_name(args[1], &name, e);
	if (r < 0)
		return r;
	how.reference = name;
	if ((r = commit_make(&h->store, &c, &how, &id, e)) < 0)
		return r;
	printf("%s\n", digest_text(text, &id));
	return 0;
}

static int commit_main(void *o, char **args)
{
	autohost h = { 0 };
	struct err e = { 0 };

	if (host_open(&h, &e) < 0 || commit(&h, o, args, &e) < 0)
		return host_fail(&e, 1);
	return 0;
}

const struct applet commit_applet = {
	.name = "commit",
	.args = "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
	.summary = "Create a new image from a container's changes",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct commit_opts),
	.min_args = 1,
	.max_args = 2,
	.main = commit_main,
};
