/* SPDX-License-Identifier: Apache-2.0 */
/* Asking systemd's user manager. */
#include "core/runtime/usermanager.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ns/cgroup.h"
#include "core/runtime/mapping.h"
#include "core/wire/dbus.h"

#define WAIT_MS    10000
#define STEP_NS    1000000
#define AGAIN_NS   10000000
#define AGAIN_MAX  1000
#define MANAGER    "org.freedesktop.systemd1"
#define MANAGER_AT "/org/freedesktop/systemd1"
#define LINE_MAX_  512

struct bus {
	int fd;
	uint32_t serial;
	struct buf in;
	struct err *e;
};

static void bus_done(struct bus *b)
{
	fd_close(b->fd);
	buf_done(&b->in);
}

/* --- the bus -------------------------------------------------------------------------
 */

static const char *runtime_dir(char *dst, size_t size)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (dir && *dir == '/')
		return dir;
	str_print(dst, size, "/run/user/%u", mapping_outer_uid());
	return dst;
}

static int fill(struct bus *b)
{
	struct pollfd p = { .fd = b->fd, .events = POLLIN };
	int n = poll(&p, 1, WAIT_MS);
	ssize_t got;

	if (n == 0)
		return err_set(b->e, -ETIMEDOUT, "systemd does not answer");
	if (n < 0)
		return errno == EINTR ? 0 : err_sys(b->e, "wait for systemd");
	if (buf_reserve(&b->in, LINE_MAX_) < 0)
		return err_set(b->e, -EPROTO, "systemd says too much");
	got = fd_read(b->fd, b->in.data + b->in.len, LINE_MAX_);
	if (got <= 0)
		return err_code(b->e, got < 0 ? (int)got : -EPIPE, "hear from systemd");
	b->in.len += (size_t)got;
	return 0;
}

static int authenticate(struct bus *b)
{
	autobuf hello = { 0 };
	char uid[16];
	const char *end;

	str_print(uid, sizeof(uid), "%u", mapping_outer_uid());
	buf_addc(&hello, 0);
	buf_adds(&hello, "AUTH EXTERNAL ");
	for (const char *c = uid; *c; c++)
		buf_addf(&hello, "%02x", (unsigned)(unsigned char)*c);
	buf_adds(&hello, "\r\n");
	if (fd_write_all(b->fd, hello.data, hello.len) < 0)
		return err_set(b->e, -EPIPE, "talk to systemd");
	while (!(end = b->in.len ? memchr(b->in.data, '\n', b->in.len) : NULL)) {
		if (fill(b) < 0)
			return b->e->code;
	}
	if (!str_starts(b->in.data, "OK "))
		return err_set(b->e, -EACCES, "systemd refuses the connection");
	buf_consume(&b->in, (size_t)(end + 1 - b->in.data));
	return fd_write_all(b->fd, "BEGIN\r\n", 7) < 0
		       ? err_set(b->e, -EPIPE, "talk to systemd")
		       : 0;
}

/* Sends a finished call and waits for its answer. */
static int converse(struct bus *b, const struct buf *call)
{
	struct dbus_answer a;
	int n;

	if (fd_write_all(b->fd, call->data, call->len) < 0)
		return err_set(b->e, -EPIPE, "talk to systemd");
	for (;;) {
		n = dbus_parse(b->in.data, b->in.len, &a);
		if (n < 0)
			return err_code(b->e, n, "understand systemd");
		if (n == 0) {
			if (fill(b) < 0)
				return b->e->code;
			continue;
		}
		buf_consume(&b->in, (size_t)n);
		if (a.type == DBUS_ERROR && a.reply_to == b->serial)
			return err_set(b->e,
				       str_ends(a.error, ".UnitExists") ? -EEXIST
									: -EREMOTEIO,
				       "systemd: %s", *a.text ? a.text : a.error);
		if (a.type == DBUS_RETURN && a.reply_to == b->serial)
			return 0;
	}
}

static int say_hello(struct bus *b)
{
	autobuf call = { 0 };
	struct dbus_call c = { .serial = ++b->serial,
			       .destination = "org.freedesktop.DBus",
			       .path = "/org/freedesktop/DBus",
			       .interface = "org.freedesktop.DBus",
			       .member = "Hello" };

	dbus_begin(&call, &c);
	dbus_end(&call);
	return converse(b, &call);
}

/* The manager's own socket, or the user's bus. */
static int dial(struct bus *b)
{
	char fallback[64];
	const char *dir = runtime_dir(fallback, sizeof(fallback));
	autofree char *own = str_fmt("%s/systemd/private", dir);
	autofree char *bus = str_fmt("%s/bus", dir);
	bool direct;

	b->fd = fd_unix_connect(AT_FDCWD, own, SOCK_STREAM);
	direct = b->fd >= 0;
	if (!direct)
		b->fd = fd_unix_connect(AT_FDCWD, bus, SOCK_STREAM);
	if (b->fd < 0)
		return err_code(b->e, b->fd, "connect to systemd at '%s'", bus);
	b->in.max = DBUS_MESSAGE_MAX;
	if (authenticate(b) < 0)
		return b->e->code;
	return direct ? 0 : say_hello(b);
}

