/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted into a container, and what images and volumes try. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "core/base/spawn.h"
#include "core/runtime/rootfs.h"
#include "tests/unit/runtime/box.h"

static void volume(struct box *b, const char *target, const char *options)
{
	autofree char *dir = path_join(b->dir, "volume");

	mkdir(dir, 0755);
	box_put(dir, "file", "data", 4, 0644);
	runtimeconfig_add_mount(&b->c, target, "bind", dir, options);
}

TEST(volumes)
{
	struct box b;
	char text[16] = "";

	if (!box_host())
		return;
	box_open(&b, "cat /v/a/file , write /v/a/new x , write /v/b/new y , ls /v/b , "
		     "mount /v/a");
	volume(&b, "/v/a", "rbind,rw");
	volume(&b, "/v/b", "rbind,ro");
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out), "dataok\nRead-only file system\nfile new\n"
				   "Operation not permitted\n");
	CHECK_INT(file_read_small(b.dirfd, "volume/new", text, sizeof(text)) >= 0, 1);
	CHECK_STR(text, "x");
	box_close(&b);
}

TEST(file_volume)
{
	struct box b;
	autofree char *file = NULL;

	if (!box_host())
		return;
	box_open(&b, "cat /etc/made/hosts , cat /etc/there , write /etc/made/hosts x");
	box_put(b.dir, "hosts", "h\n", 2, 0644);
	box_put(b.s.layers.v[0], "etc/there", "old\n", 4, 0644);
	file = path_join(b.dir, "hosts");
	runtimeconfig_add_mount(&b.c, "/etc/made/hosts", "bind", file, "rbind,ro");
	runtimeconfig_add_mount(&b.c, "/etc/there", "bind", file, "bind");
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out), "h\nh\nRead-only file system\n");
	box_close(&b);
	box_open(&b, "id");
	volume(&b, "/payload", "rbind");
	box_run(&b);
	CHECK_STR(b.error,
		  "mount on '/payload': not a directory: are you trying to mount a "
		  "directory onto a file (or vice-versa)?");
	CHECK_INT(b.code, 125);
	box_close(&b);
	box_open(&b, "id");
	runtimeconfig_add_mount(&b.c, "/v", "bind", "/nonexistent-source", "rbind");
	box_run(&b);
	CHECK_STR(b.error, "bind '/nonexistent-source': No such file or directory");
	box_close(&b);
}

TEST(tmpfs)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "stat /t , stat /tmp , write /tmp/x y , stat /u");
	fchmodat(AT_FDCWD, b.s.layers.v[0], 0755, 0);
	{
		autofree char *tmp = path_join(b.s.layers.v[0], "tmp");

		chmod(tmp, 01770);
	}
	runtimeconfig_add_mount(&b.c, "/t", "tmpfs", "tmpfs", "noexec,size=64k,mode=700");
	runtimeconfig_add_mount(&b.c, "/tmp", "tmpfs", "tmpfs", "nosuid,ro");
	runtimeconfig_add_mount(&b.c, "/u", "tmpfs", "tmpfs", "mode=755,uid=0,gid=0");
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out), "40700 0:0 0:0\n41770 0:0 0:0\nRead-only file system\n"
				   "40755 0:0 0:0\n");
	box_close(&b);
	box_open(&b, "id");
	runtimeconfig_add_mount(&b.c, "/t", "tmpfs", "tmpfs", "frobnicate=1");
	box_run(&b);
	CHECK(strstr(b.error, "frobnicate") != NULL);
	box_close(&b);
}

TEST(read_only_root)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b,
		 "write /x y , write /dev/shm/x y , write /v/x y , write /dev/null y , "
		 "remount /");
	volume(&b, "/v", "rbind");
	b.c.root_readonly = true;
	b.c.process.cap_bounding = b.c.process.cap_effective = b.c.process.cap_permitted =
		CAPABILITY_ALL;
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out),
		  "Read-only file system\nok\nok\nok\nOperation not permitted\n");
	box_close(&b);
}

