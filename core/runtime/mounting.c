/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of config.json. */
#include "core/runtime/mounting.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/ns/mount.h"
#include "core/runtime/copyover.h"
#include "core/runtime/idmapped.h"
#include "core/runtime/inside.h"
#include "core/runtime/mountparam.h"
#include "core/runtime/rootfs.h"

#define TARGET_DIR    0755
#define TARGET_FILE   0644
#define CGROUP2_MAGIC 0x63677270
#define HARMLESS      (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* What is mounted, after its options are sorted. */
struct job {
	const struct mounting *m;
	const struct rt_mount *mount;
	const char *type;
	struct mount_change change;
	enum mount_bind bind;
	struct strv params;
	struct strv layers, data; /* of an overlay */
	const char *subpath;      /* of a bind's source or of the layers, or NULL */
	pid_t peer;               /* whose bind source it is, or 0 */
	enum idmapped owners;
	unsigned ns; /* whose namespace it shows; 0: no one's */
	int fd;      /* made inside beforehand, or -errno with e */
	struct err *e;
};

static void job_done(struct job *j)
{
	strv_done(&j->params);
	strv_done(&j->layers);
	strv_done(&j->data);
	fd_close(j->fd);
	free(j->e);
}

/* --- targets -------------------------------------------------------------------------
 */

