/* SPDX-License-Identifier: Apache-2.0 */
/* The floor of a container start: the same namespaces, mounts and exec that `rootless run
 * --network none` makes, and nothing else (no records, log, attach, seccomp, registry).
 * usage: floor ROOTFS WORK PROGRAM [ARG...]
 * ROOTFS: a folder used as the overlay's lower layer. WORK: an existing folder where the
 * overlay's upper layer is made, anew for each run, as a container's is.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* <sys/mount.h> and <linux/mount.h> cannot be had both */
int mount(const char *, const char *, const char *, unsigned long, const void *);
int umount2(const char *, int);

#define MNT_DETACH 2

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
		_exit(125);
	}
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
	close(fd);
}

static void map_ids(pid_t pid, uid_t outside_uid, gid_t outside_gid, bool deny)
{
	char path[64], text[64];

	if (deny) {
		snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
		put(path, "deny");
	}
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	snprintf(text, sizeof(text), "0 %u 1", outside_uid);
	put(path, text);
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	snprintf(text, sizeof(text), "0 %u 1", outside_gid);
	put(path, text);
}

static void bind_node(const char *name)
{
	char from[64], to[64];

	snprintf(from, sizeof(from), "/dev/%s", name);
	snprintf(to, sizeof(to), "merged/dev/%s", name);
	close(open(to, O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
	must(mount(from, to, NULL, MS_BIND, NULL) == 0, to);
}

static void bind_file(const char *path)
{
	char to[64];

	snprintf(to, sizeof(to), "merged%s", path);
	close(open(to, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	must(mount(path, to, NULL, MS_BIND, NULL) == 0, to);
}

static void build_root(const char *lower, const char *work)
{
	static const char *const nodes[] = { "null",   "zero",    "full",
					     "random", "urandom", "tty" };
	char options[4096];

	must(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) == 0, "private");
	snprintf(options, sizeof(options), "%s/XXXXXX", work);
	must(mkdtemp(options) && chdir(options) == 0, options);
	mkdir("upper", 0755);
	mkdir("work", 0755);
	mkdir("merged", 0755);
	snprintf(options, sizeof(options),
		 "lowerdir=%s,upperdir=upper,workdir=work,userxattr", lower);
	must(mount("o", "merged", "overlay", 0, options) == 0, "overlay");
	mkdir("merged/dev", 0755);
	mkdir("merged/proc", 0755);
	mkdir("merged/sys", 0755);
	must(mount("t", "merged/dev", "tmpfs", MS_NOSUID, "mode=755,size=64k") == 0,
	     "dev");
	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++)
		bind_node(nodes[i]);
	mkdir("merged/dev/pts", 0755);
	mkdir("merged/dev/shm", 01777);
	mkdir("merged/dev/mqueue", 01777);
	must(mount("d", "merged/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		   "newinstance,ptmxmode=0666") == 0,
	     "devpts");
	must(mount("t", "merged/dev/shm", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV,
		   NULL) == 0,
	     "shm");
	(void)!symlink("pts/ptmx", "merged/dev/ptmx");
	(void)!symlink("/proc/self/fd", "merged/dev/fd");
	mkdir("merged/etc", 0755);
	bind_file("/etc/hosts");
	bind_file("/etc/hostname");
	bind_file("/etc/resolv.conf");
}

static void mask(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode))
		must(mount("t", path, "tmpfs", MS_RDONLY, "size=0") == 0, path);
	else
		must(mount("/dev/null", path, NULL, MS_BIND, NULL) == 0, path);
}

static void lock(const char *path)
{
	if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) == 0)
		must(mount(NULL, path, NULL,
			   MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV |
				   MS_NOEXEC,
			   NULL) == 0,
		     path);
}

/* As many mounts as the host has there. */
static void bind_cgroups(void)
{
	struct mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
					     MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

	must(mount("/sys/fs/cgroup", "merged/sys/fs/cgroup", NULL, MS_BIND | MS_REC,
		   NULL) == 0,
	     "cgroup");
	must(syscall(SYS_mount_setattr, AT_FDCWD, "merged/sys/fs/cgroup", AT_RECURSIVE,
		     &ro, sizeof(ro)) == 0,
	     "cgroup read-only");
}

static void inside(int go, char **argv)
{
	static const char *const masks[] = {
		"/proc/acpi",       "/proc/interrupts",
		"/proc/kcore",      "/proc/keys",
		"/proc/timer_list", "/proc/scsi",
		"/sys/firmware",    "/sys/devices/virtual/powercap"
	};
	static const char *const locks[] = { "/proc/bus", "/proc/fs", "/proc/irq",
					     "/proc/sys", "/proc/sysrq-trigger" };
	char c;

	must(read(go, &c, 1) == 1, "map");
	must(unshare(CLONE_NEWNS) == 0, "mount namespace");
	must(mount("mqueue", "merged/dev/mqueue", "mqueue", 0, NULL) == 0, "mqueue");
	must(mount("proc", "merged/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV,
		   NULL) == 0,
	     "proc");
	must(mount("sysfs", "merged/sys", "sysfs",
		   MS_RDONLY | MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL) == 0,
	     "sysfs");
	bind_cgroups();
	/* what was copied from the outer namespace is locked; a bind of it may be the
	 * root */
	must(mount("merged", "merged", NULL, MS_BIND | MS_REC, NULL) == 0, "bind root");
	must(chdir("merged") == 0 && syscall(SYS_pivot_root, ".", ".") == 0,
	     "pivot_root");
	must(umount2(".", MNT_DETACH) == 0, "umount");
	for (size_t i = 0; i < sizeof(masks) / sizeof(*masks); i++)
		mask(masks[i]);
	for (size_t i = 0; i < sizeof(locks) / sizeof(*locks); i++)
		lock(locks[i]);
	must(sethostname("floor", 5) == 0, "hostname");
	execv(argv[0], argv);
	must(false, argv[0]);
}

int main(int argc, char **argv)
{
	struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
					    CLONE_NEWIPC | CLONE_NEWUTS |
					    CLONE_NEWCGROUP | CLONE_NEWTIME,
				   .exit_signal = SIGCHLD };
	uid_t uid = getuid();
	gid_t gid = getgid();
	int go[2], status;
	pid_t pid;

	if (argc < 4) {
		fprintf(stderr, "usage: floor ROOTFS WORK PROGRAM [ARG...]\n");
		return 125;
	}
	must(unshare(CLONE_NEWUSER) == 0, "user namespace");
	map_ids(getpid(), uid, gid, true);
	must(unshare(CLONE_NEWNS) == 0, "mount namespace");
	build_root(argv[1], argv[2]);
	must(pipe2(go, O_CLOEXEC) == 0, "pipe");
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	must(pid >= 0, "clone");
	if (pid == 0)
		inside(go[0], argv + 3);
	map_ids(pid, 0, 0, false);
	must(write(go[1], "g", 1) == 1, "go");
	must(waitpid(pid, &status, 0) == pid, "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
