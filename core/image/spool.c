/* SPDX-License-Identifier: Apache-2.0 */
/* A tar stream's files on their way into the store. */
#include "core/image/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/place.h"
#include "core/store/blob.h"
#include "core/store/trash.h"
#include "core/wire/decoder.h"
#include "core/wire/hasher.h"
#include "core/wire/tar.h"

#define LINKS_MAX     8
#define SPACE_RESERVE (64u << 20)

/* A file (file names it inside the folder) or a link (to another name). */
struct item {
	char *name, *link;
	unsigned file;
	struct digest digest;
};

struct spool {
	const struct store *store;
	char *folder; /* inside tmp_fd */
	int fd;       /* carries the lock */
	struct item *v;
	size_t len;
};

static struct item *find(const struct spool *sp, const char *name)
{
	char clean[PLACE_MAX], target[PLACE_MAX];

	if (place_clean(clean, name) < 0)
		return NULL;
	for (int hops = 0; hops < LINKS_MAX; hops++) {
		struct item *found = NULL;
		/* the last of a name counts, as when unpacked */
		for (size_t i = sp->len; !found && i-- > 0;)
			if (str_eq(sp->v[i].name, clean))
				found = &sp->v[i];
		if (!found || !found->link)
			return found;
		str_copy(target, sizeof(target), found->link);
		str_copy(clean, sizeof(clean), target);
	}
	return NULL;
}

static void file_name(char dst[32], const struct item *it)
{
	str_print(dst, 32, "%u", it->file);
}

