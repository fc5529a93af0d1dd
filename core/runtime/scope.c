/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes.
 *
 *   NAME.scope ──┬── container   limits, the container's processes
 *                └── monitor     the guard and its other children (with systemd)
 *
 * A login session's own group belongs to root, and a process may only be moved within a
 * part of the tree that its user owns: so systemd's user manager is asked to move it. The
 * scope's own limits stay systemd's, which may set them anew at any time (daemon-reload);
 * ours are in the group below, which is ours alone. A group that gives controllers to
 * those below may have no process itself, hence the second group.
 *
 * systemd removes a scope as soon as its last process has gone, and with it the count of
 * processes that the kernel killed for want of memory: hence the guard. */
#include "core/runtime/scope.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/ns/cgroup.h"
#include "core/runtime/subtree.h"
#include "core/runtime/usermanager.h"

#define SUFFIX   ".scope"
#define INNER    "container"
#define BESIDE   "monitor"
#define PREFIX   "/rootless-" /* SCOPE_NAME */
#define TRIES    100          /* the guard may fork while it is moved */
#define TEXT_MAX 4096

/* --- can it be? ----------------------------------------------------------------------
 */

static enum scope_driver driver_open(int *ret)
{
	*ret = -1;
	if (!cgroup_unified())
		return SCOPE_NONE;
	*ret = usermanager_open();
	if (*ret >= 0)
		return SCOPE_SYSTEMD;
	*ret = subtree_open();
	return *ret >= 0 ? SCOPE_SUBTREE : SCOPE_NONE;
}

enum scope_driver scope_driver(void)
{
	autoclose int group = -1;

	return driver_open(&group);
}

bool scope_available(const char *controller, const char **why)
{
	autoclose int group = -1;
	enum scope_driver d = driver_open(&group);
	const char *cause = NULL;

	if (!cgroup_unified())
		cause = "this host has control groups of version 1, which users cannot "
			"have";
	else if (d == SCOPE_NONE)
		cause = "there is no systemd user manager here to give you a control "
			"group, and none was delegated to you";
	else if (!cgroup_has(group, "cgroup.controllers", controller))
		cause = d == SCOPE_SYSTEMD
				? "systemd gives users no control of it (Delegate= of "
				  "user@.service)"
				: "the control group that was delegated to you has no "
				  "such controller";
	if (why)
		*why = cause;
	return !cause;
}

/* --- making one ----------------------------------------------------------------------
 */

struct making {
	const struct scope_want *w;
	int base;  /* without systemd: where scopes are; else -1 */
	int scope; /* the folder NAME.scope */
	struct err *e;
};

static int enable(const struct making *m, const char *controller)
{
	int r = m->base >= 0 ? subtree_enable(m->base, controller) : 0;

	return r < 0 ? r : cgroup_enable(m->scope, controller);
}

static int enable_for(const struct making *m, const char *assignment)
{
	autofree char *controller = str_ndup(assignment, strcspn(assignment, "."));
	int r = enable(m, controller);

	/* The kernel says ENOENT, or EINVAL of a name that it does not know. */
	if (r == -ENOENT || r == -EINVAL)
		return err_set(m->e, r,
			       "this host gives users no control of '%s': with systemd, "
			       "root adds it to Delegate= of user@.service",
			       controller);
	return r < 0 ? err_code(m->e, r, "control '%s'", controller) : 0;
}

static int set(int inner, const char *assignment, struct err *e)
{
	autofree char *weight = NULL;
	int r = cgroup_set(inner, assignment, e);

	/* A kernel that does not count swap has none to limit. */
	if (r == -ENOENT && str_starts(assignment, "memory.swap.")) {
		err_clear(e);
		return 0;
	}
	/* Which of the two there is depends on the I/O scheduler. */
	if (r == -ENOENT && str_starts(assignment, "io.weight=")) {
		err_clear(e);
		weight = str_fmt("io.bfq.%s", assignment + strlen("io."));
		r = cgroup_set(inner, weight, e);
	}
	return r;
}

