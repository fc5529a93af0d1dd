/* SPDX-License-Identifier: Apache-2.0 */
/* Slots: which, for whom, and who says so. */
#include "core/store/owners.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/strv.h"

#define FILE_NAME "owners"
#define LOCK_NAME "owners.lock"
#define FILE_MAX  65536
#define LINES_MAX 1024
#define LOW       65536 /* IDs that ordinary images have */
#define RESERVED  65000 /* from here on Debian and others give none to anybody … */
#define NOBODY    65534 /* … but this */
#define NOTHING   65535 /* -1 in 16 bits */

/* --- which ---------------------------------------------------------------------------
 */

/* The slots are the IDs from here to count, but two. Above the low ones where the user
 * has that many; else among those that nobody uses; who has few gives a quarter. */
static uint32_t first_slot(uint32_t count)
{
	uint32_t quarter = (count + 3) / 4;

	if (count >= LOW + OWNERS_MAX)
		return count - OWNERS_MAX;
	if (count > RESERVED)
		return RESERVED;
	return count > 1 ? count - quarter : 1;
}

static bool is_slot(uint32_t id, uint32_t count)
{
	return id < count && id >= first_slot(count) && id != NOBODY && id != NOTHING;
}

bool owners_plain(uint32_t id, uint32_t count)
{
	return id < count && !is_slot(id, count);
}

/* --- lines ---------------------------------------------------------------------------
 */

void owners_done(struct owners *o)
{
	free(o->v);
	*o = (struct owners){ 0 };
}

bool owners_find(const struct owners *o, bool group, uint32_t id, uint32_t *ret_slot)
{
	for (size_t i = 0; i < o->len; i++) {
		if (o->v[i].group != group || o->v[i].id != id)
			continue;
		*ret_slot = o->v[i].slot;
		return true;
	}
	return false;
}

void owners_add(struct owners *io, const struct owners_line *l)
{
	uint32_t slot;

	if (owners_find(io, l->group, l->id, &slot))
		return;
	io->v = mem_resize(io->v, io->len + 1, sizeof(*l));
	io->v[io->len++] = *l;
}

void owners_merge(struct owners *io, const struct owners *from)
{
	for (size_t i = 0; i < from->len; i++)
		owners_add(io, &from->v[i]);
}

size_t owners_count(const struct owners *o, bool group)
{
	size_t n = 0;

	for (size_t i = 0; i < o->len; i++)
		n += o->v[i].group == group;
	return n;
}

static int parse_line(const char *line, struct owners_line *ret)
{
	autostrv word = { 0 };
	uint64_t id, slot;

	strv_split(&word, line, ' ');
	if (word.len != 3 || (!str_eq(word.v[0], "u") && !str_eq(word.v[0], "g")) ||
	    str_u64(word.v[1], UINT32_MAX - 1, &id) ||
	    str_u64(word.v[2], UINT32_MAX - 1, &slot) || slot == 0)
		return -EINVAL;
	*ret = (struct owners_line){ (uint32_t)id, (uint32_t)slot, *word.v[0] == 'g' };
	return 0;
}

int owners_parse(const char *text, size_t n, struct owners *io)
{
	struct owners_line l;
	char line[40];

	for (size_t at = 0; at < n;) {
		const char *nl = memchr(text + at, '\n', n - at);
		size_t len = nl ? (size_t)(nl - text) - at : sizeof(line);

		if (len >= sizeof(line) || memchr(text + at, 0, len) ||
		    io->len >= LINES_MAX)
			return -EINVAL;
		memcpy(line, text + at, len);
		line[len] = 0;
		if (parse_line(line, &l) < 0)
			return -EINVAL;
		owners_add(io, &l);
		at += len + 1;
	}
	return 0;
}

void owners_print(const struct owners *o, struct buf *out)
{
	for (size_t i = 0; i < o->len; i++)
		buf_addf(out, "%c %u %u\n", o->v[i].group ? 'g' : 'u', o->v[i].id,
			 o->v[i].slot);
}

/* --- folders -------------------------------------------------------------------------
 */

int owners_read(int dirfd, const char *name, struct owners *io, struct err *e)
{
	autofree char *path = str_fmt("%s/" FILE_NAME, name);
	autobuf text = { .max = FILE_MAX };
	int r = file_read(dirfd, path, FILE_MAX, &text);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == 0)
		r = owners_parse(buf_str(&text), text.len, io);
	return r < 0 ? err_code(e, r, "read the owners of '%s'", name) : 0;
}

int owners_write(int dirfd, const char *name, const struct owners *o, struct err *e)
{
	autofree char *path = str_fmt("%s/" FILE_NAME, name);
	autobuf text = { 0 };
	int r;

	owners_print(o, &text);
	r = file_replace_nosync(dirfd, path, buf_str(&text), text.len, 0600);
	return r < 0 ? err_code(e, r, "write the owners of '%s'", name) : 0;
}

