/* SPDX-License-Identifier: Apache-2.0 */
/* Signals, waiting, removal, renaming. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/id.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/container.h"
#include "core/engine/container_end.h"
#include "core/engine/framesock.h"
#include "core/engine/freeze.h"
#include "core/engine/signame.h"
#include "core/engine/untag.h"
#include "core/ns/pidfd.h"
#include "core/runtime/bidding.h"
#include "core/runtime/monitor.h"
#include "core/store/record.h"

#define STOP_S  10
#define KILL_MS 10000
/* A container that is found starting again at each look is looked at for KILL_MS. */
#define AGAIN_NS  2000000
#define AGAIN_MAX 5000

static bool is_running(const struct state *st)
{
	return st->status == STATE_RUNNING || st->status == STATE_PAUSED ||
	       st->status == STATE_RESTARTING;
}

/* The truth of now; c may be older than the container's start. */
static int refresh(struct container *c, struct err *e)
{
	return container_end_read_state(c->dirfd, &c->state, e);
}

static int send_signal(struct container *c, int signal, struct err *e)
{
	autoclose int pidfd = state_open_init(&c->state);
	int r = pidfd < 0 ? pidfd : pidfd_signal(pidfd, signal);

	if (r == -ESRCH)
		return err_set(e, r, "container %.12s is not running", c->id);
	return r < 0 ? err_code(e, r, "signal container %.12s", c->id) : 0;
}

static int stop_signal(const struct container *c)
{
	yyjson_val *config = yyjson_obj_get(yyjson_doc_get_root(c->record), "Config");
	const char *name = NULL;

	json_get_str(config, "StopSignal", &name, NULL);
	int signal = str_empty(name) ? SIGTERM : signame_parse(name, NULL);
	return signal < 0 ? SIGTERM : signal;
}

/* Is this signal the user's word that the container shall end, for its restart policy
 * too? Docker's rule: any, unless the container has a stop signal of its own. */
static bool means_stop(const struct container *c, int signal)
{
	yyjson_val *config = yyjson_obj_get(yyjson_doc_get_root(c->record), "Config");
	const char *name = NULL;

	json_get_str(config, "StopSignal", &name, NULL);
	return signal == SIGKILL || str_empty(name) || signal == stop_signal(c);
}

int container_kill(struct container *c, int signal, struct err *e)
{
	int r = refresh(c, e);

	if (r < 0)
		return r;
	if (!is_running(&c->state))
		return err_set(
			e, -EBUSY,
			"cannot kill container: %s: container %.12s is not running",
			c->name, c->id);
	if (means_stop(c, signal))
		bidding_send(c->dirfd, BIDDING_STOP);
	/* There is nothing to signal, and the monitor has heard it. */
	if (c->state.status == STATE_RESTARTING)
		return 0;
	r = send_signal(c, signal, e);
	return r < 0 ? err_wrap(e, "cannot kill container: %s", c->name) : 0;
}

static int64_t stop_timeout(const struct container *c)
{
	yyjson_val *config = yyjson_obj_get(yyjson_doc_get_root(c->record), "Config");
	int64_t timeout = STOP_S;

	json_get_i64(config, "StopTimeout", &timeout, NULL);
	return timeout;
}