/* Out of the scope itself, into the group beside the container. */
static int step_aside(const struct making *m)
{
	autoclose int beside = cgroup_ensure(m->scope, BESIDE);
	int r = beside < 0 ? beside : cgroup_vacate(m->scope, beside);

	for (int i = 0; r == 0 && !cgroup_is_empty(m->scope) && i < TRIES; i++)
		r = cgroup_vacate(m->scope, beside);
	return r < 0 ? err_code(m->e, r, "make a control group") : 0;
}

/* systemd has put us into the scope itself, which must be empty before it can give its
 * controllers to the groups in it. */
static int settle(const struct making *m, int inner)
{
	int r = cgroup_put(inner, 0);

	if (r < 0)
		return err_code(m->e, r, "enter the control group");
	return m->w->guard > 0 && m->base < 0 ? step_aside(m) : 0;
}

static int fill(const struct making *m)
{
	static const char *const wanted[] = { "memory", "pids", "io" };
	autoclose int inner = cgroup_make(m->scope, INNER);
	int r = 0;

	if (inner < 0)
		return err_code(m->e, inner, "make a control group");
	if (m->base < 0)
		r = settle(m, inner);
	/* What they count is of use without a limit too. */
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(wanted); i++)
		enable(m, wanted[i]);
	for (size_t i = 0; r == 0 && i < m->w->limits->len; i++) {
		r = enable_for(m, m->w->limits->v[i]);
		if (r == 0)
			r = set(inner, m->w->limits->v[i], m->e);
	}
	return r == 0 && m->base >= 0 ? settle(m, inner) : r;
}

/* The caller's own group is NAME.scope/…: the path of NAME.scope, from an earlier run of
 * the guard. */
static bool is_inside(const char *name, char *path, size_t size)
{
	autofree char *part = str_fmt("/%s" SUFFIX "/", name);
	char *at = cgroup_of(getpid(), path, size) < 0 ? NULL : strstr(path, part);

	if (at)
		at[strlen(part) - 1] = 0;
	return at;
}

static int make_by_systemd(struct making *m)
{
	autofree char *unit = str_fmt("%s" SUFFIX, m->w->name);
	const struct usermanager_scope s = {
		.unit = unit,
		.slice = str_empty(m->w->slice) ? NULL : m->w->slice,
		.guard = m->w->guard,
	};
	char path[CGROUP_PATH_MAX];
	int r = 0;

	if (!is_inside(m->w->name, path, sizeof(path)))
		r = usermanager_enter(&s, path, sizeof(path), m->e);
	if (r < 0)
		return r;
	m->scope = cgroup_open(path);
	if (m->scope < 0)
		return err_code(m->e, m->scope, "open the control group '%s'", path);
	return fill(m);
}

