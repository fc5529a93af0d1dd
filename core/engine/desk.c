/* SPDX-License-Identifier: Apache-2.0 */
/* The desk of a network of its own. */
#include "core/engine/desk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/store/store.h"
#include "core/wire/json.h"

#define FOLDER    "net"
#define LOCK      "lock"
#define DOORS     "doors.lock" /* held from bind to listen, and by who sweeps */
#define REPLY_MAX (1u << 20)

int desk_find(int net_fd, struct desk *ret, struct err *e)
{
	autoclose int run = store_open_run(e);
	struct stat st;

	if (run < 0)
		return run;
	if (fstat(net_fd, &st) != 0)
		return err_sys(e, "look at the network namespace");
	ret->dir = file_open_dir(run, FOLDER, true, 0700);
	if (ret->dir < 0)
		return err_code(e, ret->dir, "open folder '" FOLDER "'");
	return str_print(ret->name, sizeof(ret->name), "%llu",
			 (unsigned long long)st.st_ino);
}

/* Is there a desk, and nobody at it? Under DOORS: one that is bound and does not listen
 * yet refuses as well. */
static bool is_left(int dir, const char *name)
{
	uint64_t number;
	autoclose int probe = str_u64(name, UINT64_MAX, &number) == 0
				      ? fd_unix_connect(dir, name, SOCK_STREAM)
				      : -1;

	return probe == -ECONNREFUSED;
}

static void sweep(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		fd_close(fd);
		return;
	}
	for (struct dirent *de; (de = readdir(d));)
		if (is_left(dir, de->d_name))
			unlinkat(dir, de->d_name, 0);
	closedir(d);
}

int desk_listen(const struct desk *d)
{
	autoclose int lock = file_lock(d->dir, DOORS, true, true);

	if (lock < 0)
		return lock;
	sweep(d->dir);
	return fd_unix_listen(d->dir, d->name, SOCK_STREAM);
}

void desk_sweep(int run_fd)
{
	autoclose int dir =
		openat(run_fd, FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autoclose int lock = dir < 0 ? -1 : file_lock(dir, DOORS, true, false);

	if (lock >= 0)
		sweep(dir);
}

int desk_lock(const struct desk *d, struct err *e)
{
	int fd = file_lock(d->dir, LOCK, true, true);

	return fd < 0 ? err_code(e, fd, "lock '" FOLDER "/" LOCK "'") : fd;
}

static int check_reply(struct buf *b, struct err *e)
{
	autojson *doc = NULL;
	yyjson_val *error = NULL;
	const char *why = NULL;
	int r = json_parse(buf_str(b), b->len, "reply", &doc, e);

	if (r == 0)
		r = json_get_obj(yyjson_doc_get_root(doc), "error", &error, e);
	if (r < 0 || !error)
		return r;
	json_get_str(error, "desc", &why, NULL);
	return err_set(e, -EIO, "%s", why ? why : "the request was refused");
}

int desk_ask(const struct desk *d, const char *request, int listener, struct buf *out,
	     struct err *e)
{
	autoclose int sock = fd_unix_connect(d->dir, d->name, SOCK_STREAM);
	char piece[4096];
	ssize_t n;
	int r;

	if (sock < 0)
		return sock == -ECONNREFUSED ? -ENOENT : sock;
	out->max = REPLY_MAX;
	r = fd_send(sock, request, strlen(request), &listener, listener >= 0);
	if (r < 0 || shutdown(sock, SHUT_WR) != 0)
		return err_code(e, r < 0 ? r : -errno, "ask the network's process");
	while ((n = fd_read(sock, piece, sizeof(piece))) > 0)
		if ((r = buf_add(out, piece, (size_t)n)) < 0)
			return err_code(e, r, "read the network's process's answer");
	return check_reply(out, e);
}

void desk_done(struct desk *d)
{
	d->dir = fd_close(d->dir);
}
