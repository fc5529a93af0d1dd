/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of a RUN. */
#include "core/engine/buildmount.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/buildadd.h"
#include "core/engine/buildbase.h"
#include "core/engine/buildcopy.h"
#include "core/engine/buildlayer.h"
#include "core/engine/ownership.h"
#include "core/ns/userns.h"
#include "core/store/stepcache.h"
#include "core/wire/hasher.h"

#define AGENT       "/run/buildkit/ssh_agent.0" /* docker's own place */
#define SECRETS     "/run/secrets/"
#define SECRET_MAX  (500u << 10) /* bytes, docker's own limit */
#define CACHES      "caches"
#define PRIVATE_MAX 64

void buildmount_done(struct buildmount *m)
{
	free(m->id);
	free(m->from);
	free(m->source);
	free(m->target);
	free(m->env);
	m->lock = fd_close(m->lock);
}

static struct spec_mount *add_mount(struct spec *spec, enum spec_mount_type type,
				    const char *source, char *target)
{
	spec->mounts =
		mem_resize(spec->mounts, spec->mounts_len + 1, sizeof(*spec->mounts));
	struct spec_mount *m = &spec->mounts[spec->mounts_len++];
	*m = (struct spec_mount){ .type = type,
				  .source = str_dup(source),
				  .target = target,
				  .tmpfs_mode = -1 };
	return m;
}

/* --- owners ---------------------------------------------------------------------------
 */

struct give {
	const struct store *store;
	const char *path;
	const struct buildmount *m;
};

static int give_away(void *arg, struct err *e)
{
	struct give *g = arg;
	int r = ownership_enter(g->store, e);

	if (r == 0 && lchown(g->path, g->m->uid, g->m->gid))
		r = err_sys(e, "chown '%s'", g->path);
	return r;
}

/* holder: the folder that says which IDs beyond the map it has (owners.h). */
static int set_owner(const struct buildjob *j, int holder, const char *path,
		     const struct buildmount *m, struct err *e)
{
	struct give g = { j->store, path, m };
	int r = ownership_lend(j->store, holder, &j->realm,
			       (const int64_t[]){ m->uid, m->gid }, e);

	return r == 0 && (m->uid || m->gid)
		       ? userns_call(j->realm.pidfd, CLONE_NEWUSER, give_away, &g, e)
		       : r;
}

/* --- secrets --------------------------------------------------------------------------
 */

static const char *secret_id(const struct buildmount *m)
{
	return m->id ? m->id : path_base(m->target);
}

static int read_secret(const struct buildmount_secret *s, struct buf *out, struct err *e)
{
	int r;

	if (s->env) {
		const char *value = getenv(s->env);
		if (!value)
			return err_set(e, -ENOENT,
				       "secret '%s': the variable %s is not set", s->id,
				       s->env);
		return buf_adds(out, value);
	}
	r = file_read_named(s->file, SECRET_MAX, out);
	return r < 0 ? err_code(e, r, "secret '%s': read '%s'", s->id, s->file) : 0;
}

/* 1 when there is one. */
static int find_secret(const struct buildjob *j, const char *id, struct buf *out,
		       struct err *e)
{
	for (size_t i = 0; i < j->o->secrets.len; i++) {
		autodone(buildmount_secret_done) struct buildmount_secret s = { 0 };
		int r = buildmount_parse_secret(j->o->secrets.v[i], &s, e);
		if (r < 0)
			return r;
		if (!str_eq(s.id, id))
			continue;
		r = read_secret(&s, out, e);
		return r < 0 ? r : 1;
	}
	return 0;
}

static int prepare_secret(struct buildjob *j, struct buildmount *m, struct spec *spec,
			  struct err *e)
{
	autobuf value = { .max = SECRET_MAX };
	const char *id = secret_id(m);
	int r = find_secret(j, id, &value, e);

