/* SPDX-License-Identifier: Apache-2.0 */
/* Becoming the payload. */
#include "core/runtime/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/ns/caps.h"
#include "core/ns/keyring.h"
#include "core/ns/landlock.h"
#include "core/ns/pty.h"
#include "core/ns/rlimit.h"
#include "core/ns/scheduler.h"
#include "core/ns/syscallfilter.h"
#include "core/runtime/report.h"

#define GROUPS_MAX   1024
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* --- before joining ------------------------------------------------------------------
 */

static int set_label(const char *file, const char *fallback, const char *text,
		     struct err *e)
{
	int r = file_write_small(AT_FDCWD, file, text);

	if (r == -ENOENT && fallback)
		r = file_write_small(AT_FDCWD, fallback, text);
	return r < 0 ? err_code(e, r, "set the security label '%s'", text) : 0;
}

int process_label(const struct rt_process *p, struct err *e)
{
	char text[32];
	int r = 0;

	if (p->has_oom_score_adj) {
		str_print(text, sizeof(text), "%lld", (long long)p->oom_score_adj);
		r = file_write_small(AT_FDCWD, "/proc/self/oom_score_adj", text);
		if (r == -EACCES || r == -EPERM)
			return err_set(e, r,
				       "set the OOM score to %s: without root it can "
				       "only be raised",
				       text);
		if (r < 0)
			return err_code(e, r, "set the OOM score to %s", text);
	}
	if (!str_empty(p->apparmor_profile) &&
	    !str_eq(p->apparmor_profile, "unconfined")) {
		autofree char *order = str_fmt("exec %s", p->apparmor_profile);

		r = set_label("/proc/self/attr/apparmor/exec", "/proc/self/attr/exec",
			      order, e);
	}
	if (r == 0 && !str_empty(p->selinux_label))
		r = set_label("/proc/self/attr/exec", NULL, p->selinux_label, e);
	return r;
}

/* --- session -------------------------------------------------------------------------
 */

static int take_stdio(const struct process *x, struct err *e)
{
	for (int i = 0; i < 3; i++) {
		int fd = x->stdio[i];

		if (fd < 0) {
			autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);

			if (null < 0 || dup2(null, i) < 0)
				return err_sys(e, "open '/dev/null'");
		} else if (dup2(fd, i) < 0) {
			return err_sys(e, "take over the standard streams");
		}
	}
	return 0;
}

static int set_limits(const struct process *x, struct err *e)
{
	for (size_t i = 0; i < x->p->rlimits_len; i++) {
		const struct rt_rlimit *l = &x->p->rlimits[i];
		int number = rlimit_number(l->type);

		if (number < 0)
			return err_set(e, number, "limit '%s' is unknown", l->type);
		if (rlimit_set(number, l->soft, l->hard, e) < 0)
			return e->code;
	}
	/* Counted for each user namespace since Linux 5.14, so it holds for this
	 * container alone; set in here, as the limit at the namespace's making would
	 * count what its maker runs elsewhere. */
	if (x->pids_limit > 0) {
		int r = rlimit_cap(RLIMIT_NPROC, x->pids_limit);

		if (r < 0)
			return err_code(e, r, "limit the number of processes");
	}
	return 0;
}

static void default_signals(void)
{
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL); /* refused for SIGKILL, SIGSTOP and libc's own */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int schedule(const struct process *x, struct err *e)
{
	const struct rt_scheduling *s = &x->p->scheduling;
	const struct scheduler how = { .policy = s->policy,
				       .nice = (int32_t)s->nice,
				       .priority = (uint32_t)s->priority,
				       .flags = s->flags,
				       .runtime = s->runtime,
				       .deadline = s->deadline,
				       .period = s->period };
	int r = s->has_policy ? scheduler_set(&how) : 0;

	if (r < 0)
		return err_code(e, r, "set the scheduler");
	r = s->io_class ? scheduler_io(s->io_class, s->io_level) : 0;
	if (r < 0)
		return err_code(e, r, "set the I/O priority");
	r = x->pinned && s->cpus_final ? scheduler_cpus(s->cpus_final) : 0;
	return r < 0 ? err_code(e, r, "run on the CPUs '%s'", s->cpus_final) : 0;
}

int process_begin(const struct process *x, struct err *e)
{
	int r;

	default_signals();
	if (setsid() < 0 && errno != EPERM)
		return err_sys(e, "setsid");
	if (x->tty >= 0) {
		r = pty_adopt(x->tty, !x->reap);
		if (r < 0)
			return err_code(e, r, "take over the terminal");
	} else if (take_stdio(x, e) < 0) {
		return e->code;
	}
	if (x->keyring) {
		r = keyring_new_session(x->keyring);
		/* The quota of keys, 200 as a rule, counts each container. Past it the
		 * start goes on without where a filter stands before the key calls. */
		if (r == -EDQUOT && x->bpf)
			r = 0;
		if (r < 0)
			return err_code(e, r, "make a session keyring");
	}
	if (set_limits(x, e) < 0 || schedule(x, e) < 0)
		return e->code;
	umask((mode_t)(x->p->umask & 0777));
	if (x->personality && personality(*x->personality) < 0)
		return err_sys(e, "set the personality");
	return 0;
}

