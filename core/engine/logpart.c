/* SPDX-License-Identifier: Apache-2.0 */
/* Rotation moves every file one number up, the newest last. So who opens them from the
 * newest on may meet one twice, but misses none. */
#include "core/engine/logpart.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/runtime/logfile.h"
#include "core/wire/decoder.h"

#define FILES_MAX   1000
#define HEADER_SIZE 10 /* of gzip, before the comment */
#define CHUNK       65536
#define PART_MAX    (4ull << 30)

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

/* Whose inode it says it was; 0 when it does not say. */
static uint64_t packed_inode(int fd)
{
	char header[HEADER_SIZE + sizeof(LOGFILE_COMMENT) + 24] = "";
	ssize_t n = pread(fd, header, sizeof(header) - 1, 0);
	const char *comment = header + HEADER_SIZE;
	uint64_t inode = 0;

	if (n > HEADER_SIZE && str_starts(comment, LOGFILE_COMMENT))
		str_u64(comment + strlen(LOGFILE_COMMENT), UINT64_MAX, &inode);
	return inode;
}

static int open_part(const char *path, int n, struct logpart *ret)
{
	autofree char *plain = n ? str_fmt("%s.%d", path, n) : str_dup(path);
	struct stat st;

	*ret = (struct logpart){ .fd = open_file(plain) };
	if (ret->fd == -ENOENT && n > 0) {
		autofree char *packed = str_fmt("%s.gz", plain);

		ret->packed = true;
		ret->fd = open_file(packed);
	}
	if (ret->fd < 0)
		return ret->fd;
	if (ret->packed)
		ret->inode = packed_inode(ret->fd);
	else if (fstat(ret->fd, &st) == 0)
		ret->inode = st.st_ino;
	return 0;
}

int logpart_list(const char *path, uint64_t until, struct logpart **ret, size_t *ret_len)
{
	struct logpart *v = NULL, part;
	size_t len = 0;
	int r = 0;

	for (int n = 0; n < FILES_MAX; n++) {
		r = open_part(path, n, &part);
		if (r == -ENOENT && n == 0)
			continue; /* between two names */
		if (r < 0)
			break;
		if (until && part.inode == until) {
			fd_close(part.fd);
			r = 1;
			break;
		}
		if (len > 0 && v[len - 1].inode == part.inode) {
			fd_close(part.fd);
			continue;
		}
		v = mem_resize(v, len + 1, sizeof(*v));
		v[len++] = part;
	}
	if (r < 0 && r != -ENOENT) {
		logpart_list_done(v, len);
		return r;
	}
	*ret = v;
	*ret_len = len;
	return r == 1;
}

static ssize_t read_packed(void *arg, void *p, size_t n)
{
	return fd_read(*(const int *)arg, p, n);
}

int logpart_unpack(struct logpart *p)
{
	autofree char *chunk = mem_alloc(CHUNK);
	autoclose int plain = -1;
	struct decoder *d;
	ssize_t n;
	int r = 0;

	if (!p->packed)
		return 0;
	plain = memfd_create("log", MFD_CLOEXEC);
	if (plain < 0)
		return -errno;
	d = decoder_new(read_packed, &p->fd, PART_MAX);
	while (r == 0 && (n = decoder_read(d, chunk, CHUNK, NULL)) != 0)
		r = n < 0 ? (int)n : fd_write_all(plain, chunk, (size_t)n);
	decoder_free(d);
	if (r < 0)
		return r;
	if (lseek(plain, 0, SEEK_SET) < 0)
		return -errno;
	fd_close(p->fd);
	p->fd = TAKE_FD(plain);
	p->packed = false;
	return 0;
}

void logpart_list_done(struct logpart *v, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fd_close(v[i].fd);
	free(v);
}