static int make_file(int root, const char *path, struct err *e)
{
	autofree char *dir = path_dir(path);
	autoclose int parent =
		path_mkdirs_in(root, dir, TARGET_DIR, (uid_t)-1, (gid_t)-1);
	int fd;

	if (parent < 0)
		return err_code(e, parent, "make '%s' in the container", dir);
	fd = openat(parent, path_base(path),
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, TARGET_FILE);
	if (fd < 0)
		return err_sys(e, "make '%s' in the container", path);
	fd_close(fd);
	fd = openat(parent, path_base(path), O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open '%s' in the container", path) : fd;
}

int mounting_target(int root, const char *path, bool folder, struct err *e)
{
	int fd = path_open_in(root, path, O_PATH, 0);

	if (fd >= 0)
		return fd;
	if (fd != -ENOENT)
		return err_code(e, fd, "open '%s' in the container", path);
	if (!folder)
		return make_file(root, path, e);
	fd = path_mkdirs_in(root, path, TARGET_DIR, (uid_t)-1, (gid_t)-1);
	return fd < 0 ? err_code(e, fd, "make '%s' in the container", path) : fd;
}

/* /dev, /proc and /sys decide what else is reached: an image in which one of them is a
 * link is up to no good (runc CVE-2019-19921, 2026-41579). */
static bool is_vital(const char *path)
{
	static const char *const vital[] = { "/dev", "/proc", "/sys" };

	for (size_t i = 0; i < ARRAY_LEN(vital); i++) {
		if (str_eq(path, vital[i]))
			return true;
	}
	return false;
}

static int open_target(const struct job *j, bool folder, struct err *e)
{
	autofree char *path = path_clean(j->mount->destination);
	struct stat st;

	if (str_eq(path, "/"))
		return err_set(e, -EINVAL,
			       "nothing can be mounted over the container's '/'");
	if (is_vital(path) &&
	    fstatat(j->m->root, path + 1, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISDIR(st.st_mode))
		return err_set(e, -ENOTDIR, "'%s' of the image is not a directory", path);
	return mounting_target(j->m->root, path, folder, e);
}

static int put(const struct job *j, int fd, int target, struct err *e)
{
	struct stat what, where;
	int r = mount_move(fd, target);

	if (r == -EINVAL && fstat(fd, &what) == 0 && fstat(target, &where) == 0 &&
	    S_ISDIR(what.st_mode) != S_ISDIR(where.st_mode))
		return err_set(
			e, r,
			"mount on '%s': not a directory: are you trying to mount a "
			"directory onto a file (or vice-versa)?",
			j->mount->destination);
	return r < 0 ? err_code(e, r, "mount on '%s'", j->mount->destination) : 0;
}

/* --- kinds ---------------------------------------------------------------------------
 */

static int change_bind(const struct job *j, int fd, struct err *e)
{
	struct mount_change own = { .propagation = j->change.propagation,
				    .recursive = j->bind == MOUNT_RBIND };
	/* "rw" is what a bind is unless its source is read-only, which must stay. */
	struct mount_change flags = { .set = j->change.set,
				      .clear = j->change.clear &
					       ~(uint64_t)MOUNT_ATTR_RDONLY,
				      .recursive = j->bind == MOUNT_RBIND };
	int r;

	if (!own.propagation)
		own.propagation = MS_PRIVATE;
	r = mount_change(fd, &own);
	if (r == 0 && (flags.set || flags.clear))
		r = mount_change(fd, &flags);
	return r < 0 ? err_code(e, r, "set the options of '%s'", j->mount->destination)
		     : 0;
}

/* What is bound: the source, or a place in it that is not trusted (its links are the
 * containers' own). */
static int clone_source(const struct job *j, const char *source, struct err *e)
{
	bool recursive = j->bind == MOUNT_RBIND;

	if (j->peer)
		return inside_clone(j->peer, source);
	if (!j->subpath)
		return mount_clone(AT_FDCWD, source, recursive);
	autoclose int top = open(source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return -errno;
	autoclose int fd = path_open_in(top, j->subpath, O_PATH, 0);
	return fd < 0 ? fd : mount_clone(fd, "", recursive);
}

/* Puts the detached tree at fd in its place, and sets its options there. */
static int put_tree(const struct job *j, int fd, struct err *e)
{
	autoclose int target = -1;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "look at what is for '%s'", j->mount->destination);
	target = open_target(j, S_ISDIR(st.st_mode), e);
	if (target < 0)
		return target;
	r = idmapped_apply(fd, j->mount, j->m->init_pidfd, j->owners, e);
	if (r == 0)
		r = put(j, fd, target, e);
	return r < 0 ? r : change_bind(j, fd, e);
}

static int bind_from(const struct job *j, const char *source, struct err *e)
{
	autoclose int fd = clone_source(j, source, e);

	if (fd == -EINVAL && j->bind == MOUNT_BIND)
		return err_set(
			e, fd,
			"bind '%s': other mounts lie below it, and without root they can "
			"only be taken along (rbind)",
			source);
	if (fd < 0 && j->subpath)
		return err_code(e, fd, "bind '%s' of '%s'", j->subpath, source);
	return fd < 0 ? err_code(e, fd, "bind '%s'", source) : put_tree(j, fd, e);
}

/* A bind over /proc must be a procfs: what we and the container write there is believed.
 */
static int check_proc(const struct job *j, const char *source, struct err *e)
{
	autofree char *path = path_clean(j->mount->destination);
	struct statfs fs;

	if (!str_eq(path, "/proc"))
		return 0;
	if (statfs(source, &fs) < 0)
		return err_sys(e, "look at '%s'", source);
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_set(e, -EINVAL,
			       "'%s' cannot be mounted on '/proc': it is no procfs",
			       source);
	return 0;
}

static int add_bind(const struct job *j, struct err *e)
{
	const char *given = j->mount->source ? j->mount->source : "";
	autofree char *source =
		path_is_abs(given) ? str_dup(given) : path_join(j->m->bundle, given);

	if (!*given)
		return err_set(e, -EINVAL, "mount on '%s': no source",
			       j->mount->destination);
	if (j->params.len > 0)
		return err_set(e, -EINVAL, "mount on '%s': unknown option '%s'",
			       j->mount->destination, j->params.v[0]);
	if (check_proc(j, source, e) < 0)
		return -EINVAL;
	return bind_from(j, source, e);
}

static int create(const struct job *j, struct err *e)
{
	struct mount_fs fs = { .type = j->type,
			       .source = j->mount->source,
			       .params = &j->params,
			       .attr = j->change.set };

	return mount_fs(&fs, e);
}

/* The host's own in place of one that this container may not have made: it shares that
 * namespace with the host, so it sees the same there; never writable. */
static int bind_host(struct job *j, const char *source, struct err *e)
{
	autoclose int target = -1;

	/* A host without it (/dev/mqueue): an empty folder stands for it. */
	if (access(source, F_OK) < 0) {
		target = open_target(j, true, e);
		return target < 0 ? target : 0;
	}
	strv_reset(&j->params);
	j->bind = MOUNT_RBIND;
	j->change.set |= HARMLESS;
	if (!str_eq(source, "/proc"))
		j->change.set |= MOUNT_ATTR_RDONLY;
	j->change.clear = 0;
	return bind_from(j, source, e);
}

static int attach_new(const struct job *j, int fd, struct err *e)
{
	autoclose int target = open_target(j, true, e);

	return target < 0 ? target : put(j, fd, target, e);
}

static int add_inside(struct job *j, const char *host, struct err *e)
{
	if (!(j->m->own & j->ns))
		return bind_host(j, host, e);
	/* -EPERM of sysfs: a network namespace that is not the realm's (by path). */
	if (j->fd == -EPERM && j->ns == RT_NS_NET)
		return bind_host(j, host, e);
	if (j->fd == -EPERM && j->ns == RT_NS_PID)
		return err_set(
			e, j->fd,
			"mount '/proc': this host's own /proc is partly covered (are we "
			"in a container?), and the kernel then gives no new one");
	if (j->fd < 0) {
		if (e)
			*e = *j->e;
		return j->fd;
	}
	return attach_new(j, j->fd, e);
}

static void own_by_root(struct job *j)
{
	if (!mountparam_has(&j->params, "uid="))
		strv_add(&j->params, "uid=0");
	if (!mountparam_has(&j->params, "gid="))
		strv_add(&j->params, "gid=0");
}

static int add_tmpfs(struct job *j, struct err *e)
{
	autoclose int before = path_open_in(j->m->root, j->mount->destination, O_PATH, 0);
	autoclose int target = open_target(j, true, e);
	autoclose int fd = -1;
	struct stat st;
	bool copy;

	if (target < 0)
		return target;
	/* Without a mode, that of the image's folder, as docker's runtime does; where the
	 * image has none, the file system's own default of 1777. */
	if (!mountparam_has(&j->params, "mode=") && before >= 0 &&
	    fstat(before, &st) == 0)
		strv_addf(&j->params, "mode=%o", st.st_mode & 07777);
	own_by_root(j);
	mountparam_translate(&j->params, j->m->uid, j->m->gid);
	copy = mountparam_take(&j->params, "tmpcopyup") && before >= 0;
	fd = create(j, e);
	if (fd < 0)
		return fd;
	if (copy && copyover_fill(before, fd, e) < 0)
		return err_wrap(e, "mount on '%s'", j->mount->destination);
	if (idmapped_apply(fd, j->mount, j->m->init_pidfd, j->owners, e) < 0)
		return e->code;
	return put(j, fd, target, e);
}

/* An overlay of nothing but layers. */
static int add_layers(const struct job *j, struct err *e)
{
	const struct rootfs r = { .layers = &j->layers, .data = &j->data };
	autoclose int fd = rootfs_overlay(&r, j->subpath, e);

	return fd < 0 ? fd : put_tree(j, fd, e);
}

static int add_devpts(struct job *j, struct err *e)
{
	int fd, r;

	mountparam_translate(&j->params, j->m->uid, j->m->gid);
	fd = create(j, e);
	if (fd < 0)
		return fd;
	r = attach_new(j, fd, e);
	if (r < 0 || *j->m->ret_devpts >= 0) {
		fd_close(fd);
		return r;
	}
	*j->m->ret_devpts = fd;
	return 0;
}

static int sort_options(struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->mount->options.len; i++) {
		const char *opt = j->mount->options.v[i];
		uint64_t pid;

		if (idmapped_option(opt, &j->owners))
			continue;
		if (str_starts(opt, MOUNTING_LAYER))
			strv_add(&j->layers, opt + strlen(MOUNTING_LAYER));
		else if (str_starts(opt, MOUNTING_DATA))
			strv_add(&j->data, opt + strlen(MOUNTING_DATA));
		else if (str_starts(opt, MOUNTING_PEER) &&
			 str_u64(opt + strlen(MOUNTING_PEER), INT32_MAX, &pid) == 0)
			j->peer = (pid_t)pid;
		else if (str_starts(opt, MOUNTING_SUBPATH))
			j->subpath = opt + strlen(MOUNTING_SUBPATH);
		else if (!mount_option(opt, &j->change, &j->bind))
			strv_add(&j->params, opt);
	}
	if (str_eq(j->mount->type, "bind") && j->bind == MOUNT_NO_BIND)
		j->bind = MOUNT_RBIND;
	return idmapped_check(j->mount, j->bind != MOUNT_NO_BIND, &j->owners, e);
}

/* --- all -----------------------------------------------------------------------------
 */

/* Kinds that show a namespace, and what stands for them when that is the host's. */
static const struct shown {
	const char *type;
	unsigned ns;
	const char *host;
} shown[] = {
	{ "proc", RT_NS_PID, "/proc" },
	{ "sysfs", RT_NS_NET, "/sys" },
	{ "mqueue", RT_NS_IPC, "/dev/mqueue" },
	{ "cgroup", RT_NS_CGROUP, "/sys/fs/cgroup" },
	{ "cgroup2", RT_NS_CGROUP, "/sys/fs/cgroup" },
};

static const struct shown *find_shown(const struct job *j)
{
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		if (str_eq(j->mount->type, shown[i].type) && j->bind == MOUNT_NO_BIND)
			return &shown[i];
	}
	return NULL;
}