/* --- identity ------------------------------------------------------------------------
 */

static int set_groups(const struct rt_process *p, struct err *e)
{
	gid_t groups[GROUPS_MAX];
	size_t n = p->additional_gids.len;
	uint64_t v;

	if (n > GROUPS_MAX)
		return err_set(e, -E2BIG, "more than %d supplementary groups",
			       GROUPS_MAX);
	for (size_t i = 0; i < n; i++) {
		if (str_u64(p->additional_gids.v[i], UINT32_MAX - 1, &v) < 0)
			return err_set(e, -EINVAL, "group '%s' is no number",
				       p->additional_gids.v[i]);
		groups[i] = (gid_t)v;
	}
	if (setgroups(n, groups) == 0)
		return 0;
	/* Denied in a single-ID map, where there is but one group to be in anyway. */
	if (errno == EPERM && (n == 0 || (n == 1 && groups[0] == p->gid)))
		return 0;
	if (errno == EPERM)
		return err_set(
			e, -EPERM,
			"supplementary groups cannot be set: only one ID is mapped");
	if (errno == EINVAL)
		return err_set(e, -EINVAL, "a supplementary group is not in the ID map");
	return err_sys(e, "set supplementary groups");
}

static int set_ids(const struct process *x, struct err *e)
{
	const struct rt_process *p = x->p;

	if (!x->keep_groups && set_groups(p, e) < 0)
		return e->code;
	if (setresgid(p->gid, p->gid, p->gid) < 0) {
		if (errno == EINVAL)
			return err_set(e, -EINVAL, "group %u is not in the ID map",
				       p->gid);
		return err_sys(e, "become group %u", p->gid);
	}
	if (setresuid(p->uid, p->uid, p->uid) < 0) {
		if (errno == EINVAL)
			return err_set(e, -EINVAL, "user %u is not in the ID map",
				       p->uid);
		return err_sys(e, "become user %u", p->uid);
	}
	return 0;
}

/* Enters cwd; false when that is to be tried again as the other user. */
static int enter(const struct rt_process *p)
{
	return chdir(str_empty(p->cwd) ? "/" : p->cwd) < 0 ? -errno : 0;
}

/* A working directory outside the root shows as unreachable: someone made cwd a link to a
 * leaked descriptor (CVE-2024-21626). */
static int check_inside(const struct rt_process *p, struct err *e)
{
	char here[PATH_MAX];

	if (syscall(SYS_getcwd, here, sizeof(here)) < 0 || here[0] != '/')
		return err_set(e, -EPERM,
			       "working directory '%s' is outside the container", p->cwd);
	return 0;
}

static int set_caps(const struct rt_process *p, uint64_t also, struct err *e)
{
	struct caps c = { .effective = p->cap_effective | also,
			  .permitted = p->cap_permitted | also,
			  .inheritable = p->cap_inheritable };
	int r = caps_set(&c);

	return r < 0 ? err_code(e, r, "set the capabilities") : 0;
}

int process_confine(const struct process *x, const int *keep, size_t n, struct err *e)
{
	const struct rt_process *p = x->p;
	/* Without no_new_privs a filter takes CAP_SYS_ADMIN, which is then dropped last.
	 */
	uint64_t also = p->no_new_privileges ? 0 : 1ull << CAP_SYS_ADMIN;
	int r, entered;

	if (x->landlock) {
		r = landlock_scope(x->landlock);
		/* An older kernel: the namespaces alone fence it. */
		if (r < 0 && r != -EOPNOTSUPP)
			return err_code(e, r, "fence by Landlock");
	}
	/* First as root: the folder may be closed to the user; then as the user: the
	 * folder may be closed to root (a bind of another's). */
	entered = enter(p);
	r = caps_bound(p->cap_bounding);
	if (r < 0)
		return err_code(e, r, "drop capabilities");
	if (prctl(PR_SET_KEEPCAPS, 1) < 0)
		return err_sys(e, "keep capabilities");
	r = set_ids(x, e);
	if (r < 0)
		return r;
	prctl(PR_SET_KEEPCAPS, 0);
	/* Changing IDs made the process's memory readable again to some: not yet. */
	prctl(PR_SET_DUMPABLE, 0);
	if (entered < 0)
		entered = enter(p);
	if (entered < 0)
		return err_code(e, entered, "enter the working directory '%s'", p->cwd);
	if (check_inside(p, e) < 0)
		return e->code;
	if (p->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "set no_new_privs");
	r = set_caps(p, x->bpf ? also : 0, e);
	if (r < 0)
		return r;
	r = caps_ambient(p->cap_ambient);
	if (r < 0)
		return err_code(e, r, "set the ambient capabilities");
	r = fd_close_except(3 + x->preserve, keep, n);
	return r < 0 ? err_code(e, r, "close descriptors") : 0;
}

