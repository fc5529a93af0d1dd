/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of a layer's tar to disk.
 *
 * An entry may replace an earlier one of the same layer. Whiteouts hide what lower layers
 * have, never what this layer has: one for a folder of this layer makes that folder
 * opaque. Device nodes cannot be made in a user namespace: they are left out and counted,
 * as other rootless engines do (the runtime gives each container its own /dev). */
#include "core/image/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/folders.h"
#include "core/image/place.h"
#include "core/oci/whiteout.h"
#include "core/store/owners.h"

/* Free space is looked at after so many bytes; that much is left for others, and for the
 * removal of what was written. */
#define SPACE_EVERY   (64u << 20)
#define SPACE_RESERVE (64u << 20)

struct extract {
	struct place place;
	int root;
	struct unpack_owners owners;
	struct owners lent; /* so far */
	uid_t uid;          /* our own: what new files get */
	gid_t gid;
	struct folders folders;
	uint64_t unchecked; /* bytes since the last look at the free space */
	struct unpack_result result;
};

/* One entry on its way: where it goes and what it is. */
struct target {
	const struct tar_entry *entry;
	const char *clean, *name;
	int parent;
};

struct extract *extract_new(int dirfd, const struct unpack_owners *owners)
{
	struct extract *x = mem_new(struct extract);

	x->root = dirfd;
	x->owners = *owners;
	x->uid = geteuid();
	x->gid = getegid();
	place_init(&x->place, dirfd);
	/* what the store's folder hands down is not the image's */
	(void)fremovexattr(dirfd, "system.posix_acl_default");
	umask(0);
	return x;
}

void extract_free(struct extract *x)
{
	if (!x)
		return;
	folders_done(&x->folders);
	place_done(&x->place);
	owners_done(&x->lent);
	free(x);
}

/* Owners of which nothing is to be had. */
static int foreign_owner(const struct extract *x, const struct tar_entry *t, bool group,
			 struct err *e)
{
	uint32_t count = group ? x->owners.gids : x->owners.uids;
	const char *kind = group ? "gid" : "uid";

	return err_set(e, -EOVERFLOW,
		       "'%s' belongs to %s %u, beyond the %u ID%s of your map: let root "
		       "give you more in /etc/sub%s (usermod --add-sub%ss)",
		       t->path, kind, group ? t->gid : t->uid, count,
		       count == 1 ? "" : "s", kind, kind);
}

/* Puts a slot in the place of an ID that is not the user's to give. */
static int settle_id(struct extract *x, struct tar_entry *t, bool group, struct err *e)
{
	uint32_t *id = group ? &t->gid : &t->uid;
	uint32_t count = group ? x->owners.gids : x->owners.uids;
	struct owners_line l = { .id = *id, .group = group };

	if (owners_plain(*id, count))
		return 0;
	if (owners_find(&x->lent, group, *id, id))
		return 0;
	if (!x->owners.lend || count == 1 || *id == UINT32_MAX)
		return foreign_owner(x, t, group, e);
	int r = x->owners.lend(x->owners.arg, group, *id, &l.slot, e);
	if (r < 0)
		return err_wrap(e, "'%s'", t->path);
	owners_add(&x->lent, &l);
	*id = l.slot;
	return 0;
}

static int owner_failed(const struct tar_entry *t, struct err *e)
{
	return err_sys(e, "give '%s' to %u:%u", t->path, t->uid, t->gid);
}

/* New files are ours already, but for a set-gid folder's. */
static bool needs_owner(const struct extract *x, const struct tar_entry *t)
{
	return t->uid != x->uid || t->gid != x->gid || x->place.setgid;
}

/* user.* and file capabilities are the image's; what overlay reads from user.* is ours;
 * of the rest (trusted.*, labels, ACLs) nothing may be set here. */
static int set_xattrs(int fd, const struct tar_entry *t, struct err *e)
{
	for (size_t i = 0; i < t->xattrs_len; i++) {
		const struct tar_xattr *a = &t->xattrs[i];
		bool capability = str_eq(a->name, "security.capability");
		if (str_starts(a->name, "user.containers."))
			return err_set(e, -EBADMSG,
				       "'%s' has the attribute '%s', which is refused",
				       t->path, a->name);
		if (!capability && (!str_starts(a->name, "user.") ||
				    str_starts(a->name, "user.overlay.")))
			continue;
		if (capability && t->type != TAR_FILE)
			continue;
		if (fsetxattr(fd, a->name, a->value, a->size, 0) == 0)
			continue;
		if (errno == EOPNOTSUPP && !capability)
			continue;
		return err_sys(e, "set '%s' of '%s'", a->name, t->path);
	}
	return 0;
}

