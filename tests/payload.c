/* SPDX-License-Identifier: Apache-2.0 */
/* The only program of a test container: static, with verbs. Several may be given, parted
 * by
 * ","; the first that fails ends it with 1. usage: payload VERB [ARG...] [, VERB …] */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int told(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return 1;
}

/* What a forbidden thing answers: its errno's name as text, or "ok". */
static int answer(long r)
{
	printf("%s\n", r < 0 ? strerror(errno) : "ok");
	return 0;
}

static long number(const char *s)
{
	return strtol(s, NULL, 0);
}

static int v_cat(char **a)
{
	char b[4096];
	int fd = a[0] ? open(a[0], O_RDONLY | O_CLOEXEC) : 0;
	ssize_t n;

	if (fd < 0)
		return told(a[0]);
	fflush(stdout);
	while ((n = read(fd, b, sizeof(b))) > 0)
		for (ssize_t at = 0, w; at < n; at += w) {
			w = write(1, b + at, (size_t)(n - at));
			if (w < 0)
				return 1;
		}
	if (n < 0)
		return told(a[0]);
	if (fd > 0)
		close(fd);
	return 0;
}

/* type mode uid:gid rdev */
static int v_stat(char **a)
{
	struct stat st;

	if (lstat(a[0], &st) < 0)
		return told(a[0]);
	printf("%o %u:%u %u:%u\n", st.st_mode, st.st_uid, st.st_gid, major(st.st_rdev),
	       minor(st.st_rdev));
	return 0;
}

static int by_name(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

static int v_ls(char **a)
{
	char *names[512];
	size_t n = 0;
	DIR *d = opendir(a[0]);
	struct dirent *e;

	if (!d)
		return told(a[0]);
	while (n < 512 && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			names[n++] = strdup(e->d_name);
	}
	closedir(d);
	qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++)
		printf("%s%s", i ? " " : "", names[i]);
	printf("\n");
	return 0;
}

static int v_link(char **a)
{
	char b[4096];
	ssize_t n = readlink(a[0], b, sizeof(b) - 1);

	if (n < 0)
		return told(a[0]);
	printf("%.*s\n", (int)n, b);
	return 0;
}

static int v_id(char **a)
{
	gid_t g[64];
	int n = getgroups(64, g);

	printf("%u:%u", getuid(), getgid());
	for (int i = 0; i < n; i++)
		printf(" %u", g[i]);
	printf("\n");
	return 0;
}

/* Values of lines of /proc/self/status. */
static int v_status(char **a)
{
	char line[512];
	FILE *f = fopen("/proc/self/status", "re");
	size_t n = strlen(a[0]);

	if (!f)
		return told("status");
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, a[0], n) == 0 && line[n] == ':')
			printf("%s", line + n + 1 + strspn(line + n + 1, " \t"));
	}
	fclose(f);
	return 0;
}

