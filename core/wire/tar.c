/* SPDX-License-Identifier: Apache-2.0 */
/* Reading tar: libarchive's tar format alone, fed by the caller's function.
 *
 * libarchive knows the variants; what is added here is strictness: lengths and IDs that
 * do not fit are refused with a sentence, an error of the source is told as that error,
 * and nothing comes after a failure. */
#include "core/wire/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define BLOCK 65536
#define NS    1000000000ll

struct tar_reader {
	struct archive *archive;
	struct archive_entry *entry; /* libarchive's, reused */
	tar_read_fn *read;
	void *arg;
	int source_error; /* what read gave */
	int failed;       /* the error that ended it */
	bool opened, done, source_end;
	/* data of the entry at hand: where the next may start, the file's end, bytes owed
	 */
	uint64_t next, size, owed;
	struct tar_xattr *xattrs;
	size_t xattrs_len;
	char block[BLOCK];
};

static la_ssize_t feed(struct archive *a, void *arg, const void **ret)
{
	struct tar_reader *t = arg;
	ssize_t n = t->read(t->arg, t->block, sizeof(t->block));

	if (n < 0) {
		t->source_error = (int)n;
		archive_set_error(a, (int)-n, "read");
		return ARCHIVE_FATAL;
	}
	t->source_end = n == 0;
	*ret = t->block;
	return n;
}

struct tar_reader *tar_reader_new(tar_read_fn *read, void *arg)
{
	struct tar_reader *t = mem_new(struct tar_reader);

	t->read = read;
	t->arg = arg;
	t->archive = archive_read_new();
	if (t->archive) {
		archive_read_support_format_tar(t->archive);
		archive_read_support_format_empty(t->archive);
	}
	return t;
}

void tar_reader_free(struct tar_reader *t)
{
	if (!t)
		return;
	archive_read_free(t->archive);
	free(t->xattrs);
	free(t);
}

/* The failure of a libarchive call as ours. */
static int broken(struct tar_reader *t, struct err *e)
{
	const char *why = archive_error_string(t->archive);

	if (t->source_error) {
		t->failed = t->source_error;
		return err_code(e, t->failed, "tar: read the archive");
	}
	if (why && str_starts(why, "Truncated")) {
		t->failed = -ENODATA;
		return err_set(e, t->failed, "tar: the archive is cut short");
	}
	t->failed = -EINVAL;
	return err_set(e, t->failed, "tar: %s", why ? why : "malformed");
}

static int refuse(struct tar_reader *t, int code, struct err *e, const char *what,
		  const char *path)
{
	t->failed = code;
	return err_set(e, code, "tar: '%.200s': %s", path, what);
}

static bool has_xattr(const struct tar_reader *t, const char *name)
{
	for (size_t i = 0; i < t->xattrs_len; i++)
		if (str_eq(t->xattrs[i].name, name))
			return true;
	return false;
}

static int take_xattrs(struct tar_reader *t, const char *path, struct err *e)
{
	struct archive_entry *a = t->entry;
	size_t total = 0, n = (size_t)archive_entry_xattr_reset(a);
	const char *name;
	const void *value;
	size_t size;

	/* Each is looked for among the ones before it. */
	if (n > TAR_XATTRS)
		return refuse(t, -E2BIG, e, "more than 1024 extended attributes", path);
	free(t->xattrs);
	t->xattrs = mem_array(n, sizeof(*t->xattrs));
	t->xattrs_len = 0;
	while (archive_entry_xattr_next(a, &name, &value, &size) == ARCHIVE_OK) {
		/* the list runs from the last record to the first; the last one counts */
		if (has_xattr(t, name))
			continue;
		total += strlen(name) + size;
		if (total > TAR_XATTR_MAX)
			return refuse(t, -E2BIG, e, "extended attributes over 1 MiB",
				      path);
		if (t->xattrs_len < n)
			t->xattrs[t->xattrs_len++] =
				(struct tar_xattr){ name, value, size };
	}
	return 0;
}

static int take_type(const struct archive_entry *a, enum tar_type *ret)
{
	static const struct {
		unsigned from;
		enum tar_type to;
	} types[] = { { AE_IFREG, TAR_FILE },    { AE_IFDIR, TAR_DIR },
		      { AE_IFLNK, TAR_SYMLINK }, { AE_IFIFO, TAR_FIFO },
		      { AE_IFCHR, TAR_CHAR },    { AE_IFBLK, TAR_BLOCK } };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (archive_entry_filetype((struct archive_entry *)a) == types[i].from) {
			*ret = types[i].to;
			return 0;
		}
	return -EINVAL;
}

static int take_id(int64_t id, uint32_t *ret)
{
	if (id < 0 || id >= UINT32_MAX) /* (uid_t)-1 is no owner */
		return -ERANGE;
	*ret = (uint32_t)id;
	return 0;
}

