/* SPDX-License-Identifier: Apache-2.0 */
/* rootless push */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "applets/host.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/cli/progress.h"
#include "core/engine/imagepush.h"

struct push {
	bool all_tags, quiet;
	char *platform;
};

static const struct opt opts[] = {
	OPT_BOOL(struct push, all_tags, 'a', "all-tags",
		 "Push all tags of an image to the repository"),
	OPT_STRING(struct push, platform, 0, "platform", "string",
		   "Push a platform-specific manifest as a single-platform image to the "
		   "registry (os[/arch[/variant]])"),
	OPT_BOOL(struct push, quiet, 'q', "quiet", "Suppress verbose output"),
	OPT_END,
};

static void show(void *arg, const char *id, const char *status, uint64_t done,
		 uint64_t total)
{
	progress_update(arg, id, status, done, total);
}

static int push_one(struct host *h, const char *name, const struct push *o, struct err *e)
{
	autodone(reference_done) struct reference ref = { 0 };
	struct descriptor d = { 0 };
	char text[DIGEST_TEXT_MAX];
	struct progress *p;
	int r = reference_parse(name, &ref, e);

	if (r == 0)
		r = imagepush_check(&h->store, &ref, o->platform, e);
	if (r < 0)
		return r;
	p = progress_new(STDOUT_FILENO, o->quiet);
	r = imagepush_run(&h->store, &h->config, &ref, show, p, &d, e);
	if (r >= 0) {
		autofree char *line =
			str_fmt("%s: digest: %s size: %llu", ref.tag ? ref.tag : "latest",
				digest_text(text, &d.digest), (unsigned long long)d.size);
		progress_update(p, NULL, line, 0, 0);
	}
	progress_free(p);
	return r;
}

/* What is to be pushed, by full references. */
static int collect(struct host *h, const struct reference *ref, const struct push *o,
		   bool tagged, struct strv *names, struct err *e)
{
	if (!o->all_tags) {
		strv_push(names, reference_full(ref));
		return 0;
	}
	if (tagged)
		return err_set(e, -EINVAL, "tag can't be used with --all-tags/-a");
	return imagepush_tags(&h->store, ref, names, e);
}

static int push_main(void *opts_, char **args)
{
	const struct push *o = opts_;
	const char *slash = strrchr(args[0], '/');
	bool tagged = strpbrk(slash ? slash : args[0], ":@") != NULL;
	autodone(reference_done) struct reference ref = { 0 };
	autostrv names = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	int r;

	if (host_open(&h, &e) < 0 || reference_parse(args[0], &ref, &e) < 0)
		return host_fail(&e, 1);
	if (digest_is_set(&ref.digest)) {
		log_error("cannot push a digest reference");
		return 1;
	}
	r = collect(&h, &ref, o, tagged, &names, &e);
	if (r >= 0 && !o->quiet && !tagged && !o->all_tags)
		printf("Using default tag: latest\n");
	if (r >= 0 && !o->quiet)
		printf("The push refers to repository [%s/%s]\n", ref.registry,
		       ref.repository);
	fflush(stdout);
	for (size_t i = 0; r >= 0 && i < names.len; i++)
		r = push_one(&h, names.v[i], o, &e);
	if (r < 0)
		return host_fail(&e, 1);
	if (o->quiet)
		printf("%s\n", names.v[0]);
	return 0;
}

const struct applet push_applet = {
	.name = "push",
	.args = "[OPTIONS] NAME[:TAG]",
	.summary = "Upload an image to a registry",
	.group = GROUP_COMMON,
	.opts = opts,
	.opts_size = sizeof(struct push),
	.min_args = 1,
	.max_args = 1,
	.main = push_main,
};