/* What starts that failed have left; the caller holds the lock of base. */
static void sweep(int base)
{
	DIR *d = fdopendir(base);
	struct dirent *de;

	while (d && (de = readdir(d))) {
		autoclose int scope = -1;
		uint64_t populated = 1;

		if (!str_starts(de->d_name, &PREFIX[1]) || !str_ends(de->d_name, SUFFIX))
			continue;
		scope = openat(dirfd(d), de->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		cgroup_number(scope, "cgroup.events", "populated", &populated);
		if (!populated)
			cgroup_remove(dirfd(d), de->d_name);
	}
	if (d)
		closedir(d);
}

/* With a lock, as between its making and the first process in it a group looks as one
 * that was left. */
static int make_in_subtree(struct making *m)
{
	autofree char *name = str_fmt("%s" SUFFIX, m->w->name);
	autoclose int lock = openat(m->base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int again = openat(m->base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (lock < 0 || again < 0 || flock(lock, LOCK_EX) < 0) {
		fd_close(again);
		return err_sys(m->e, "lock the control group");
	}
	sweep(again);
	m->scope = cgroup_make(m->base, name);
	if (m->scope < 0)
		return err_code(m->e, m->scope, "make the control group '%s'", name);
	r = fill(m);
	if (r < 0)
		cgroup_remove(m->base, name);
	return r;
}

static void making_done(struct making *m)
{
	fd_close(m->base);
	fd_close(m->scope);
}

int scope_enter(const struct scope_want *w, struct err *e)
{
	autodone(making_done) struct making m = {
		.w = w, .base = -1, .scope = -1, .e = e
	};
	int group, r;

	if (driver_open(&group) == SCOPE_SUBTREE) {
		m.base = group;
		r = make_in_subtree(&m);
	} else {
		fd_close(group);
		r = make_by_systemd(&m);
	}
	return r < 0 ? err_wrap(e, "limits") : 0;
}

/* --- one that is there ---------------------------------------------------------------
 */

int scope_join(pid_t init, struct err *e)
{
	char path[CGROUP_PATH_MAX], *end, *unit;
	autoclose int group = -1;
	int r;

	if (cgroup_of(init, path, sizeof(path)) < 0)
		return 0;
	end = strstr(path, SUFFIX "/" INNER);
	unit = strstr(path, PREFIX);
	if (!end || !unit || end < unit)
		return 0;
	group = cgroup_open(path);
	r = group < 0 ? group : cgroup_put(group, 0);
	/* From a login session's group only systemd can move us. */
	if (r == -EACCES) {
		autofree char *below = str_dup(end + strlen(SUFFIX));

		end[strlen(SUFFIX)] = 0;
		r = usermanager_attach(unit + 1, below, e);
		return r < 0 ? err_wrap(e, "limits") : 0;
	}
	return r < 0 ? err_code(e, r, "enter the container's control group") : 0;
}

int scope_open(pid_t init, const char *name)
{
	autofree char *part = str_fmt("/%s" SUFFIX "/" INNER, name);
	char path[CGROUP_PATH_MAX], *at;

	if (init <= 0 || cgroup_of(init, path, sizeof(path)) < 0)
		return -ENOENT;
	at = strstr(path, part);
	if (!at)
		return -ENOENT;
	at[strlen(part)] = 0;
	return cgroup_open(path);
}

static char *read_limit(int group, const char *assignment)
{
	autofree char *file = str_ndup(assignment, strcspn(assignment, "="));
	char text[TEXT_MAX];

	if (file_read_small(group, file, text, sizeof(text)) < 0)
		return NULL;
	if (str_ends(text, "\n"))
		text[strlen(text) - 1] = 0;
	return str_fmt("%s=%s", file, text);
}

int scope_change(int group, const struct strv *limits, struct err *e)
{
	const struct making m = { .base = -1,
				  .scope = openat(group, "..", O_PATH | O_CLOEXEC),
				  .e = e };
	autoclose int above = m.scope;
	autostrv old = { 0 };
	int r = above < 0 ? err_sys(e, "open the container's scope") : 0;

	for (size_t i = 0; r == 0 && i < limits->len; i++) {
		char *was = NULL;

		r = enable_for(&m, limits->v[i]);
		if (r == 0) {
			was = read_limit(group, limits->v[i]);
			r = set(group, limits->v[i], e);
		}
		if (was)
			strv_push(&old, was);
	}
	for (size_t i = old.len; r < 0 && i > 0; i--)
		set(group, old.v[i - 1], NULL);
	return r;
}

void scope_remove(int group)
{
	autoclose int scope = openat(group, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int base = -1;
	char path[64], text[CGROUP_PATH_MAX];
	ssize_t n;

	if (scope < 0 || cgroup_remove(scope, INNER) < 0)
		return;
	str_print(path, sizeof(path), "/proc/self/fd/%d", scope);
	n = readlink(path, text, sizeof(text) - 1);
	if (n <= 0)
		return;
	text[n] = 0;
	/* systemd's own goes with its last process: not now, as the guard is in it. */
	base = openat(scope, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (base >= 0 && strrchr(text, '/'))
		cgroup_remove(base, strrchr(text, '/') + 1);
}