/* Never writable: release_agent, and the host's hierarchy (CVE-2023-25809). Only the
 * second version has a view of its own for a namespace. */
static void sort_cgroup(struct job *j)
{
	struct statfs fs;

	j->change.set |= MOUNT_ATTR_RDONLY;
	j->type = "cgroup2";
	if (statfs("/sys/fs/cgroup", &fs) < 0 || fs.f_type != CGROUP2_MAGIC)
		j->ns = RT_NS_USER << RT_NS_COUNT; /* nobody's own: the host's is bound */
}

static int sort_job(struct job *j, struct err *e)
{
	const struct shown *s;

	j->type = j->mount->type ? j->mount->type : "bind";
	if (sort_options(j, e) < 0)
		return -EOPNOTSUPP;
	s = find_shown(j);
	j->ns = s ? s->ns : 0;
	if (j->ns == RT_NS_CGROUP)
		sort_cgroup(j);
	return 0;
}

static int add(struct job *j, struct err *e)
{
	const struct shown *s = find_shown(j);

	if (j->bind != MOUNT_NO_BIND)
		return add_bind(j, e);
	if (s)
		return add_inside(j, s->host, e);
	if (str_eq(j->type, "tmpfs"))
		return add_tmpfs(j, e);
	if (str_eq(j->type, "devpts"))
		return add_devpts(j, e);
	if (j->layers.len)
		return add_layers(j, e);
	j->fd = create(j, e);
	return j->fd < 0 ? j->fd : attach_new(j, j->fd, e);
}