static int hand_over(const struct process *x, int calls, struct err *e)
{
	int r;

	if (x->listener && x->listener->agent >= 0)
		r = listener_send(x->listener, calls, e);
	else
		r = err_set(e, -EOPNOTSUPP,
			    "the seccomp profile's SCMP_ACT_NOTIFY needs an agent: only "
			    "`rootless oci` brings it one (listenerPath)");
	fd_close(calls);
	return r;
}

int process_seal(const struct process *x, struct err *e)
{
	int r;

	if (!x->bpf)
		return 0;
	r = syscallfilter_load(x->bpf, x->bpf_len, e);
	if (r > 0)
		r = hand_over(x, r, e);
	return r < 0 ? r : set_caps(x->p, 0, e);
}

/* --- exec ----------------------------------------------------------------------------
 */

static int exec_at(const struct rt_process *p, const char *path)
{
	execve(path, (char *const *)strv_view(&p->args),
	       (char *const *)strv_view(&p->env));
	return -errno;
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* As Go's exec.LookPath: -ENOENT unless a runnable one is in PATH; a file there without
 * the execute bit does not count. */
static int look(const struct rt_process *p, char **ret)
{
	const char *path = strv_getenv(&p->env, "PATH");
	autostrv dirs = { 0 };
	int r = -ENOENT;

	strv_split(&dirs, path ? path : DEFAULT_PATH, ':');
	for (size_t i = 0; i < dirs.len; i++) {
		autofree char *file =
			path_join(dirs.v[i][0] ? dirs.v[i] : ".", p->args.v[0]);

		if (is_dir(file) || access(file, F_OK) < 0)
			continue;
		if (access(file, X_OK) == 0) {
			*ret = TAKE_PTR(file);
			return 0;
		}
		r = -EACCES;
	}
	return r;
}

static int explain(const char *arg, const char *path, int r, struct err *e)
{
	if (r == -ENOENT && !is_dir(path) && access(path, F_OK) < 0) {
		err_set(e, r, "exec: \"%s\": stat %s: no such file or directory", arg,
			path);
		return REPORT_EXIT_NOT_FOUND;
	}
	if (r == -ENOENT) {
		/* The file is there, so its interpreter is not. */
		err_set(e, r, "exec %s: no such file or directory", path);
		return REPORT_EXIT_NOT_FOUND;
	}
	if (r == -EACCES && is_dir(path))
		err_set(e, r, "exec: \"%s\": is a directory: permission denied", arg);
	else if (r == -EACCES)
		err_set(e, r, "exec: \"%s\": permission denied", arg);
	else if (r == -ENOEXEC)
		err_set(e, r, "exec %s: exec format error", path);
	else if (r == -EPERM && getxattr(path, "security.capability", NULL, 0) > 0)
		err_set(e, r,
			"exec %s: its file has a capability that the container is not "
			"given: --cap-add it (a ping wants NET_RAW, or none on its file)",
			path);
	else
		err_code(e, r, "exec %s", path);
	return REPORT_EXIT_CANNOT;
}

/* The program's path, malloc'd; 0, or the exit code to report. */
static int resolve(const struct rt_process *p, char **ret, struct err *e)
{
	const char *arg = p->args.len ? p->args.v[0] : "";
	int r;

	if (p->args.len == 0) {
		err_set(e, -EINVAL, "no command specified");
		return REPORT_EXIT_CANNOT;
	}
	if (strchr(arg, '/')) {
		*ret = str_dup(arg);
		return 0;
	}
	r = *arg ? look(p, ret) : -ENOENT;
	if (r == -EACCES) {
		err_set(e, r, "exec: \"%s\": permission denied", arg);
		return REPORT_EXIT_CANNOT;
	}
	if (r < 0) {
		err_set(e, r, "exec: \"%s\": executable file not found in $PATH", arg);
		return REPORT_EXIT_NOT_FOUND;
	}
	return 0;
}

int process_find(const struct rt_process *p, struct err *e)
{
	autofree char *path = NULL;
	int code = resolve(p, &path, e);

	if (code != 0)
		return code;
	if (is_dir(path))
		return explain(p->args.v[0], path, -EACCES, e);
	return access(path, X_OK) < 0 ? explain(p->args.v[0], path, -errno, e) : 0;
}

int process_exec(const struct rt_process *p, struct err *e)
{
	autofree char *path = NULL;
	int code = resolve(p, &path, e);

	return code != 0 ? code : explain(p->args.v[0], path, exec_at(p, path), e);
}
