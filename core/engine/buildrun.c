/* SPDX-License-Identifier: Apache-2.0 */
/* RUN. */
#include "core/engine/buildrun.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/buildadd.h"
#include "core/engine/buildconfig.h"
#include "core/engine/buildcopy.h"
#include "core/engine/buildlayer.h"
#include "core/engine/buildmount.h"
#include "core/engine/buildscope.h"
#include "core/engine/container.h"
#include "core/engine/framesock.h"

#define HOSTNAME "buildkitsandbox" /* what scripts see under docker */
#define PIPES    "/dev/pipes"      /* where a heredoc that is a script lies */

struct run {
	struct buildjob *j;
	struct buildjob_stage *st;
	const struct dockerfile_instruction *in;
	unsigned n;
	struct strv argv, layers, root; /* root: layers, and an empty folder */
	char *network, *shown;
	struct buildmount *mounts;
	size_t mounts_len;
	const char *script; /* to be put at PIPES/NAME; NULL: none */
	struct spec spec;
	char *scratch;
};

static void run_done(struct run *x)
{
	strv_done(&x->argv);
	strv_done(&x->layers);
	strv_done(&x->root);
	free(x->network);
	free(x->shown);
	for (size_t i = 0; i < x->mounts_len; i++)
		buildmount_done(&x->mounts[i]);
	free(x->mounts);
	spec_done(&x->spec);
	free(x->scratch);
}

/* --- what is asked for ----------------------------------------------------------------
 */

/* The command line of the shell form, heredocs given back to the shell. */
static char *script_of(struct run *x)
{
	const struct dockerfile_instruction *in = x->in;
	const struct dockerfile_heredoc *h = in->heredocs;
	autobuf text = { 0 };

	if (in->heredocs_len && dockerfile_is_heredoc(in->args.v[0], x->j->file.escape)) {
		if (!str_starts(h->text, "#!"))
			return str_dup(h->text);
		x->script = h->text;
		return NULL;
	}
	buf_adds(&text, in->args.v[0]);
	for (size_t i = 0; i < in->heredocs_len; i++, h++)
		buf_addf(&text, "\n%s%s", h->text, h->name);
	return buf_take(&text);
}

static void set_command(struct run *x)
{
	const struct dockerfile_instruction *in = x->in;
	autofree char *script = NULL;

	if (in->exec) {
		strv_addv(&x->argv, strv_view(&in->args));
	} else if ((script = script_of(x))) {
		buildconfig_shell(compose_config(x->st->compose), &x->argv);
		strv_add(&x->argv, script);
	} else {
		strv_addf(&x->argv, PIPES "/%s", in->heredocs->name);
	}
	x->shown = strv_join(&x->argv, " ");
}

static int read_mount(struct run *x, const char *raw, struct err *e)
{
	autofree char *text = NULL;
	struct buildmount m = { .lock = -1 };
	int r = buildscope_expand(x->j, x->st, raw, &text, e);

	if (r == 0)
		r = buildmount_parse(text, &m, e);
	if (r < 0)
		return r;
	x->mounts = mem_resize(x->mounts, x->mounts_len + 1, sizeof(m));
	x->mounts[x->mounts_len++] = m;
	return 0;
}

static int read_flags(struct run *x, struct err *e)
{
	const char *security = dockerfile_flag(x->in, "security");
	const char *network = dockerfile_flag(x->in, "network");
	int r = 0;

	for (size_t i = 0; r == 0 && i < x->in->flags.len; i++)
		if (str_starts(x->in->flags.v[i], "mount="))
			r = read_mount(x, x->in->flags.v[i] + strlen("mount="), e);
	if (r < 0)
		return r;
	if (security && !str_eq(security, "sandbox"))
		return err_set(
			e, -EOPNOTSUPP,
			"security mode '%s' is not supported: a build's containers "
			"are always confined",
			security);
	if (network && !str_eq(network, "default") && !str_eq(network, "none") &&
	    !str_eq(network, "host"))
		return err_set(e, -EINVAL, "unsupported network mode '%s'", network);
	if (network && !str_eq(network, "default"))
		x->network = str_dup(network);
	else
		x->network = str_dup(x->j->o->network);
	return 0;
}

static void key_options(const struct run *x, struct buf *key)
{
	const struct build_options *o = x->j->o;
	char sizes[64];

	str_print(sizes, sizeof(sizes), "%llu %llu", (unsigned long long)o->shm_size,
		  (unsigned long long)o->memory);
	buildlayer_key(key, "sizes", sizes);
	buildlayer_keys(key, "hosts", &o->add_host);
	buildlayer_keys(key, "ulimits", &o->ulimits);
	buildlayer_keys(key, "add", &o->cap_add);
	buildlayer_keys(key, "drop", &o->cap_drop);
	buildlayer_keys(key, "security", &o->security_opt);
}

