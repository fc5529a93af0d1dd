/* SPDX-License-Identifier: Apache-2.0 */
/* state.json. */
#include "core/runtime/state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/buf.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ns/pidfd.h"
#include "core/wire/json.h"

#define STATE_FILE "state.json"
#define STATE_MAX  4096
#define STATE_MODE 0600
#define DRAFT      ".state-first"
#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

static const char *const names[] = {
	[STATE_CREATED] = "created",   [STATE_RUNNING] = "running",
	[STATE_PAUSED] = "paused",     [STATE_RESTARTING] = "restarting",
	[STATE_REMOVING] = "removing", [STATE_EXITED] = "exited",
	[STATE_DEAD] = "dead",
};

const char *state_name(enum state_status s)
{
	return names[s];
}

int state_parse_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_eq(name, names[i]))
			return (int)i;
	}
	return -EINVAL;
}

static int from_json(yyjson_val *obj, struct state *s, struct err *e)
{
	const char *status = "", *boot = "", *error = "";
	int64_t pid = 0, monitor = 0, code = 0, restarts = 0;

	if (json_get_str(obj, "status", &status, e) < 0 ||
	    json_get_i64(obj, "pid", &pid, e) < 0 ||
	    json_get_u64(obj, "pidStart", &s->pid_start, e) < 0 ||
	    json_get_i64(obj, "monitorPid", &monitor, e) < 0 ||
	    json_get_str(obj, "bootId", &boot, e) < 0 ||
	    json_get_i64(obj, "exitCode", &code, e) < 0 ||
	    json_get_bool(obj, "oomKilled", &s->oom_killed, e) < 0 ||
	    json_get_i64(obj, "started", &s->started, e) < 0 ||
	    json_get_i64(obj, "finished", &s->finished, e) < 0 ||
	    json_get_i64(obj, "restartCount", &restarts, e) < 0 ||
	    json_get_bool(obj, "stopped", &s->stopped, e) < 0 ||
	    json_get_str(obj, "error", &error, e) < 0)
		return -EINVAL;
	if (state_parse_name(status) < 0)
		return err_set(e, -EINVAL, "'status' is unknown");
	s->status = (enum state_status)state_parse_name(status);
	s->pid = (pid_t)pid;
	s->monitor_pid = (pid_t)monitor;
	s->exit_code = (int)code;
	s->restart_count = (int)restarts;
	if (str_copy(s->boot_id, sizeof(s->boot_id), boot) < 0)
		return err_set(e, -EINVAL, "'bootId' is too long");
	str_print(s->error, sizeof(s->error), "%s", error);
	return 0;
}

int state_read(int container_dirfd, struct state *ret, struct err *e)
{
	autojson *doc = NULL;
	struct state s = { .status = STATE_CREATED };
	char text[STATE_MAX];
	ssize_t n = file_read_into(container_dirfd, STATE_FILE, text, sizeof(text));
	int r;

	/* A power cut may leave it empty: it is not synced while the container runs. */
	if (n == -ENOENT || n == 0) {
		*ret = s;
		return err_set(e, -ENOENT, "the container was never started");
	}
	if (n < 0)
		return err_code(e, (int)n, "read '%s'", STATE_FILE);
	if ((r = json_parse(text, (size_t)n, STATE_FILE, &doc, e)) < 0)
		return r;
	if (from_json(yyjson_doc_get_root(doc), &s, e) < 0)
		return err_wrap(e, "read '%s'", STATE_FILE);
	*ret = s;
	return 0;
}

/* The new file takes the old one's name in one step. By exchange, where the file system
 * can: a rename over a file makes ext4 write out the new one's data at once, which takes
 * longer than all else here. */
static int swap_in(int dirfd, const char *temp)
{
	if (syscall(SYS_renameat2, dirfd, temp, dirfd, STATE_FILE, RENAME_EXCHANGE) == 0)
		return unlinkat(dirfd, temp, 0) < 0 ? -errno : 0;
	return renameat(dirfd, temp, dirfd, STATE_FILE) < 0 ? -errno : 0;
}