static int take_names(struct tar_reader *t, struct tar_entry *ret, struct err *e)
{
	const char *path = archive_entry_pathname(t->entry);
	const char *hard = archive_entry_hardlink(t->entry);
	const char *soft = archive_entry_symlink(t->entry);

	if (str_empty(path))
		return refuse(t, -EINVAL, e, "an entry without a name", "");
	if (hard)
		ret->type = TAR_HARDLINK;
	else if (take_type(t->entry, &ret->type) < 0)
		return refuse(t, -EINVAL, e, "unknown type of entry", path);
	ret->path = path;
	ret->link = hard ? hard : ret->type == TAR_SYMLINK && soft ? soft : "";
	if ((hard || ret->type == TAR_SYMLINK) && !*ret->link)
		return refuse(t, -EINVAL, e, "a link without a target", path);
	if (strlen(path) > TAR_PATH_MAX || strlen(ret->link) > TAR_PATH_MAX)
		return refuse(t, -ENAMETOOLONG, e, "name over 4096 bytes", path);
	return 0;
}

/* Bytes of data that the entry must have: all, or those in the map of a sparse file. */
static uint64_t owed(struct archive_entry *a, uint64_t size)
{
	la_int64_t offset, length;
	uint64_t sum = 0;

	if (archive_entry_sparse_reset(a) == 0)
		return size;
	while (archive_entry_sparse_next(a, &offset, &length) == ARCHIVE_OK)
		sum += (uint64_t)length;
	return sum;
}

static int take(struct tar_reader *t, struct tar_entry *ret, struct err *e)
{
	struct archive_entry *a = t->entry;
	struct tar_entry x = { 0 };
	int r = take_names(t, &x, e);

	if (r < 0)
		return r;
	x.mode = archive_entry_perm(a) & 07777;
	if (take_id(archive_entry_uid(a), &x.uid) < 0 ||
	    take_id(archive_entry_gid(a), &x.gid) < 0)
		return refuse(t, -EINVAL, e, "owner outside 32 bits", x.path);
	if (x.type == TAR_FILE) {
		if (archive_entry_size(a) < 0)
			return refuse(t, -EINVAL, e, "negative size", x.path);
		x.size = (uint64_t)archive_entry_size(a);
	}
	if (__builtin_mul_overflow((int64_t)archive_entry_mtime(a), NS, &x.mtime) ||
	    __builtin_add_overflow(x.mtime, archive_entry_mtime_nsec(a), &x.mtime))
		x.mtime = 0; /* far outside of what 64 bits of ns hold: no time at all */
	x.rdev_major = (uint32_t)archive_entry_rdevmajor(a);
	x.rdev_minor = (uint32_t)archive_entry_rdevminor(a);
	r = take_xattrs(t, x.path, e);
	if (r < 0)
		return r;
	x.xattrs = t->xattrs;
	x.xattrs_len = t->xattrs_len;
	t->next = 0;
	t->size = x.size;
	t->owed = owed(a, x.size);
	*ret = x;
	return 1;
}

/* ACLs that libarchive cannot read are of no use to us. After any other warning records
 * of the entry were passed over: its name or size may be another to another reader. */
static bool harmless(const struct tar_reader *t)
{
	const char *why = archive_error_string(t->archive);

	return why && str_starts(why, "Parse error:");
}

int tar_next(struct tar_reader *t, struct tar_entry *ret, struct err *e)
{
	int r;

	if (t->failed)
		return err_code(e, t->failed, "tar");
	if (t->done)
		return 0;
	if (!t->archive) {
		t->failed = -ENOMEM;
		return err_code(e, t->failed, "tar");
	}
	if (!t->opened) {
		t->opened = true;
		r = archive_read_open(t->archive, t, NULL, feed, NULL);
		if (r != ARCHIVE_OK)
			return broken(t, e);
	}
	r = archive_read_next_header(t->archive, &t->entry);
	if (r == ARCHIVE_EOF) {
		t->done = true;
		return 0;
	}
	if (r != ARCHIVE_OK && (r != ARCHIVE_WARN || !harmless(t)))
		return broken(t, e);
	return take(t, ret, e);
}

int tar_data(struct tar_reader *t, const void **p, size_t *n, uint64_t *offset,
	     struct err *e)
{
	la_int64_t at = 0;
	int r;

	if (t->failed)
		return err_code(e, t->failed, "tar");
	/* Links may come with data, of which nobody knows what to do. */
	if (t->done || !t->entry || t->size == 0)
		return 0;
	do
		r = archive_read_data_block(t->archive, p, n, &at);
	while (r == ARCHIVE_OK && !*n);
	if (r != ARCHIVE_OK && r != ARCHIVE_EOF)
		return broken(t, e);
	if (r == ARCHIVE_EOF && t->owed == 0)
		return 0;
	/* Maps of sparse files are taken by libarchive as they come. */
	if (r == ARCHIVE_EOF || at < 0 || (uint64_t)at < t->next ||
	    (uint64_t)at > t->size || *n > t->size - (uint64_t)at || *n > t->owed)
		return refuse(t, -EINVAL, e, "malformed map of a sparse file",
			      archive_entry_pathname(t->entry));
	t->owed -= *n;
	*offset = (uint64_t)at;
	t->next = (uint64_t)at + *n;
	return 1;
}

int tar_drain(struct tar_reader *t, struct err *e)
{
	while (!t->failed && !t->source_end) {
		ssize_t n = t->read(t->arg, t->block, sizeof(t->block));

		if (n < 0)
			t->failed = (int)n;
		else
			t->source_end = n == 0;
	}
	return t->failed ? err_code(e, t->failed, "tar: read") : 0;
}
