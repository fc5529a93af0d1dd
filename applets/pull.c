/* SPDX-License-Identifier: Apache-2.0 */
/* rootless pull */
#include "applets/pull.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/cli/progress.h"
#include "core/engine/image.h"
#include "core/engine/welcome.h"

struct pull {
	char *platform;
	bool all_tags, quiet;
};

static const struct opt opts[] = {
	OPT_BOOL(struct pull, all_tags, 'a', "all-tags",
		 "Download all tagged images in the repository"),
	OPT_STRING(struct pull, platform, 0, "platform", "string",
		   "Set platform if server is multi-platform capable"),
	OPT_BOOL(struct pull, quiet, 'q', "quiet", "Suppress verbose output"),
	OPT_END,
};

struct pull_view {
	struct progress *p;
	const struct reference *ref;
	bool announced;
};

static void say(struct progress *p, char *line)
{
	progress_update(p, NULL, line, 0, 0);
	free(line);
}

/* "latest: Pulling from library/x": once the registry has answered. */
static void announce(struct pull_view *v)
{
	char digest[DIGEST_TEXT_MAX];

	if (!v->announced)
		say(v->p, str_fmt("%s: Pulling from %s",
				  v->ref->tag ? v->ref->tag
					      : digest_text(digest, &v->ref->digest),
				  v->ref->repository));
	v->announced = true;
}

static void show(void *arg, const char *id, const char *status, uint64_t done,
		 uint64_t total)
{
	struct pull_view *v = arg;

	announce(v);
	if (!str_starts(status, "Pulling from"))
		progress_update(v->p, id, status, done, total);
}

static int pull_reference(struct host *h, const struct reference *ref,
			  const char *platform, struct progress *p, struct err *e)
{
	struct pull_view v = { .p = p, .ref = ref };
	autofree char *familiar = reference_familiar(ref);
	char digest[DIGEST_TEXT_MAX];
	struct tag tag = { 0 };
	bool fresh = false;
	int r = image_pull(&h->store, &h->config, ref, platform, show, &v, &tag, &fresh,
			   e);

	if (r < 0)
		return r;
	announce(&v);
	say(p, str_fmt("Digest: %s", digest_text(digest, &tag.repo_digest)));
	say(p,
	    str_fmt("Status: %s for %s",
		    fresh ? "Downloaded newer image" : "Image is up to date", familiar));
	tag_done(&tag);
	return 0;
}

int pull_show(struct host *h, const char *what, const char *platform, int fd, bool quiet,
	      struct err *e)
{
	struct reference ref = { 0 };
	struct progress *p;
	int r = reference_parse(what, &ref, e);

	if (r < 0)
		return r;
	p = progress_new(fd, quiet);
	r = pull_reference(h, &ref, platform, p, e);
	progress_free(p);
	reference_done(&ref);
	return r;
}

static int pull_embedded(struct host *h, const char *what, struct err *e)
{
	autodone(image_done) struct image i = { 0 };
	int r = image_ensure(&h->store, &h->config, what, "missing", NULL, NULL, NULL, &i,
			     e);

	if (r >= 0)
		printf("%s\n", welcome_reference(what));
	return r;
}

static bool has_tag(const char *what)
{
	const char *slash = strrchr(what, '/');

	return strpbrk(slash ? slash : what, ":@") != NULL;
}

/* Says which tag is meant when none was given; the full name for the last line. */
static char *full_name(const char *what, bool quiet, struct err *e)
{
	struct reference ref = { 0 };
	char *full = NULL;

	if (reference_parse(what, &ref, e) < 0)
		return NULL;
	if (!quiet && !has_tag(what))
		printf("Using default tag: latest\n");
	fflush(stdout);
	full = reference_full(&ref);
	reference_done(&ref);
	return full;
}

static int pull_all(struct host *h, const char *what, const struct pull *o, struct err *e)
{
	autodone(reference_done) struct reference ref = { 0 };
	autostrv tags = { 0 };
	int r;

	if (has_tag(what))
		return err_set(e, -EINVAL, "tag can't be used with --all-tags/-a");
	if ((r = reference_parse(what, &ref, e)) < 0 ||
	    (r = image_remote_tags(&h->config, &ref, &tags, e)) < 0)
		return r;
	if (tags.len == 0)
		return err_set(e, -ENOENT, "'%s' has no tags", what);
	for (size_t i = 0; r >= 0 && i < tags.len; i++) {
		autofree char *name = str_fmt("%s:%s", what, tags.v[i]);

		r = pull_show(h, name, o->platform, STDOUT_FILENO, o->quiet, e);
		fflush(stdout);
	}
	if (r >= 0)
		printf("%s/%s\n", ref.registry, ref.repository);
	return r;
}

static int pull_one(struct host *h, const char *what, const struct pull *o, struct err *e)
{
	autofree char *full = full_name(what, o->quiet, e);
	int r = full ? pull_show(h, what, o->platform, STDOUT_FILENO, o->quiet, e)
		     : -EINVAL;

	if (r >= 0)
		printf("%s\n", full);
	return r;
}

static int pull_main(void *opts_, char **args)
{
	const struct pull *o = opts_;
	autohost h = { 0 };
	struct err e = { 0 };
	int r;

	if (host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	if (welcome_is_name(args[0]))
		r = pull_embedded(&h, args[0], &e);
	else if (o->all_tags)
		r = pull_all(&h, args[0], o, &e);
	else
		r = pull_one(&h, args[0], o, &e);
	return r < 0 ? host_fail(&e, 1) : 0;
}

const struct applet pull_applet = {
	.name = "pull",
	.args = "[OPTIONS] NAME[:TAG|@DIGEST]",
	.summary = "Download an image from a registry",
	.group = GROUP_COMMON,
	.opts = opts,
	.opts_size = sizeof(struct pull),
	.min_args = 1,
	.max_args = 1,
	.main = pull_main,
};
