/* SPDX-License-Identifier: Apache-2.0 */
/* A container made by hand for tests: a realm, a bundle whose image is the test payload,
 * a monitor. The test program is its own inner executable (box_inner). */
#ifndef TESTS_UNIT_RUNTIME_BOX_H
#define TESTS_UNIT_RUNTIME_BOX_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/ns/pidfd.h"
#include "core/ns/userns.h"
#include "core/oci/capability.h"
#include "core/runtime/exec.h"
#include "core/runtime/monitor.h"
#include "core/wire/frame.h"
#include "tests/unit/test.h"

struct box {
	char *dir;
	int dirfd, sockets;
	struct runtimeconfig c;
	struct setup s;
	const char *image; /* folder, made by box_open */
	int sock;
	/* what came back */
	struct buf out, err, in;
	char error[ERR_TEXT_MAX];
	int code;   /* -1: none yet */
	int status; /* last FRAME_STATUS, or -1 */
};

/* One realm for the whole program. */
struct box_realm {
	int pidfd;
	pid_t pid;
	struct idmap uid, gid;
	bool tried;
};
static struct box_realm box_realm = { .pidfd = -1 };

/* A setup process waits at this FIFO of its box, where there is one, for a writer and
 * then for its end. */
#define BOX_FIFO "fifo"

static inline int box_attach(const struct setup *s, int netns, struct err *e)
{
	autofree char *dir = path_dir(s->upper ? s->upper : s->log_path);
	autofree char *fifo = path_join(dir, BOX_FIFO);
	autoclose int fd = open(fifo, O_RDONLY | O_CLOEXEC);
	char c;

	return fd >= 0 && read(fd, &c, 1) < 0 ? err_sys(e, "read '%s'", fifo) : 0;
}

/* The program runs again as monitor or exec monitor; before its main. */
__attribute__((constructor)) static void box_inner(void)
{
	char text[64] = "";
	char *argv[4] = { text, NULL, NULL, NULL };
	static const struct monitor_hooks hooks = { .network_attach = box_attach };
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC), argc = 1;
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	fd_close(fd);
	for (ssize_t i = 0; i < n && argc < 4; i++) {
		if (text[i] == 0 && i + 1 < n)
			argv[argc++] = text + i + 1;
	}
	if (argc == 3 && str_eq(argv[0], "rootless") && str_eq(argv[1], "monitor"))
		_exit(monitor_main(argc, argv, &hooks));
	if (argc == 2 && str_eq(argv[0], "rootless") && str_eq(argv[1], "exec"))
		_exit(exec_main(argc, argv, NULL));
}

static inline int box_wait(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
	return 0;
}

static inline void box_end_realm(void)
{
	pidfd_signal(box_realm.pidfd, SIGKILL);
}

/* false: this host allows no user namespace; the test is skipped. */
static inline bool box_host(void)
{
	autofree char *why = NULL;
	struct err e = { 0 };

	if (!box_realm.tried) {
		box_realm.tried = true;
		if (idmap_host(&box_realm.uid, &box_realm.gid, &why, &e) == 0)
			box_realm.pidfd =
				userns_spawn(&box_realm.uid, &box_realm.gid, box_wait,
					     NULL, &box_realm.pid, &e);
		if (box_realm.pidfd >= 0)
			atexit(box_end_realm);
	}
	if (box_realm.pidfd < 0)
		test_skip(e.text[0] ? e.text : "no realm");
	return box_realm.pidfd >= 0;
}

static inline void box_mkdir(const char *dir, const char *name)
{
	autofree char *p = path_join(dir, name);

	mkdir(p, 0755);
}

static inline void box_put(const char *dir, const char *name, const void *p, size_t n,
			   mode_t mode)
{
	autofree char *path = path_join(dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	CHECK(fd >= 0 && fd_write_all(fd, p, n) == 0);
	fchmod(fd, mode);
	fd_close(fd);
}

/* The payload lies beside the folder of this program: O/tests/payload. */
static inline void box_payload(const char *dir)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	autobuf b = { 0 };
	autofree char *path = NULL;
	char *unit;

	self[n > 0 ? n : 0] = 0;
	unit = strstr(self, "/unit/");
	if (unit)
		*unit = 0;
	path = str_fmt("%s/tests/payload", self);
	CHECK_INT(file_read(AT_FDCWD, path, 8u << 20, &b), 0);
	box_put(dir, "payload", b.data, b.len, 0755);
}

