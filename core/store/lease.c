/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: one locked file of hex digests for each pull in progress. */
#include "core/store/lease.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/gc.h"
#include "core/store/trash.h"

#define LEASE_PREFIX "lease-"
#define LEASE_MAX    (1u << 20)

/* Written whole while gc.lock is held shared, so that no collection sees half of it. */
int lease_take(const struct store *s, const struct digest *d, size_t n, struct err *e)
{
	autobuf text = { 0 };
	char hex[DIGEST_TEXT_MAX];
	uint64_t random;
	int r;

	for (size_t i = 0; i < n; i++)
		if (digest_is_set(&d[i]))
			buf_addf(&text, "%s\n", digest_hex(hex, &d[i]));
	autoclose int lock = gc_lock(s, false, e);
	if (lock < 0)
		return lock;
	id_random(&random, sizeof(random));
	autofree char *name = str_fmt(LEASE_PREFIX "%016llx", (unsigned long long)random);
	autoclose int fd =
		openat(s->tmp_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, "write a lease");
	r = flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0;
	if (r == 0)
		r = fd_write_all(fd, buf_str(&text), text.len);
	if (r < 0) {
		unlinkat(s->tmp_fd, name, 0);
		return err_code(e, r, "write a lease");
	}
	return TAKE_FD(fd);
}

/* The file's name is not kept: found again by its inode. */
void lease_drop(const struct store *s, int fd)
{
	if (fd < 0)
		return;
	autoclose int dup = openat(s->tmp_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = dup < 0 ? NULL : fdopendir(dup);
	struct dirent *de;
	if (dir) {
		dup = -1;
		while ((de = readdir(dir)))
			if (str_starts(de->d_name, LEASE_PREFIX) &&
			    trash_same(s->tmp_fd, de->d_name, fd))
				unlinkat(s->tmp_fd, de->d_name, 0);
		closedir(dir);
	}
	fd_close(fd);
}

int lease_list(const struct store *s, struct strv *ret, struct err *e)
{
	autoclose int dup = openat(s->tmp_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = dup < 0 ? NULL : fdopendir(dup);
	struct dirent *de;
	int r = 0;

	if (!dir)
		return err_sys(e, "read '%s/tmp'", s->data);
	dup = -1;
	while (r == 0 && (de = readdir(dir))) {
		autobuf text = { 0 };
		if (!str_starts(de->d_name, LEASE_PREFIX) ||
		    trash_is_free(s->tmp_fd, de->d_name))
			continue;
		r = file_read(s->tmp_fd, de->d_name, LEASE_MAX, &text);
		if (r == -ENOENT) /* dropped meanwhile */
			r = 0;
		else if (r < 0)
			err_code(e, r, "read lease '%s'", de->d_name);
		else
			strv_split(ret, buf_str(&text), '\n');
	}
	closedir(dir);
	return r < 0 ? r : 0;
}
