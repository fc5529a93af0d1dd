/* SPDX-License-Identifier: Apache-2.0 */
/* The default confinement (SECURITY.md section 1), seen by a payload. */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "core/ns/landlock.h"
#include "tests/unit/runtime/box.h"

TEST(capabilities)
{
	if (!box_host())
		return;
	CHECK_BOX("status CapEff , status CapPrm , status CapBnd , status CapInh , "
		  "status CapAmb",
		  "00000000800405fb\n00000000800405fb\n00000000800405fb\n"
		  "0000000000000000\n0000000000000000\n");
}

TEST(user)
{
	struct box b;

	if (!box_host())
		return;
	if (box_realm.uid.len == 1) {
		test_skip("only one ID is mapped");
		return;
	}
	box_open(&b, "id , status CapEff , status CapPrm , status CapBnd , umask , write "
		     "/x y");
	b.c.process.uid = 33;
	b.c.process.gid = 34;
	b.c.process.umask = 027;
	b.c.process.cap_effective = b.c.process.cap_permitted = 0;
	strv_add(&b.c.process.additional_gids, "7");
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out), "33:34 7\n0000000000000000\n0000000000000000\n"
				   "00000000800405fb\n0027\nPermission denied\n");
	box_close(&b);
}

TEST(unmapped_user)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "id");
	b.c.process.uid = 4000000;
	box_run(&b);
	CHECK_STR(b.error, "user 4000000 is not in the ID map");
	CHECK_INT(b.code, 125);
	box_close(&b);
}

TEST(namespaces)
{
	static const char *const kinds[] = { "user", "mnt", "pid",    "net",
					     "ipc",  "uts", "cgroup", "time" };
	struct box b;

	if (!box_host())
		return;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		autofree char *path = str_fmt("/proc/self/ns/%s", kinds[i]);
		autofree char *args = str_fmt("link %s", path);
		char own[128] = "";

		CHECK(readlink(path, own, sizeof(own) - 1) > 0);
		box_open(&b, args);
		box_run(&b);
		CHECK(str_starts(buf_str(&b.out), kinds[i]));
		CHECK(strncmp(own, buf_str(&b.out), strlen(own)) != 0);
		box_close(&b);
	}
	CHECK_BOX("hostname , echo , cat /proc/self/setgroups", "box\n\nallow\n");
}

TEST(dev)
{
	if (!box_host())
		return;
	CHECK_BOX("ls /dev , stat /dev/null , stat /dev/zero , stat /dev/full , stat "
		  "/dev/random , "
		  "stat /dev/urandom , stat /dev/tty , link /dev/ptmx , link /dev/fd , "
		  "link /dev/stdin , open /dev/null , open /dev/ptmx , mknod /dev/x",
		  "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty "
		  "urandom "
		  "zero\n"
		  "20666 65534:65534 1:3\n20666 65534:65534 1:5\n20666 65534:65534 1:7\n"
		  "20666 65534:65534 1:8\n20666 65534:65534 1:9\n20666 65534:65534 5:0\n"
		  "pts/ptmx\n/proc/self/fd\n/proc/self/fd/0\nok\nok\nOperation not "
		  "permitted\n");
}

TEST(masks)
{
	if (!box_host())
		return;
	CHECK_BOX("cat /proc/keys , cat /proc/timer_list , ls /sys/firmware , "
		  "write /sys/firmware/x y , write /sys/kernel/x y , stat /proc/keys",
		  "\nRead-only file system\nRead-only file system\n"
		  "20666 65534:65534 1:3\n");
}

/* What was mounted before the nested user namespace stays on, even with the capability.
 */
TEST(masks_are_locked)
{
	struct box b;

	if (!box_host())
		return;
	box_open(
		&b,
		"umount /proc/keys , umount /sys/firmware , umount /proc , umount /sys , "
		"remount /proc/sys , mount /tmp , umount /tmp , umount /dev , "
		"write /proc/sys/net/ipv4/ip_forward 1");
	b.c.process.cap_bounding = b.c.process.cap_effective = b.c.process.cap_permitted =
		CAPABILITY_ALL;
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(
		buf_str(&b.out),
		"Invalid argument\nInvalid argument\nInvalid argument\nInvalid argument\n"
		"Operation not permitted\nok\nok\nInvalid argument\nRead-only file "
		"system\n");
	box_close(&b);
}

