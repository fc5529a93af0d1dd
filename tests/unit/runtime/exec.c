/* SPDX-License-Identifier: Apache-2.0 */
/* Further processes in a running container. */
#include "core/runtime/exec.h"

#include "tests/unit/runtime/box.h"

/* A container that waits, and a process description with its defaults. */
struct running {
	struct box box;
	struct state state;
	struct rt_process p;
	struct box x; /* hears the exec */
	pid_t pid;
};

static bool up(struct running *r)
{
	*r = (struct running){ 0 };
	box_open(&r->box, "echo up , sleep 60000");
	box_start(&r->box, FRAME_WANT_STDOUT);
	CHECK(box_until(&r->box, "up"));
	CHECK_INT(state_read(r->box.dirfd, &r->state, NULL), 0);
	r->p.cwd = str_dup("/");
	r->p.umask = 022;
	r->p.cap_bounding = r->p.cap_effective = r->p.cap_permitted = CAPABILITY_DEFAULT;
	strv_add(&r->p.env, "PATH=/");
	r->x = (struct box){ .sock = -1, .code = -1, .status = -1 };
	return r->state.status == STATE_RUNNING;
}

static void run(struct running *r, const char *args, bool open_stdin)
{
	autoclose int exe = box_exe();
	struct exec_spawn x = { .inner_fd = exe,
				.container_dirfd = r->box.dirfd,
				.state = &r->state,
				.process = &r->p,
				.open_stdin = open_stdin };
	struct err e = { 0 };

	strv_reset(&r->p.args);
	strv_split(&r->p.args, args, ' ');
	fd_close(r->x.sock);
	buf_done(&r->x.in);
	buf_done(&r->x.out);
	buf_done(&r->x.err);
	r->x = (struct box){ .sock = -1, .code = -1, .status = -1 };
	r->x.sock = exec_spawn(&x, &r->pid, &e);
	CHECK_STR(e.text, "");
}

static void down(struct running *r)
{
	autoclose int init = state_open_init(&r->state);

	pidfd_signal(init, SIGKILL);
	CHECK(box_until(&r->box, NULL));
	box_close(&r->box);
	runtimeconfig_done_process(&r->p);
	fd_close(r->x.sock);
	buf_done(&r->x.in);
	buf_done(&r->x.out);
	buf_done(&r->x.err);
}

TEST(exec)
{
	struct running r;

	if (!box_host())
		return;
	if (up(&r)) {
		run(&r,
		    "/payload id , status CapEff , status CapBnd , hostname , fds , warn "
		    "e , "
		    "ls / , rlimit 6 , env , exit 3",
		    false);
		CHECK(box_until(&r.x, NULL));
		CHECK_STR(r.x.error, "");
		CHECK_STR(buf_str(&r.x.out),
			  "0:0\n00000000800405fb\n00000000800405fb\nbox\n0 1 2 \n"
			  "dev etc payload proc sys tmp\n64:64\nPATH=/\n");
		CHECK_STR(buf_str(&r.x.err), "e\n");
		CHECK_INT(r.x.code, 3);
		CHECK_INT(r.x.status, STATE_RUNNING);
		CHECK(r.pid > 0);
	}
	down(&r);
}

TEST(exec_namespaces)
{
	static const char *const kinds[] = { "user", "mnt", "pid",    "net",
					     "ipc",  "uts", "cgroup", "time" };
	struct running r;

	if (!box_host())
		return;
	if (up(&r)) {
		for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
			autofree char *args =
				str_fmt("/payload link /proc/self/ns/%s , link "
					"/proc/1/ns/%s",
					kinds[i], kinds[i]);
			autostrv lines = { 0 };

			run(&r, args, false);
			CHECK(box_until(&r.x, NULL));
			strv_split(&lines, buf_str(&r.x.out), '\n');
			CHECK(lines.len == 3 && str_eq(lines.v[0], lines.v[1]));
		}
	}
	down(&r);
}

TEST(exec_errors)
{
	struct running r;

	if (!box_host())
		return;
	if (up(&r)) {
		run(&r, "nosuch", false);
		CHECK(box_until(&r.x, NULL));
		CHECK_STR(r.x.error,
			  "exec: \"nosuch\": executable file not found in $PATH");
		CHECK_INT(r.x.code, 127);
		run(&r, "/tmp", false);
		CHECK(box_until(&r.x, NULL));
		CHECK_INT(r.x.code, 126);
		str_set(&r.p.cwd, "/nowhere");
		run(&r, "/payload id", false);
		CHECK(box_until(&r.x, NULL));
		CHECK_STR(r.x.error,
			  "enter the working directory '/nowhere': No such file or "
			  "directory");
		CHECK_INT(r.x.code, 126);
		CHECK_STR(buf_str(&r.x.out), "");
	}
	down(&r);
}

