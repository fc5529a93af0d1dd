/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's native protocol. */
#include "core/runtime/journald.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/base/time.h"

#define WAIT_MS       10000
#define PRIORITY_OUT  "6" /* info */
#define PRIORITY_ERR  "3"
#define WAITING_EXTRA 64 /* what an entry costs beside its bytes */

/* --- an entry ------------------------------------------------------------------------
 */

static bool upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

void journald_field(struct buf *out, const char *key, const char *p, size_t n)
{
	uint8_t size[8];
	bool begun = false;

	for (; *key; key++) {
		char c = *key;

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		else if (!upper(c) && !(c >= '0' && c <= '9'))
			c = '_';
		/* Those with an underscore in front are the journal's own. */
		if (c == '_' && !begun)
			continue;
		begun = true;
		buf_addc(out, c);
	}
	if (!memchr(p, '\n', n)) {
		buf_addc(out, '=');
	} else {
		for (int i = 0; i < 8; i++)
			size[i] = (uint8_t)((uint64_t)n >> (8 * i));
		buf_addc(out, '\n');
		buf_add(out, size, sizeof(size));
	}
	buf_add(out, p, n);
	buf_addc(out, '\n');
}

static void field(struct buf *out, const char *key, const char *text)
{
	journald_field(out, key, text, strlen(text));
}

static void entry(const struct journald *j, int stream, const char *p, size_t n,
		  struct buf *out)
{
	char stamp[TIME_STAMP_MAX];
	bool part = p[n - 1] != '\n';

	journald_field(out, "MESSAGE", p, part ? n : n - 1);
	field(out, "PRIORITY", stream ? PRIORITY_ERR : PRIORITY_OUT);
	field(out, "SYSLOG_TIMESTAMP", time_stamp(stamp, j->now));
	if (part)
		field(out, "CONTAINER_PARTIAL_MESSAGE", "true");
	buf_add(out, j->fields.data, j->fields.len);
}

/* --- sending -------------------------------------------------------------------------
 */

/* The journal takes a file that can no longer change with an empty message. */
static int send_file(int sock, const char *p, size_t n)
{
	autoclose int fd = memfd_create("journal", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr m = { .msg_control = &control,
			    .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int r;

	if (fd < 0)
		return -errno;
	if ((r = fd_write_all(fd, p, n)) < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS,
		  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -errno;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(sock, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* 0, or -EAGAIN when the journal has to catch up, or another -errno: it is lost. */
static int send_entry(int sock, const char *p, size_t n)
{
	for (;;) {
		if (send(sock, p, n, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno == EMSGSIZE)
			return send_file(sock, p, n);
		if (errno != EINTR)
			return -errno;
	}
}

static int send_patiently(int sock, const char *p, size_t n)
{
	struct pollfd f = { .fd = sock, .events = POLLOUT };
	int r;

	while ((r = send_entry(sock, p, n)) == -EAGAIN)
		if (poll(&f, 1, WAIT_MS) == 0)
			return -ETIMEDOUT;
	return r;
}

static void drop_first(struct journald *j)
{
	j->used -= j->sizes[0] + WAITING_EXTRA;
	memmove(j->sizes, j->sizes + 1, (j->waiting.len - 1) * sizeof(*j->sizes));
	strv_remove(&j->waiting, 0);
}

bool journald_flush(struct journald *j)
{
	while (j->waiting.len > 0 &&
	       send_entry(j->fd, j->waiting.v[0], j->sizes[0]) != -EAGAIN)
		drop_first(j);
	return j->waiting.len > 0;
}

static int keep(struct journald *j, struct buf *text)
{
	if (j->used + text->len + WAITING_EXTRA > j->room)
		return -ENOBUFS;
	j->sizes = mem_resize(j->sizes, j->waiting.len + 1, sizeof(*j->sizes));
	j->sizes[j->waiting.len] = text->len;
	j->used += text->len + WAITING_EXTRA;
	strv_push(&j->waiting, buf_take(text));
	return 0;
}

static int add(void *arg, int stream, const char *p, size_t n)
{
	struct journald *j = arg;
	autobuf text = { 0 };
	int r;

	entry(j, stream, p, n, &text);
	if (j->room == 0)
		return send_patiently(j->fd, text.data, text.len);
	if (journald_flush(j))
		return keep(j, &text);
	r = send_entry(j->fd, text.data, text.len);
	return r == -EAGAIN ? keep(j, &text) : r;
}

/* --- the whole -----------------------------------------------------------------------
 */

int journald_open(struct journald *j, const char *path, const struct strv *fields,
		  uint64_t room, struct err *e)
{
	*j = (struct journald){ .room = room };
	j->fd = fd_unix_connect(AT_FDCWD, path, SOCK_DGRAM);
	if (j->fd < 0)
		return err_code(
			e, j->fd,
			"log driver 'journald': no journal can be reached at '%s' "
			"(is systemd-journald running?)",
			path);
	for (size_t i = 0; i < fields->len; i++) {
		const char *eq = strchr(fields->v[i], '=');
		autofree char *key =
			eq ? str_ndup(fields->v[i], (size_t)(eq - fields->v[i])) : NULL;

		if (key)
			field(&j->fields, key, eq + 1);
	}
	return 0;
}

int journald_write(struct journald *j, int stream, const void *p, size_t n, int64_t now)
{
	j->now = now;
	return logline_feed(&j->lines, stream, p, n, add, j);
}

int journald_finish(struct journald *j, int64_t now)
{
	int r = 0;

	j->now = now;
	for (; j->waiting.len > 0 && r != -ETIMEDOUT; drop_first(j))
		r = send_patiently(j->fd, j->waiting.v[0], j->sizes[0]);
	return logline_finish(&j->lines, add, j);
}

void journald_done(struct journald *j)
{
	fd_close(j->fd);
	buf_done(&j->fields);
	logline_done(&j->lines);
	strv_done(&j->waiting);
	free(j->sizes);
	*j = (struct journald){ .fd = -1 };
}
