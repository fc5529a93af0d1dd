/* SPDX-License-Identifier: Apache-2.0 */
/* doctor's probes of what the administrator and the session give this user. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/engine/doctor.h"
#include "core/ns/userns.h"
#include "core/runtime/scope.h"
#include "core/store/store.h"

#define SAY(field, ...) str_print(row->field, sizeof(row->field), __VA_ARGS__)

/* A number of /proc/sys; -1 when the file is not there. */
static int64_t sysctl_of(const char *path)
{
	char text[32];
	int64_t n;

	if (file_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
		return -1;
	text[strcspn(text, "\n \t")] = '\0';
	return str_i64(text, INT64_MIN, INT64_MAX, &n) < 0 ? -1 : n;
}

/* Why user namespaces may be refused, by the switches that distributions have. */
static void explain_userns(struct doctor_row *row)
{
	char exe[128] = "/path/to/rootless";
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n > 0)
		exe[n] = '\0';
	if (sysctl_of("/proc/sys/user/max_user_namespaces") == 0)
		SAY(fix, "as root: echo user.max_user_namespaces=28633 "
			 ">/etc/sysctl.d/99-rootless.conf && sysctl --system");
	else if (sysctl_of("/proc/sys/kernel/unprivileged_userns_clone") == 0)
		SAY(fix, "as root: echo kernel.unprivileged_userns_clone=1 "
			 ">/etc/sysctl.d/99-rootless.conf && sysctl --system");
	else if (sysctl_of("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1)
		SAY(fix,
		    "as root: write 'abi <abi/4.0>, profile rootless %s "
		    "flags=(unconfined) { userns, }' to /etc/apparmor.d/rootless, then "
		    "apparmor_parser -r /etc/apparmor.d/rootless",
		    exe);
	else
		SAY(fix, "ask the administrator which policy (seccomp, SELinux, a "
			 "surrounding container) denies unshare(CLONE_NEWUSER)");
}

static void probe_userns(struct doctor_row *row)
{
	int r;

	SAY(tried,
	    "unshare(CLONE_NEWUSER | CLONE_NEWNS), a map of one ID, a tmpfs inside");
	r = doctor_enter(CLONE_NEWNS);
	/* Where AppArmor restricts them the namespace comes, but without its powers. */
	if (r >= 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		r = -errno;
	if (r >= 0 && mount("tmpfs", "/proc", "tmpfs", 0, NULL))
		r = -errno;
	doctor_judge(row, r, DOCTOR_MISSING, "", "nothing: every container needs one");
	if (r < 0)
		explain_userns(row);
}

static void probe_nested(struct doctor_row *row)
{
	int r;

	SAY(tried, "a user namespace inside a user namespace");
	r = doctor_enter(0);
	if (r >= 0)
		r = unshare(CLONE_NEWUSER) ? -errno : 0;
	doctor_judge(row, r, DOCTOR_MISSING,
		     "as root: raise user.max_user_namespaces (sysctl)",
		     "nothing: each container lives in one of its own");
}

static uint64_t count_of(const struct idmap *m)
{
	uint64_t sum = 0;

	for (size_t n = 0; n < m->len; n++)
		sum += m->extents[n].count;
	return sum;
}

static void probe_subids(struct doctor_row *row)
{
	struct idmap uid = { 0 }, gid = { 0 };
	autofree char *why = NULL;
	struct err e = { 0 };
	int r;

	SAY(tried, "the ranges of uid %u in /etc/subuid and /etc/subgid (or getsubids)",
	    geteuid());
	r = idmap_host(&uid, &gid, &why, &e);
	if (r >= 0)
		SAY(answer, "%llu uids and %llu gids with your own",
		    (unsigned long long)count_of(&uid),
		    (unsigned long long)count_of(&gid));
	else
		SAY(answer, "%s", e.text);
	if (r >= 0 && why) {
		SAY(answer, "%s", why);
		r = -ENOENT;
	} else if (r >= 0 && (count_of(&uid) < 65536 || count_of(&gid) < 65536)) {
		r = -ERANGE;
	}
	doctor_judge(row, r, DOCTOR_REDUCED,
		     "as root: usermod --add-subuids 100000-165535 --add-subgids "
		     "100000-165535 USER",
		     "images whose files belong to few IDs");
	idmap_done(&uid);
	idmap_done(&gid);
}

/* Has the helper the power it needs: set-user-ID root, or a file capability? */
static int check_helper(const char *name, struct doctor_row *row)
{
	autofree char *path = spawn_find(name);
	struct stat st;

	if (!path) {
		SAY(answer, "%s: not found in PATH", name);
		return -ENOENT;
	}
	if (stat(path, &st)) {
		SAY(answer, "%s: %s", path, strerror(errno));
		return -errno;
	}
	if (st.st_mode & S_ISUID && st.st_uid == 0) {
		SAY(answer, "yes; %s is set-user-ID root", path);
		return 0;
	}
	if (getxattr(path, "security.capability", NULL, 0) > 0) {
		SAY(answer, "yes; %s has a file capability", path);
		return 0;
	}
	SAY(answer, "%s is neither set-user-ID root nor has a file capability", path);
	return -EPERM;
}

static int mapped(void *arg)
{
	return 0;
}

static void probe_newuidmap(struct doctor_row *row)
{
	struct idmap uid = { 0 }, gid = { 0 };
	autofree char *why = NULL;
	struct err e = { 0 };
	pid_t pid;
	int r;

	SAY(tried, "newuidmap and newgidmap writing your whole map to a new namespace");
	r = check_helper("newuidmap", row);
	if (r >= 0)
		r = check_helper("newgidmap", row);
	if (r >= 0)
		r = idmap_host(&uid, &gid, &why, &e);
	if (r >= 0) {
		autoclose int fd = userns_spawn(&uid, &gid, mapped, NULL, &pid, &e);

		r = fd < 0 ? fd : 0;
		if (fd >= 0)
			waitpid(pid, NULL, 0);
		else
			SAY(answer, "%s", e.text);
	}
	doctor_judge(row, r, DOCTOR_REDUCED,
		     "as root: apt install uidmap (Debian, Ubuntu), dnf install "
		     "shadow-utils (Fedora); then chmod u+s newuidmap newgidmap",
		     "a single mapped ID: images whose files all belong to root");
	idmap_done(&uid);
	idmap_done(&gid);
}

static void probe_runtime(struct doctor_row *row)
{
	struct store s;
	struct err e = { 0 };
	int r;

	SAY(tried,
	    "a folder of your own that a reboot empties (XDG_RUNTIME_DIR, "
	    "/run/user/%u)",
	    geteuid());
	r = store_open(&s, &e);
	if (r < 0) {
		SAY(answer, "%s", e.text);
		doctor_judge(row, r, DOCTOR_MISSING, "see the answer", "nothing");
		return;
	}
	if (s.run_why)
		SAY(answer, "%s; used instead: %.120s", s.run_why, s.run);
	else
		SAY(answer, "%s", s.run);
	doctor_judge(
		row, s.run_why ? -ENOENT : 0, DOCTOR_REDUCED,
		"log in through PAM (not su), or as root: loginctl enable-linger USER",
		"everything, in the data folder; sockets of before a reboot are "
		"recognised by their boot ID");
	store_done(&s);
}

static void probe_data(struct doctor_row *row)
{
	struct store s;
	struct err e = { 0 };
	int r;

	SAY(tried, "the data folder: made, locked, written");
	r = store_open(&s, &e);
	if (r < 0) {
		SAY(answer, "%s", e.text);
		doctor_judge(row, r, DOCTOR_MISSING,
			     "set ROOTLESS_DATA or XDG_DATA_HOME to a folder of yours on "
			     "a local disk",
			     "nothing");
		return;
	}
	autoclose int lock = file_lock(s.tmp_fd, "doctor.lock", true, false);
	r = lock < 0 && lock != -EWOULDBLOCK ? lock : 0;
	if (r >= 0)
		r = file_replace(s.tmp_fd, "doctor", "x", 1, 0600);
	unlinkat(s.tmp_fd, "doctor", 0);
	unlinkat(s.tmp_fd, "doctor.lock", 0);
	SAY(answer, "%s%s%s", s.data, r < 0 ? ": " : "", r < 0 ? strerror(-r) : "");
	doctor_judge(row, r, DOCTOR_MISSING,
		     "set ROOTLESS_DATA to a folder on a local disk (ext4, xfs, btrfs)",
		     "nothing");
	store_done(&s);
}

static void probe_space(struct doctor_row *row)
{
	struct statvfs v;
	struct store s;
	struct err e = { 0 };
	uint64_t free_bytes;
	int r;

	SAY(tried, "free space and inodes below the data folder");
	r = store_open(&s, &e);
	if (r >= 0 && fstatvfs(s.data_fd, &v))
		r = -errno;
	if (r < 0) {
		doctor_judge(row, r, DOCTOR_MISSING, "see 'data folder'", "nothing");
		return;
	}
	free_bytes = (uint64_t)v.f_bavail * v.f_frsize;
	SAY(answer, "%.1f GiB free, %llu inodes free", (double)free_bytes / (1 << 30),
	    (unsigned long long)v.f_favail);
	doctor_judge(row,
		     free_bytes < (1ull << 30) || (v.f_files && v.f_favail < 20000)
			     ? -ENOSPC
			     : 0,
		     DOCTOR_REDUCED, "rootless rmi what is not needed, or a larger disk",
		     "what is stored runs; pulls may fail");
	store_done(&s);
}

static void probe_cgroup(struct doctor_row *row)
{
	static const char *const controllers[] = { "memory", "pids", "cpu", "cpuset",
						   "io" };
	static const char *const drivers[] = {
		[SCOPE_NONE] = "none",
		[SCOPE_SYSTEMD] = "from systemd's user manager",
		[SCOPE_SUBTREE] = "in the tree that was delegated to you"
	};
	autostrv have = { 0 }, lacking = { 0 };
	const char *why = NULL;
	bool some;

	SAY(tried, "who gives a container its control group, and with what");
	for (size_t i = 0; i < ARRAY_LEN(controllers); i++)
		strv_add(scope_available(controllers[i], NULL) ? &have : &lacking,
			 controllers[i]);
	autofree char *yes = strv_join(&have, ", "), *no = strv_join(&lacking, ", ");
	some = scope_available("memory", &why);
	if (scope_driver() == SCOPE_NONE)
		SAY(answer, "%s", why);
	else
		SAY(answer, "%s: %s%s%s", drivers[scope_driver()], yes,
		    lacking.len ? "; not " : "", no);
	/* What Debian's systemd gives is called fine. */
	doctor_judge(
		row, some ? 0 : -EACCES, DOCTOR_REDUCED,
		"as root: mkdir -p /etc/systemd/system/user@.service.d && printf "
		"'[Service]\\nDelegate=cpu cpuset io memory pids\\n' "
		">/etc/systemd/system/user@.service.d/delegate.conf && systemctl "
		"daemon-reload; then log in anew",
		"--pids-limit and --ulimit by resource limits; memory and CPU limits "
		"get a warning");
}

const struct doctor_probe doctor_user_probes[] = {
	{ "user namespaces", probe_userns },
	{ "nested user namespaces", probe_nested },
	{ "subordinate IDs", probe_subids },
	{ "newuidmap", probe_newuidmap },
	{ "runtime folder", probe_runtime },
	{ "data folder", probe_data },
	{ "disk space", probe_space },
	{ "cgroup delegation", probe_cgroup },
	{ NULL, NULL },
};