struct jobs {
	struct job *v;
	size_t len;
};

static void jobs_done(struct jobs *all)
{
	for (size_t i = 0; i < all->len; i++)
		job_done(&all->v[i]);
	free(all->v);
}

/* All that must be made in init's namespaces, in one go: each going there costs. */
static int create_shown(void *arg, struct err *e)
{
	struct jobs *all = arg;
	for (size_t i = 0; i < all->len; i++) {
		struct job *j = &all->v[i];
		if (!(j->m->own & j->ns))
			continue;
		j->e = mem_new(struct err);
		j->fd = create(j, j->e);
	}
	return 0;
}

int mounting_all(const struct mounting *m, const struct rt_mount *mounts, size_t n,
		 struct err *e)
{
	autodone(jobs_done) struct jobs all = { .v = mem_array(n, sizeof(*all.v)) };
	bool inside = false;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct job *j = &all.v[all.len++];

		*j = (struct job){ .m = m, .mount = &mounts[i], .fd = -1 };
		r = sort_job(j, e);
		inside |= (m->own & j->ns) != 0;
	}
	if (r == 0 && inside)
		r = inside_run(m->init_pidfd, m->own, create_shown, &all, e);
	for (size_t i = 0; i < n && r == 0; i++)
		r = add(&all.v[i], e);
	return r;
}