static int make_key(const struct run *x, struct buf *key, struct err *e)
{
	const struct imageconfig *c = compose_config(x->st->compose);
	autostrv env = { 0 };
	int r = 0;

	buildscope_env(x->st, &env);
	buildlayer_key_base(key, x->st);
	buildlayer_keys(key, "run", &x->argv);
	buildlayer_key(key, "script", x->script);
	buildlayer_keys(key, "env", &env);
	buildlayer_key(key, "user", c->user);
	buildlayer_key(key, "workdir", c->workdir);
	buildlayer_key(key, "network", x->network);
	key_options(x, key);
	for (size_t i = 0; r == 0 && i < x->mounts_len; i++)
		r = buildmount_key(x->j, x->st, &x->mounts[i], key, e);
	return r;
}

/* --- the container --------------------------------------------------------------------
 */

static int place_script(struct run *x, struct err *e)
{
	autofree char *folder = str_fmt("%s/upper", x->scratch),
		      *path = str_fmt("%s/%s", folder, x->in->heredocs->name);
	struct spec *s = &x->spec;

	if (strchr(x->in->heredocs->name, '/'))
		return err_set(e, -EINVAL, "invalid heredoc name '%s'",
			       x->in->heredocs->name);
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (fd < 0 || fchmod(fd, 0755) ||
	    fd_write_all(fd, x->script, strlen(x->script)) < 0)
		return err_sys(e, "write '%s'", path);
	s->mounts = mem_resize(s->mounts, s->mounts_len + 1, sizeof(*s->mounts));
	s->mounts[s->mounts_len++] = (struct spec_mount){ .type = SPEC_BIND,
							  .source = str_dup(folder),
							  .target = str_dup(PIPES),
							  .read_only = true,
							  .tmpfs_mode = -1 };
	return 0;
}

static int fill_spec(struct run *x, struct err *e)
{
	const struct imageconfig *c = compose_config(x->st->compose);
	const struct build_options *o = x->j->o;
	struct spec *s = &x->spec;
	int r = 0;

	s->image = str_dup("build");
	s->layers = &x->root;
	s->has_entrypoint = s->has_cmd = true;
	strv_addv(&s->cmd, strv_view(&x->argv));
	s->hostname = str_dup(HOSTNAME);
	s->user = str_dup(c->user);
	s->workdir = str_dup(c->workdir);
	s->network = str_dup(x->network);
	buildscope_proxies(x->j, &s->env);
	strv_addv(&s->env, strv_view(&c->env));
	buildscope_args(x->st, &s->env);
	strv_addf(&s->labels, BUILDWATCH_LABEL "=%s", x->j->label);
	strv_addv(&s->add_host, strv_view(&o->add_host));
	strv_addv(&s->ulimits, strv_view(&o->ulimits));
	strv_addv(&s->cap_add, strv_view(&o->cap_add));
	strv_addv(&s->cap_drop, strv_view(&o->cap_drop));
	strv_addv(&s->security_opt, strv_view(&o->security_opt));
	s->shm_size = o->shm_size;
	s->memory = o->memory;
	s->memory_swap = o->memory_swap;
	s->cpu_shares = o->cpu_shares;
	s->cpu_period = o->cpu_period;
	s->cpu_quota = o->cpu_quota;
	s->cpuset_cpus = str_dup(o->cpuset_cpus);
	s->cpuset_mems = str_dup(o->cpuset_mems);
	s->cgroup_parent = str_dup(o->cgroup_parent);
	s->log_driver = str_dup("none");
	s->attach_stdout = s->attach_stderr = true;
	if (x->script)
		r = place_script(x, e);
	for (size_t i = 0; r == 0 && i < x->mounts_len; i++)
		r = buildmount_prepare(x->j, x->st, &x->mounts[i], s, e);
	return r;
}

/* Attaches, starts, and passes its output on until the end: its exit code, or -errno. */
static int follow(struct run *x, int sock, struct err *e)
{
	const uint8_t want = FRAME_WANT_STDOUT | FRAME_WANT_STDERR;
	autodone(framesock_done) struct framesock f = { .fd = sock };
	autobuf out = { 0 };
	struct frame frame;
	int r;

	frame_add(&out, FRAME_ATTACH, &want, 1);
	frame_add(&out, FRAME_START, NULL, 0);
	fd_write_all(sock, buf_str(&out), out.len);
	while ((r = framesock_next(&f, &frame)) > 0) {
		const struct build_view *v = x->j->view;
		if (frame.stream == FRAME_STDOUT || frame.stream == FRAME_STDERR)
			v->output(v->arg, x->n, frame.payload, frame.size);
		if (frame.stream == FRAME_ERROR)
			framesock_error(&frame, e);
		if (frame.stream == FRAME_EXIT) {
			r = framesock_exit_code(&frame);
			return e->code && r >= 125 && r <= 127 ? e->code : r;
		}
	}
	return err_set(e, r < 0 ? r : -EPIPE, "the monitor of the container died");
}

