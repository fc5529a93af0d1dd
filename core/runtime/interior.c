/* SPDX-License-Identifier: Apache-2.0 */
/* The file system tree of a container. */
#include "core/runtime/interior.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/ns/mount.h"
#include "core/ns/pty.h"
#include "core/runtime/device.h"
#include "core/runtime/inside.h"
#include "core/runtime/mask.h"
#include "core/runtime/mounting.h"
#include "core/runtime/rootfs.h"

#define CWD_MODE 0755

/* --- sysctl --------------------------------------------------------------------------
 */

/* Which namespace a key belongs to; 0: the whole host's. */
static unsigned sysctl_ns(const char *key)
{
	static const struct {
		const char *prefix;
		unsigned ns;
	} known[] = {
		{ "net.", RT_NS_NET },
		{ "fs.mqueue.", RT_NS_IPC },
		{ "kernel.shm", RT_NS_IPC },
		{ "kernel.msg", RT_NS_IPC },
		{ "kernel.sem", RT_NS_IPC },
		{ "kernel.domainname", RT_NS_UTS },
		{ "kernel.hostname", RT_NS_UTS },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (str_starts(key, known[i].prefix))
			return known[i].ns;
	}
	return 0;
}

static int set_sysctl(const struct interior *in, int dir, const char *item, struct err *e)
{
	const char *eq = strchr(item, '=');
	autofree char *key = eq ? str_ndup(item, (size_t)(eq - item)) : NULL;
	int r;

	if (!eq)
		return err_set(e, -EINVAL, "sysctl '%s' has no value", item);
	if (strstr(key, ".."))
		return err_set(e, -EINVAL, "sysctl '%s' is no name", key);
	if (!(in->own & sysctl_ns(key)))
		return err_set(
			e, -EPERM,
			"sysctl '%s' is not in a namespace of this container's own", key);
	for (char *p = key; *p; p++) {
		/* "net/ipv4/conf/eth0.1/…" is the form for names with dots. */
		if (*p == '.' && !strchr(item, '/'))
			*p = '/';
	}
	r = file_write_small(dir, key, eq + 1);
	return r < 0 ? err_code(e, r, "set sysctl '%s'", item) : 0;
}

/* In init's namespaces: what /proc/sys shows is that of the caller's. */
static int set_sysctls(void *arg, struct err *e)
{
	const struct interior *in = arg;
	/* The host's own /proc, not the image's: nothing can stand in its way. */
	autoclose int dir = open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (dir < 0 || fstatfs(dir, &fs) < 0)
		return err_sys(e, "open '/proc/sys'");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_set(e, -EINVAL, "the host's '/proc' is no procfs");
	for (size_t i = 0; i < in->config->sysctl.len; i++) {
		if (set_sysctl(in, dir, in->config->sysctl.v[i], e) < 0)
			return e->code;
	}
	return 0;
}

/* --- building ------------------------------------------------------------------------
 */

static int make_terminal(struct interior *in, int devpts, struct err *e)
{
	const struct rt_process *p = &in->config->process;
	int64_t owner = idmap_out(in->uid, p->uid);
	int r;

	if (devpts < 0)
		return err_set(e, -EINVAL,
			       "a terminal needs a devpts mount on '/dev/pts'");
	r = pty_open(devpts, &in->master, &in->slave, e);
	if (r < 0)
		return r;
	r = pty_resize(in->master, p->rows, p->cols);
	if (r < 0)
		return err_code(e, r, "set the terminal's size");
	/* Else a payload that is not root could not open its own terminal by name. */
	if (owner > 0 && fchown(in->slave, (uid_t)owner, (gid_t)-1) < 0)
		return err_sys(e, "give the terminal to user %u", p->uid);
	return 0;
}

static int make_cwd(const struct interior *in, struct err *e)
{
	const char *cwd = in->config->process.cwd;
	int64_t uid = idmap_out(in->uid, 0), gid = idmap_out(in->gid, 0);
	int fd;

	if (str_empty(cwd) || str_eq(cwd, "/"))
		return 0;
	fd = path_mkdirs_in(in->root, cwd, CWD_MODE, uid < 0 ? (uid_t)-1 : (uid_t)uid,
			    gid < 0 ? (gid_t)-1 : (gid_t)gid);
	/* What it is instead, or that it cannot be made, shows when it is entered. */
	fd_close(fd);
	return 0;
}

