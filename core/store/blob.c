/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs: content-addressed files; downloads in progress are locked, resumable parts. */
#include "core/store/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/trash.h"
#include "core/wire/hasher.h"

#define PATH_SIZE (DIGEST_TEXT_MAX + 16)

struct blob_writer {
	const struct store *store;
	struct digest digest;
	uint64_t size, offset;
	struct hasher *hasher;
	int fd;
};

static void blob_path(char dst[PATH_SIZE], const struct digest *d)
{
	char hex[DIGEST_TEXT_MAX];

	str_print(dst, PATH_SIZE, "blobs/%s/%s", digest_algorithm_name(d->algorithm),
		  digest_hex(hex, d));
}

static void part_name(char dst[PATH_SIZE], const struct digest *d)
{
	char hex[DIGEST_TEXT_MAX];

	str_print(dst, PATH_SIZE, "%s.part", digest_hex(hex, d));
}

bool blob_has(const struct store *s, const struct digest *d)
{
	char path[PATH_SIZE];

	blob_path(path, d);
	return faccessat(s->oci_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool blob_has_size(const struct store *s, const struct digest *d, uint64_t size)
{
	char path[PATH_SIZE];
	struct stat st;

	blob_path(path, d);
	return !fstatat(s->oci_fd, path, &st, AT_SYMLINK_NOFOLLOW) &&
	       S_ISREG(st.st_mode) && (uint64_t)st.st_size == size;
}

int blob_open(const struct store *s, const struct digest *d, uint64_t *ret_size)
{
	char path[PATH_SIZE];
	struct stat st;

	blob_path(path, d);
	autoclose int fd =
		openat(s->oci_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (ret_size)
		*ret_size = (uint64_t)st.st_size;
	return TAKE_FD(fd);
}

int blob_read(const struct store *s, const struct digest *d, size_t max, struct buf *out,
	      struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	struct digest is;
	size_t before = out->len;
	int r;

	autoclose int fd = blob_open(s, d, NULL);
	if (fd < 0)
		return err_code(e, fd, "blob '%s'", digest_text(text, d));
	r = file_read_fd(fd, max, out);
	if (r < 0)
		return err_code(e, r, "blob '%s'", digest_text(text, d));
	struct hasher *h = hasher_new(d->algorithm);
	hasher_add(h, out->data ? out->data + before : "", out->len - before);
	hasher_finish(h, &is);
	hasher_free(h);
	if (digest_eq(&is, d))
		return 0;
	out->len = before;
	return err_set(e, -EBADMSG,
		       "blob '%s' is damaged on disk: remove the image and pull it again",
		       digest_text(text, d));
}

/* Renames a finished temporary to the blob's name. */
static int publish_at(const struct store *s, int dirfd, const char *tmp,
		      const struct digest *d)
{
	char path[PATH_SIZE];

	blob_path(path, d);
	if (!renameat(dirfd, tmp, s->oci_fd, path))
		return 0;
	if (errno != ENOENT)
		return -errno;
	/* the folder of this algorithm is made when first needed */
	char dir[PATH_SIZE];
	str_print(dir, sizeof(dir), "blobs/%s", digest_algorithm_name(d->algorithm));
	if (mkdirat(s->oci_fd, dir, 0755) && errno != EEXIST)
		return -errno;
	return renameat(dirfd, tmp, s->oci_fd, path) ? -errno : 0;
}

static int publish(const struct store *s, const char *tmp, const struct digest *d)
{
	return publish_at(s, s->tmp_fd, tmp, d);
}

int blob_adopt(const struct store *s, int dirfd, const char *name, const struct digest *d,
	       struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	int r = publish_at(s, dirfd, name, d);

	return r < 0 ? err_code(e, r, "store blob '%s'", digest_text(text, d)) : 0;
}

int blob_put(const struct store *s, const void *p, size_t n, struct digest *ret,
	     struct err *e)
{
	uint64_t random;
	int r;

	hasher_of(p, n, ret);
	if (blob_has_size(s, ret, n))
		return 0;
	id_random(&random, sizeof(random));
	autofree char *tmp = str_fmt("put-%016llx", (unsigned long long)random);
	autoclose int fd =
		openat(s->tmp_fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(e, "write blob");
	r = flock(fd, LOCK_EX | LOCK_NB) ? -errno : fd_write_all(fd, p, n);
	if (r == 0)
		r = publish(s, tmp, ret);
	if (r < 0) {
		unlinkat(s->tmp_fd, tmp, 0);
		return err_code(e, r, "write blob");
	}
	return 0;
}

/* What a former try left counts when it is not longer than the whole. */
static int hash_again(struct blob_writer *w)
{
	struct stat st;
	autofree uint8_t *p = mem_alloc(1 << 18);

	if (fstat(w->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((uint64_t)st.st_size > w->size)
		return ftruncate(w->fd, 0) ? -errno : 0;
	for (;;) {
		ssize_t n = pread(w->fd, p, 1 << 18, (off_t)w->offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		hasher_add(w->hasher, p, (size_t)n);
		w->offset += (uint64_t)n;
	}
}

static void writer_free(struct blob_writer *w)
{
	hasher_free(w->hasher);
	fd_close(w->fd);
	free(w);
}

/* fd of the part, locked and still in its place; -ESTALE: look again. */
static int lock_part(const struct store *s, const char *name, bool wait)
{
	autoclose int fd =
		openat(s->tmp_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)))
		if (errno != EINTR)
			return -errno;
	return trash_same(s->tmp_fd, name, fd) ? TAKE_FD(fd) : -ESTALE;
}

int blob_write(const struct store *s, const struct blob_want *want,
	       struct blob_writer **ret, uint64_t *ret_offset, struct err *e)
{
	char name[PATH_SIZE], text[DIGEST_TEXT_MAX];
	int fd;

	part_name(name, &want->digest);
	digest_text(text, &want->digest);
	do {
		if (blob_has_size(s, &want->digest, want->size)) {
			*ret = NULL;
			return 0;
		}
		fd = lock_part(s, name, want->wait);
	} while (fd == -ESTALE);
	if (fd < 0)
		return err_code(e, fd, "lock the download of '%s'", text);
	if (blob_has_size(s, &want->digest,
			  want->size)) { /* finished before we got the lock */
		unlinkat(s->tmp_fd, name, 0);
		fd_close(fd);
		*ret = NULL;
		return 0;
	}
	struct blob_writer *w = mem_new(struct blob_writer);
	w->store = s;
	w->digest = want->digest;
	w->size = want->size;
	w->fd = fd;
	w->hasher = hasher_new(want->digest.algorithm);
	int r = hash_again(w);
	if (r < 0) {
		writer_free(w);
		return err_code(e, r, "read the part of '%s'", text);
	}
	*ret = w;
	*ret_offset = w->offset;
	return 0;
}

int blob_add(struct blob_writer *w, const void *p, size_t n, struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	const uint8_t *at = p;

	if (n > w->size - w->offset)
		return err_set(e, -EFBIG,
			       "blob '%s': more bytes than the %llu that its descriptor "
			       "promises",
			       digest_text(text, &w->digest),
			       (unsigned long long)w->size);
	hasher_add(w->hasher, p, n);
	while (n > 0) {
		ssize_t k = pwrite(w->fd, at, n, (off_t)w->offset);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_sys(e, "write blob '%s'",
				       digest_text(text, &w->digest));
		at += k;
		n -= (size_t)k;
		w->offset += (uint64_t)k;
	}
	return 0;
}

uint64_t blob_offset(const struct blob_writer *w)
{
	return w->offset;
}

int blob_follow(const struct blob_writer *w)
{
	char name[PATH_SIZE];
	int fd;

	part_name(name, &w->digest);
	fd = openat(w->store->tmp_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int blob_restart(struct blob_writer *w, struct err *e)
{
	if (ftruncate(w->fd, 0))
		return err_sys(e, "empty a part");
	hasher_free(w->hasher);
	w->hasher = hasher_new(w->digest.algorithm);
	w->offset = 0;
	return 0;
}

int blob_check(const struct blob_writer *w, struct err *e)
{
	char text[DIGEST_TEXT_MAX], got[DIGEST_TEXT_MAX];
	struct hasher *h;
	struct digest is;

	digest_text(text, &w->digest);
	if (w->offset != w->size)
		return err_set(e, -ENODATA, "blob '%s': cut short: %llu of %llu bytes",
			       text, (unsigned long long)w->offset,
			       (unsigned long long)w->size);
	h = hasher_copy(w->hasher);
	hasher_finish(h, &is);
	hasher_free(h);
	if (digest_eq(&is, &w->digest))
		return 0;
	return err_set(e, -EBADMSG,
		       "blob '%s': digest mismatch: the bytes received have '%s'", text,
		       digest_text(got, &is));
}

int blob_commit(struct blob_writer *w, bool sync, struct err *e)
{
	char name[PATH_SIZE], text[DIGEST_TEXT_MAX];
	const struct store *s = w->store;
	int r = blob_check(w, e);

	part_name(name, &w->digest);
	digest_text(text, &w->digest);
	if (r == -EBADMSG)
		unlinkat(s->tmp_fd, name, 0);
	else if (r == 0 && sync && fsync(w->fd))
		r = err_sys(e, "sync blob '%s'", text);
	else if (r == 0 && (r = publish(s, name, &w->digest)) < 0)
		err_code(e, r, "store blob '%s'", text);
	writer_free(w);
	return r;
}

void blob_leave(struct blob_writer *w)
{
	char name[PATH_SIZE];

	if (!w)
		return;
	part_name(name, &w->digest);
	if (w->offset == 0)
		unlinkat(w->store->tmp_fd, name, 0);
	writer_free(w);
}

void blob_drop_part(const struct store *s, const struct digest *d)
{
	char name[PATH_SIZE];

	part_name(name, d);
	autoclose int fd = openat(s->tmp_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB) && trash_same(s->tmp_fd, name, fd))
		unlinkat(s->tmp_fd, name, 0);
}

int blob_remove(const struct store *s, const struct digest *d, struct err *e)
{
	char path[PATH_SIZE], text[DIGEST_TEXT_MAX];

	blob_path(path, d);
	if (!unlinkat(s->oci_fd, path, 0))
		return 0;
	return err_sys(e, "remove blob '%s'", digest_text(text, d));
}