TEST(unconfined_paths)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "stat /proc/keys , stat /proc/sys/kernel/hostname");
	b.s.systempaths_unconfined = true;
	box_run(&b);
	CHECK(str_starts(buf_str(&b.out), "100444 "));
	box_close(&b);
}

TEST(descriptors)
{
	autoclose int leak =
		open("/", O_RDONLY); /* not close-on-exec, as a shell's may be */

	if (!box_host())
		return;
	CHECK_BOX("fds", "0 1 2 \n");
}

/* The executable that monitors run from cannot be reached, still less written. */
TEST(own_executable)
{
	if (!box_host())
		return;
	CHECK_BOX("link /proc/1/exe , ls /proc/1/fd", "/payload\n0 1 2 3\n");
}

/* The kernel's own refusal, and a profile that kills nothing: mode 2 shows. */
TEST(seccomp)
{
	struct sock_filter deny[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mount, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTEMPTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct box b;

	if (!box_host())
		return;
	for (int nnp = 0; nnp < 2; nnp++) {
		box_open(&b, "status Seccomp , status NoNewPrivs , status CapEff , mount "
			     "/tmp");
		box_put(b.dir, "filter", deny, sizeof(deny), 0600);
		b.s.seccomp = path_join(b.dir, "filter");
		b.c.process.no_new_privileges = nnp;
		box_run(&b);
		CHECK_STR(b.error, "");
		CHECK_STR(buf_str(&b.out),
			  nnp ? "2\n1\n00000000800405fb\nDirectory not empty\n"
			      : "2\n0\n00000000800405fb\nDirectory not empty\n");
		box_close(&b);
	}
	box_open(&b, "id");
	box_put(b.dir, "filter", deny, 7, 0600);
	b.s.seccomp = path_join(b.dir, "filter");
	box_run(&b);
	CHECK_STR(b.error, "the compiled seccomp filter is damaged");
	CHECK_INT(b.code, 125);
	box_close(&b);
}

TEST(keyring)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "cat /proc/keys");
	b.s.systempaths_unconfined = true;
	box_run(&b);
	/* Its own session keyring, by the container's ID. */
	CHECK(strstr(buf_str(&b.out), "0123456789abcdef") != NULL);
	box_close(&b);
}

TEST(process_limit)
{
	struct box b, c;

	if (!box_host())
		return;
	box_open(&b, "forks 200");
	box_open(&c, "forks 200");
	/* Two at once: each has its own count. */
	box_start(&b, FRAME_WANT_STDOUT);
	box_start(&c, FRAME_WANT_STDOUT);
	CHECK(box_until(&b, NULL) && box_until(&c, NULL));
	CHECK_STR(buf_str(&b.out), "63\n");
	CHECK_STR(buf_str(&c.out), "63\n");
	box_close(&b);
	box_close(&c);
}

static int abstract_listener(const char *name)
{
	struct sockaddr_un u = { .sun_family = AF_UNIX };
	size_t n = strlen(name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(u.sun_path + 1, name, n);
	CHECK_INT(bind(fd, (void *)&u,
		       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n)),
		  0);
	listen(fd, 1);
	return fd;
}

/* With the host's network its abstract sockets would be in reach (CVE-2020-15257). */
TEST(landlock_scopes)
{
	autofree char *name = str_fmt("rootless-test-%d", (int)getpid());
	autofree char *args = NULL;
	autoclose int sock = -1;
	struct box b;

	if (!box_host())
		return;
	sock = abstract_listener(name);
	args = str_fmt("abstract %s , kill %d 0 , kill 1 0", name, (int)getpid());
	for (int fenced = 0; fenced < 2; fenced++) {
		box_open(&b, args);
		b.s.landlock_scopes = fenced;
		b.c.namespaces &= ~(unsigned)(RT_NS_NET | RT_NS_PID);
		box_run(&b);
		CHECK_STR(b.error, "");
		if (!fenced)
			CHECK(str_starts(buf_str(&b.out), "ok\nok\n"));
		else if (landlock_abi() >= 6)
			CHECK_STR(buf_str(&b.out), "Operation not permitted\n"
						   "Operation not permitted\n"
						   "Operation not permitted\n");
		box_close(&b);
	}
}