TEST(folder_as_root)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "ls / , write /made x");
	str_set(&b.c.root_path, b.s.layers.v[0]);
	strv_reset(&b.s.layers);
	str_set(&b.s.upper, NULL);
	str_set(&b.s.work, NULL);
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out), "dev etc payload proc sys tmp\nok\n");
	CHECK_INT(faccessat(b.dirfd, "image/made", F_OK, 0), 0);
	box_close(&b);
}

/* Layers: the first is on top; whiteouts in the form that user.* attributes give. */
TEST(layers)
{
	struct box b;
	autofree char *top = NULL;
	char name[256];

	if (!box_host())
		return;
	box_open(&b, "cat /etc/a , cat /etc/b , ls /etc");
	box_put(b.s.layers.v[0], "etc/a", "low\n", 4, 0644);
	box_put(b.s.layers.v[0], "etc/b", "low\n", 4, 0644);
	memset(name, 'n', 250);
	name[250] = 0;
	/* So long that fsconfig(2) does not take it as it is. */
	box_mkdir(b.dir, name);
	top = str_fmt("%s/%s/top:,", b.dir, name);
	mkdir(top, 0755);
	box_mkdir(top, "etc");
	box_put(top, "etc/b", "top\n", 4, 0644);
	strv_push(&b.s.layers, str_dup(b.s.layers.v[0]));
	str_set(&b.s.layers.v[0], top);
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out), "low\ntop\na b\n");
	box_close(&b);
}

struct style {
	const struct rootfs *r;
	enum rootfs_style style;
};

static int by_style(void *arg, struct err *e)
{
	const struct style *s = arg;
	autoclose int fd = -1;

	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "unshare");
	fd = rootfs_attach_by(s->r, s->style, e);
	if (fd < 0)
		return fd;
	return faccessat(fd, "payload", X_OK, 0) < 0 ? err_sys(e, "payload") : 0;
}

/* The ways of older kernels give the same tree. */
TEST(overlay_styles)
{
	struct box b;
	struct err e = { 0 };

	if (!box_host())
		return;
	box_open(&b, "x");
	for (int style = ROOTFS_LIST; style <= ROOTFS_PAGE; style++) {
		struct rootfs r = { .layers = &b.s.layers,
				    .upper = b.s.upper,
				    .work = b.s.work };
		struct style s = { &r, (enum rootfs_style)style };

		CHECK_INT(userns_call(box_realm.pidfd, CLONE_NEWUSER, by_style, &s, &e),
			  0);
		CHECK_STR(e.text, "");
	}
	box_close(&b);
}

/* A hundred layers by each way. */
TEST(many_layers)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "ls /many");
	for (int i = 0; i < 200; i++) {
		autofree char *dir = str_fmt("%s/layer%d", b.dir, i);
		autofree char *many = str_fmt("%s/many", dir);

		mkdir(dir, 0755);
		mkdir(many, 0755);
		if (i % 100 == 0) {
			autofree char *file = str_fmt("f%d", i);

			box_put(many, file, "", 0, 0644);
		}
		strv_add(&b.s.layers, dir);
	}
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out), "f0 f100\n");
	box_close(&b);
}

static void evil(const char *name, const char *to, const char *error)
{
	struct box b;
	autofree char *path = NULL, *target = NULL;

	box_open(&b, "id");
	path = path_join(b.s.layers.v[0], name);
	target = path_join(b.dir, to);
	mkdir(target, 0777);
	CHECK_INT(rmdir(path), 0);
	CHECK_INT(symlink(target, path), 0);
	box_run(&b);
	CHECK_STR(b.error, error);
	CHECK_INT(b.code, 125);
	/* Nothing was made outside. */
	CHECK_INT(rmdir(target), 0);
	box_close(&b);
}

/* runc CVE-2026-41579 and its kin: nodes and links made where the link points. */
TEST(linked_dev_and_proc)
{
	if (!box_host())
		return;
	evil("dev", "trap", "'/dev' of the image is not a directory");
	evil("proc", "trap", "'/proc' of the image is not a directory");
	evil("sys", "trap", "'/sys' of the image is not a directory");
}