	if (r < 0)
		return r;
	if (r == 0)
		return m->required ? err_set(e, -ENOENT, "secret %s: not found", id) : 0;
	if (m->env) {
		strv_setenv(&spec->env, m->env, buf_str(&value));
		if (!m->target)
			return 0;
	}
	/* In the runtime folder: memory, not disk, wherever the host has it so. */
	autofree char *path = str_fmt("%s/%u", j->secrets, j->scratches++);
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || fchmod(fd, m->mode >= 0 ? (mode_t)m->mode : 0400) ||
	    fd_write_all(fd, buf_str(&value), value.len) < 0)
		return err_sys(e, "write secret '%s'", id);
	r = set_owner(j, j->dirfd, path, m, e);
	char *target = m->target ? str_dup(m->target) : str_fmt(SECRETS "%s", id);
	add_mount(spec, SPEC_BIND, path, target)->read_only = true;
	return r;
}

/* --- binds ----------------------------------------------------------------------------
 */

struct source {
	struct buildcopy copy;
	struct buildcopy_source from;
	struct strv layers;
	char *scratch;
};

static void source_done(struct source *s)
{
	strv_done(&s->layers);
	free(s->scratch);
}

static int open_source(struct buildjob *j, const struct buildjob_stage *st,
		       const struct buildmount *m, struct source *s, struct err *e)
{
	s->scratch = buildjob_scratch(j, e);
	if (!s->scratch)
		return e->code;
	s->from = (struct buildcopy_source){ .fd = -1,
					     .path = m->source ? m->source : (char *)"/",
					     .literal = true };
	s->copy = (struct buildcopy){ .store = j->store,
				      .realm_pidfd = j->realm.pidfd,
				      .sources = &s->from,
				      .sources_len = 1,
				      .ignore = &j->context.ignore,
				      .source_scratch = s->scratch,
				      .path = "/mnt",
				      .uid = -1,
				      .gid = -1 };
	if (m->from) {
		const struct buildcontext *named = NULL;
		int r = buildbase_folder(j, m->from, &named, e);
		if (r < 0)
			return r;
		if (named) {
			s->from.fd = named->fd;
			s->from.context = true;
			s->copy.ignore = &named->ignore;
			return 0;
		}
		s->from.layers = &s->layers;
		return buildbase_tree(j, st, m->from, &s->layers, e);
	}
	s->from.fd = j->context.fd;
	s->from.context = true;
	return 0;
}

static int key_bind(struct buildjob *j, const struct buildjob_stage *st,
		    const struct buildmount *m, struct buf *key, struct err *e)
{
	autodone(source_done) struct source s = { 0 };
	char text[DIGEST_TEXT_MAX];
	struct digest sum;
	int r = open_source(j, st, m, &s, e);

	if (r == 0)
		r = buildcopy_sum(&s.copy, &sum, e);
	if (r == 0)
		buildlayer_key(key, "content", digest_text(text, &sum));
	return r;
}

/* The context itself, when nothing of it is to be hidden or changed; else a copy. */
static int prepare_bind(struct buildjob *j, const struct buildjob_stage *st,
			const struct buildmount *m, struct spec *spec, struct err *e)
{
	autodone(source_done) struct source s = { 0 };
	bool whole = !m->from && !j->context.ignore.len && m->access == BUILDMOUNT_READ;
	int r = open_source(j, st, m, &s, e);

	if (r < 0)
		return r;
	autofree char *path = str_fmt("%s/upper/mnt", s.scratch);
	if (whole) {
		char link[32], real[PATH_MAX];
		autoclose int fd = path_open_in(j->context.fd,
						m->source ? m->source : ".", O_PATH, 0);
		str_print(link, sizeof(link), "/proc/self/fd/%d", fd);
		ssize_t n = fd < 0 ? -1 : readlink(link, real, sizeof(real) - 1);
		if (n < 0)
			return err_set(e, -ENOENT, "'%s': not found", m->source);
		free(path);
		path = str_ndup(real, (size_t)n);
	} else {
		autofree char *upper = str_fmt("%s/upper", s.scratch);
		autoclose int dir = open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return err_sys(e, "open '%s'", upper);
		if ((r = buildcopy_out(&s.copy, dir, e)) < 0)
			return r;
	}
	add_mount(spec, SPEC_BIND, path, str_dup(m->target))->read_only =
		m->access == BUILDMOUNT_READ;
	return 0;
}