static int protect(const struct interior *in, struct err *e)
{
	struct mount_change ro = { .set = MOUNT_ATTR_RDONLY };
	int r = 0;

	if (!in->setup->systempaths_unconfined) {
		r = mask_readonly(in->root, &in->config->readonly_paths, e);
		if (r == 0)
			r = mask_hide(in->root, &in->config->masked_paths, e);
	}
	if (r == 0 && in->config->root_readonly) {
		r = mount_change(in->root, &ro);
		if (r < 0)
			return err_code(e, r, "make the root read-only");
	}
	return r;
}

static int fill(struct interior *in, const struct mounting *m, struct err *e)
{
	struct device d = { .root = in->root,
			    .extra = in->config->devices,
			    .extra_len = in->config->devices_len,
			    .host = in->setup->host_devices };
	int r = mounting_all(m, in->config->mounts, in->config->mounts_len, e);

	if (r == 0 && in->setup->terminal)
		r = make_terminal(in, *m->ret_devpts, e);
	d.console = in->slave;
	if (r == 0)
		r = device_populate(&d, e);
	if (r == 0)
		r = make_cwd(in, e);
	if (r == 0 && in->config->sysctl.len > 0)
		r = inside_run(in->init_pidfd, in->own, set_sysctls, in, e);
	return r == 0 ? protect(in, e) : r;
}

static char *root_folder(const struct interior *in)
{
	const char *path = in->config->root_path ? in->config->root_path : "rootfs";

	return path_is_abs(path) ? str_dup(path) : path_join(in->bundle, path);
}

static struct rootfs describe_root(const struct interior *in, const char *folder)
{
	const struct setup *s = in->setup;

	return (struct rootfs){ .layers = s->mapped.len ? &s->mapped : &s->layers,
				.data = s->mapped_meta ? &s->layers : NULL,
				.upper = s->upper,
				.work = s->work,
				.folder = folder };
}

void interior_begin(struct interior *in)
{
	autofree char *folder = root_folder(in);
	struct rootfs root = describe_root(in, folder);

	in->ahead = rootfs_begin(&root);
}

/* The root folder's owner is the upper one's, which the user has made: it becomes the
 * container's root, as in the layers. */
static int own_root(const struct interior *in, struct err *e)
{
	int64_t uid = idmap_out(in->uid, 0), gid = idmap_out(in->gid, 0);

	if (!in->setup->mapped.len || !in->setup->upper || uid < 0 || gid < 0)
		return 0;
	if (fchownat(in->root, "", (uid_t)uid, (gid_t)gid, AT_EMPTY_PATH))
		return err_sys(e, "give the root folder to the container's root");
	return 0;
}

int interior_build(struct interior *in, struct err *e)
{
	autofree char *folder = root_folder(in);
	struct rootfs root = describe_root(in, folder);
	autoclose int devpts = -1;
	struct mounting m = { .bundle = in->bundle,
			      .uid = in->uid,
			      .gid = in->gid,
			      .init_pidfd = in->init_pidfd,
			      .own = in->own,
			      .ret_devpts = &devpts };
	int r;

	in->root = rootfs_attach(&root, in->ahead, e);
	if (in->root < 0)
		return in->root;
	m.root = in->root;
	r = own_root(in, e);
	return r < 0 ? r : fill(in, &m, e);
}

static int set_propagation(const struct interior *in, struct err *e)
{
	struct mount_change c = { 0 };
	enum mount_bind bind = MOUNT_NO_BIND;
	const char *how = in->config->rootfs_propagation;
	int r;

	if (str_empty(how))
		return 0;
	if (!mount_option(how, &c, &bind) || !c.propagation)
		return err_set(e, -EINVAL, "propagation '%s' is unknown", how);
	r = mount_change(in->root, &c);
	return r < 0 ? err_code(e, r, "make the root '%s'", how) : 0;
}

int interior_enter(struct interior *in, struct err *e)
{
	int r = in->no_pivot ? mount_cover(in->root, e) : mount_pivot(in->root, e);

	/* A shared root cannot be pivoted to. */
	return r < 0 ? r : set_propagation(in, e);
}

void interior_done(struct interior *in)
{
	in->root = fd_close(in->root);
	in->master = fd_close(in->master);
	in->slave = fd_close(in->slave);
}