/* A target that leads outside by links or "..": it stays inside. */
TEST(linked_target)
{
	struct box b;
	autofree char *path = NULL;

	if (!box_host())
		return;
	box_open(&b, "cat /etc/there/file , ls /tmp");
	path = path_join(b.s.layers.v[0], "etc/link");
	CHECK_INT(symlink("../../../../../../tmp", path), 0);
	volume(&b, "/etc/link/deep", "rbind");
	volume(&b, "/../../etc/there", "rbind");
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out), "datadeep\n");
	CHECK_INT(access("/tmp/deep", F_OK), -1);
	box_close(&b);
}

TEST(proc_must_be_proc)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "id");
	volume(&b, "/proc", "rbind");
	box_run(&b);
	CHECK(str_ends(b.error, "cannot be mounted on '/proc': it is no procfs"));
	box_close(&b);
}

/* Working directory by a leaked descriptor (CVE-2024-21626): there is none to be had. */
TEST(leaky_vessel)
{
	struct box b;

	if (!box_host())
		return;
	for (int fd = 3; fd < 12; fd++) {
		box_open(&b, "pwd");
		free(b.c.process.cwd);
		b.c.process.cwd = str_fmt("/proc/self/fd/%d", fd);
		box_run(&b);
		CHECK_INT(b.code, 125);
		CHECK_STR(buf_str(&b.out), "");
		box_close(&b);
	}
}

TEST(extra_device)
{
	struct rt_device fuse = {
		.path = (char *)"/dev/fuse", .type = 'c', .major = 10, .minor = 229
	};
	struct rt_device wrong = {
		.path = (char *)"/dev/zero2", .type = 'c', .major = 250, .minor = 77
	};
	struct rt_device *one;
	struct box b;

	if (!box_host())
		return;
	if (access("/dev/fuse", R_OK | W_OK) < 0) {
		test_skip("no /dev/fuse for this user");
		return;
	}
	for (int i = 0; i < 2; i++) {
		box_open(&b, "open /dev/fuse");
		one = mem_new(struct rt_device);
		*one = i ? wrong : fuse;
		one->path = str_dup(one->path);
		b.c.devices = one;
		b.c.devices_len = 1;
		box_run(&b);
		CHECK_STR(b.error,
			  i ? "device '/dev/zero2' (c 250:77): No such device" : "");
		CHECK_STR(buf_str(&b.out), i ? "" : "ok\n");
		box_close(&b);
	}
}

TEST(privileged)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "status CapEff , mount /tmp , open /dev/fuse , "
		     "write /proc/sys/net/ipv4/ip_forward 1 , unshare 0x10000000");
	b.c.process.cap_bounding = b.c.process.cap_effective = b.c.process.cap_permitted =
		CAPABILITY_ALL;
	b.s.host_devices = b.s.systempaths_unconfined = true;
	box_run(&b);
	CHECK_STR(b.error, "");
	if (access("/dev/fuse", R_OK | W_OK) == 0)
		CHECK_STR(buf_str(&b.out), "000001ffffffffff\nok\nok\nok\nok\n");
	box_close(&b);
}

TEST(host_network_and_pids)
{
	struct box b;
	char own[64] = "", host[256];

	if (!box_host())
		return;
	CHECK(readlink("/proc/self/ns/net", own, sizeof(own) - 1) > 0);
	box_open(&b, "link /proc/self/ns/net , hostname , write /sys/kernel/x y , write "
		     "/sys/fs/cgroup/x y");
	b.c.namespaces &=
		~(unsigned)(RT_NS_NET | RT_NS_PID | RT_NS_UTS | RT_NS_IPC | RT_NS_CGROUP);
	box_run(&b);
	gethostname(host, sizeof(host));
	CHECK_STR(b.error, "");
	{
		autofree char *want = str_fmt("%s\n%s\nRead-only file system\n"
					      "Read-only file system\n",
					      own, host);

		CHECK_STR(buf_str(&b.out), want);
	}
	box_close(&b);
}

/* With the host's PID namespace, what the payload leaves behind ends with it. */
TEST(host_pid_orphans)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "orphan");
	b.c.namespaces &= ~(unsigned)RT_NS_PID;
	box_run(&b);
	CHECK_INT(b.code, 0);
	box_close(&b);
}