TEST(limits)
{
	struct box b;

	if (!box_host())
		return;
	/* RLIMIT_NOFILE is 7, RLIMIT_CORE 4, RLIMIT_NPROC 6. */
	box_open(&b, "rlimit 7 , rlimit 4 , rlimit 6");
	runtimeconfig_add_rlimit(&b.c, "RLIMIT_NOFILE", 1000, 1001);
	runtimeconfig_add_rlimit(&b.c, "RLIMIT_CORE", 0, 0);
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out), "1000:1001\n0:0\n64:64\n");
	box_close(&b);
	box_open(&b, "id");
	runtimeconfig_add_rlimit(&b.c, "RLIMIT_NOFILE", 1u << 30, 1u << 30);
	box_run(&b);
	CHECK(str_starts(b.error,
			 "set limit 'nofile' to 1073741824:1073741824: this user's own "
			 "hard limit is "));
	box_close(&b);
}

TEST(oom_score)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "cat /proc/self/oom_score_adj");
	b.c.process.has_oom_score_adj = true;
	b.c.process.oom_score_adj = 500;
	box_run(&b);
	CHECK_STR(buf_str(&b.out), "500\n");
	box_close(&b);
	box_open(&b, "id");
	b.c.process.has_oom_score_adj = true;
	b.c.process.oom_score_adj = -500;
	box_run(&b);
	CHECK_STR(b.error,
		  "set the OOM score to -500: without root it can only be raised");
	box_close(&b);
}

TEST(host_user_namespace)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "id , status CapEff , hostname");
	b.c.namespaces &= ~(unsigned)RT_NS_USER;
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out), "0:0\n00000000800405fb\nbox\n");
	box_close(&b);
}

/* The user's own ID at its host number. */
TEST(keep_id)
{
	struct rt_idmap map[3] = { { 0, 1, 1500 }, { 1500, 0, 1 }, { 1501, 1501, 1000 } };
	struct box b;

	if (!box_host())
		return;
	if (box_realm.uid.len == 1) {
		test_skip("only one ID is mapped");
		return;
	}
	box_open(&b, "id , write /tmp/x y , stat /tmp/x , stat /dev/shm , stat /dev");
	b.c.uid_maps = mem_dup(map, sizeof(map));
	b.c.gid_maps = mem_dup(map, sizeof(map));
	b.c.uid_maps_len = b.c.gid_maps_len = 3;
	b.c.process.uid = b.c.process.gid = 1500;
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out), "1500:1500\nok\n100644 1500:1500 0:0\n41777 0:0 0:0\n"
				   "40755 0:0 0:0\n");
	box_close(&b);
	map[2].size = 5000000;
	box_open(&b, "id");
	b.c.uid_maps = mem_dup(map, sizeof(map));
	b.c.uid_maps_len = 3;
	box_run(&b);
	CHECK_STR(b.error, "the container's ID map is not within the caller's IDs");
	box_close(&b);
}

TEST(sysctl)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "cat /proc/sys/net/ipv4/ip_forward , cat /proc/sys/kernel/shmmni");
	strv_add(&b.c.sysctl, "net.ipv4.ip_forward=1");
	strv_add(&b.c.sysctl, "kernel.shmmni=123");
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out), "1\n123\n");
	box_close(&b);
	box_open(&b, "id");
	strv_add(&b.c.sysctl, "vm.swappiness=1");
	box_run(&b);
	CHECK_STR(b.error,
		  "sysctl 'vm.swappiness' is not in a namespace of this container's own");
	box_close(&b);
}
