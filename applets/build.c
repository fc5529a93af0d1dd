/* SPDX-License-Identifier: Apache-2.0 */
/* rootless build */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/create.h"
#include "applets/host.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/cli/applet.h"
#include "core/engine/build.h"
#include "core/wire/json.h"

struct build {
	char *cgroup_parent, *cpuset_cpus, *cpuset_mems, *file, *iidfile, *memory_swap,
		*metadata_file, *network, *platform, *progress, *provenance, *sbom,
		*target;
	struct strv add_host, build_arg, build_context, cache_from, cache_to, cap_add,
		cap_drop, label, secret, security_opt, no_cache_filter, output, ssh, tag,
		ulimit;
	uint64_t memory, shm_size;
	int64_t cpu_period, cpu_quota, cpu_shares;
	bool compress, force_rm, load, no_cache, pull, push, quiet, rm, squash;
};

static const struct opt opts[] = {
	OPT_LIST(struct build, add_host, 0, "add-host", "list",
		 "Add a custom host-to-IP mapping (\"host:ip\")"),
	OPT_LIST(struct build, build_arg, 0, "build-arg", "list",
		 "Set build-time variables"),
	OPT_LIST(struct build, build_context, 0, "build-context", "list",
		 "Additional build contexts (e.g., name=path)"),
	OPT_LIST(struct build, cache_from, 0, "cache-from", "list",
		 "External cache sources (warned of: what steps gave is kept here)"),
	OPT_LIST(struct build, cache_to, 0, "cache-to", "list",
		 "Cache export destinations (warned of: what steps gave is kept here)"),
	OPT_LIST(struct build, cap_add, 0, "cap-add", "list",
		 "Add Linux capabilities to RUN's containers"),
	OPT_LIST(struct build, cap_drop, 0, "cap-drop", "list",
		 "Drop Linux capabilities of RUN's containers"),
	OPT_STRING(struct build, cgroup_parent, 0, "cgroup-parent", "string",
		   "Set the parent cgroup for the \"RUN\" instructions during build"),
	OPT_BOOL(struct build, compress, 0, "compress",
		 "Compress the build context (warned of: nothing is sent)"),
	OPT_INT(struct build, cpu_period, 0, "cpu-period",
		"Limit the CPU CFS (Completely Fair Scheduler) period", NULL),
	OPT_INT(struct build, cpu_quota, 0, "cpu-quota",
		"Limit the CPU CFS (Completely Fair Scheduler) quota", NULL),
	OPT_INT(struct build, cpu_shares, 'c', "cpu-shares",
		"CPU shares (relative weight)", NULL),
	OPT_STRING(struct build, cpuset_cpus, 0, "cpuset-cpus", "string",
		   "CPUs in which to allow execution (0-3, 0,1)"),
	OPT_STRING(struct build, cpuset_mems, 0, "cpuset-mems", "string",
		   "MEMs in which to allow execution (0-3, 0,1)"),
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
	OPT_STRING(struct build, memory_swap, 0, "memory-swap", "bytes",
		   "Swap limit equal to memory plus swap: -1 to enable unlimited swap"),
	OPT_STRING(struct build, metadata_file, 0, "metadata-file", "string",
		   "Write build result metadata to a file"),
	OPT_STRING(struct build, network, 0, "network", "string",
		   "Set the networking mode for the \"RUN\" instructions during build "
		   "(default \"default\")"),
	OPT_BOOL(struct build, no_cache, 0, "no-cache",
		 "Do not use cache when building the image"),
	OPT_LIST(struct build, no_cache_filter, 0, "no-cache-filter", "list",
		 "Do not cache specified stages"),
	OPT_LIST(struct build, output, 'o', "output", "list",
		 "Output destination (format: \"type=local,dest=path\")"),
	OPT_STRING(struct build, platform, 0, "platform", "string",
		   "Set target platform for build"),
	OPT_STRING_DEF(struct build, progress, 0, "progress", "string",
		       "Set type of progress output (\"auto\", \"plain\", \"quiet\")",
		       "auto"),
	OPT_STRING(struct build, provenance, 0, "provenance", "string",
		   "Attestations of where it comes from: none are made (\"false\")"),
	OPT_BOOL(struct build, pull, 0, "pull",
		 "Always attempt to pull all referenced images"),
	OPT_BOOL(struct build, push, 0, "push", "Push the image under each of its names"),
	OPT_BOOL(struct build, quiet, 'q', "quiet",
		 "Suppress the build output and print image ID on success"),
	OPT_BOOL_DEF(struct build, rm, 0, "rm",
		     "Remove intermediate containers after a successful build", "true"),
	OPT_STRING(struct build, sbom, 0, "sbom", "string",
		   "Attestations of what is in it: none are made (\"false\")"),
	OPT_LIST(struct build, secret, 0, "secret", "list",
		 "Secret to expose to the build (format: "
		 "\"id=mysecret[,src=/local/secret]\")"),
	OPT_LIST(struct build, security_opt, 0, "security-opt", "list",
		 "Security options of RUN's containers"),
	OPT_SIZE(struct build, shm_size, 0, "shm-size",
		 "Shared memory size for RUN's containers"),
	OPT_BOOL(struct build, squash, 0, "squash",
		 "Squash newly built layers into a single new layer"),
	OPT_LIST(struct build, ssh, 0, "ssh", "list",
		 "SSH agent socket to expose to the build (format: "
		 "\"default|<id>[=<socket>]\")"),
	OPT_LIST(struct build, tag, 't', "tag", "list",
		 "Name and optionally a tag in the \"name:tag\" format"),
	OPT_STRING(struct build, target, 0, "target", "string",
		   "Set the target build stage to build"),
	OPT_LIST(struct build, ulimit, 0, "ulimit", "list", "Ulimit options"),
	OPT_REFUSED("allow", "a build's containers are always confined"),
	OPT_REFUSED("annotation", "give labels by --label"),
	OPT_REFUSED("attest", "no attestations are made"),
	OPT_REFUSED("builder", "the builder is built in"),
	OPT_REFUSED("call", "a build names what is wrong"),
	OPT_REFUSED("check", "a build names what is wrong"),
	OPT_REFUSED("isolation", "containers of Linux have one kind"),
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

static int check_attestation(const char *flag, const char *value, struct err *e)
{
	bool on = true;

	if (!value || (str_bool(value, &on) == 0 && !on))
		return 0;
	return err_set(e, -EOPNOTSUPP,
		       "no attestations are made: --%s=false alone is "
		       "possible",
		       flag);
}

static int check(const struct build *o, struct err *e)
{
	static const char *const modes[] = { "auto", "plain", "quiet", "tty", "rawjson" };
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		known |= str_eq(o->progress, modes[i]);
	if (!known)
		return err_set(e, -EINVAL, "invalid progress mode: %s", o->progress);
	if (!o->rm)
		return err_set(e, -EOPNOTSUPP,
			       "--rm=false is not supported: containers of a build are "
			       "always removed");
	if (str_eq(o->progress, "tty") || str_eq(o->progress, "rawjson"))
		return err_set(e, -EOPNOTSUPP,
			       "progress mode %s is not supported: use plain",
			       o->progress);
	if (o->platform && strchr(o->platform, ','))
		return err_set(e, -EOPNOTSUPP,
			       "one platform at a time: build each of '%s' by its own",
			       o->platform);
	return check_attestation("provenance", o->provenance, e) < 0 ||
			       check_attestation("sbom", o->sbom, e) < 0
		       ? e->code
		       : 0;
}

static int write_iidfile(const char *path, const struct digest *id, struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	int r;

	digest_text(text, id);
	r = file_replace_nosync(AT_FDCWD, path, text, strlen(text), 0644);
	return r < 0 ? err_code(e, r, "write '%s'", path) : 0;
}

/* What buildx writes there, as far as it is known here. */
static int write_metadata(const char *path, const struct build_result *result,
			  struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	autofree char *names = strv_join(&result->names, ",");
	char id[DIGEST_TEXT_MAX], manifest[DIGEST_TEXT_MAX];

	yyjson_mut_doc_set_root(doc, o);
	if (result->is_image) {
		json_add_str(doc, o, "containerimage.config.digest",
			     digest_text(id, &result->id));
		json_add_str(doc, o, "containerimage.digest",
			     digest_text(manifest, &result->manifest));
	}
	if (*names)
		json_add_str(doc, o, "image.name", names);
	int r = json_write(AT_FDCWD, path, doc, 0644, false, NULL);
	return r < 0 ? err_code(e, r, "write '%s'", path) : 0;
}

static int finish(const struct build *o, const struct build_result *result, bool quiet,
		  struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	int r = 0;

	if (o->iidfile && result->is_image)
		r = write_iidfile(o->iidfile, &result->id, e);
	if (r >= 0 && o->metadata_file)
		r = write_metadata(o->metadata_file, result, e);
	if (r >= 0 && quiet && result->is_image)
		printf("%s\n", digest_text(text, &result->id));
	return r;
}

/* What only makes a build faster elsewhere stops none here. */
static void warn_of_caches(const struct build *o)
{
	for (size_t i = 0; i < o->cache_from.len; i++)
		log_warn("--cache-from %s is not read: what steps gave is kept here by "
			 "itself",
			 o->cache_from.v[i]);
	for (size_t i = 0; i < o->cache_to.len; i++)
		log_warn("--cache-to %s is not written: what steps gave is kept here by "
			 "itself",
			 o->cache_to.v[i]);
	if (o->compress)
		log_warn(
			"--compress has nothing to do: the context is read in its place");
}

static int run(struct host *h, const struct build *o, const char *context, struct err *e)
{
	struct view shown = { .quiet = o->quiet || str_eq(o->progress, "quiet") };
	int64_t swap = 0;

	warn_of_caches(o);
	if (o->memory_swap && create_swap(o->memory_swap, &swap, e) < 0)
		return e->code;
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
		.outputs = o->output,
		.ssh = o->ssh,
		.fresh = o->no_cache_filter,
		.cpu_shares = o->cpu_shares,
		.cpu_period = o->cpu_period,
		.cpu_quota = o->cpu_quota,
		.cpuset_cpus = o->cpuset_cpus,
		.cpuset_mems = o->cpuset_mems,
		.cgroup_parent = o->cgroup_parent,
		.memory_swap = swap,
		.push = o->push,
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
	autodone(build_result_done) struct build_result result = { 0 };
	int r = build_image(&h->store, &h->config, &bo, &view, &result, e);

	if (r < 0 && shown.all.len)
		fputs(buf_str(&shown.all), stderr);
	buf_done(&shown.all);
	buf_done(&shown.line);
	return r < 0 ? r : finish(o, &result, shown.quiet, e);
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
