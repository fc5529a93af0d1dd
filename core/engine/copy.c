/* SPDX-License-Identifier: Apache-2.0 */
/* Two sides of a pipe. */
#include "core/engine/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/inroot.h"
#include "core/engine/tarin.h"
#include "core/engine/tarout.h"

#define LINKS_MAX 40

/* One side at work. */
struct side {
	const struct copy *x;
	const char *name; /* the source's own, for a place in an existing folder */
	bool contents;    /* the source was named "dir/.": what is in it */
	int fd;           /* the stream */
	bool inside;
	int owner; /* of what is made */
	/* Shared memory: what the side in another process has to say. */
	struct word {
		int result;
		struct err e;
		uint64_t bytes;
	} * word;
};

static int write_stream(void *arg, const void *p, size_t n)
{
	struct side *s = arg;

	s->word->bytes += n;
	return fd_write_all(s->fd, p, n);
}

static ssize_t read_stream(void *arg, void *p, size_t n)
{
	return fd_read(((struct side *)arg)->fd, p, n);
}

/* --- the side that gives -------------------------------------------------------------
 */

static int not_found(const struct side *s, const char *path, struct err *e)
{
	if (s->inside)
		return err_set(e, -ENOENT, "Could not find the file %s in container %s",
			       path, s->x->container->name);
	return err_set(e, -ENOENT, "lstat %s: no such file or directory", path);
}

static int give(struct side *s, int root, struct err *e)
{
	const char *path = s->inside ? s->x->inside : s->x->outside;
	struct tarout o = {
		.root = root, .path = path, .name = s->name, .follow = s->x->follow
	};
	int r = tarout_write(&o, write_stream, s, e);

	if (r == -ENOENT && !e->text[0])
		return not_found(s, path, e);
	return r < 0 && !e->text[0] ? err_code(e, r, "open '%s'", path) : r;
}

/* --- the side that takes -------------------------------------------------------------
 */

static int no_parent(const struct side *s, const char *path, int code, struct err *e)
{
	autofree char *dir = path_dir(path);

	if (code != -ENOENT)
		return err_code(e, code, "open '%s'", dir);
	if (s->inside)
		return not_found(s, dir, e);
	return err_set(e, code, "invalid output path: directory \"%s\" does not exist",
		       dir);
}

/* A path that is a link, maybe to nothing yet: where it leads, inside the root. */
static int resolve_last(int root, char **path)
{
	char to[PATH_MAX];
	const char *name;

	for (int i = 0; i < LINKS_MAX; i++) {
		autoclose int at = path_open_parent_in(root, *path, &name);
		if (at < 0)
			return at;
		ssize_t n = readlinkat(at, name, to, sizeof(to) - 1);
		if (n < 0)
			return 0;
		to[n] = 0;
		autofree char *dir = path_dir(*path);
		char *next = path_join(dir, to);
		free(*path);
		*path = next;
	}
	return -ELOOP;
}

static int place_new(const struct side *s, int root, const char *given, int *ret_dirfd,
		     char **ret_name, struct err *e)
{
	autofree char *path = str_dup(given);
	const char *name;
	int r = resolve_last(root, &path);

	if (r == 0)
		r = path_open_parent_in(root, path, &name);
	if (r < 0)
		return no_parent(s, path, r, e);
	*ret_dirfd = r;
	*ret_name = str_dup(name);
	return 0;
}

struct taking {
	struct side *s;
	int root;
};

/* Where the first entry goes, by what is at the destination (docker's table). */
static int place(void *arg, bool is_dir, int *ret_dirfd, char **ret_name, struct err *e)
{
	const struct taking *t = arg;
	const struct side *s = t->s;
	const char *path = s->inside ? s->x->inside : s->x->outside;
	autoclose int fd = path_open_in(t->root, path, O_PATH, 0);
	struct stat st;

	if (fd < 0 && fd != -ENOENT)
		return err_code(e, fd, "open '%s'", path);
	if (fd >= 0 && fstat(fd, &st))
		return err_sys(e, "look at '%s'", path);
	if (fd >= 0 && S_ISDIR(st.st_mode)) {
		*ret_dirfd = TAKE_FD(fd);
		*ret_name = str_dup(is_dir && s->contents ? "" : s->name);
		return 0;
	}
	if (fd >= 0 && is_dir)
		return err_set(e, -ENOTDIR, "cannot copy directory");
	if (fd >= 0 && str_ends(path, "/"))
		return err_set(e, -ENOTDIR, "'%s' is not a directory", path);
	autofree char *bare = str_dup(path);
	for (size_t n = strlen(bare); n > 1 && bare[n - 1] == '/'; n--) {
		if (!is_dir)
			return s->inside ? not_found(s, path, e)
					 : no_parent(s, path, -ENOENT, e);
		bare[n - 1] = 0;
	}
	return place_new(s, t->root, bare, ret_dirfd, ret_name, e);
}