static struct dbus_call manager_call(struct bus *b, const char *member,
				     const char *signature)
{
	return (struct dbus_call){ .serial = ++b->serial,
				   .destination = MANAGER,
				   .path = MANAGER_AT,
				   .interface = MANAGER ".Manager",
				   .member = member,
				   .signature = signature };
}

/* --- units ---------------------------------------------------------------------------
 */

static void property_bool(struct buf *b, const char *name)
{
	dbus_struct(b);
	dbus_string(b, name);
	dbus_signature(b, "b");
	dbus_bool(b, true);
}

static void property_string(struct buf *b, const char *name, const char *value)
{
	dbus_struct(b);
	dbus_string(b, name);
	dbus_signature(b, "s");
	dbus_string(b, value);
}

/* more: 0, or another process than the caller. */
static void pids(struct buf *b, pid_t more)
{
	size_t a = dbus_array(b, sizeof(uint32_t));

	dbus_u32(b, (uint32_t)getpid());
	if (more > 0)
		dbus_u32(b, (uint32_t)more);
	dbus_array_end(b, a, sizeof(uint32_t));
}

static int start_unit(struct bus *b, const struct usermanager_scope *s)
{
	struct dbus_call c = manager_call(b, "StartTransientUnit", "ssa(sv)a(sa(sv))");
	autobuf call = { 0 };
	size_t a;

	dbus_begin(&call, &c);
	dbus_string(&call, s->unit);
	dbus_string(&call, "fail");
	a = dbus_array(&call, 8);
	property_string(&call, "Description", "rootless container");
	if (s->slice)
		property_string(&call, "Slice", s->slice);
	/* Nothing of it stays when it ends, however it ends. */
	property_string(&call, "CollectMode", "inactive-or-failed");
	property_bool(&call, "Delegate");
	dbus_struct(&call);
	dbus_string(&call, "PIDs");
	dbus_signature(&call, "au");
	pids(&call, s->guard);
	dbus_array_end(&call, a, 8);
	a = dbus_array(&call, 8);
	dbus_array_end(&call, a, 8);
	dbus_end(&call);
	return converse(b, &call);
}

static int attach(struct bus *b, const char *unit, const char *below)
{
	struct dbus_call c = manager_call(b, "AttachProcessesToUnit", "ssau");
	autobuf call = { 0 };

	dbus_begin(&call, &c);
	dbus_string(&call, unit);
	dbus_string(&call, below);
	pids(&call, 0);
	dbus_end(&call);
	return converse(b, &call);
}

/* --- what is asked -------------------------------------------------------------------
 */

/* The group of that unit is where the process is: its path then. */
static bool is_in(pid_t pid, const char *unit, char *ret, size_t size)
{
	const char *last = cgroup_of(pid, ret, size) < 0 ? NULL : strrchr(ret, '/');

	return last && str_eq(last + 1, unit);
}

/* The answer comes when the job is queued; its end is seen in /proc. */
static int await_unit(const struct usermanager_scope *s, char *ret, size_t size,
		      struct err *e)
{
	const struct timespec step = { .tv_nsec = STEP_NS };
	char other[CGROUP_PATH_MAX];

	for (int i = 0; i < WAIT_MS; i++) {
		if ((s->guard <= 0 || is_in(s->guard, s->unit, other, sizeof(other))) &&
		    is_in(getpid(), s->unit, ret, size))
			return 0;
		nanosleep(&step, NULL);
	}
	return err_set(e, -ETIMEDOUT, "systemd does not start '%s'", s->unit);
}

int usermanager_enter(const struct usermanager_scope *s, char *ret, size_t size,
		      struct err *e)
{
	const struct timespec step = { .tv_nsec = AGAIN_NS };
	autodone(bus_done) struct bus b = { .fd = -1, .e = e };
	int r = dial(&b);

	if (r < 0)
		return r;
	/* That of the last run lasts until the last process in it has ended. */
	for (int i = 0; (r = start_unit(&b, s)) == -EEXIST && i < AGAIN_MAX; i++) {
		err_clear(e);
		nanosleep(&step, NULL);
	}
	return r < 0 ? r : await_unit(s, ret, size, e);
}

int usermanager_attach(const char *unit, const char *below, struct err *e)
{
	autodone(bus_done) struct bus b = { .fd = -1, .e = e };
	int r = dial(&b);

	return r < 0 ? r : attach(&b, unit, below);
}

int usermanager_open(void)
{
	const uid_t uid = mapping_outer_uid();
	autofree char *path =
		str_fmt("/user.slice/user-%u.slice/user@%u.service", uid, uid);
	char fallback[64];
	const char *dir = runtime_dir(fallback, sizeof(fallback));
	autofree char *own = str_fmt("%s/systemd/private", dir);
	autofree char *bus = str_fmt("%s/bus", dir);

	return access(own, F_OK) < 0 && access(bus, F_OK) < 0 ? -errno
							      : cgroup_open(path);
}
