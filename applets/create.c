/* SPDX-License-Identifier: Apache-2.0 */
/* rootless create */
#include "applets/create.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "applets/pull.h"
#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/engine/image.h"
#include "core/engine/imagefile.h"

#define RUN(...)
#define OPT_HIDDEN(type, name, arg, slot) \
	{ \
		type, 0, name, arg, "", NULL, slot, 0, true \
	}
#define PULLED_BEFORE "creating"
static const struct opt opts[] = {
#include "applets/create.inc"
};

/* Runs fn over every item. */
static int each(struct spec *s, const struct strv *items,
		int (*fn)(struct spec *, const char *, struct err *), struct err *e)
{
	int r = 0;

	for (size_t n = 0; n < items->len && r >= 0; n++)
		r = fn(s, items->v[n], e);
	return r;
}

static int add_publish(struct spec *s, const char *text, struct err *e)
{
	return publish_parse(text, &s->publish, &s->publish_len, e);
}

/* A file of KEY=value lines, as --env-file's but for labels. */
static int add_label_file(struct spec *s, const char *path, struct err *e)
{
	autobuf text = { .max = 1 << 20 };
	autostrv lines = { 0 };
	int r = file_read_named(path, 1 << 20, &text);

	if (r < 0)
		return err_code(e, r, "label file '%s'", path);
	strv_split(&lines, buf_str(&text), '\n');
	for (size_t n = 0; n < lines.len; n++) {
		const char *line = lines.v[n] + strspn(lines.v[n], " \t");

		if (*line && *line != '#')
			strv_add(&s->labels, line);
	}
	return 0;
}

int create_cpus(const char *text, double *ret, struct err *e)
{
	char *end;
	double n = strtod(text, &end);

	if (*end || end == text || !(n > 0 && n < 1e6))
		return err_set(e, -EINVAL,
			       "invalid argument \"%s\" for \"--cpus\" flag: failed "
			       "to parse as a number of CPUs",
			       text);
	*ret = n;
	return 0;
}

int create_swap(const char *text, int64_t *ret, struct err *e)
{
	uint64_t bytes;

	if (str_eq(text, "-1")) {
		*ret = -1;
		return 0;
	}
	if (str_size(text, &bytes) || bytes > INT64_MAX)
		return err_set(e, -EINVAL,
			       "invalid argument \"%s\" for \"--memory-swap\" flag: "
			       "invalid size: '%s'",
			       text, text);
	*ret = (int64_t)bytes;
	return 0;
}

static int parse_numbers(const struct create_options *o, struct spec *s, struct err *e)
{
	int r = o->cpus ? create_cpus(o->cpus, &s->cpus, e) : 0;

	if (r == 0 && o->memory_swap)
		r = create_swap(o->memory_swap, &s->memory_swap, e);
	return r;
}

static int parse_umask(const struct create_options *o, struct spec *s, struct err *e)
{
	uint64_t mask;

	if (!o->umask)
		return 0;
	if (str_oct(o->umask, 0777, &mask))
		return err_set(e, -EINVAL, "invalid umask string %s: octal, up to 0777",
			       o->umask);
	s->umask = (int64_t)mask;
	return 0;
}

/* -a, -d and -i: which streams the client wants. */
static int parse_attach(const struct create_options *o, struct spec *s, struct err *e)
{
	s->tty = o->tty;
	s->open_stdin = o->interactive;
	if (o->attach.len && o->detach)
		return err_set(e, -EINVAL,
			       "conflicting options: cannot specify both "
			       "--attach and --detach");
	for (size_t n = 0; n < o->attach.len; n++) {
		autofree char *name = str_dup(o->attach.v[n]);

		for (char *p = name; *p; p++)
			*p |= 0x20;
		if (str_eq(name, "stdin"))
			s->attach_stdin = true;
		else if (str_eq(name, "stdout"))
			s->attach_stdout = true;
		else if (str_eq(name, "stderr"))
			s->attach_stderr = true;
		else
			return err_set(
				e, -EINVAL,
				"invalid argument \"%s\" for \"-a, --attach\" flag: "
				"valid streams are STDIN, STDOUT and STDERR",
				o->attach.v[n]);
	}
	if (!o->attach.len && !o->detach) {
		s->attach_stdout = s->attach_stderr = true;
		s->attach_stdin = o->interactive;
	}
	s->stdin_once = s->open_stdin && s->attach_stdin;
	return 0;
}

