/* SPDX-License-Identifier: Apache-2.0 */
#include "core/runtime/journald.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

#define NOW  1700000000123000000ll
#define REST "PRIORITY=6\nSYSLOG_TIMESTAMP=2023-11-14T22:13:20.123Z\n"

struct fake {
	char dir[32];
	char *path;
	int sock;
	struct strv fields;
	struct journald j;
};

static void fake_open(struct fake *f, uint64_t room)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct err e = { 0 };

	*f = (struct fake){ .dir = "/tmp/rootless-journal.XXXXXX" };
	CHECK(mkdtemp(f->dir) != NULL);
	f->path = path_join(f->dir, "socket");
	f->sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	str_copy(at.sun_path, sizeof(at.sun_path), f->path);
	CHECK_INT(bind(f->sock, (const struct sockaddr *)&at, sizeof(at)), 0);
	strv_add(&f->fields, "CONTAINER_ID=0123");
	strv_add(&f->fields, "com.example-x=a\nb");
	CHECK_INT(journald_open(&f->j, f->path, &f->fields, room, &e), 0);
}

static void fake_done(struct fake *f)
{
	journald_done(&f->j);
	fd_close(f->sock);
	strv_done(&f->fields);
	CHECK_INT(file_remove_tree(AT_FDCWD, f->dir), 0);
	free(f->path);
}

#define FIELDS "CONTAINER_ID=0123\nCOM_EXAMPLE_X\n\3\0\0\0\0\0\0\0a\nb\n"

static void check_next(const struct fake *f, const char *want, size_t want_len)
{
	char got[4096];
	ssize_t n = recv(f->sock, got, sizeof(got), MSG_DONTWAIT);

	CHECK_INT(n, want_len);
	CHECK(n == (ssize_t)want_len && memcmp(got, want, want_len) == 0);
}

#define CHECK_NEXT(f, text) check_next(f, text FIELDS, sizeof(text FIELDS) - 1)

TEST(entries)
{
	struct fake f;

	fake_open(&f, 0);
	CHECK_INT(journald_write(&f.j, 0, "one\ntw", 6, NOW), 0);
	CHECK_NEXT(&f, "MESSAGE=one\n" REST);
	CHECK_INT(journald_write(&f.j, 1, "err\n", 4, NOW), 0);
	CHECK_NEXT(&f, "MESSAGE=err\nPRIORITY=3\nSYSLOG_TIMESTAMP="
		       "2023-11-14T22:13:20.123Z\n");
	CHECK_INT(journald_finish(&f.j, NOW), 0);
	CHECK_NEXT(&f, "MESSAGE=tw\n" REST "CONTAINER_PARTIAL_MESSAGE=true\n");
	fake_done(&f);
}

/* What no datagram holds comes as a sealed file. */
TEST(too_large)
{
	struct fake f;
	autofree char *huge = mem_alloc(400000);
	autobuf text = { 0 };
	char none[1];
	int fd = -1, small = 4096;
	size_t n = 1;

	if (getenv("QEMU")) {
		test_skip("qemu-user sends no message that has descriptors alone");
		return;
	}
	fake_open(&f, 0);
	memset(huge, 'x', 399999);
	journald_field(&f.j.fields, "HUGE", huge, 399999);
	setsockopt(f.j.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	CHECK_INT(journald_write(&f.j, 0, "m\n", 2, NOW), 0);
	CHECK_INT(fd_recv(f.sock, none, sizeof(none), &fd, &n), 0);
	CHECK_INT(n, 1);
	lseek(fd, 0, SEEK_SET);
	CHECK_INT(file_read_fd(fd, 1 << 20, &text), 0);
	CHECK(str_starts(buf_str(&text), "MESSAGE=m\n"));
	CHECK_INT(text.len, sizeof("MESSAGE=m\n" REST FIELDS "HUGE=\n") - 1 + 399999);
	CHECK(fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE);
	fd_close(fd);
	fake_done(&f);
}

static int take_all(const struct fake *f)
{
	char got[4096];
	int n = 0;

	while (recv(f->sock, got, sizeof(got), MSG_DONTWAIT) > 0)
		n++;
	return n;
}

/* Nobody reads: what fits waits, the rest is lost, the caller goes on. */
TEST(non_blocking)
{
	struct fake f;
	int lost = 0, taken;

	fake_open(&f, 20000);
	for (int i = 0; i < 2000; i++)
		lost += journald_write(&f.j, 0, "line\n", 5, NOW) < 0;
	CHECK(lost > 0 && lost < 2000);
	CHECK(f.j.used <= 20000 && f.j.waiting.len > 50);
	taken = take_all(&f);
	while (journald_flush(&f.j))
		taken += take_all(&f);
	taken += take_all(&f);
	CHECK_INT(taken + lost, 2000);
	CHECK_INT(f.j.used, 0);
	fake_done(&f);
}

TEST(nobody_there)
{
	struct journald j;
	struct strv none = { 0 };
	struct err e = { 0 };

	CHECK(journald_open(&j, "/no/such/socket", &none, 0, &e) == -ENOENT);
	CHECK_STR(e.text, "log driver 'journald': no journal can be reached at "
			  "'/no/such/socket' (is systemd-journald running?): No such "
			  "file or directory");
}
