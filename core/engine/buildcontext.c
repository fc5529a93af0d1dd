/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the context. */
#include "core/engine/buildcontext.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/buildfetch.h"
#include "core/engine/buildgit.h"
#include "core/image/dockerfile.h"
#include "core/image/unpack.h"
#include "core/wire/hasher.h"

#define CHUNK     (64 * 1024)
#define BLOCK     512
#define SUM_AT    148 /* of a tar header */
#define SUM_LEN   8
#define INPUT_MAX (16ull << 30)
#define TAR_MAX   (64ull << 30)

/* --- archives -------------------------------------------------------------------------
 */

static ssize_t read_file(void *arg, void *p, size_t n)
{
	return fd_read(*(int *)arg, p, n);
}

/* A header's checksum is that of its bytes, with blanks in its own place. */
static bool is_header(const uint8_t block[BLOCK])
{
	char text[SUM_LEN + 1] = "", *octal;
	uint64_t sum = 0, said;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= SUM_AT && i < SUM_AT + SUM_LEN ? ' ' : block[i];
	memcpy(text, block + SUM_AT, SUM_LEN);
	octal = text + strspn(text, " ");
	octal[strcspn(octal, " ")] = 0;
	return block[0] && !str_oct(octal, UINT32_MAX, &said) && said == sum;
}

bool buildcontext_is_tar(int fd)
{
	uint8_t block[BLOCK] = { 0 };
	size_t have = 0;
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	struct decoder *d = decoder_new(read_file, &fd, 0);
	while (have < BLOCK &&
	       (n = decoder_read(d, block + have, BLOCK - have, NULL)) > 0)
		have += (size_t)n;
	decoder_free(d);
	lseek(fd, 0, SEEK_SET);
	return have == BLOCK && is_header(block);
}

static int sum_plain(int fd, struct digest *ret, struct err *e)
{
	autofree uint8_t *chunk = mem_alloc(CHUNK);
	struct decoder *d = decoder_new(read_file, &fd, TAR_MAX);
	struct hasher *h = hasher_new(DIGEST_SHA256);
	ssize_t n;

	while ((n = decoder_read(d, chunk, CHUNK, e)) > 0)
		hasher_add(h, chunk, (size_t)n);
	hasher_finish(h, ret);
	hasher_free(h);
	decoder_free(d);
	lseek(fd, 0, SEEK_SET);
	return (int)n;
}

int buildcontext_unpack(const struct buildcontext_place *at, int fd, const char *path,
			struct err *e)
{
	struct unpack_job job = { .blob_fd = fd,
				  .more_fd = -1,
				  .realm_pidfd = at->realm_pidfd,
				  .store = at->store,
				  .holder = at->holder };
	struct unpack_result result = { 0 };
	struct unpack *u = NULL;
	struct stat st;
	int r;

	if (mkdir(path, 0755) || fstat(fd, &st))
		return err_sys(e, "make '%s'", path);
	autoclose int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "open '%s'", path);
	/* The worker is told what must come out, as for a layer. */
	if ((r = sum_plain(fd, &job.diff_id, e)) < 0)
		return r;
	job.blob_size = (uint64_t)st.st_size;
	job.dirfd = dir;
	if ((r = unpack_start(&job, &u, e)) < 0)
		return r;
	r = unpack_finish(u, &result, e);
	free(result.implicit);
	return r;
}

/* --- where it comes from --------------------------------------------------------------
 */