static void copy_text(const struct create_options *o, struct spec *s)
{
	str_set(&s->name, o->name);
	str_set(&s->platform, o->platform);
	str_set(&s->pull, o->pull);
	str_set(&s->hostname, o->hostname);
	str_set(&s->domainname, o->domainname);
	str_set(&s->user, o->user);
	str_set(&s->workdir, o->workdir);
	str_set(&s->stop_signal, o->stop_signal);
	str_set(&s->host_loopback, o->host_loopback);
	str_set(&s->ip, o->ip);
	str_set(&s->ip6, o->ip6);
	str_set(&s->mac, o->mac_address);
	str_set(&s->userns, o->userns);
	str_set(&s->pid, o->pid);
	str_set(&s->ipc, o->ipc);
	str_set(&s->uts, o->uts);
	str_set(&s->cgroupns, o->cgroupns);
	str_set(&s->cpuset_cpus, o->cpuset_cpus);
	str_set(&s->cpuset_mems, o->cpuset_mems);
	str_set(&s->cgroup_parent, o->cgroup_parent);
	str_set(&s->log_driver, o->log_driver);
	str_set(&s->restart, o->restart);
	str_set(&s->health_cmd, o->health_cmd);
}

static void copy_lists(const struct create_options *o, struct spec *s)
{
	strv_addv(&s->labels, strv_view(&o->label));
	strv_addv(&s->expose, strv_view(&o->expose));
	strv_addv(&s->cap_add, strv_view(&o->cap_add));
	strv_addv(&s->cap_drop, strv_view(&o->cap_drop));
	strv_addv(&s->security_opt, strv_view(&o->security_opt));
	strv_addv(&s->group_add, strv_view(&o->group_add));
	strv_addv(&s->add_host, strv_view(&o->add_host));
	strv_addv(&s->dns, strv_view(&o->dns));
	strv_addv(&s->dns_search, strv_view(&o->dns_search));
	strv_addv(&s->dns_option, strv_view(&o->dns_option));
	strv_addv(&s->ulimits, strv_view(&o->ulimit));
	strv_addv(&s->sysctls, strv_view(&o->sysctl));
	strv_addv(&s->annotations, strv_view(&o->annotation));
	strv_addv(&s->links, strv_view(&o->link));
	strv_addv(&s->unsetenv, strv_view(&o->unsetenv));
	strv_addv(&s->network_aliases, strv_view(&o->network_alias));
	strv_addv(&s->volumes_from, strv_view(&o->volumes_from));
	strv_addv(&s->log_opts, strv_view(&o->log_opt));
	strv_addv(&s->blkio_weight_device, strv_view(&o->blkio_weight_device));
	strv_addv(&s->device_read_bps, strv_view(&o->device_read_bps));
	strv_addv(&s->device_write_bps, strv_view(&o->device_write_bps));
	strv_addv(&s->device_read_iops, strv_view(&o->device_read_iops));
	strv_addv(&s->device_write_iops, strv_view(&o->device_write_iops));
}

static void copy_numbers(const struct create_options *o, struct spec *s)
{
	s->auto_remove = o->rm;
	s->env_host = o->env_host;
	s->http_proxy = o->http_proxy;
	s->unsetenv_all = o->unsetenv_all;
	s->publish_all = o->publish_all;
	s->privileged = o->privileged;
	s->read_only = o->read_only;
	s->init = o->init;
	s->has_init = o->has_init;
	if (o->has_stop_timeout)
		s->stop_timeout = o->stop_timeout;
	s->pids_limit = o->pids_limit;
	s->shm_size = o->shm_size;
	s->memory = o->memory;
	s->memory_reservation = o->memory_reservation;
	s->cpu_shares = o->cpu_shares;
	s->blkio_weight = o->blkio_weight;
	s->health_interval = o->health_interval;
	s->health_timeout = o->health_timeout;
	s->health_start_period = o->health_start_period;
	s->health_start_interval = o->health_start_interval;
	s->health_retries = o->health_retries;
	s->no_healthcheck = o->no_healthcheck;
	s->cpu_period = o->cpu_period;
	s->cpu_quota = o->cpu_quota;
	s->oom_score_adj = o->oom_score_adj;
	s->has_oom_score_adj = o->has_oom_score_adj;
}

static void copy_command(const struct create_options *o, char **args, struct spec *s)
{
	str_set(&s->image, args[0]);
	s->has_cmd = args[1] != NULL;
	strv_addv(&s->cmd, args + 1);
	s->has_entrypoint = o->entrypoint != NULL;
	if (!str_empty(o->entrypoint))
		strv_add(&s->entrypoint, o->entrypoint);
}

int create_spec(const struct create_options *o, char **args, struct spec *s,
		struct err *e)
{
	int r;

	if (!str_eq(o->pull, "always") && !str_eq(o->pull, "missing") &&
	    !str_eq(o->pull, "never"))
		return err_set(e, -EINVAL,
			       "invalid pull option: '%s': must be one of \"always\", "
			       "\"missing\" or \"never\"",
			       o->pull);
	copy_text(o, s);
	copy_lists(o, s);
	copy_numbers(o, s);
	copy_command(o, args, s);
	r = o->rootfs ? spec_set_rootfs(s, args[0], e) : 0;
	if (r >= 0)
		r = parse_umask(o, s, e);
	if (r >= 0)
		r = parse_numbers(o, s, e);
	if (r >= 0 && o->tz)
		r = spec_set_timezone(s, o->tz, e);
	if (r >= 0)
		r = parse_attach(o, s, e);
	if (r >= 0)
		r = each(s, &o->label_file, add_label_file, e);
	if (r >= 0)
		r = each(s, &o->env_file, spec_add_env_file, e);
	if (r >= 0)
		r = each(s, &o->env, spec_add_env, e);
	if (r >= 0)
		r = each(s, &o->network, spec_add_network, e);
	if (r >= 0)
		r = each(s, &o->volume, spec_add_volume, e);
	if (r >= 0)
		r = each(s, &o->mount, spec_add_mount, e);
	if (r >= 0)
		r = each(s, &o->tmpfs, spec_add_tmpfs, e);
	if (r >= 0)
		r = each(s, &o->device, spec_add_device, e);
	if (r >= 0 && o->gpus)
		r = spec_set_gpus(s, o->gpus, e);
	if (r >= 0)
		r = each(s, &o->publish, add_publish, e);
	return r;
}