TEST(exec_user)
{
	struct running r;

	if (!box_host())
		return;
	if (box_realm.uid.len == 1) {
		test_skip("only one ID is mapped");
		return;
	}
	if (up(&r)) {
		r.p.uid = r.p.gid = 33;
		r.p.cap_effective = r.p.cap_permitted = 0;
		run(&r, "/payload id , status CapEff , write /proc/self/fd/1 x", false);
		CHECK(box_until(&r.x, NULL));
		CHECK_STR(buf_str(&r.x.out), "33:33\n0000000000000000\nxok\n");
	}
	down(&r);
}

TEST(exec_stdin)
{
	struct running r;

	if (!box_host())
		return;
	if (up(&r)) {
		run(&r, "/payload cat", true);
		box_send(&r.x, FRAME_STDIN, "hello\n", 6);
		CHECK(box_until(&r.x, "hello\n"));
		box_send(&r.x, FRAME_STDIN, NULL, 0);
		CHECK(box_until(&r.x, NULL));
		CHECK_INT(r.x.code, 0);
		run(&r, "/payload cat , echo empty", false);
		CHECK(box_until(&r.x, NULL));
		CHECK_STR(buf_str(&r.x.out), "empty\n");
	}
	down(&r);
}

TEST(exec_terminal)
{
	uint8_t size[] = { 0, 40, 0, 100 };
	struct running r;

	if (!box_host())
		return;
	if (up(&r)) {
		r.p.terminal = true;
		r.p.rows = 10;
		r.p.cols = 20;
		run(&r, "/payload tty , signals", true);
		CHECK(box_until(&r.x, "ready"));
		box_send(&r.x, FRAME_RESIZE, size, sizeof(size));
		CHECK(box_until(&r.x, NULL));
		CHECK_STR(buf_str(&r.x.out), "/dev/pts/0 10x20 fg 1\r\nready\r\n"
					     "/dev/pts/0 40x100 fg 1\r\n");
	}
	down(&r);
}

/* It can signal the container's other processes, and they it. */
TEST(exec_signals)
{
	struct running r;

	if (!box_host())
		return;
	if (up(&r)) {
		run(&r, "/payload kill 1 0", false);
		CHECK(box_until(&r.x, NULL));
		CHECK_STR(buf_str(&r.x.out), "ok\n");
	}
	down(&r);
}

TEST(exec_ends_with_container)
{
	struct running r;

	if (!box_host())
		return;
	if (up(&r)) {
		run(&r, "/payload echo in , sleep 60000", false);
		CHECK(box_until(&r.x, "in"));
	}
	down(&r);
	CHECK_INT(r.state.status, STATE_RUNNING);
}

TEST(exec_detached)
{
	autoclose int exe = box_exe();
	struct running r;
	struct err e = { 0 };
	struct exec_spawn x = { .inner_fd = exe, .state = &r.state, .detach = true };

	if (!box_host())
		return;
	if (up(&r)) {
		x.container_dirfd = r.box.dirfd;
		x.process = &r.p;
		strv_reset(&r.p.args);
		strv_split(&r.p.args,
			   "/payload write /tmp/made yes , echo lost , cat , exit 4",
			   ' ');
		r.x.sock = exec_spawn(&x, &r.pid, &e);
		CHECK_STR(e.text, "");
		CHECK(box_until(&r.x, NULL));
		CHECK_INT(r.x.code, 4);
		CHECK_STR(buf_str(&r.x.out), "");
		CHECK_INT(faccessat(r.box.dirfd, "upper/tmp/made", F_OK, 0), 0);
	}
	down(&r);
}

TEST(exec_not_running)
{
	struct err e = { 0 };
	struct state s = { 0 };
	struct exec_spawn x = { .inner_fd = -1, .container_dirfd = -1, .state = &s };

	CHECK_INT(exec_spawn(&x, NULL, &e), -ESRCH);
	CHECK_STR(e.text, "the container is not running");
}