static inline void box_mounts(struct runtimeconfig *c)
{
	runtimeconfig_add_mount(c, "/proc", "proc", "proc", "nosuid,noexec,nodev");
	runtimeconfig_add_mount(c, "/dev", "tmpfs", "tmpfs",
				"nosuid,noexec,strictatime,mode=755,size=65536k");
	runtimeconfig_add_mount(
		c, "/dev/pts", "devpts", "devpts",
		"nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
	runtimeconfig_add_mount(c, "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro");
	runtimeconfig_add_mount(c, "/sys/fs/cgroup", "cgroup", "cgroup",
				"ro,nosuid,noexec,nodev");
	runtimeconfig_add_mount(c, "/dev/mqueue", "mqueue", "mqueue",
				"nosuid,noexec,nodev");
	runtimeconfig_add_mount(c, "/dev/shm", "tmpfs", "shm",
				"nosuid,noexec,nodev,mode=1777,size=67108864");
}

/* A container with the defaults of SECURITY.md that runs `/payload ARGS`. */
static inline void box_open(struct box *b, const char *args)
{
	static const char *const masked[] = {
		"/proc/acpi",       "/proc/asound",
		"/proc/kcore",      "/proc/keys",
		"/proc/timer_list", "/proc/interrupts",
		"/sys/firmware",    "/sys/devices/virtual/powercap"
	};
	static const char *const readonly[] = { "/proc/bus", "/proc/fs", "/proc/irq",
						"/proc/sys", "/proc/sysrq-trigger" };
	char template[] = "/tmp/rootless-box.XXXXXX";
	autofree char *image = NULL;

	*b = (struct box){ .sock = -1, .code = -1, .status = -1 };
	CHECK(mkdtemp(template) != NULL);
	b->dir = str_dup(template);
	box_mkdir(b->dir, "bundle");
	box_mkdir(b->dir, "upper");
	box_mkdir(b->dir, "work");
	box_mkdir(b->dir, "run");
	box_mkdir(b->dir, "image");
	image = path_join(b->dir, "image");
	for (const char *const *d =
		     (const char *const[]){ "dev", "proc", "sys", "etc", "tmp", NULL };
	     *d; d++)
		box_mkdir(image, *d);
	box_payload(image);
	b->dirfd = open(b->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	b->sockets = openat(b->dirfd, "run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	strv_add(&b->s.layers, image);
	b->s.id = str_dup("0123456789abcdef");
	b->s.upper = path_join(b->dir, "upper");
	b->s.work = path_join(b->dir, "work");
	b->s.new_keyring = b->s.landlock_scopes = true;
	b->s.log_driver = str_dup("json-file");
	b->s.log_path = path_join(b->dir, "log/container.log");
	b->s.log_max_size = 10u << 20;
	b->s.log_max_files = 3;
	b->c.process.cwd = str_dup("/");
	b->c.process.umask = 022;
	strv_add(&b->c.process.args, "/payload");
	strv_split(&b->c.process.args, args, ' ');
	strv_add(&b->c.process.env, "PATH=/bin:/");
	b->c.process.cap_bounding = b->c.process.cap_effective =
		b->c.process.cap_permitted = CAPABILITY_DEFAULT;
	b->c.root_path = str_dup("rootfs");
	b->c.hostname = str_dup("box");
	b->c.namespaces = RT_NS_USER | RT_NS_PID | RT_NS_NET | RT_NS_MOUNT | RT_NS_IPC |
			  RT_NS_UTS | RT_NS_CGROUP | RT_NS_TIME;
	b->c.pids_limit = 64;
	box_mounts(&b->c);
	for (size_t i = 0; i < ARRAY_LEN(masked); i++)
		strv_add(&b->c.masked_paths, masked[i]);
	for (size_t i = 0; i < ARRAY_LEN(readonly); i++)
		strv_add(&b->c.readonly_paths, readonly[i]);
}

static inline void box_write(struct box *b)
{
	autobuf text = { 0 };
	struct err e = { 0 };
	autoclose int bundle =
		openat(b->dirfd, "bundle", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	b->c.process.terminal = b->s.terminal;
	CHECK_INT(runtimeconfig_print(&b->c, &text), 0);
	CHECK_INT(file_replace_nosync(bundle, "config.json", text.data, text.len, 0600),
		  0);
	CHECK_INT(setup_write(bundle, &b->s, NULL, &e), 0);
	CHECK_STR(e.text, "");
}

static inline void box_send(struct box *b, enum frame_stream s, const void *p, size_t n)
{
	autobuf f = { 0 };

	frame_add(&f, s, p, n);
	CHECK_INT(fd_write_all(b->sock, f.data, f.len), 0);
}

static inline int box_exe(void)
{
	return open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
}

/* Starts the monitor; want: FRAME_WANT_*. START is sent. */
static inline void box_start(struct box *b, uint8_t want)
{
	autoclose int exe = box_exe();
	struct monitor_spawn s = { .inner_fd = exe,
				   .container_dirfd = b->dirfd,
				   .socket_dirfd = b->sockets,
				   .realm_pidfd = box_realm.pidfd };
	struct err e = { 0 };

	box_write(b);
	b->sock = monitor_spawn(&s, &e);
	CHECK_STR(e.text, "");
	if (b->sock < 0)
		return;
	box_send(b, FRAME_ATTACH, &want, 1);
	box_send(b, FRAME_START, NULL, 0);
}

static inline void box_frame(struct box *b, const struct frame *f)
{
	switch (f->stream) {
	case FRAME_STDOUT:
		buf_add(&b->out, f->payload, f->size);
		break;
	case FRAME_STDERR:
		buf_add(&b->err, f->payload, f->size);
		break;
	case FRAME_STATUS:
		b->status = f->payload[0];
		break;
	case FRAME_ERROR:
		str_print(b->error, sizeof(b->error), "%.*s", (int)f->size - 4,
			  (const char *)f->payload + 4);
		break;
	case FRAME_EXIT:
		b->code = f->payload[3];
		break;
	}
}

/* Hears until it ends (until NULL), or until out holds the text. false: nothing more came
 * for 20 s, or the end came first. */
static inline bool box_until(struct box *b, const char *until)
{
	for (;;) {
		struct pollfd p = { .fd = b->sock, .events = POLLIN };
		struct frame f;
		size_t used;
		ssize_t n;

		while (frame_parse((uint8_t *)b->in.data, b->in.len, &f, &used) == 1) {
			box_frame(b, &f);
			buf_consume(&b->in, used);
		}
		if (until && strstr(buf_str(&b->out), until))
			return true;
		if (poll(&p, 1, 20000) != 1)
			return false;
		buf_reserve(&b->in, 65536);
		n = read(b->sock, b->in.data + b->in.len, 65536);
		if (n <= 0)
			return !until;
		b->in.len += (size_t)n;
	}
}

static inline int box_tree_gone(void *arg, struct err *e)
{
	return file_remove_tree(AT_FDCWD, arg);
}

static inline void box_close(struct box *b)
{
	struct err e = { 0 };

	fd_close(b->sock);
	/* The monitor is on its way out: it still has the folder. */
	for (int i = 0; i < 1000 && state_monitored(b->dirfd); i++)
		usleep(5000);
	CHECK(!state_monitored(b->dirfd));
	fd_close(b->dirfd);
	fd_close(b->sockets);
	CHECK_INT(userns_call(box_realm.pidfd, CLONE_NEWUSER, box_tree_gone, b->dir, &e),
		  0);
	free(b->dir);
	runtimeconfig_done(&b->c);
	setup_done(&b->s);
	buf_done(&b->out);
	buf_done(&b->err);
	buf_done(&b->in);
}

/* Start to end with output. */
static inline void box_run(struct box *b)
{
	box_start(b, FRAME_WANT_STDOUT | FRAME_WANT_STDERR);
	CHECK(box_until(b, NULL));
}

/* What `payload ARGS` prints in a default container. */
#define CHECK_BOX(args_, want_) \
	do { \
		struct box box_; \
		box_open(&box_, args_); \
		box_run(&box_); \
		CHECK_STR(box_.error, ""); \
		CHECK_STR(buf_str(&box_.out), want_); \
		box_close(&box_); \
	} while (0)

#endif
