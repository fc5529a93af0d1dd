/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an archive or of a layout folder. */
#include "core/image/shelf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/image/spool.h"
#include "core/store/blob.h"
#include "core/wire/hasher.h"

#define CHUNK (256 * 1024)

struct shelf {
	const struct store *store;
	struct spool *spool; /* of a tar; NULL for a folder */
	int dirfd;           /* of a folder, not owned */
};

int shelf_from_tar(const struct store *s, int fd, struct shelf **ret, struct err *e)
{
	struct spool *spool;
	int r = spool_read(s, fd, &spool, e);

	if (r < 0)
		return r;
	*ret = mem_new(struct shelf);
	**ret = (struct shelf){ s, spool, -1 };
	return 0;
}

int shelf_from_dir(const struct store *s, int dirfd, struct shelf **ret, struct err *e)
{
	*ret = mem_new(struct shelf);
	**ret = (struct shelf){ s, NULL, dirfd };
	return 0;
}

void shelf_free(struct shelf *sh)
{
	if (!sh)
		return;
	spool_free(sh->spool);
	free(sh);
}

/* Regular files only, wherever they are. */
static int open_file(const struct shelf *sh, const char *name, uint64_t *ret_size)
{
	struct stat st;
	int flags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW;
	autoclose int fd = sh->spool ? spool_open(sh->spool, name)
				     : path_open_beneath(sh->dirfd, name, flags, 0);

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*ret_size = (uint64_t)st.st_size;
	return TAKE_FD(fd);
}

bool shelf_has(const struct shelf *sh, const char *name)
{
	uint64_t size;
	autoclose int fd = open_file(sh, name, &size);

	return fd >= 0;
}

static int not_there(int code, const char *name, struct err *e)
{
	return code == -ENOENT ? err_set(e, -EBADMSG, "'%s' is not in the archive", name)
			       : err_code(e, code, "'%s'", name);
}

int shelf_read(const struct shelf *sh, const char *name, size_t max, struct buf *out,
	       struct err *e)
{
	uint64_t size;
	autoclose int fd = open_file(sh, name, &size);

	if (fd < 0)
		return not_there(fd, name, e);
	int r = file_read_fd(fd, max, out);
	return r < 0 ? err_code(e, r, "read '%s'", name) : 0;
}

typedef int sink_fn(void *arg, const void *p, size_t n, struct err *e);

static int pour(int fd, const char *name, sink_fn *fn, void *arg, struct err *e)
{
	autofree uint8_t *p = mem_alloc(CHUNK);
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = fd_read(fd, p, CHUNK)) != 0) {
		if (n < 0)
			return err_code(e, (int)n, "read '%s'", name);
		r = fn(arg, p, (size_t)n, e);
	}
	return r;
}

static int into_hasher(void *arg, const void *p, size_t n, struct err *e)
{
	hasher_add(arg, p, n);
	return 0;
}

static int into_blob(void *arg, const void *p, size_t n, struct err *e)
{
	return blob_add(arg, p, n, e);
}

int shelf_look(const struct shelf *sh, const char *name, struct shelf_file *ret,
	       struct err *e)
{
	struct shelf_file f = { 0 };
	uint8_t magic[COMPRESSION_MAGIC];
	autoclose int fd = open_file(sh, name, &f.size);

	if (fd < 0)
		return not_there(fd, name, e);
	ssize_t n = pread(fd, magic, sizeof(magic), 0);
	f.kind = compression_detect(magic, n > 0 ? (size_t)n : 0);
	if (sh->spool) {
		spool_digest(sh->spool, name, &f.digest);
	} else {
		struct hasher *h = hasher_new(DIGEST_SHA256);
		int r = pour(fd, name, into_hasher, h, e);
		hasher_finish(h, &f.digest);
		hasher_free(h);
		if (r < 0)
			return r;
	}
	*ret = f;
	return 0;
}

static int copy(const struct shelf *sh, const char *name, const struct blob_want *want,
		struct err *e)
{
	uint64_t size, offset = 0;
	struct blob_writer *w = NULL;
	autoclose int fd = open_file(sh, name, &size);

	if (fd < 0)
		return not_there(fd, name, e);
	int r = blob_write(sh->store, want, &w, &offset, e);
	if (r < 0 || !w)
		return r;
	if (offset)
		r = blob_restart(w, e);
	if (r == 0)
		r = pour(fd, name, into_blob, w, e);
	if (r == 0)
		return blob_commit(w, false, e);
	blob_leave(w);
	return r;
}

int shelf_store(struct shelf *sh, const char *name, const struct digest *d, uint64_t size,
		struct err *e)
{
	const struct blob_want want = { *d, size, true };
	char text[DIGEST_TEXT_MAX];
	struct digest is;

	if (blob_has_size(sh->store, d, size))
		return 0;
	if (!sh->spool || d->algorithm != DIGEST_SHA256)
		return copy(sh, name, &want, e);
	if (spool_digest(sh->spool, name, &is) < 0)
		return not_there(-ENOENT, name, e);
	if (!digest_eq(&is, d))
		return err_set(e, -EBADMSG, "'%s': digest mismatch: its content has '%s'",
			       name, digest_text(text, &is));
	return spool_adopt(sh->spool, name, d, e);
}