/* Until the init has exited; its monitor's last word follows. 0, or -ETIMEDOUT. */
static int wait_init(const struct container *c, int timeout_ms)
{
	autoclose int pidfd = state_open_init(&c->state);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int64_t end = time_monotonic() + timeout_ms * 1000000ll;

	if (pidfd < 0)
		return 0;
	for (;;) {
		int64_t left = (end - time_monotonic()) / 1000000;
		int n = poll(&p, 1, timeout_ms < 0 ? -1 : left < 0 ? 0 : (int)left);
		if (n > 0)
			return 0;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

/* Connected to the monitor before the end, one hears of it; without one the disk has the
 * answer. True and the code when it was told. */
static bool hear_end(const struct store *s, const struct container *c, int *ret_code)
{
	autoclose int dir = container_end_socket_dir(s, c->id, false);
	autoclose int sock = dir < 0 ? dir : monitor_connect(dir, NULL);

	return sock >= 0 && framesock_wait_exit(sock, ret_code);
}

/* The caller holds the container's lock. Between two runs there is none to kill, but a
 * monitor that hears the word and ends. */
static int kill_and_settle(const struct store *s, struct container *c, struct err *e)
{
	const struct timespec step = { .tv_nsec = AGAIN_NS };
	int code, r;

	for (int i = 0; i < AGAIN_MAX; i++) {
		bidding_send(c->dirfd, BIDDING_STOP);
		send_signal(c, SIGKILL, NULL);
		if (wait_init(c, KILL_MS) < 0)
			break;
		hear_end(s, c, &code);
		r = container_end_await_change(c->dirfd, &c->state, e);
		if (r < 0)
			return r;
		if (!is_running(&c->state) || !state_monitored(c->dirfd))
			return container_settle_locked(s, c, e);
		nanosleep(&step, NULL);
	}
	return err_set(e, -EBUSY,
		       "container %.12s did not end within %d s of SIGKILL: one of "
		       "its processes hangs in the kernel",
		       c->id, KILL_MS / 1000);
}

int container_stop(const struct store *s, struct container *c, int signal,
		   int64_t timeout, struct err *e)
{
	int code, r = refresh(c, e);

	if (r < 0 || !is_running(&c->state))
		return r;
	if (timeout < 0)
		timeout = stop_timeout(c);
	if (!signal)
		signal = stop_signal(c);
	autofree char *attribute = str_fmt("signal=%d", signal);
	container_end_tell_more(s, c->id, "kill", attribute);
	bidding_send(c->dirfd, BIDDING_STOP);
	r = send_signal(c, signal, NULL);
	/* A paused one has to go on to hear it. */
	if (r == 0 && c->state.status == STATE_PAUSED)
		freeze_continue(c, NULL);
	if (r == 0 &&
	    wait_init(c, timeout > INT32_MAX / 1000 ? -1 : (int)timeout * 1000) < 0)
		send_signal(c, SIGKILL, NULL);
	/* It may have been between two runs, and its monitor about to begin the next one:
	 * then that has heard the word, and ends it. */
	do
		r = container_wait(s, c, false, &code, e);
	while (r == 0 && is_running(&c->state));
	if (r == 0)
		container_end_tell(s, c->id, "stop");
	return r;
}

int container_wait(const struct store *s, struct container *c, bool removed,
		   int *ret_code, struct err *e)
{
	int r = refresh(c, e);

	if (r < 0)
		return r;
	/* The monitor removes before it tells, so there is nothing left to wait for. */
	if ((is_running(&c->state) || removed) && hear_end(s, c, ret_code))
		return refresh(c, e);
	/* An end that is written down already, but not told of: the monitor is about
	 * that. */
	if ((r = container_end_await_change(c->dirfd, &c->state, e)) < 0)
		return r;
	r = container_settle(s, c, e);
	if (r < 0 && r != -ENOENT)
		return r;
	err_clear(e);
	*ret_code = c->state.exit_code;
	return 0;
}

static int check_not_running(const struct store *s, struct container *c, bool force,
			     struct err *e)
{
	int r;

	if (!is_running(&c->state))
		return 0;
	if (!force)
		return err_set(
			e, -EBUSY,
			"cannot remove container \"/%s\": container is %s: stop the "
			"container before removing or force remove",
			c->name, state_name(c->state.status));
	r = kill_and_settle(s, c, e);
	return r == -ENOENT && container_end_removed(s, c->id) ? 0 : r;
}

int container_remove(const struct store *s, struct container *c, bool force, bool volumes,
		     struct err *e)
{
	int r;

	/* Whoever starts it holds the lock until its monitor stands; we come before or
	 * after. */
	autoclose int lock = container_end_lock(c->dirfd, c->name, e);
	if (lock < 0)
		return lock;
	if ((r = container_end_await_change(c->dirfd, &c->state, e)) < 0)
		return r;
	if (container_end_removed(s, c->id))
		return err_set(e, -ENOENT, "No such container: %s", c->name);
	/* On a full disk nobody could write that it has ended. */
	if ((r = container_settle_locked(s, c, e)) < 0)
		return r == -ENOENT && container_end_removed(s, c->id) ? 0 : r;
	if ((r = check_not_running(s, c, force, e)) < 0)
		return r;
	if (container_end_removed(s, c->id))
		return 0; /* it removed itself when it was killed */
	container_end_leases(s, c->id, c->dirfd);
	autofree char *trash = NULL;
	const char *image = NULL;
	json_get_str(yyjson_doc_get_root(c->record), "Image", &image, NULL);
	r = container_end_remove(s, c->id, volumes, &trash, e);
	if (trash)
		container_end_empty(s, trash);
	if (r == 0 && image)
		untag_released(s, image);
	return r == -ENOENT && container_end_removed(s, c->id) ? 0 : r;
}

int container_rename(const struct store *s, struct container *c, const char *name,
		     struct err *e)
{
	autofree char *holder = NULL;
	const char *bare = *name == '/' ? name + 1 : name;

	if (!id_name_valid(bare))
		return err_set(
			e, -EINVAL,
			"invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are "
			"allowed",
			bare);
	if (str_eq(bare, c->name))
		return err_set(
			e, -EINVAL,
			"Error when allocating new name: Renaming a container with "
			"the same name as its current name");
	autoclose int lock = container_end_lock(c->dirfd, c->name, e);
	if (lock < 0)
		return lock;
	int r = record_name_take(s->containers_fd, bare, c->id, &holder, e);
	if (r == -EEXIST) {
		err_clear(e);
		return err_set(
			e, r,
			"Error when allocating new name: Conflict. The container name "
			"\"/%s\" is already in use by container \"%s\". You have to "
			"remove (or rename) that container "
			"to be able to reuse that name.",
			bare, holder ? holder : "?");
	}
	if (r < 0)
		return r;
	autojson_mut *doc = yyjson_doc_mut_copy(c->record, NULL);
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);
	yyjson_mut_obj_remove_key(root, "Name");
	json_add_str(doc, root, "Name", bare);
	if ((r = record_write(s->containers_fd, c->id, doc, e)) < 0) {
		record_name_drop(s->containers_fd, bare, c->id);
		return r;
	}
	record_name_drop(s->containers_fd, c->name, c->id);
	autofree char *old = str_fmt("oldName=/%s", c->name);
	str_set(&c->name, bare);
	container_end_tell_more(s, c->id, "rename", old);
	return 0;
}

int container_attach(const struct store *s, const struct container *c, struct err *e)
{
	if (!is_running(&c->state))
		return err_set(e, -EBUSY,
			       "cannot attach to a stopped container, start it first");
	if (c->state.status == STATE_PAUSED)
		return err_set(e, -EBUSY,
			       "cannot attach to a paused container, unpause it first");
	if (c->state.status == STATE_RESTARTING)
		return err_set(
			e, -EBUSY,
			"cannot attach to a restarting container, wait until it is "
			"running");
	autoclose int dir = container_end_socket_dir(s, c->id, false);
	if (dir < 0)
		return err_code(e, dir, "container %.12s: no socket folder", c->id);
	return monitor_connect(dir, e);
}
