/* SPDX-License-Identifier: Apache-2.0 */
/* The end. */
#include "core/engine/container_end.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/netplan.h"
#include "core/engine/network.h"
#include "core/engine/news.h"
#include "core/engine/volume.h"
#include "core/ns/userns.h"
#include "core/runtime/setup.h"
#include "core/store/journal.h"
#include "core/store/record.h"

#define SOCKETS       "c"
#define SOCKET_LEN    16
#define CODE_KILLED   137
#define AWAIT_MS      10000
#define AWAIT_STEP_MS 2

int container_end_socket_dir(const struct store *s, const char *id, bool make)
{
	char name[SOCKET_LEN + 1];

	autoclose int parent = file_open_dir(s->run_fd, SOCKETS, make, 0700);
	if (parent < 0)
		return parent;
	str_print(name, sizeof(name), "%.16s", id);
	return file_open_dir(parent, name, make, 0700);
}

static void drop_sockets(const struct store *s, const char *id)
{
	autofree char *name = str_fmt(SOCKETS "/%.16s", id);

	file_remove_tree(s->run_fd, name);
}

void container_end_leases(const struct store *s, const char *id, int dirfd)
{
	autodone(setup_done) struct setup setup = { 0 };
	autodone(netplan_done) struct netplan n = { 0 };
	autoclose int bundle =
		openat(dirfd, "bundle", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (bundle < 0 || netplan_read(bundle, &setup, &n, NULL) < 0)
		return;
	netplan_admit(&n);
	for (size_t i = 0; i < n.ends_len; i++) {
		const struct netplan_end *end = &n.ends[i];
		const struct ip_addr *addrs[] = { &end->ep.addr, &end->ep.addr6 };

		for (size_t k = 0; end->id && k < ARRAY_LEN(addrs); k++)
			if (addrs[k]->family != AF_UNSPEC)
				network_release(s, end->id, id, addrs[k]);
	}
}

static void tell(const struct store *s, yyjson_val *record, const char *action,
		 const struct strv *more)
{
	autostrv attributes = { 0 };
	const char *id = "", *image = "", *name = "";

	json_get_map(yyjson_obj_get(record, "Config"), "Labels", &attributes, NULL);
	json_get_str(record, "Id", &id, NULL);
	json_get_str(record, "ImageRef", &image, NULL);
	json_get_str(record, "Name", &name, NULL);
	if (more)
		strv_addv(&attributes, strv_view(more));
	strv_addf(&attributes, "image=%s", image);
	strv_addf(&attributes, "name=%s", name);
	journal_add(s, "container", action, id, &attributes);
}

void container_end_tell_all(const struct store *s, const char *id, const char *action,
			    const struct strv *more)
{
	autojson *doc = NULL;

	if (record_read(s->containers_fd, id, &doc, NULL) == 0)
		tell(s, yyjson_doc_get_root(doc), action, more);
}

void container_end_tell_more(const struct store *s, const char *id, const char *action,
			     const char *attribute)
{
	autostrv more = { 0 };

	if (attribute)
		strv_add(&more, attribute);
	container_end_tell_all(s, id, action, &more);
}

void container_end_tell(const struct store *s, const char *id, const char *action)
{
	container_end_tell_more(s, id, action, NULL);
}

/* Another container may share it (--volumes-from). */
static bool is_only_user(const struct store *s, const char *volume, const char *id)
{
	autostrv users = { 0 };

	return volume_users(s, volume, &users, NULL) == 0 &&
	       (users.len == 0 || (users.len == 1 && str_eq(users.v[0], id)));
}

static void drop_volumes(const struct store *s, const char *id, yyjson_val *record)
{
	yyjson_val *mounts = yyjson_obj_get(record, "Mounts"), *m;
	size_t i, max;

	yyjson_arr_foreach (mounts, i, max, m) {
		const char *name = yyjson_get_str(yyjson_obj_get(m, "Name"));
		if (name && volume_is_anonymous(s, name) && is_only_user(s, name, id))
			volume_remove(s, name, NULL);
	}
}

struct removal {
	const struct store *s;
	const char *id;
	yyjson_val *record; /* may be NULL */
	bool volumes;
};

static int remove_recorded(const struct removal *x, char **ret_trash, struct err *e)
{
	const struct store *s = x->s;
	const char *name = NULL;

	json_get_str(x->record, "Name", &name, NULL);
	/* Before the record goes: a crash in between leaves a container to be removed
	 * again. */
	if (x->volumes)
		drop_volumes(s, x->id, x->record);
	drop_sockets(s, x->id);
	int r = record_trash(s, s->containers_fd, x->id, ret_trash, e);
	if (r < 0)
		return r;
	if (name)
		record_name_drop(s->containers_fd, name, x->id);
	if (x->record)
		tell(s, x->record, "destroy", NULL);
	return 0;
}

static void tell_end(const struct store *s, yyjson_val *record, int exit_code)
{
	autostrv code = { 0 };

	strv_addf(&code, "exitCode=%d", exit_code);
	tell(s, record, "die", &code);
	news_run(s, record, false);
}

void container_end_died(const struct store *s, const char *id, int exit_code)
{
	autojson *doc = NULL;

	if (record_read(s->containers_fd, id, &doc, NULL) == 0)
		tell_end(s, yyjson_doc_get_root(doc), exit_code);
}

void container_end_run(const struct store *s, const char *id, int dirfd, int exit_code,
		       char **ret_trash)
{
	autojson *doc = NULL;
	bool auto_remove = false;

	container_end_leases(s, id, dirfd);
	if (record_read(s->containers_fd, id, &doc, NULL) < 0)
		return;
	yyjson_val *record = yyjson_doc_get_root(doc);
	if (exit_code != CONTAINER_END_TOLD)
		tell_end(s, record, exit_code);
	json_get_bool(yyjson_obj_get(record, "HostConfig"), "AutoRemove", &auto_remove,
		      NULL);
	if (auto_remove && file_is_locked(dirfd, CONTAINER_END_RESTART) <= 0) {
		struct removal x = { s, id, record, true };
		remove_recorded(&x, ret_trash, NULL);
	}
}

int container_end_lock(int dirfd, const char *name, struct err *e)
{
	/* Opened anew: a lock belongs to an open file, and dirfd may be shared. */
	autoclose int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return err_set(e, -ENOENT, "No such container: %s", name);
	while (fd >= 0 && flock(fd, LOCK_EX)) {
		if (errno != EINTR)
			return err_sys(e, "lock container '%s'", name);
	}
	return fd < 0 ? err_sys(e, "lock container '%s'", name) : TAKE_FD(fd);
}

int container_end_read_state(int dirfd, struct state *ret, struct err *e)
{
	int r = state_read(dirfd, ret, e);

	if (r != -ENOENT && r != -EINVAL)
		return r;
	err_clear(e);
	if (r == -EINVAL) {
		*ret = (struct state){ .status = STATE_EXITED, .exit_code = CODE_KILLED };
		str_print(ret->error, sizeof(ret->error), "its state was damaged");
	}
	return 0;
}

/* There is nothing to poll for a lock; each look is two system calls. */
int container_end_await_change(int dirfd, struct state *st, struct err *e)
{
	const struct timespec step = { .tv_nsec = AWAIT_STEP_MS * 1000000 };

	for (int i = 0; i < AWAIT_MS / AWAIT_STEP_MS; i++) {
		/* In this order: a monitor writes its last word before it goes. */
		bool monitored = state_monitored(dirfd);
		int r = container_end_read_state(dirfd, st, e);
		if (r < 0)
			return r;
		if (!monitored || st->status == STATE_RUNNING ||
		    st->status == STATE_PAUSED || st->status == STATE_RESTARTING)
			return 0;
		nanosleep(&step, NULL);
	}
	return err_set(e, -EBUSY, "the container has been starting or ending for %d s",
		       AWAIT_MS / 1000);
}

bool container_end_removed(const struct store *s, const char *id)
{
	return faccessat(s->containers_fd, id, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
}

struct tree {
	const struct store *s;
	const char *name;
};

static int remove_tree(void *arg, struct err *e)
{
	const struct tree *t = arg;
	int r = file_remove_tree(t->s->tmp_fd, t->name);

	return r < 0 && r != -ENOENT ? err_code(e, r, "remove '%s'", t->name) : 0;
}

/* Most trees are the user's own throughout; else the realm's root removes them. */
void container_end_empty(const struct store *s, const char *trash)
{
	autodone(realm_done) struct realm realm = { 0 };
	struct tree t = { s, trash };

	if (remove_tree(&t, NULL) == 0)
		return;
	if (realm_open(s, &realm, NULL) == 0)
		userns_call(realm.pidfd, CLONE_NEWUSER, remove_tree, &t, NULL);
}

int container_end_remove(const struct store *s, const char *id, bool volumes,
			 char **ret_trash, struct err *e)
{
	autojson *doc = NULL;

	/* A record that cannot be read must not keep its container from being removed. */
	record_read(s->containers_fd, id, &doc, NULL);
	struct removal x = { s, id, yyjson_doc_get_root(doc), volumes };
	return remove_recorded(&x, ret_trash, e);
}