/* --network container:, --pid container:, --ipc container: with the other's users. */
TEST(join_container)
{
	static const struct {
		unsigned ns;
		const char *name;
	} kinds[] = { { RT_NS_USER, "user" },
		      { RT_NS_NET, "net" },
		      { RT_NS_PID, "pid" },
		      { RT_NS_IPC, "ipc" } };
	struct box a, b;
	struct state s;

	if (!box_host())
		return;
	for (int share_user = 0; share_user < 2; share_user++) {
		box_open(&a, "echo up , sleep 60000");
		box_start(&a, FRAME_WANT_STDOUT);
		CHECK(box_until(&a, "up"));
		CHECK_INT(state_read(a.dirfd, &s, NULL), 0);
		box_open(&b, "link /proc/self/ns/net , status CapEff , link /proc/1/exe");
		for (size_t i = share_user ? 0 : 1; i < ARRAY_LEN(kinds); i++)
			b.c.ns_path[__builtin_ctz(kinds[i].ns)] =
				str_fmt("/proc/%d/ns/%s", (int)s.pid, kinds[i].name);
		b.s.shares_pids = share_user;
		box_run(&b);
		CHECK_STR(b.error, "");
		{
			char net[64] = "";
			autofree char *path = str_fmt("/proc/%d/ns/net", (int)s.pid);
			autofree char *want = NULL;

			CHECK(readlink(path, net, sizeof(net) - 1) > 0);
			want = str_fmt("%s\n00000000800405fb\n/payload\n", net);
			if (share_user)
				CHECK_STR(buf_str(&b.out), want);
			else
				CHECK(strstr(buf_str(&b.out), net) != NULL);
		}
		box_close(&b);
		{
			autoclose int init = state_open_init(&s);

			pidfd_signal(init, SIGKILL);
		}
		CHECK(box_until(&a, NULL));
		box_close(&a);
	}
}

TEST(bad_configuration)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "id");
	str_set(&b.s.layers.v[0], "/nonexistent-layer");
	box_run(&b);
	CHECK(strstr(b.error, "overlay") != NULL);
	CHECK_INT(b.code, 125);
	box_close(&b);
	box_open(&b, "id");
	str_set(&b.s.log_driver, "syslog");
	box_run(&b);
	CHECK_STR(b.error, "log driver 'syslog' is unknown");
	box_close(&b);
	box_open(&b, "id");
	b.s.seccomp = str_dup("/nonexistent-filter");
	box_run(&b);
	CHECK_STR(b.error, "read the seccomp filter '/nonexistent-filter': "
			   "No such file or directory");
	box_close(&b);
}

/* --- older kernels ---------------------------------------------------------------------
 */

/* From here on these calls do not exist for this process and what it starts. */
static void forget_calls(void)
{
	static const int calls[] = { __NR_clone3,      __NR_openat2,
				     __NR_close_range, __NR_mount_setattr,
				     __NR_faccessat2,  __NR_renameat2 };
	struct sock_filter code[ARRAY_LEN(calls) + 3];
	struct sock_fprog prog = { .len = ARRAY_LEN(code), .filter = code };
	size_t n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		code[n++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i],
			(uint8_t)(ARRAY_LEN(calls) - i), 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[n++] =
		(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	CHECK_INT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	CHECK_INT(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog), 0);
}

/* Without clone3, openat2, close_range and mount_setattr (before 5.3 to 5.12). */
TEST(older_kernel)
{
	static const char want[] =
		"Read-only file system\nRead-only file system\n"
		"Operation not permitted\n20666 65534:65534 1:3\n"
		"core fd full mqueue null ptmx pts random shm stderr stdin "
		"stdout "
		"tty urandom zero\n0 1 2 \n00000000800405fb\n";
	pid_t pid;
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "write /v/b/x y , write /sys/x y , umount /proc , stat /proc/keys , "
		     "ls /dev , fds , status CapEff , exit 9");
	volume(&b, "/v/b", "bind,ro");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		forget_calls();
		box_run(&b);
		CHECK_STR(b.error, "");
		CHECK_STR(buf_str(&b.out), want);
		fflush(stdout);
		/* The parent judges by the code: its counter is not ours. */
		_exit(b.code == 9 && str_eq(buf_str(&b.out), want) ? 0 : 1);
	}
	CHECK_INT(spawn_wait(pid), 0);
	box_close(&b);
}