/* Places that were made only to mount something on do not belong into the layer. */
static int clean(struct run *x, const char *upper, struct err *e)
{
	static const char *const usual[] = {
		"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/dev", "/proc", "/sys"
	};
	const struct buildview v = { .layers = &x->layers, .scratch = x->scratch };
	autostrv paths = { 0 };

	for (size_t i = 0; i < x->spec.mounts_len; i++)
		strv_add(&paths, x->spec.mounts[i].target);
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		strv_add(&paths, usual[i]);
	return buildcopy_clean(x->j->realm.pidfd, &v, upper, &paths, e);
}

/* What the kernel does not know how to run may be of another machine. */
static int foreign(const struct run *x, int r, struct err *e)
{
	const struct platform *p = &compose_config(x->st->compose)->platform;
	struct platform own;
	char text[96];

	platform_host(&own);
	if (str_eq(own.architecture, p->architecture) ||
	    !strcasestr(e->text, strerror(ENOEXEC)))
		return r;
	return err_set(e, -ENOEXEC,
		       "the image is for %s, which this machine cannot run: install "
		       "qemu-user-static (binfmt_misc), or build without --platform",
		       platform_text(text, p));
}

static int run_container(struct run *x, const char *id, const struct buf *key,
			 bool *ret_layer, struct err *e)
{
	const struct store *s = x->j->store;
	struct container c = { 0 };
	autoclose int sock = -1;
	int r = container_open(s, id, &c, e);

	if (r < 0)
		return r;
	r = container_start(s, x->j->cfg, &c, &sock, e);
	if (r >= 0)
		r = follow(x, sock, e);
	if (r < 0)
		r = foreign(x, r, e);
	if (r > 0)
		r = err_set(e, -ECANCELED,
			    "process \"%s\" did not complete successfully: exit code: %d",
			    x->shown, r);
	if (r == 0) {
		autofree char *upper = str_fmt("%s/containers/%s/upper", s->data, id);
		const struct buildlayer_changes made = { .upper = upper, .by = &c };
		r = clean(x, upper, e);
		if (r >= 0)
			r = buildlayer_add(x->j, x->st, key, &made, ret_layer, e);
	}
	container_remove(s, &c, true, true, NULL);
	container_done(&c);
	return r;
}

static int run_step(struct run *x, const struct buf *key, bool *ret_layer, struct err *e)
{
	autostrv warnings = { 0 };
	char id[65];
	int r;

	x->scratch = buildjob_scratch(x->j, e);
	if (!x->scratch)
		return e->code;
	buildjob_layers(x->j, x->st->compose, &x->layers);
	/* So that an image without layers has a root too. */
	strv_addv(&x->root, strv_view(&x->layers));
	strv_addf(&x->root, "%s/empty", x->scratch);
	if ((r = fill_spec(x, e)) < 0)
		return r;
	r = container_create(x->j->store, x->j->cfg, &x->spec, id, &warnings, e);
	for (size_t i = 0; i < warnings.len; i++)
		x->j->view->warn(x->j->view->arg, warnings.v[i]);
	return r < 0 ? r : run_container(x, id, key, ret_layer, e);
}

/* "RUN |1 A=b /bin/sh -c …", as docker writes it. */
static void note(const struct run *x, bool layer)
{
	autostrv args = { 0 };
	autobuf text = { 0 };

	buildscope_args(x->st, &args);
	buf_adds(&text, "RUN ");
	if (args.len) {
		autofree char *all = strv_join(&args, " ");
		buf_addf(&text, "|%zu ", args.len);
		buf_adds(&text, all);
		buf_addc(&text, ' ');
	}
	buf_adds(&text, x->shown);
	buf_adds(&text, " # buildkit");
	buildjob_note(x->st, buf_str(&text), layer);
}

int buildrun_step(struct buildjob *j, struct buildjob_stage *st,
		  const struct dockerfile_instruction *in, unsigned n, struct err *e)
{
	autodone(run_done) struct run x = { .j = j, .st = st, .in = in, .n = n };
	autobuf key = { 0 };
	bool layer;
	int r;

	spec_init(&x.spec);
	set_command(&x);
	if ((r = read_flags(&x, e)) < 0 || (r = make_key(&x, &key, e)) < 0)
		return r;
	r = buildlayer_find(j, st, &key, &layer, e);
	if (r < 0)
		return r;
	bool cached = r > 0;
	if (!cached && (r = run_step(&x, &key, &layer, e)) < 0)
		return r;
	note(&x, layer);
	return cached;
}