int spool_open(const struct spool *sp, const char *name)
{
	const struct item *it = find(sp, name);
	char file[32];

	if (!it)
		return -ENOENT;
	file_name(file, it);
	int fd = openat(sp->fd, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	/* One layer may serve several images of the archive: the first took it along. */
	if (fd < 0 && errno == ENOENT)
		return blob_open(sp->store, &it->digest, NULL);
	return fd < 0 ? -errno : fd;
}

int spool_digest(const struct spool *sp, const char *name, struct digest *ret)
{
	const struct item *it = find(sp, name);

	if (!it)
		return -ENOENT;
	*ret = it->digest;
	return 0;
}

int spool_adopt(struct spool *sp, const char *name, const struct digest *d, struct err *e)
{
	const struct item *it = find(sp, name);
	char file[32];

	if (!it)
		return err_set(e, -ENOENT, "'%s' is not in the archive", name);
	file_name(file, it);
	return blob_adopt(sp->store, sp->fd, file, d, e);
}

void spool_free(struct spool *sp)
{
	if (!sp)
		return;
	(void)file_remove_tree(sp->store->tmp_fd, sp->folder);
	for (size_t i = 0; i < sp->len; i++) {
		free(sp->v[i].name);
		free(sp->v[i].link);
	}
	free(sp->v);
	free(sp->folder);
	fd_close(sp->fd);
	free(sp);
}

/* --- reading the stream
 * ------------------------------------------------------------------ */

static int write_file(struct spool *sp, struct item *it, struct tar_reader *t,
		      struct err *e)
{
	struct statvfs fs;
	char file[32];
	uint64_t offset, at = 0;
	const void *p;
	size_t n;
	int r;

	file_name(file, it);
	autoclose int fd =
		openat(sp->fd, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(e, "write '%s/tmp/%s'", sp->store->data, sp->folder);
	struct hasher *h = hasher_new(DIGEST_SHA256);
	while ((r = tar_data(t, &p, &n, &offset, e)) > 0) {
		if (offset != at) {
			r = err_set(e, -EBADMSG, "'%s' is a sparse file", it->name);
			break;
		}
		hasher_add(h, p, n);
		at += n;
		if ((r = fd_write_all(fd, p, n)) < 0) {
			err_code(e, r, "write '%s/tmp/%s'", sp->store->data, sp->folder);
			break;
		}
	}
	hasher_finish(h, &it->digest);
	hasher_free(h);
	if (r == 0 && !fstatvfs(fd, &fs) &&
	    (uint64_t)fs.f_bavail * fs.f_frsize < SPACE_RESERVE &&
	    (uint64_t)fs.f_blocks * fs.f_frsize > 16ull * SPACE_RESERVE)
		r = err_code(e, -ENOSPC, "write '%s/tmp/%s'", sp->store->data,
			     sp->folder);
	return r;
}

/* A link's target, from the folder it is in: "a/layer.tar" → "../b/layer.tar" is
 * "b/layer.tar". */
static char *link_target(const struct tar_entry *t, const char *name)
{
	char clean[PLACE_MAX];

	if (t->type == TAR_HARDLINK)
		return place_clean(clean, t->link) < 0 ? NULL : str_dup(clean);
	autofree char *dir = str_dup(name);
	const char *to = t->link;
	char *slash = strrchr(dir, '/');
	*(slash ? slash : dir) = 0;
	while (str_starts(to, "../") && dir[0]) {
		to += 3;
		slash = strrchr(dir, '/');
		*(slash ? slash : dir) = 0;
	}
	autofree char *joined = str_fmt("%s/%s", dir, to);
	return place_clean(clean, joined) < 0 ? NULL : str_dup(clean);
}

static int take(struct spool *sp, const struct tar_entry *entry, struct tar_reader *t,
		struct err *e)
{
	char clean[PLACE_MAX];
	struct item it = { .file = (unsigned)sp->len };

	if (entry->type != TAR_FILE && entry->type != TAR_SYMLINK &&
	    entry->type != TAR_HARDLINK)
		return 0;
	if (place_clean(clean, entry->path) < 0 || !clean[0])
		return err_set(e, -EBADMSG, "'%s' leads out of the archive", entry->path);
	if (sp->len == SPOOL_FILES_MAX)
		return err_set(e, -E2BIG, "the archive has more than %d files",
			       SPOOL_FILES_MAX);
	if (entry->type != TAR_FILE && !(it.link = link_target(entry, clean)))
		return err_set(e, -EBADMSG,
			       "'%s' is a link to '%s', outside of the archive",
			       entry->path, entry->link);
	it.name = str_dup(clean);
	sp->v = mem_resize(sp->v, sp->len + 1, sizeof(*sp->v));
	sp->v[sp->len++] = it;
	return it.link ? 0 : write_file(sp, &sp->v[sp->len - 1], t, e);
}

struct source {
	int fd;
	struct decoder *decoder;
	struct err err;
};

static ssize_t raw_bytes(void *arg, void *p, size_t n)
{
	return fd_read(((struct source *)arg)->fd, p, n);
}

static ssize_t plain_bytes(void *arg, void *p, size_t n)
{
	struct source *s = arg;

	return decoder_read(s->decoder, p, n, &s->err);
}

static int read_all(struct spool *sp, int fd, struct err *e)
{
	struct source src = { .fd = fd };
	struct tar_entry entry;
	int r;

	src.decoder = decoder_new(raw_bytes, &src, 0);
	struct tar_reader *t = tar_reader_new(plain_bytes, &src);
	while ((r = tar_next(t, &entry, e)) > 0)
		if ((r = take(sp, &entry, t, e)) < 0)
			break;
	if (r == 0)
		r = tar_drain(t, e);
	tar_reader_free(t);
	decoder_free(src.decoder);
	if (src.err.code < 0)
		return err_set(e, src.err.code, "%s", src.err.text);
	return r;
}

int spool_read(const struct store *s, int fd, struct spool **ret, struct err *e)
{
	struct spool *sp = mem_new(struct spool);
	uint64_t random;
	bool made;

	id_random(&random, sizeof(random));
	sp->store = s;
	sp->folder = str_fmt("load-%016llx", (unsigned long long)random);
	sp->fd = trash_lock_dir(s->tmp_fd, sp->folder, false, &made);
	int r = sp->fd < 0 ? err_code(e, sp->fd, "make '%s/tmp/%s'", s->data, sp->folder)
			   : read_all(sp, fd, e);
	if (r < 0)
		spool_free(sp);
	else
		*ret = sp;
	return r;
}