static int v_write(char **a)
{
	int fd = open(a[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	long r = fd;

	if (fd >= 0)
		r = write(fd, a[1], strlen(a[1]));
	if (fd >= 0)
		close(fd);
	return answer(r);
}

static int v_open(char **a)
{
	int fd = open(a[0], O_RDWR | O_CLOEXEC | O_NOCTTY);

	answer(fd);
	if (fd >= 0)
		close(fd);
	return 0;
}

static int v_mount(char **a)
{
	return answer(mount("none", a[0], "tmpfs", 0, NULL));
}

static int v_umount(char **a)
{
	return answer(umount2(a[0], MNT_DETACH));
}

static int v_remount(char **a)
{
	return answer(mount(NULL, a[0], NULL, MS_REMOUNT | MS_BIND, NULL));
}

static int v_unshare(char **a)
{
	return answer(unshare((int)number(a[0])));
}

static int v_socket(char **a)
{
	return answer(socket((int)number(a[0]), SOCK_STREAM, 0));
}

static int v_syscall(char **a)
{
	long v[3] = { 0 };

	for (int i = 0; i < 3 && a[i]; i++)
		v[i] = number(a[i]);
	return answer(syscall(v[0], v[1], v[2], 0, 0, 0));
}

static int v_mknod(char **a)
{
	return answer(mknod(a[0], S_IFCHR | 0600, makedev(1, 3)));
}

static int v_chown(char **a)
{
	return answer(chown(a[0], (uid_t)number(a[1]), (gid_t)-1));
}

/* How many sleeping children can be had, up to N. */
static int v_forks(char **a)
{
	pid_t pids[4096];
	int n = 0, want = (int)number(a[0]);

	while (n < want && n < 4096) {
		pid_t p = fork();

		if (p < 0)
			break;
		if (p == 0) {
			pause();
			_exit(0);
		}
		pids[n++] = p;
	}
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	printf("%d\n", n);
	return 0;
}

static int v_exit(char **a)
{
	fflush(stdout);
	_exit((int)number(a[0]));
}

static int v_raise(char **a)
{
	fflush(stdout);
	raise((int)number(a[0]));
	/* PID 1 is immune to its own; so that the tests can tell. */
	return 99;
}

static int v_sleep(char **a)
{
	fflush(stdout);
	usleep((useconds_t)number(a[0]) * 1000);
	return 0;
}

static int v_echo(char **a)
{
	for (int i = 0; a[i]; i++)
		printf("%s%s", i ? " " : "", a[i]);
	printf("\n");
	return 0;
}

static int v_warn(char **a)
{
	fflush(stdout);
	dprintf(2, "%s\n", a[0]);
	return 0;
}

static int v_env(char **a)
{
	for (char **e = environ; *e; e++)
		printf("%s\n", *e);
	return 0;
}

static int v_pwd(char **a)
{
	char b[4096];

	if (!getcwd(b, sizeof(b)))
		return told("getcwd");
	printf("%s\n", b);
	return 0;
}

static int v_fds(char **a)
{
	for (int fd = 0; fd < 1024; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			printf("%d ", fd);
	}
	printf("\n");
	return 0;
}

static int v_tty(char **a)
{
	struct winsize w = { 0 };
	char name[64];

	if (!isatty(0)) {
		printf("no tty\n");
		return 0;
	}
	ioctl(0, TIOCGWINSZ, &w);
	printf("%s %ux%u fg %d\n", ttyname_r(0, name, sizeof(name)) == 0 ? name : "?",
	       w.ws_row, w.ws_col, tcgetpgrp(0) == getpgrp());
	return 0;
}

static volatile sig_atomic_t caught;

static void on_signal(int signo)
{
	caught = signo;
}

/* Reports the signals that come until a second one of the same kind, or 5 s. */
static int v_signals(char **a)
{
	struct sigaction s = { .sa_handler = on_signal };

	for (int i = 1; i < 32; i++)
		sigaction(i, &s, NULL);
	printf("ready\n");
	fflush(stdout);
	for (int i = 0; i < 50 && !caught; i++)
		usleep(100000);
	if (caught == SIGWINCH)
		return v_tty(a);
	printf("caught %d\n", (int)caught);
	return 0;
}

static int v_abstract(char **a)
{
	struct sockaddr_un u = { .sun_family = AF_UNIX };
	size_t n = strlen(a[0]);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(u.sun_path + 1, a[0], n);
	return answer(
		connect(fd, (void *)&u,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n)));
}

static int v_kill(char **a)
{
	return answer(kill((pid_t)number(a[0]), (int)number(a[1])));
}

static int v_spam(char **a)
{
	char b[4096];
	long left = number(a[0]);

	memset(b, 'x', sizeof(b));
	b[63] = '\n';
	for (size_t i = 127; i < sizeof(b); i += 64)
		b[i] = '\n';
	for (; left > 0; left -= (long)sizeof(b))
		fwrite(b, 1, left < (long)sizeof(b) ? (size_t)left : sizeof(b), stdout);
	return 0;
}

static int v_rlimit(char **a)
{
	struct rlimit l;

	if (getrlimit((int)number(a[0]), &l) < 0)
		return told("getrlimit");
	printf("%lld:%lld\n", (long long)l.rlim_cur, (long long)l.rlim_max);
	return 0;
}

static int v_hostname(char **a)
{
	char b[256];

	gethostname(b, sizeof(b));
	printf("%s\n", b);
	return 0;
}

static int v_umask(char **a)
{
	printf("%04o\n", umask(0));
	return 0;
}

static int v_exec(char **a)
{
	fflush(stdout);
	execv(a[0], a);
	return told(a[0]);
}

/* Leaves an orphan behind; tells whether it stays a zombie, and our own PID. */
static int v_orphan(char **a)
{
	pid_t p = fork();
	int zombies = 0;

	if (p == 0) {
		if (fork() == 0)
			usleep(20000);
		_exit(0);
	}
	waitpid(p, NULL, 0);
	usleep(200000);
	for (int pid = 2; pid < 64; pid++) {
		char path[64], state[256] = "";
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (read(fd, state, sizeof(state) - 1) > 0 && strstr(state, ") Z "))
			zombies++;
		close(fd);
	}
	printf("zombies %d pid %d\n", zombies, getpid());
	return 0;
}

static const struct {
	const char *name;
	int (*run)(char **args);
	int args;
} verbs[] = {
	{ "cat", v_cat, 0 },         { "stat", v_stat, 1 },
	{ "ls", v_ls, 1 },           { "link", v_link, 1 },
	{ "id", v_id, 0 },           { "status", v_status, 1 },
	{ "write", v_write, 2 },     { "open", v_open, 1 },
	{ "mount", v_mount, 1 },     { "umount", v_umount, 1 },
	{ "remount", v_remount, 1 }, { "unshare", v_unshare, 1 },
	{ "socket", v_socket, 1 },   { "syscall", v_syscall, 1 },
	{ "mknod", v_mknod, 1 },     { "chown", v_chown, 2 },
	{ "forks", v_forks, 1 },     { "exit", v_exit, 1 },
	{ "raise", v_raise, 1 },     { "sleep", v_sleep, 1 },
	{ "echo", v_echo, 0 },       { "warn", v_warn, 1 },
	{ "env", v_env, 0 },         { "pwd", v_pwd, 0 },
	{ "fds", v_fds, 0 },         { "tty", v_tty, 0 },
	{ "signals", v_signals, 0 }, { "abstract", v_abstract, 1 },
	{ "kill", v_kill, 2 },       { "spam", v_spam, 1 },
	{ "rlimit", v_rlimit, 1 },   { "hostname", v_hostname, 0 },
	{ "umask", v_umask, 0 },     { "exec", v_exec, 1 },
	{ "orphan", v_orphan, 0 },
};

static int run(char **args, int n)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(args[0], verbs[i].name) == 0 && n > verbs[i].args) {
			int r = verbs[i].run(args + 1);

			fflush(stdout);
			return r;
		}
	}
	printf("payload: no verb '%s' with %d arguments\n", args[0], n - 1);
	return 2;
}

int main(int argc, char **argv)
{
	for (int at = 1; at < argc;) {
		int n = 0, r;

		while (at + n < argc && strcmp(argv[at + n], ",") != 0)
			n++;
		argv[at + n] = NULL;
		r = n > 0 ? run(argv + at, n) : 0;
		if (r != 0)
			return r;
		at += n + 1;
	}
	return 0;
}