/* Owner before mode: chown takes set-id bits away; capabilities after both. */
static int finish_fd(const struct extract *x, int fd, const struct tar_entry *t,
		     struct err *e)
{
	struct timespec times[2] = { folders_stamp(t->mtime), folders_stamp(t->mtime) };
	bool chowned = needs_owner(x, t) || t->type == TAR_DIR;

	if (chowned && fchown(fd, t->uid, t->gid))
		return owner_failed(t, e);
	if ((chowned || (t->mode & 07000)) && fchmod(fd, t->mode))
		return err_sys(e, "set the mode of '%s'", t->path);
	int r = set_xattrs(fd, t, e);
	if (r < 0)
		return r;
	return futimens(fd, times) ? err_sys(e, "set the time of '%s'", t->path) : 0;
}

/* For what has no descriptor: links, fifos. */
static int finish_name(const struct extract *x, const struct target *g, struct err *e)
{
	const struct tar_entry *t = g->entry;
	struct timespec times[2] = { folders_stamp(t->mtime), folders_stamp(t->mtime) };
	int flags = AT_SYMLINK_NOFOLLOW;

	if (needs_owner(x, t) && fchownat(g->parent, g->name, t->uid, t->gid, flags))
		return owner_failed(t, e);
	if (t->type == TAR_FIFO && fchmodat(g->parent, g->name, t->mode, 0))
		return err_sys(e, "set the mode of '%s'", t->path);
	return utimensat(g->parent, g->name, times, flags)
		       ? err_sys(e, "set the time of '%s'", t->path)
		       : 0;
}