static int put(int dirfd, const struct buf *text)
{
	autoclose int fd = -1;
	char temp[32];
	int r;

	str_print(temp, sizeof(temp), ".state-%d", (int)getpid());
	fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		    STATE_MODE);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, text->data, text->len);
	if (r == 0)
		r = swap_in(dirfd, temp);
	if (r < 0)
		unlinkat(dirfd, temp, 0);
	return r;
}

static int print(const struct state *s, struct buf *ret)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, o);
	json_add_str(doc, o, "status", state_name(s->status));
	yyjson_mut_obj_add_int(doc, o, "pid", s->pid);
	yyjson_mut_obj_add_uint(doc, o, "pidStart", s->pid_start);
	yyjson_mut_obj_add_int(doc, o, "monitorPid", s->monitor_pid);
	json_add_str(doc, o, "bootId", s->boot_id);
	yyjson_mut_obj_add_int(doc, o, "exitCode", s->exit_code);
	yyjson_mut_obj_add_bool(doc, o, "oomKilled", s->oom_killed);
	yyjson_mut_obj_add_int(doc, o, "started", s->started);
	yyjson_mut_obj_add_int(doc, o, "finished", s->finished);
	yyjson_mut_obj_add_int(doc, o, "restartCount", s->restart_count);
	yyjson_mut_obj_add_bool(doc, o, "stopped", s->stopped);
	json_add_str(doc, o, "error", s->error);
	return json_print(ret, doc, true);
}

int state_write(int container_dirfd, const struct state *s, struct err *e)
{
	autobuf text = { 0 };
	int r = print(s, &text);

	if (r == 0)
		r = put(container_dirfd, &text);
	return r < 0 ? err_code(e, r, "write '%s'", STATE_FILE) : 0;
}

/* --- the first -----------------------------------------------------------------------
 * The draft keeps its own name when the state's is put to it: that it has two is the
 * state's standing, told by the file itself. */

int state_prepare(int container_dirfd, struct err *e)
{
	autoclose int fd =
		openat(container_dirfd, DRAFT,
		       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, STATE_MODE);
	int path;

	if (fd < 0)
		return err_sys(e, "make '%s'", DRAFT);
	path = openat(container_dirfd, DRAFT, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return path < 0 ? err_sys(e, "open '%s'", DRAFT) : path;
}

int state_publish(int container_dirfd, const struct state *s, struct err *e)
{
	autoclose int fd = openat(container_dirfd, DRAFT,
				  O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
	autobuf text = { 0 };
	int r = fd < 0 ? -errno : print(s, &text);

	if (r == 0)
		r = fd_write_all(fd, text.data, text.len);
	if (r == 0 && linkat(container_dirfd, DRAFT, container_dirfd, STATE_FILE, 0) < 0)
		r = -errno;
	return r < 0 ? err_code(e, r, "write '%s'", STATE_FILE) : 0;
}

bool state_published(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_nlink > 1;
}

int state_sync(int container_dirfd)
{
	autoclose int fd =
		openat(container_dirfd, STATE_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return file_sync_dir(container_dirfd);
}

int state_boot_id(char dst[STATE_BOOT_ID_MAX])
{
	char text[64];
	int r = file_read_small(AT_FDCWD, "/proc/sys/kernel/random/boot_id", text,
				sizeof(text));

	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = 0;
	return str_copy(dst, STATE_BOOT_ID_MAX, text);
}

int state_open_init(const struct state *s)
{
	char boot[STATE_BOOT_ID_MAX];
	uint64_t start;
	autoclose int fd = -1;
	int r;

	if (s->pid <= 0)
		return -ESRCH;
	r = state_boot_id(boot);
	if (r < 0)
		return r;
	if (!str_eq(boot, s->boot_id))
		return -ESRCH;
	fd = pidfd_open(s->pid);
	if (fd < 0)
		return fd;
	/* After the descriptor is open the PID cannot be used again unnoticed. */
	r = pidfd_start_time(s->pid, &start);
	if (r < 0)
		return r;
	if (start != s->pid_start || !pidfd_alive(fd))
		return -ESRCH;
	return TAKE_FD(fd);
}

bool state_monitored(int container_dirfd)
{
	return file_is_locked(container_dirfd, STATE_LOCK) == 1;
}
