/* SPDX-License-Identifier: Apache-2.0 */
/* Into a container's root. */
#include "core/engine/inroot.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/engine/realm.h"
#include "core/ns/pidfd.h"
#include "core/ns/userns.h"
#include "core/runtime/bundle.h"
#include "core/runtime/mapping.h"
#include "core/runtime/mounting.h"
#include "core/runtime/rootfs.h"
#include "core/runtime/setup.h"

struct call {
	const struct container *c;
	enum inroot_view view;
	bool running;
	struct setup setup;
	struct bundle bundle;
	int (*fn)(void *arg, int root, struct err *e);
	void *arg;
};

static void call_done(struct call *x)
{
	setup_done(&x->setup);
	bundle_done(&x->bundle);
}

static int open_running(const struct call *x, struct err *e)
{
	char path[40];
	autoclose int init = state_open_init(&x->c->state);

	str_print(path, sizeof(path), "/proc/%d/root", (int)x->c->state.pid);
	int fd = init < 0 ? init : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Looked at again: the PID was its own all the while. */
	if (fd < 0 || !pidfd_alive(init)) {
		fd_close(fd);
		return err_set(e, -ESRCH, "container %.12s is not running", x->c->id);
	}
	return fd;
}

/* What the kernel shows is for a running one; hosts, hostname and resolv.conf are written
 * at its first start. */
static bool is_wanted(const struct rt_mount *m)
{
	static const char *const kernel[] = { "/dev", "/proc", "/sys" };

	for (size_t i = 0; i < ARRAY_LEN(kernel); i++)
		if (str_starts(m->destination, kernel[i]))
			return false;
	return str_eq(m->type, "bind") && m->source && !access(m->source, F_OK);
}

/* Its binds, volumes among them. */
static int add_binds(const struct call *x, int root, struct err *e)
{
	const struct runtimeconfig *config = &x->bundle.config;
	struct idmap none = { 0 };
	struct mounting m = { .root = root,
			      .bundle = x->bundle.path,
			      .uid = &none,
			      .gid = &none,
			      .init_pidfd = -1,
			      .ret_devpts = NULL };
	int r = 0;

	for (size_t i = 0; r == 0 && i < config->mounts_len; i++)
		if (is_wanted(&config->mounts[i]))
			r = mounting_all(&m, &config->mounts[i], 1, e);
	return r;
}

static int open_stopped(const struct call *x, struct err *e)
{
	struct strv layers = { 0 };
	struct rootfs fs = { .layers = &layers, .folder = x->bundle.path };

	if (unshare(CLONE_NEWNS))
		return err_sys(e, "make a mount namespace");
	if (x->view == INROOT_IMAGE && !x->setup.layers.len)
		return err_set(e, -EOPNOTSUPP,
			       "the container runs the folder '%s' as it is: there is no "
			       "image beside it",
			       x->setup.upper);
	if (x->view == INROOT_LIVE && !x->setup.layers.len) {
		fs.folder = x->setup.upper;
	} else if (x->view == INROOT_LIVE) {
		fs.upper = x->setup.upper;
		fs.work = x->setup.work;
	} else if (x->view == INROOT_DISK && x->setup.upper) {
		strv_add(&layers, x->setup.upper);
	}
	strv_addv(&layers,
		  strv_view(x->setup.mapped.len ? &x->setup.mapped : &x->setup.layers));
	fs.data = x->setup.mapped_meta ? &x->setup.layers : NULL;
	/* The kernel makes no overlay of one folder. */
	if (!fs.upper && !fs.data && layers.len == 1) {
		int fd = open(layers.v[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? err_sys(e, "open '%s'", layers.v[0]) : fd;
	}
	int root = rootfs_attach(&fs, 0, e);
	int r = root < 0 || x->view != INROOT_LIVE ? root : add_binds(x, root, e);
	if (r < 0)
		return r;
	/* Through what was mounted on it. */
	return root;
}

/* Where the container's IDs are not the realm's, ours become the container's, as its
 * root: what we see and give are then its numbers. */
static int take_ids(const struct call *x, struct err *e)
{
	const struct runtimeconfig *c = &x->bundle.config;
	autodone(idmap_done) struct idmap uid = { 0 }, gid = { 0 };
	int r;

	if (!c->uid_maps_len)
		return 0;
	r = mapping_fit("uid_map", c->uid_maps, c->uid_maps_len, &uid, e);
	if (r == 0)
		r = mapping_fit("gid_map", c->gid_maps, c->gid_maps_len, &gid, e);
	return r < 0 ? r : userns_enter(&uid, &gid, e);
}

static int enter(void *arg, struct err *e)
{
	struct call *x = arg;
	autoclose int root = x->view == INROOT_LIVE && x->running ? open_running(x, e)
								  : open_stopped(x, e);
	int r = root < 0 ? root : take_ids(x, e);

	umask(0);
	return r < 0 ? r : x->fn(x->arg, root, e);
}

int inroot_call(const struct store *s, const struct container *c, enum inroot_view view,
		int (*fn)(void *arg, int root, struct err *e), void *arg, struct err *e)
{
	autodone(realm_done) struct realm realm = { 0 };
	autodone(
		call_done) struct call x = { .c = c, .view = view, .fn = fn, .arg = arg };
	autoclose int bundle = container_open_bundle(c->dirfd, e);
	int r;

	if (bundle < 0)
		return bundle;
	x.running = c->state.status == STATE_RUNNING || c->state.status == STATE_PAUSED;
	if ((r = setup_read(bundle, &x.setup, e)) < 0 ||
	    (r = bundle_read(c->dirfd, NULL, &x.bundle, e)) < 0 ||
	    (r = realm_open(s, &realm, e)) < 0)
		return r;
	return userns_call(realm.pidfd, CLONE_NEWUSER, enter, &x, e);
}

int inroot_outside(const struct store *s, int (*fn)(void *arg, struct err *e), void *arg,
		   struct err *e)
{
	autodone(realm_done) struct realm realm = { 0 };
	int r = realm_open(s, &realm, e);

	return r < 0 ? r : userns_call(realm.pidfd, CLONE_NEWUSER, fn, arg, e);
}
