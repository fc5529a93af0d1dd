/* SPDX-License-Identifier: Apache-2.0 */
/* Finding containers on disk, and making the disk agree with what is alive. */
#include "core/engine/container.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/container_end.h"
#include "core/ns/pidfd.h"
#include "core/store/record.h"

#define KILL_MS     10000
#define CODE_KILLED 137
#define SHORT_ID    12

static void forget(struct container *c)
{
	*c = (struct container){ .dirfd = -1 };
}

void container_done(struct container *c)
{
	if (c->id) /* else zeroed or done already */
		fd_close(c->dirfd);
	free(c->id);
	free(c->name);
	yyjson_doc_free(c->record);
	forget(c);
}

/* What a power cut made of a record must not hide the container from rm. */
static yyjson_doc *damaged_record(const char *id)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	autofree char *brief = str_ndup(id, SHORT_ID);

	yyjson_mut_doc_set_root(doc, o);
	json_add_str(doc, o, "Id", id);
	json_add_str(doc, o, "Name", brief);
	json_add_str(doc, o, "Image", "");
	json_add_str(doc, o, "ImageRef", "<damaged>");
	json_add_obj(doc, o, "Config");
	json_add_obj(doc, o, "HostConfig");
	json_add_arr(doc, o, "Mounts");
	return yyjson_mut_doc_imut_copy(doc, NULL);
}

int container_open_bundle(int dirfd, struct err *e)
{
	int fd = openat(dirfd, "bundle", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return err_set(e, -ENOENT, "the container was removed");
	return fd < 0 ? err_sys(e, "open the container's bundle") : fd;
}

static int read_record(const struct store *s, struct container *c, struct err *e)
{
	const char *name = NULL, *at = NULL;
	int r = record_read(s->containers_fd, c->id, &c->record, e);

	if (r < 0 && container_end_removed(s, c->id)) {
		err_clear(e);
		return err_set(e, -ENOENT, "No such container: %s", c->id);
	}
	if (r < 0 && r != -ENOENT && r != -EINVAL)
		return err_wrap(e, "container '%.12s'", c->id);
	if (r < 0) {
		err_clear(e);
		c->record = damaged_record(c->id);
		c->state.status = STATE_DEAD;
		str_print(c->state.error, sizeof(c->state.error),
			  "its record is damaged");
	}
	if ((r = json_get_str(yyjson_doc_get_root(c->record), "Name", &name, e)) < 0)
		return r;
	c->name = str_dup(name ? name : c->id);
	if (json_get_str(yyjson_doc_get_root(c->record), "Created", &at, NULL) == 0 && at)
		time_parse(at, &c->created);
	return 0;
}

static int open_id(const struct store *s, const char *id, struct container *ret,
		   struct err *e)
{
	autodone(container_done) struct container c = { .dirfd = -1 };
	int r;

	c.id = str_dup(id);
	c.dirfd = openat(s->containers_fd, id,
			 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c.dirfd < 0)
		return errno == ENOENT ? err_set(e, -ENOENT, "No such container: %s", id)
				       : err_sys(e, "container '%s'", id);
	if ((r = read_record(s, &c, e)) < 0)
		return r;
	if (c.state.status != STATE_DEAD &&
	    (r = container_end_read_state(c.dirfd, &c.state, e)) < 0)
		return err_wrap(e, "container '%.12s'", id);
	if ((r = container_settle(s, &c, e)) < 0)
		return r;
	*ret = c;
	forget(&c);
	return 0;
}

int container_open(const struct store *s, const char *what, struct container *ret,
		   struct err *e)
{
	autofree char *id = NULL;
	int r = record_find(s->containers_fd, *what == '/' ? what + 1 : what, &id, NULL);

	if (r == -ENOTUNIQ)
		return err_set(e, r, "multiple IDs found with provided prefix: %s", what);
	if (r < 0)
		return err_set(e, r, "No such container: %s", what);
	return open_id(s, id, ret, e);
}

static int newer(const void *a, const void *b)
{
	const struct container *x = a, *y = b;

	if (x->created != y->created)
		return x->created < y->created ? 1 : -1;
	return strcmp(x->id, y->id);
}

int container_each(const struct store *s, container_each_fn *fn, void *arg, struct err *e)
{
	autostrv ids = { 0 };
	int r = record_list(s->containers_fd, &ids, e);

	for (size_t i = 0; r >= 0 && i < ids.len; i++) {
		autodone(container_done) struct container c = { 0 };

		/* One that goes away meanwhile, or cannot be read, hides no other. */
		if (open_id(s, ids.v[i], &c, NULL) == 0)
			r = fn(&c, arg, e);
	}
	return r < 0 ? r : 0;
}

struct listing {
	struct container *v;
	size_t len;
};

static int keep(struct container *c, void *arg, struct err *e)
{
	struct listing *l = arg;

	if (!(l->len & (l->len - 1))) /* at 0, 1, 2, 4, … */
		l->v = mem_resize(l->v, l->len ? 2 * l->len : 1, sizeof(*l->v));
	l->v[l->len++] = *c;
	forget(c);
	return 0;
}

int container_list(const struct store *s, struct container **ret, size_t *ret_len,
		   struct err *e)
{
	struct listing l = { 0 };
	int r = container_each(s, keep, &l, e);

	if (r < 0)
		return r;
	if (l.len)
		qsort(l.v, l.len, sizeof(*l.v), newer);
	*ret = l.v;
	*ret_len = l.len;
	return 0;
}

static bool has_run(const struct state *st)
{
	return st->status == STATE_RUNNING || st->status == STATE_PAUSED ||
	       st->status == STATE_RESTARTING;
}

/* Its monitor is dead, so its init must not live on unwatched. */
static void kill_init(const struct state *st)
{
	autoclose int pidfd = state_open_init(st);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	if (pidfd < 0)
		return;
	pidfd_signal(pidfd, SIGKILL);
	poll(&p, 1, KILL_MS);
}

int container_settle(const struct store *s, struct container *c, struct err *e)
{
	if (!has_run(&c->state) || state_monitored(c->dirfd))
		return 0;
	autoclose int lock = container_end_lock(c->dirfd, c->name, e);
	return lock < 0 ? lock : container_settle_locked(s, c, e);
}

int container_settle_locked(const struct store *s, struct container *c, struct err *e)
{
	autofree char *trash = NULL;
	/* While we waited: the monitor's last word, or another one who settled it. */
	int r = container_end_read_state(c->dirfd, &c->state, e);

	if (r < 0 || !has_run(&c->state) || state_monitored(c->dirfd))
		return r;
	kill_init(&c->state);
	c->state.status = STATE_EXITED;
	c->state.exit_code = CODE_KILLED;
	c->state.pid = 0;
	c->state.finished = time_now();
	str_print(c->state.error, sizeof(c->state.error),
		  "its monitor process was killed");
	/* Where nothing can be written, the next command finds the same. */
	state_write(c->dirfd, &c->state, NULL);
	container_end_run(s, c->id, c->dirfd, c->state.exit_code, &trash);
	if (trash)
		container_end_empty(s, trash);
	/* One that removes itself: whoever looks finds nothing. */
	if (container_end_removed(s, c->id))
		return err_set(e, -ENOENT, "No such container: %s", c->id);
	return 0;
}
