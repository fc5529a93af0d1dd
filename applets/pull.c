/* SPDX-License-Identifier: Apache-2.0 */
/* rootless pull */
#include "applets/pull.h"

#include <unistd.h>

#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/cli/progress.h"
#include "core/engine/image.h"
#include "core/engine/welcome.h"

struct pull {
	char *platform;
	bool quiet;
};

static const struct opt opts[] = {
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

/* Says which tag is meant when none was given; the full name for the last line. */
static char *full_name(const char *what, bool quiet, struct err *e)
{
	const char *slash = strrchr(what, '/');
	struct reference ref = { 0 };
	char *full = NULL;

	if (reference_parse(what, &ref, e) < 0)
		return NULL;
	if (!quiet && !strpbrk(slash ? slash : what, ":@"))
		printf("Using default tag: latest\n");
	fflush(stdout);
	full = reference_full(&ref);
	reference_done(&ref);
	return full;
}

static int pull_main(void *opts_, char **args)
{
	const struct pull *o = opts_;
	autofree char *full = NULL;
	autohost h = { 0 };
	struct err e = { 0 };
	int r;

	if (host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	if (welcome_is_name(args[0]))
		return pull_embedded(&h, args[0], &e) < 0 ? host_fail(&e, 1) : 0;
	full = full_name(args[0], o->quiet, &e);
	if (!full)
		return host_fail(&e, 1);
	r = pull_show(&h, args[0], o->platform, STDOUT_FILENO, o->quiet, &e);
	if (r < 0)
		return host_fail(&e, 1);
	printf("%s\n", full);
	return 0;
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