/* --- caches ---------------------------------------------------------------------------
 */

/* Locks the nth cache of that name; *ret_path is its folder. */
static int lock_cache(struct buildjob *j, const char *hex, unsigned n, bool exclusive,
		      bool wait, char **ret_path, struct err *e)
{
	autofree char *name = n ? str_fmt("%s-%u", hex, n) : str_dup(hex);
	autoclose int all = stepcache_folder(j->store, CACHES, e);
	autoclose int dir = all < 0 ? all : file_open_dir(all, name, true, 0700);
	int fd;

	if (all < 0)
		return all;
	fd = dir < 0 ? dir : file_lock(dir, "lock", exclusive, wait);
	if (fd == -EWOULDBLOCK)
		return fd;
	if (fd < 0)
		return err_code(e, fd, "open a cache");
	*ret_path = str_fmt("%s/build/" CACHES "/%s/data", j->store->data, name);
	return fd;
}

static int open_cache(struct buildjob *j, struct buildmount *m, char **ret_path,
		      struct err *e)
{
	const char *id = m->id ? m->id : m->target;
	char hex[DIGEST_TEXT_MAX];
	struct digest d;
	int fd = -EWOULDBLOCK;

	/* What it was filled from makes it another one. */
	autofree char *name =
		m->from ? str_fmt("%s %s %s", id, m->from, m->source ? m->source : "/")
			: str_dup(id);
	hasher_of(name, strlen(name), &d);
	digest_hex(hex, &d);
	if (m->sharing != BUILDMOUNT_PRIVATE)
		return lock_cache(j, hex, 0, m->sharing == BUILDMOUNT_LOCKED, true,
				  ret_path, e);
	for (unsigned n = 0; fd == -EWOULDBLOCK && n < PRIVATE_MAX; n++)
		fd = lock_cache(j, hex, n, true, false, ret_path, e);
	return fd == -EWOULDBLOCK
		       ? err_set(e, fd, "%d builds use cache '%s'", PRIVATE_MAX, id)
		       : fd;
}

/* A cache with a from begins as a copy of that. */
static int fill_cache(struct buildjob *j, const struct buildjob_stage *st,
		      const struct buildmount *m, const char *path, struct err *e)
{
	autodone(source_done) struct source s = { 0 };
	int r = open_source(j, st, m, &s, e);

	if (r < 0)
		return r;
	s.copy.path = "/";
	autoclose int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? err_sys(e, "open '%s'", path) : buildcopy_out(&s.copy, dir, e);
}

static int prepare_cache(struct buildjob *j, const struct buildjob_stage *st,
			 struct buildmount *m, struct spec *spec, struct err *e)
{
	autofree char *path = NULL;
	int r = open_cache(j, m, &path, e);

	if (r < 0)
		return r;
	m->lock = r;
	/* Owner and mode are of the one who makes it first. */
	if (!mkdir(path, 0755)) {
		autofree char *folder = path_dir(path);
		autoclose int holder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = chmod(path, m->mode >= 0 ? (mode_t)m->mode : 0755)
			    ? err_sys(e, "make a cache")
			    : set_owner(j, holder, path, m, e);
		if (r == 0 && m->from && (r = fill_cache(j, st, m, path, e)) < 0)
			rmdir(path);
		if (r < 0)
			return r;
	} else if (errno != EEXIST) {
		return err_sys(e, "make a cache");
	}
	add_mount(spec, SPEC_BIND, path, str_dup(m->target))->read_only =
		m->access == BUILDMOUNT_READ;
	return 0;
}

/* --- agents ---------------------------------------------------------------------------
 */