/* A stream of the user's own goes into a folder that is there. */
static int take_stream(struct side *s, int root, struct err *e)
{
	autoclose int dir = path_open_in(root, s->x->inside, O_PATH | O_DIRECTORY, 0);
	struct tarin t = { .dirfd = dir, .owner = s->owner };

	if (dir == -ENOTDIR)
		return err_set(e, dir, "destination \"%s:%s\" must be a directory",
			       s->x->container->name, s->x->inside);
	if (dir == -ENOENT)
		return not_found(s, s->x->inside, e);
	if (dir < 0)
		return err_code(e, dir, "open '%s'", s->x->inside);
	return tarin_extract(&t, read_stream, s, &s->word->bytes, e);
}

static int take(struct side *s, int root, struct err *e)
{
	struct taking g = { s, root };
	struct tarin t = { .place = place, .arg = &g, .owner = s->owner };

	if (!s->x->outside)
		return take_stream(s, root, e);
	return tarin_extract(&t, read_stream, s, &s->word->bytes, e);
}

/* --- both ----------------------------------------------------------------------------
 */

static int give_at(void *side, int root, struct err *e)
{
	return give(side, root, e);
}

static int take_at(void *side, int root, struct err *e)
{
	return take(side, root, e);
}

struct work {
	struct side *s;
	int (*fn)(void *side, int root, struct err *e);
	enum inroot_view view;
};

static int on_host(void *arg, struct err *e)
{
	const struct work *w = arg;
	autoclose int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return root < 0 ? err_sys(e, "open '/'") : w->fn(w->s, root, e);
}

static int run(const struct work *w, struct err *e)
{
	const struct copy *x = w->s->x;

	if (w->s->inside)
		return inroot_call(x->store, x->container, w->view, w->fn, w->s, e);
	return x->archive ? inroot_outside(x->store, on_host, (void *)w, e)
			  : on_host((void *)w, e);
}

static void run_giver(const struct work *w)
{
	signal(SIGPIPE, SIG_IGN);
	w->s->word->result = run(w, &w->s->word->e);
	_exit(0);
}

/* Both at once, the giver in a child; its failure is the cause of the taker's. */
static int run_both(struct work *giver, struct work *taker, struct err *e)
{
	int p[2], r;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC))
		return err_sys(e, "make a pipe");
	giver->s->word->result = -EIO;
	pid = fork();
	if (pid == 0) {
		fd_close(p[0]);
		giver->s->fd = p[1];
		run_giver(giver);
	}
	r = pid < 0 ? err_sys(e, "fork") : 0;
	fd_close(p[1]);
	taker->s->fd = p[0];
	if (r == 0)
		r = run(taker, e);
	fd_close(p[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (pid > 0 && giver->s->word->result < 0 && giver->s->word->result != -EPIPE) {
		*e = giver->s->word->e;
		return e->text[0] ? e->code
				  : err_set(e, -EIO, "the source's reader died");
	}
	return r;
}

static struct word *words_new(void)
{
	void *p = mmap(NULL, 2 * sizeof(struct word), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* "/a/b/." → contents of b. The name by which the source goes into a folder. */
static const char *name_of(char *path, bool *ret_contents)
{
	size_t n = strlen(path);

	*ret_contents = str_eq(path, ".") || str_ends(path, "/.");
	while (n > 1 &&
	       (path[n - 1] == '/' || (path[n - 1] == '.' && path[n - 2] == '/')))
		path[--n] = 0;
	const char *name = path_base(path);
	return *name && !str_eq(name, "..") ? name : ".";
}

static int transfer(const struct copy *x, bool out, uint64_t *ret_bytes, struct err *e)
{
	autofree char *source = str_dup(out ? x->inside : x->outside);
	struct word *words = words_new();
	struct side from = { .x = x, .inside = out, .fd = x->fd, .word = words };
	struct side to = { .x = x, .inside = !out, .fd = x->fd };
	struct work giver = { &from, give_at, INROOT_LIVE };
	struct work taker = { &to, take_at, INROOT_LIVE };
	int r;

	if (!words)
		return err_sys(e, "map memory");
	to.word = words + 1;
	to.owner = x->archive || (!out && !x->outside) ? TARIN_KEEP
		   : out                               ? TARIN_MINE
						       : TARIN_ROOT;
	if (source) {
		from.name = to.name = name_of(source, &from.contents);
		to.contents = from.contents;
	}
	if (out && !x->outside && from.contents)
		from.name = ".";
	if (x->outside)
		r = run_both(&giver, &taker, e);
	else
		r = run(out ? &giver : &taker, e);
	*ret_bytes += out && !x->outside ? from.word->bytes : to.word->bytes;
	munmap(words, 2 * sizeof(*words));
	return r;
}

int copy_out(const struct copy *x, uint64_t *ret_bytes, struct err *e)
{
	return transfer(x, true, ret_bytes, e);
}

int copy_in(const struct copy *x, uint64_t *ret_bytes, struct err *e)
{
	return transfer(x, false, ret_bytes, e);
}

int copy_export(const struct store *s, const struct container *c, int fd, struct err *e)
{
	const struct copy x = { .store = s, .container = c, .inside = "/" };
	struct word word = { 0 };
	struct side from = {
		.x = &x, .name = "", .inside = true, .fd = fd, .word = &word
	};
	struct work giver = { &from, give_at, INROOT_DISK };

	return run(&giver, e);
}