static int read_place(const struct store *s, const char *place, struct owners *io,
		      struct err *e)
{
	autoclose int fd = openat(s->data_fd, place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int own = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	DIR *dir = own < 0 ? NULL : fdopendir(own);
	struct dirent *de;
	int r = 0;

	if (!dir) {
		fd_close(own);
		return errno == ENOENT ? 0 : err_sys(e, "read '%s/%s'", s->data, place);
	}
	while (r == 0 && (de = readdir(dir)))
		if (de->d_name[0] != '.')
			r = owners_read(fd, de->d_name, io, e);
	closedir(dir);
	return r;
}

int owners_all(const struct store *s, struct owners *ret, struct err *e)
{
	/* Things move from the left to the right alone, and a layer gets its name once:
	 * so none is missed. */
	static const char *const places[] = { "layers",  "layers",       "containers",
					      "volumes", "build/caches", "tmp" };
	autodone(owners_done) struct owners all = { 0 };
	int r = 0;

	/* Nothing was ever lent. */
	if (faccessat(s->data_fd, LOCK_NAME, F_OK, 0))
		return 0;
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(places); i++)
		r = read_place(s, places[i], &all, e);
	if (r < 0)
		return r;
	*ret = all;
	all = (struct owners){ 0 };
	return 0;
}

/* --- lending -------------------------------------------------------------------------
 */

int owners_lock(const struct store *s, struct err *e)
{
	int fd = file_lock(s->data_fd, LOCK_NAME, true, true);

	return fd < 0 ? err_code(e, fd, "lock '%s/" LOCK_NAME "'", s->data) : fd;
}

static bool is_taken(const struct owners *all, bool group, uint32_t slot)
{
	for (size_t i = 0; i < all->len; i++)
		if (all->v[i].group == group && all->v[i].slot == slot)
			return true;
	return false;
}

static int no_slot(const struct owners_want *w, struct err *e)
{
	const char *kind = w->group ? "gid" : "uid";

	return err_set(e, -EOVERFLOW,
		       "%s %u is beyond the %u IDs of your map, and of those that can "
		       "stand for such a one none is free: remove other images that have "
		       "them, or let root give you more in /etc/sub%s (usermod "
		       "--add-sub%ss)",
		       kind, w->id, w->count, kind, kind);
}

int owners_pick(const struct store *s, const struct owners *more,
		const struct owners_want *w, struct owners_line *ret, struct err *e)
{
	autodone(owners_done) struct owners all = { 0 };
	struct owners_line l = { w->id, w->id, w->group };
	int r = owners_all(s, &all, e);

	if (r < 0)
		return r;
	owners_merge(&all, more);
	if (!owners_find(&all, w->group, w->id, &l.slot)) {
		if (owners_count(&all, w->group) >= OWNERS_MAX)
			return no_slot(w, e);
		/* Itself, when it is one. */
		if (!is_slot(l.slot, w->count) || is_taken(&all, w->group, l.slot))
			l.slot = w->count - 1;
		while (l.slot &&
		       (!is_slot(l.slot, w->count) || is_taken(&all, w->group, l.slot)))
			l.slot = l.slot > first_slot(w->count) ? l.slot - 1 : 0;
	}
	/* One that was lent before the user lost IDs is of no use. */
	if (!l.slot || l.slot >= w->count)
		return no_slot(w, e);
	*ret = l;
	return 0;
}

static int too_many(struct err *e)
{
	return err_set(e, -EOVERFLOW,
		       "its files belong to more than %d IDs beyond your map",
		       OWNERS_IMAGE_MAX);
}

int owners_check(const struct owners *o, struct err *e)
{
	return owners_count(o, false) > OWNERS_IMAGE_MAX ||
			       owners_count(o, true) > OWNERS_IMAGE_MAX
		       ? too_many(e)
		       : 0;
}

int owners_lend(const struct store *s, int dirfd, const struct owners_want *w,
		uint32_t *ret_slot, struct err *e)
{
	autodone(owners_done) struct owners own = { 0 };
	struct owners_line l;
	autoclose int lock = owners_lock(s, e);
	int r = lock < 0 ? lock : owners_read(dirfd, ".", &own, e);

	if (r < 0)
		return r;
	if (!owners_find(&own, w->group, w->id, ret_slot)) {
		if (owners_count(&own, w->group) >= OWNERS_IMAGE_MAX)
			return too_many(e);
		if ((r = owners_pick(s, &own, w, &l, e)) < 0)
			return r;
		owners_add(&own, &l);
		if ((r = owners_write(dirfd, ".", &own, e)) < 0)
			return r;
		*ret_slot = l.slot;
	}
	return 0;
}
