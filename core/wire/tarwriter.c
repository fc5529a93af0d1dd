/* SPDX-License-Identifier: Apache-2.0 */
/* Writing tar by libarchive: ustar, with pax records only where ustar cannot say it. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/wire/tar.h"

#define NS 1000000000ll

struct tar_writer {
	struct archive *archive;
	tar_write_fn *write;
	void *arg;
	int sink_error;
	uint64_t left; /* bytes of data still owed to the entry at hand */
};

static la_ssize_t drain(struct archive *a, void *arg, const void *p, size_t n)
{
	struct tar_writer *t = arg;
	int r = t->write(t->arg, p, n);

	if (r < 0) {
		t->sink_error = r;
		archive_set_error(a, -r, "write");
		return -1;
	}
	return (la_ssize_t)n;
}

struct tar_writer *tar_writer_new(tar_write_fn *write, void *arg)
{
	struct tar_writer *t = mem_new(struct tar_writer);

	t->write = write;
	t->arg = arg;
	t->archive = archive_write_new();
	if (!t->archive)
		t->sink_error = -ENOMEM;
	else if (archive_write_set_format_pax_restricted(t->archive) < ARCHIVE_WARN ||
		 archive_write_set_bytes_in_last_block(t->archive, 1) != ARCHIVE_OK ||
		 archive_write_open(t->archive, t, NULL, drain, NULL) != ARCHIVE_OK)
		t->sink_error = -EIO;
	return t;
}

void tar_writer_free(struct tar_writer *t)
{
	if (!t)
		return;
	if (t->archive)
		archive_write_free(t->archive);
	free(t);
}

static int broken(struct tar_writer *t, struct err *e, const char *path)
{
	const char *why = t->archive ? archive_error_string(t->archive) : NULL;

	if (t->sink_error)
		return err_code(e, t->sink_error, "tar: write");
	return err_set(e, -EINVAL, "tar: '%.200s': %s", path,
		       why ? why : "cannot be told");
}

static mode_t kind(enum tar_type type)
{
	switch (type) {
	case TAR_DIR:
		return S_IFDIR;
	case TAR_SYMLINK:
		return S_IFLNK;
	case TAR_FIFO:
		return S_IFIFO;
	case TAR_CHAR:
		return S_IFCHR;
	case TAR_BLOCK:
		return S_IFBLK;
	default:
		return S_IFREG;
	}
}

static void fill(struct archive_entry *a, const struct tar_entry *x)
{
	int64_t s = x->mtime / NS, ns = x->mtime % NS;

	if (ns < 0) {
		s--;
		ns += NS;
	}
	archive_entry_set_pathname(a, x->path);
	archive_entry_set_mode(a, kind(x->type) | (x->mode & 07777));
	archive_entry_set_uid(a, x->uid);
	archive_entry_set_gid(a, x->gid);
	archive_entry_set_mtime(a, s, (long)ns);
	archive_entry_set_size(a, x->type == TAR_FILE ? (la_int64_t)x->size : 0);
	if (x->type == TAR_HARDLINK)
		archive_entry_set_hardlink(a, x->link);
	if (x->type == TAR_SYMLINK)
		archive_entry_set_symlink(a, x->link);
	if (x->type == TAR_CHAR || x->type == TAR_BLOCK) {
		archive_entry_set_rdevmajor(a, x->rdev_major);
		archive_entry_set_rdevminor(a, x->rdev_minor);
	}
	for (size_t i = 0; i < x->xattrs_len; i++)
		archive_entry_xattr_add_entry(a, x->xattrs[i].name, x->xattrs[i].value,
					      x->xattrs[i].size);
}

/* What no reader, ours included, would take back. */
static int refuse(const struct tar_entry *x, struct err *e)
{
	bool link = x->type == TAR_SYMLINK || x->type == TAR_HARDLINK;
	size_t total = 0;

	if (!*x->path || (link && !*x->link))
		return err_set(e, -EINVAL, "tar: '%.200s': an empty name", x->path);
	if (strlen(x->path) > TAR_PATH_MAX || strlen(x->link) > TAR_PATH_MAX)
		return err_set(e, -ENAMETOOLONG, "tar: '%.200s': name over %d bytes",
			       x->path, TAR_PATH_MAX);
	for (size_t i = 0; i < x->xattrs_len; i++) {
		total += strlen(x->xattrs[i].name) + x->xattrs[i].size;
		if (strchr(x->xattrs[i].name, '='))
			return err_set(e, -EINVAL, "tar: '%.200s': attribute '%.64s'",
				       x->path, x->xattrs[i].name);
	}
	if (total > TAR_XATTR_MAX || x->xattrs_len > TAR_XATTRS)
		return err_set(e, -E2BIG, "tar: '%.200s': extended attributes over %s",
			       x->path, total > TAR_XATTR_MAX ? "1 MiB" : "1024");
	return 0;
}

int tar_add(struct tar_writer *t, const struct tar_entry *entry, struct err *e)
{
	struct archive_entry *a;
	int r;

	if (t->sink_error)
		return broken(t, e, entry->path);
	if (t->left)
		return err_set(e, -EINVAL,
			       "tar: '%.200s': the entry before it is not whole",
			       entry->path);
	r = refuse(entry, e);
	if (r < 0)
		return r;
	a = archive_entry_new();
	if (!a)
		return err_code(e, -ENOMEM, "tar");
	fill(a, entry);
	r = archive_write_header(t->archive, a);
	archive_entry_free(a);
	if (r != ARCHIVE_OK)
		return broken(t, e, entry->path);
	t->left = entry->type == TAR_FILE ? entry->size : 0;
	return 0;
}

int tar_add_data(struct tar_writer *t, const void *p, size_t n, struct err *e)
{
	if (n > t->left)
		return err_set(e, -EINVAL, "tar: more data than the entry's size");
	if (n && archive_write_data(t->archive, p, n) != (la_ssize_t)n)
		return broken(t, e, "data");
	t->left -= n;
	return 0;
}

int tar_finish(struct tar_writer *t, struct err *e)
{
	if (t->left)
		return err_set(e, -EINVAL, "tar: the last entry is not whole");
	if (t->sink_error || archive_write_close(t->archive) != ARCHIVE_OK)
		return broken(t, e, "end");
	return 0;
}