/* Makes sure that the image is here. */
static int get_image(struct host *h, const struct create_options *o, const char *what,
		     struct err *e)
{
	autodone(image_done) struct image i = { 0 };
	bool always = str_eq(o->pull, "always"), embedded = what[0] == '@';
	int r = -ENOENT;

	if (!always || embedded)
		r = image_ensure(&h->store, &h->config, what, "never", o->platform, NULL,
				 NULL, &i, e);
	if (r != -ENOENT || str_eq(o->pull, "never") || embedded)
		return r;
	err_clear(e);
	if (!always) {
		struct reference ref = { 0 };

		r = reference_parse(what, &ref, e);
		if (r < 0)
			return r;
		if (!o->quiet) {
			autofree char *name = reference_familiar(&ref);

			fprintf(stderr, "Unable to find image '%s' locally\n", name);
		}
		reference_done(&ref);
	}
	return pull_show(h, what, o->platform, STDERR_FILENO, o->quiet, e);
}

static int write_cidfile(int fd, const char *id, struct err *e)
{
	int r = fd < 0 ? 0 : fd_write_all(fd, id, strlen(id));

	return r < 0 ? err_code(e, r, "failed to write the container ID to the file") : 0;
}

static int open_cidfile(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0 && errno == EEXIST)
		return err_set(e, -EEXIST,
			       "container ID file found, make sure the other container "
			       "isn't running or delete %s",
			       path);
	return fd < 0 ? err_sys(e, "failed to create the container ID file '%s'", path)
		      : fd;
}

/* An archive is loaded, and the container is made of what it held. */
static int provide_image(struct host *h, const struct create_options *o,
			 struct spec *spec, char **ret_name, struct err *e)
{
	int r;

	if (spec->rootfs)
		return 0;
	if (!imagefile_is_name(spec->image))
		return get_image(h, o, spec->image, e);
	r = imagefile_take(&h->store, &h->config, spec->image, ret_name, e);
	spec->image = *ret_name;
	return r;
}

/* Not before the image is there. */
static int replace(struct host *h, const struct spec *spec, struct err *e)
{
	autodone(container_done) struct container c = { 0 };
	int r;

	if (!spec->name)
		return err_set(e, -EINVAL,
			       "cannot replace container without --name being set");
	r = container_open(&h->store, spec->name, &c, e);
	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	/* An ID is nobody's name. */
	if (r < 0 || !str_eq(c.name, spec->name))
		return r;
	return container_remove(&h->store, &c, true, false, e);
}

int create_container(struct host *h, const struct create_options *o,
		     const struct spec *spec, char ret_id[65], struct err *e)
{
	struct spec taken = *spec;
	autofree char *name = NULL;
	autostrv warnings = { 0 };
	autoclose int cid = o->cidfile ? open_cidfile(o->cidfile, e) : -1;
	int r;

	if (o->cidfile && cid < 0)
		return cid;
	r = provide_image(h, o, &taken, &name, e);
	if (r >= 0 && o->replace)
		r = replace(h, spec, e);
	if (r >= 0)
		r = container_create(&h->store, &h->config, &taken, ret_id, &warnings, e);
	for (size_t n = 0; n < warnings.len; n++)
		log_warn("%s", warnings.v[n]);
	if (r >= 0)
		r = write_cidfile(cid, ret_id, e);
	if (r < 0 && o->cidfile)
		unlink(o->cidfile);
	return r < 0 ? r : 0;
}

static int create_main(void *opts_, char **args)
{
	const struct create_options *o = opts_;
	autodone(spec_done) struct spec spec;
	autohost h = { 0 };
	struct err e = { 0 };
	char id[65];

	spec_init(&spec);
	if (create_spec(o, args, &spec, &e) < 0 || host_open(&h, &e) < 0)
		return host_fail(&e, 125);
	if (create_container(&h, o, &spec, id, &e) < 0)
		return host_fail(&e, 1);
	printf("%s\n", id);
	return 0;
}

const struct applet create_applet = {
	.name = "create",
	.args = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
	.summary = "Create a new container",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct create_options),
	.min_args = 1,
	.max_args = -1,
	.stop_at_operand = true,
	.main = create_main,
};