/* The socket that "ID[=SOCKET]" means, malloc'd. */
static int open_agent(const char *s, char **ret, struct err *e)
{
	const char *eq = strchr(s, '='), *path = eq ? eq + 1 : getenv("SSH_AUTH_SOCK");
	struct stat st;

	if (str_empty(path))
		return err_set(e, -ENOENT,
			       "--ssh %s: SSH_AUTH_SOCK is not set: start an ssh-agent",
			       s);
	if (stat(path, &st))
		return err_sys(e, "--ssh %s: '%s'", s, path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(
			e, -EOPNOTSUPP,
			"--ssh %s: '%s' is no agent's socket: keys are passed by an "
			"agent alone, so ssh-add it",
			s, path);
	*ret = realpath(path, NULL);
	return *ret ? 0 : err_sys(e, "--ssh %s: '%s'", s, path);
}

int buildmount_check_ssh(const struct strv *all, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < all->len; i++) {
		autofree char *path = NULL;
		r = open_agent(all->v[i], &path, e);
	}
	return r;
}

/* Of --ssh ID; NULL when none was given. */
static int find_agent(const struct buildjob *j, const char *id, char **ret, struct err *e)
{
	size_t n = strlen(id);

	for (size_t i = 0; i < j->o->ssh.len; i++) {
		const char *s = j->o->ssh.v[i];
		if (!strncmp(s, id, n) && (!s[n] || s[n] == '='))
			return open_agent(s, ret, e);
	}
	return 0;
}

static int prepare_ssh(struct buildjob *j, struct buildmount *m, struct spec *spec,
		       struct err *e)
{
	const char *id = m->id ? m->id : "default";
	autofree char *path = NULL;
	int r = find_agent(j, id, &path, e);

	if (r < 0)
		return r;
	if (!path)
		return m->required
			       ? err_set(e, -ENOENT,
					 "ssh mount %s: no agent was given by --ssh %s",
					 id, id)
			       : 0;
	if (!m->target)
		m->target = str_dup(AGENT);
	add_mount(spec, SPEC_BIND, path, str_dup(m->target));
	strv_setenv(&spec->env, "SSH_AUTH_SOCK", m->target);
	return 0;
}

/* --- all ------------------------------------------------------------------------------
 */

int buildmount_key(struct buildjob *j, const struct buildjob_stage *st,
		   const struct buildmount *m, struct buf *key, struct err *e)
{
	char text[96];

	/* Of caches and secrets the content is nobody's input, by their meaning. */
	str_print(text, sizeof(text), "%d %d %d %d %llu %u %u %lld", m->type, m->sharing,
		  m->access, m->required, (unsigned long long)m->size, m->uid, m->gid,
		  (long long)m->mode);
	buildlayer_key(key, "mount", text);
	buildlayer_key(key, "target", m->target);
	buildlayer_key(key, "id", m->id);
	buildlayer_key(key, "env", m->env);
	if (m->type == BUILDMOUNT_CACHE) {
		buildlayer_key(key, "from", m->from);
		buildlayer_key(key, "source", m->source);
	}
	return m->type == BUILDMOUNT_BIND ? key_bind(j, st, m, key, e) : 0;
}

int buildmount_prepare(struct buildjob *j, const struct buildjob_stage *st,
		       struct buildmount *m, struct spec *spec, struct err *e)
{
	struct spec_mount *t;

	if (m->target) {
		char *target = buildadd_absolute(st, m->target);
		free(m->target);
		m->target = target;
	}
	switch (m->type) {
	case BUILDMOUNT_SECRET:
		return prepare_secret(j, m, spec, e);
	case BUILDMOUNT_CACHE:
		return prepare_cache(j, st, m, spec, e);
	case BUILDMOUNT_SSH:
		return prepare_ssh(j, m, spec, e);
	case BUILDMOUNT_BIND:
		return prepare_bind(j, st, m, spec, e);
	case BUILDMOUNT_TMPFS:
		t = add_mount(spec, SPEC_TMPFS, NULL, str_dup(m->target));
		t->tmpfs_size = m->size;
		strv_add(&t->options, "exec");
		return 0;
	}
	return -EINVAL;
}
