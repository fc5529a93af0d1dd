/* SPDX-License-Identifier: Apache-2.0 */
/* Finding, making and checking the two folders. */
#include "core/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"

#define RESERVE      "reserve"
#define RESERVE_SIZE (256 * 1024)

static const char layout_text[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
static const char index_text[] =
	"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
	"\"manifests\":[]}";

static const struct store empty = {
	.data_fd = -1,
	.run_fd = -1,
	.oci_fd = -1,
	.layers_fd = -1,
	.containers_fd = -1,
	.tmp_fd = -1,
	.cache_fd = -1,
};

static const char *home(void)
{
	const char *h = getenv("HOME");
	struct passwd *pw;

	if (h && path_is_abs(h))
		return h;
	pw = getpwuid(geteuid());
	return pw && path_is_abs(pw->pw_dir) ? pw->pw_dir : NULL;
}

static const char *env_abs(const char *key)
{
	const char *v = getenv(key);

	return v && path_is_abs(v) ? v : NULL;
}

static char *find_data(void)
{
	const char *v;

	if ((v = env_abs("ROOTLESS_DATA")))
		return path_clean(v);
	if ((v = env_abs("XDG_DATA_HOME")))
		return path_join(v, "rootless");
	v = home();
	return v ? path_join(v, ".local/share/rootless") : NULL;
}

/* Ours, a folder, and closed to others. Whoever may write in it may replace what we
 * trust. */
static int check_folder(const char *path, int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_sys(e, "folder '%s'", path);
	if (st.st_uid != geteuid())
		return err_set(e, -EPERM,
			       "folder '%s' belongs to uid %u, not to you (uid %u)", path,
			       st.st_uid, geteuid());
	if (st.st_mode & 022)
		return err_set(
			e, -EPERM,
			"folder '%s' may be written by others (mode %03o): check its "
			"content, then chmod 700 it",
			path, st.st_mode & 0777);
	if ((st.st_mode & 0777) != 0700 && fchmod(fd, 0700))
		return err_sys(e, "folder '%s': cannot set mode 0700", path);
	return 0;
}

static int open_folder(const char *path, struct err *e)
{
	int r = file_mkdirs(path, 0700);

	if (r < 0)
		return err_code(e, r, "make folder '%s'", path);
	autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open folder '%s'", path);
	r = check_folder(path, fd, e);
	return r < 0 ? r : TAKE_FD(fd);
}

/* $XDG_RUNTIME_DIR, else /run/user/UID; each only when it is the user's own. */
static char *find_run(char **ret_why)
{
	autofree char *usual = str_fmt("/run/user/%u", geteuid());
	const char *dirs[] = { getenv("XDG_RUNTIME_DIR"), usual };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		struct stat st;
		const char *d = dirs[i];
		if (str_empty(d) || (i == 1 && *ret_why && str_eq(d, dirs[0])))
			continue;
		const char *why = NULL;
		if (!path_is_abs(d))
			why = "is not an absolute path";
		else if (stat(d, &st) || !S_ISDIR(st.st_mode))
			why = "is not a folder";
		else if (st.st_uid != geteuid())
			why = "belongs to another user";
		else if (st.st_mode & 022)
			why = "may be written by others";
		else if (access(d, W_OK | X_OK))
			why = "cannot be written";
		if (!why)
			return path_join(d, "rootless");
		if (!*ret_why)
			*ret_why = str_fmt("'%s' %s", d, why);
	}
	return NULL;
}

int store_open_run(struct err *e)
{
	autofree char *why = NULL;
	autofree char *run = find_run(&why);
	autofree char *data = run ? NULL : find_data();

	if (!run && !data)
		return err_set(e, -ENOENT, "no runtime folder: %s", why ? why : "none");
	if (!run)
		run = path_join(data, "run");
	return open_folder(run, e);
}

static int open_run(struct store *s, struct err *e)
{
	s->run = find_run(&s->run_why);
	if (!s->run)
		s->run = path_join(s->data, "run");
	s->run_fd = open_folder(s->run, e);
	return s->run_fd < 0 ? s->run_fd : 0;
}

/* The parts inside; index.json last, so that a layout without it is completed later. */
static int open_parts(struct store *s, struct err *e)
{
	static const char *const names[] = { "containers", "volumes", "networks",
					     "journal",    "cache",   "tmp",
					     "layers",     "oci" };
	int *fds[] = { &s->containers_fd, NULL,       NULL,          NULL,
		       &s->cache_fd,      &s->tmp_fd, &s->layers_fd, &s->oci_fd };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		int fd = file_open_dir(s->data_fd, names[i], true, 0700);
		if (fd < 0)
			return err_code(e, fd, "open folder '%s/%s'", s->data, names[i]);
		if (fds[i])
			*fds[i] = fd;
		else
			fd_close(fd);
	}
	if (faccessat(s->oci_fd, "index.json", F_OK, 0) == 0)
		return 0;
	autoclose int blobs = file_open_dir(s->oci_fd, "blobs", true, 0755);
	autoclose int sha256 =
		blobs < 0 ? blobs : file_open_dir(blobs, "sha256", true, 0755);
	if (sha256 < 0)
		return err_code(e, sha256, "make folder '%s/oci/blobs/sha256'", s->data);
	autoclose int lock = file_lock(s->data_fd, "tag.lock", true, true);
	if (lock < 0)
		return err_code(e, lock, "lock '%s/tag.lock'", s->data);
	if (faccessat(s->oci_fd, "index.json", F_OK, 0) == 0)
		return 0;
	int r = file_replace(s->oci_fd, "oci-layout", layout_text,
			     sizeof(layout_text) - 1, 0644);
	if (r == 0)
		r = file_replace(s->oci_fd, "index.json", index_text,
				 sizeof(index_text) - 1, 0644);
	return r < 0 ? err_code(e, r, "write '%s/oci/index.json'", s->data) : 0;
}

/* Removing an image rewrites index.json, which a full disk would forbid. Best effort: a
 * disk that is full already has nothing to keep. */
void store_keep_reserve(const struct store *s)
{
	if (faccessat(s->data_fd, RESERVE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	autoclose int fd =
		openat(s->data_fd, RESERVE,
		       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && posix_fallocate(fd, 0, RESERVE_SIZE))
		unlinkat(s->data_fd, RESERVE, 0);
}

bool store_spend_reserve(const struct store *s)
{
	return unlinkat(s->data_fd, RESERVE, 0) == 0;
}

int store_open(struct store *ret, struct err *e)
{
	autodone(store_done) struct store s = empty;
	int r;

	s.data = find_data();
	if (!s.data)
		return err_set(
			e, -ENOENT,
			"no place for data: none of ROOTLESS_DATA, XDG_DATA_HOME and "
			"HOME is an absolute path");
	s.data_fd = open_folder(s.data, e);
	if (s.data_fd < 0)
		return s.data_fd;
	if ((r = open_run(&s, e)) < 0 || (r = open_parts(&s, e)) < 0)
		return r;
	store_keep_reserve(&s);
	*ret = s;
	s = empty;
	return 0;
}

void store_done(struct store *s)
{
	int *fds[] = { &s->data_fd,       &s->run_fd, &s->oci_fd,  &s->layers_fd,
		       &s->containers_fd, &s->tmp_fd, &s->cache_fd };

	if (!s->data) /* zeroed or done already */
		return;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		*fds[i] = fd_close(*fds[i]);
	str_set(&s->data, NULL);
	str_set(&s->run, NULL);
	str_set(&s->run_why, NULL);
}