/* Something of this layer stands where the entry goes: it makes room. */
static int make_room(struct extract *x, const struct target *g)
{
	struct stat st;

	if (fstatat(g->parent, g->name, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return unlinkat(g->parent, g->name, 0) ? -errno : 0;
	return file_remove_tree(g->parent, g->name);
}

static int check_space(struct extract *x, size_t n, struct err *e)
{
	struct statvfs fs;

	x->unchecked += n;
	if (x->unchecked < SPACE_EVERY)
		return 0;
	x->unchecked = 0;
	if (fstatvfs(x->root, &fs))
		return err_sys(e, "look at the free space");
	uint64_t whole = (uint64_t)fs.f_blocks * fs.f_frsize;
	uint64_t reserve = whole / 50 < SPACE_RESERVE ? whole / 50 : SPACE_RESERVE;
	if ((uint64_t)fs.f_bavail * fs.f_frsize > reserve)
		return 0;
	return err_code(e, -ENOSPC, "unpack layer");
}

static int write_at(int fd, const uint8_t *p, size_t n, uint64_t offset)
{
	while (n > 0) {
		ssize_t k = pwrite(fd, p, n, (off_t)offset);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		p += k;
		n -= (size_t)k;
		offset += (uint64_t)k;
	}
	return 0;
}

/* Data blocks in order; the holes of a sparse file stay holes. */
static int write_data(struct extract *x, int fd, const struct target *g,
		      struct tar_reader *t, struct err *e)
{
	uint64_t offset, end = 0;
	const void *p;
	size_t n;
	int r;

	while ((r = tar_data(t, &p, &n, &offset, e)) > 0) {
		r = check_space(x, n, e);
		if (r < 0)
			return r;
		r = write_at(fd, p, n, offset);
		if (r < 0)
			return err_code(e, r, "write '%s'", g->entry->path);
		if (offset + n > end)
			end = offset + n;
	}
	if (r < 0)
		return err_wrap(e, "'%s'", g->entry->path);
	if (end > g->entry->size)
		return err_set(e, -EBADMSG,
			       "'%s' holds more than the %llu bytes it names",
			       g->entry->path, (unsigned long long)g->entry->size);
	if (end < g->entry->size && ftruncate(fd, (off_t)g->entry->size))
		return err_sys(e, "write '%s'", g->entry->path);
	return 0;
}

static int put_file(struct extract *x, const struct target *g, struct tar_reader *t,
		    struct err *e)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	mode_t mode = g->entry->mode & 0777;
	autoclose int fd = openat(g->parent, g->name, flags, mode);

	if (fd < 0 && errno == EEXIST && make_room(x, g) == 0)
		fd = openat(g->parent, g->name, flags, mode);
	if (fd < 0)
		return err_sys(e, "make '%s'", g->entry->path);
	int r = g->entry->size ? write_data(x, fd, g, t, e) : 0;
	if (r < 0)
		return r;
	x->result.size += g->entry->size;
	return finish_fd(x, fd, g->entry, e);
}

/* A folder that stands already keeps its content; one that takes a whiteout's place
 * begins empty, hiding what lower layers have. */
static int put_dir(struct extract *x, const struct target *g, struct err *e)
{
	bool opaque = false;

	if (mkdirat(g->parent, g->name, 0700)) {
		if (errno != EEXIST)
			return err_sys(e, "make '%s'", g->entry->path);
		opaque = place_is_whiteout(g->parent, g->name);
		struct stat st;
		if (!fstatat(g->parent, g->name, &st, AT_SYMLINK_NOFOLLOW) &&
		    !S_ISDIR(st.st_mode) &&
		    (make_room(x, g) < 0 || mkdirat(g->parent, g->name, 0700)))
			return err_sys(e, "make '%s'", g->entry->path);
	}
	autoclose int fd = openat(g->parent, g->name,
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = fd < 0 ? -errno : opaque ? place_set_opaque(fd) : 0;
	if (r < 0)
		return err_code(e, r, "make '%s'", g->entry->path);
	folders_add(&x->folders, g->clean, g->entry->mtime);
	return finish_fd(x, fd, g->entry, e);
}

static int put_symlink(struct extract *x, const struct target *g, struct err *e)
{
	const char *to = g->entry->link;

	if (symlinkat(to, g->parent, g->name) &&
	    (errno != EEXIST || make_room(x, g) < 0 || symlinkat(to, g->parent, g->name)))
		return err_sys(e, "make the link '%s'", g->entry->path);
	return finish_name(x, g, e);
}

static int put_fifo(struct extract *x, const struct target *g, struct err *e)
{
	if (mkfifoat(g->parent, g->name, 0600) &&
	    (errno != EEXIST || make_room(x, g) < 0 ||
	     mkfifoat(g->parent, g->name, 0600)))
		return err_sys(e, "make '%s'", g->entry->path);
	return finish_name(x, g, e);
}

/* Only to a file of this layer, found beneath its folder without following a link. */
static int put_hardlink(struct extract *x, const struct target *g, struct err *e)
{
	struct place from;
	char clean[PLACE_MAX];
	const char *name;
	struct stat st;
	int r = 0;

	if (place_clean(clean, g->entry->link) < 0 || !clean[0])
		return err_set(e, -EBADMSG,
			       "'%s' is a hard link to '%s', outside of the layer",
			       g->entry->path, g->entry->link);
	if (str_eq(clean, g->clean))
		return 0;
	place_init(&from, x->root);
	int dir = place_find(&from, clean, false, &name, e);
	if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		r = err_set(e, -EBADMSG,
			    "'%s' is a hard link to '%s', which is not in this layer",
			    g->entry->path, g->entry->link);
	else if (S_ISDIR(st.st_mode) || place_is_whiteout(dir, name))
		r = err_set(e, -EBADMSG,
			    "'%s' is a hard link to '%s', which is not a file",
			    g->entry->path, g->entry->link);
	else if (linkat(dir, name, g->parent, g->name, 0) &&
		 (errno != EEXIST || make_room(x, g) < 0 ||
		  linkat(dir, name, g->parent, g->name, 0)))
		r = err_sys(e, "make the hard link '%s'", g->entry->path);
	place_done(&from);
	return r;
}

static int put_whiteout(const struct target *g, const char *hidden, struct err *e)
{
	if (!mknodat(g->parent, hidden, S_IFCHR, makedev(0, 0)))
		return 0;
	if (errno != EEXIST)
		return err_sys(e, "make the whiteout '%s'", g->entry->path);
	autoclose int fd = openat(g->parent, hidden,
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = fd < 0 ? 0 : place_set_opaque(fd);
	return r < 0 ? err_code(e, r, "make the whiteout '%s'", g->entry->path) : 0;
}

static int put(struct extract *x, const struct target *g, struct tar_reader *t,
	       struct err *e)
{
	switch (g->entry->type) {
	case TAR_FILE:
		return put_file(x, g, t, e);
	case TAR_DIR:
		return put_dir(x, g, e);
	case TAR_SYMLINK:
		return put_symlink(x, g, e);
	case TAR_HARDLINK:
		return put_hardlink(x, g, e);
	case TAR_FIFO:
		return put_fifo(x, g, e);
	case TAR_CHAR:
	case TAR_BLOCK:
		x->result.devices++;
		return 0;
	}
	return err_set(e, -EBADMSG, "'%s' is of an unknown type", g->entry->path);
}

static int put_root(struct extract *x, const struct tar_entry *entry, struct err *e)
{
	if (entry->type != TAR_DIR)
		return err_set(e, -EBADMSG, "'%s' would replace the layer's own folder",
			       entry->path);
	folders_add(&x->folders, "", entry->mtime);
	return finish_fd(x, x->root, entry, e);
}

/* What is below a folder with a whiteout's name: aufs's own is passed over, the rest is
 * none. */
static enum whiteout_kind kind_of_folders(const char *clean)
{
	char name[NAME_MAX + 1];
	const char *hidden;

	for (const char *p = clean, *slash; (slash = strchr(p, '/')); p = slash + 1) {
		memcpy(name, p, (size_t)(slash - p));
		name[slash - p] = 0;
		enum whiteout_kind k = whiteout_kind(name, &hidden);
		if (k != WHITEOUT_NO)
			return k == WHITEOUT_RESERVED ? k : WHITEOUT_BAD;
	}
	return WHITEOUT_NO;
}

static int settle(struct extract *x, struct tar_entry *t, struct err *e)
{
	int r;

	if (t->type == TAR_CHAR || t->type == TAR_BLOCK)
		return 0;
	if (t->uid > x->result.uid_max)
		x->result.uid_max = t->uid;
	if (t->gid > x->result.gid_max)
		x->result.gid_max = t->gid;
	/* A further name has the owner of the first. */
	if (t->type == TAR_HARDLINK)
		return 0;
	r = settle_id(x, t, false, e);
	return r < 0 ? r : settle_id(x, t, true, e);
}

int extract_entry(struct extract *x, const struct tar_entry *entry, struct tar_reader *t,
		  struct err *e)
{
	char clean[PLACE_MAX];
	struct tar_entry own = *entry;
	struct target g = { .entry = &own, .clean = clean };
	const char *hidden;
	int r;

	if (place_clean(clean, entry->path) < 0)
		return err_set(e, -EBADMSG, "'%s' leads out of the layer, or is too long",
			       entry->path);
	if (!clean[0]) {
		r = settle(x, &own, e);
		return r < 0 ? r : put_root(x, &own, e);
	}
	enum whiteout_kind above = kind_of_folders(clean);
	if (above == WHITEOUT_RESERVED)
		return 0;
	if (above == WHITEOUT_BAD)
		return err_set(e, -EBADMSG, "'%s' is below a whiteout", entry->path);
	g.parent = place_find(&x->place, clean, true, &g.name, e);
	if (g.parent < 0)
		return g.parent;
	switch (whiteout_kind(g.name, &hidden)) {
	case WHITEOUT_BAD:
		return err_set(e, -EBADMSG, "'%s' is a malformed whiteout", entry->path);
	case WHITEOUT_RESERVED:
		return 0;
	case WHITEOUT_OPAQUE:
		r = place_set_opaque(g.parent);
		return r < 0 ? err_code(e, r, "make '%s' opaque", entry->path) : 0;
	case WHITEOUT_FILE:
		return put_whiteout(&g, hidden, e);
	case WHITEOUT_NO:
		break;
	}
	r = settle(x, &own, e);
	if (r < 0)
		return r;
	r = put(x, &g, t, e);
	if (entry->type == TAR_DIR)
		place_forget(
			&x->place); /* its mode may have changed, or what stood there */
	return r;
}

int extract_finish(struct extract *x, struct unpack_result *ret, struct err *e)
{
	int r = folders_set_times(&x->folders, x->root, e);

	if (r < 0)
		return r;
	*ret = x->result;
	folders_implicit(&x->folders, &x->place.made, ret);
	return 0;
}