static int open_folder(struct buildcontext *c, const char *path, struct err *e)
{
	c->path = realpath(path, NULL);
	if (!c->path)
		return errno == ENOENT
			       ? err_set(e, -ENOENT,
					 "unable to prepare context: path "
					 "'%s' not found",
					 path)
			       : err_sys(e, "unable to prepare context: '%s'", path);
	c->fd = open(c->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return c->fd < 0 ? err_sys(e, "unable to prepare context: '%s'", path) : 0;
}

static int empty_folder(const struct buildcontext_want *w, struct buildcontext *c,
			struct err *e)
{
	autofree char *path = str_fmt("%s/context", w->dir);

	if (mkdir(path, 0755))
		return err_sys(e, "make '%s'", path);
	return open_folder(c, path, e);
}

/* stdin into a file: it is looked at twice. */
static int spool(const struct buildcontext_want *w, struct err *e)
{
	autofree char *path = str_fmt("%s/input", w->dir);
	autoclose int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int64_t n = fd < 0 ? -errno : fd_copy(w->input, fd, INPUT_MAX);

	if (n < 0)
		return err_code(e, (int)n, "read the context from stdin");
	if (n == 0)
		return err_set(e, -EINVAL, "the context on stdin is empty");
	lseek(fd, 0, SEEK_SET);
	return TAKE_FD(fd);
}

/* fd: an archive, or (with no -f) a Dockerfile. */
static int open_file(const struct buildcontext_want *w, int fd, struct buildcontext *c,
		     struct err *e)
{
	autofree char *path = str_fmt("%s/context", w->dir);
	int r;

	c->remote = true;
	if (buildcontext_is_tar(fd)) {
		r = buildcontext_unpack(&w->place, fd, path, e);
		return r < 0 ? err_wrap(e, "unpack the context")
			     : open_folder(c, path, e);
	}
	if (w->file)
		return err_set(e, -EINVAL, "the context %s is no tar archive",
			       str_eq(w->context, "-") ? "on stdin" : w->context);
	r = file_read_fd(fd, DOCKERFILE_MAX, &c->text);
	if (r < 0)
		return err_code(e, r, "read the Dockerfile from %s",
				str_eq(w->context, "-") ? "stdin" : w->context);
	c->name = str_dup("Dockerfile");
	return empty_folder(w, c, e);
}

static int open_url(const struct buildcontext_want *w, struct buildcontext *c,
		    struct err *e)
{
	autoclose int dir = open(w->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct buildfetch_want want = { .url = w->context,
					      .dirfd = dir,
					      .name = "input" };
	int r = dir < 0 ? err_sys(e, "open '%s'", w->dir)
			: buildfetch_file(w->cfg, &want, e);

	if (r < 0)
		return r;
	autoclose int fd = openat(dir, "input", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "read '%s'", w->context) : open_file(w, fd, c, e);
}

static int open_git(const struct buildcontext_want *w, struct buildcontext *c,
		    struct err *e)
{
	autofree char *dir = str_fmt("%s/repository", w->dir), *path = NULL;
	int r = buildgit_clone(w->context, dir, w->keep_git, &path, e);

	c->remote = true;
	return r < 0 ? r : open_folder(c, path, e);
}

static int open_context(const struct buildcontext_want *w, struct buildcontext *c,
			struct err *e)
{
	if (buildgit_is(w->context))
		return open_git(w, c, e);
	if (buildfetch_is_url(w->context))
		return open_url(w, c, e);
	if (!str_eq(w->context, "-"))
		return open_folder(c, w->context, e);
	if (str_eq(w->file, "-"))
		return err_set(e, -EINVAL,
			       "can't use stdin for both build context and dockerfile");
	autoclose int fd = spool(w, e);
	return fd < 0 ? fd : open_file(w, fd, c, e);
}

/* --- what is in it --------------------------------------------------------------------
 */

static int read_dockerfile(const struct buildcontext_want *w, struct buildcontext *c,
			   struct err *e)
{
	const char *file = w->file;
	int r;

	if (str_eq(file, "-")) {
		c->name = str_dup("Dockerfile");
		r = file_read_fd(w->input, DOCKERFILE_MAX, &c->text);
		return r < 0 ? err_code(e, r, "read the Dockerfile from stdin") : 0;
	}
	/* A folder's is named from where the caller stands, an archive's from its root.
	 */
	bool inside = !file || c->remote;
	autoclose int fd = inside ? path_open_in(c->fd, file ? file : "Dockerfile",
						 O_RDONLY | O_NONBLOCK, 0)
				  : open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (!file && fd == -ENOENT)
		fd = path_open_in(c->fd, "dockerfile", O_RDONLY | O_NONBLOCK, 0);
	c->name = str_dup(path_base(file ? file : "Dockerfile"));
	r = fd < 0 ? (inside ? fd : -errno) : file_read_fd(fd, DOCKERFILE_MAX, &c->text);
	return r < 0 ? err_code(e, r, "failed to read dockerfile '%s'",
				file ? file : "Dockerfile")
		     : 0;
}

static int read_ignore(struct buildcontext *c, int dirfd, const char *name, struct err *e)
{
	autobuf text = { .max = DOCKERIGNORE_MAX };
	autoclose int fd = path_open_in(dirfd, name, O_RDONLY | O_NONBLOCK, 0);
	int r = fd < 0 ? fd : file_read_fd(fd, DOCKERIGNORE_MAX, &text);

	if (r < 0)
		return r == -ENOENT ? r : err_code(e, r, "read '%s'", name);
	c->ignore_name = str_dup(name);
	return dockerignore_parse(buf_str(&text), text.len, name, &c->ignore, e);
}

/* NAME.dockerignore beside the Dockerfile goes before that of the context. */
static int find_ignore(const struct buildcontext_want *w, struct buildcontext *c,
		       struct err *e)
{
	autofree char *beside = str_fmt("%s.dockerignore", c->name);
	bool own = w->file && !str_eq(w->file, "-") && !c->remote;
	autofree char *folder = own ? path_dir(w->file) : NULL;
	autoclose int dir = own ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int r = read_ignore(c, dir >= 0 ? dir : c->fd, beside, e);

	if (r == -ENOENT)
		r = read_ignore(c, c->fd, ".dockerignore", e);
	return r == -ENOENT ? 0 : r;
}

int buildcontext_open(const struct buildcontext_want *w, struct buildcontext *ret,
		      struct err *e)
{
	int r;

	*ret = (struct buildcontext){ .fd = -1, .text = { .max = DOCKERFILE_MAX } };
	if ((r = open_context(w, ret, e)) < 0)
		return r;
	if (!ret->name && (r = read_dockerfile(w, ret, e)) < 0)
		return r;
	return find_ignore(w, ret, e);
}

int buildcontext_open_named(const struct buildcontext_want *w, struct buildcontext *ret,
			    struct err *e)
{
	int r;

	*ret = (struct buildcontext){ .fd = -1, .text = { .max = DOCKERFILE_MAX } };
	if (str_eq(w->context, "-"))
		return err_set(e, -EINVAL, "it cannot come from stdin");
	if ((r = open_context(w, ret, e)) < 0)
		return r;
	if (ret->name)
		return err_set(e, -EINVAL, "'%s' is no tar archive", w->context);
	r = read_ignore(ret, ret->fd, ".dockerignore", e);
	return r == -ENOENT ? 0 : r;
}

void buildcontext_done(struct buildcontext *c)
{
	fd_close(c->fd);
	free(c->path);
	free(c->ignore_name);
	free(c->name);
	dockerignore_done(&c->ignore);
	buf_done(&c->text);
	*c = (struct buildcontext){ .fd = -1 };
}
