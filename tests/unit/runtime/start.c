/* SPDX-License-Identifier: Apache-2.0 */
/* Containers from the start to the end, on real kernels' parts. */
#include "tests/unit/runtime/box.h"

TEST(hello)
{
	struct box b;
	struct state s;

	if (!box_host())
		return;
	box_open(&b, "echo hello , warn oops , exit 7");
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out), "hello\n");
	CHECK_STR(buf_str(&b.err), "oops\n");
	CHECK_INT(b.code, 7);
	CHECK_INT(b.status, STATE_RUNNING);
	CHECK_INT(state_read(b.dirfd, &s, NULL), 0);
	CHECK_INT(s.status, STATE_EXITED);
	CHECK_INT(s.exit_code, 7);
	CHECK(s.started > 0 && s.finished >= s.started);
	CHECK_INT(s.pid, 0);
	box_close(&b);
}

static void fails(const char *program, int code, const char *error)
{
	struct box b;

	box_open(&b, "x");
	strv_reset(&b.c.process.args);
	strv_add(&b.c.process.args, program);
	box_put(b.s.layers.v[0], "plain", "x", 1, 0644);
	box_put(b.s.layers.v[0], "garbage", "x", 1, 0755);
	box_put(b.s.layers.v[0], "script", "#!/nowhere\n", 11, 0755);
	box_run(&b);
	CHECK_STR(b.error, error);
	CHECK_INT(b.code, code);
	box_close(&b);
}

TEST(exec_errors)
{
	if (!box_host())
		return;
	fails("nosuch", 127, "exec: \"nosuch\": executable file not found in $PATH");
	fails("", 127, "exec: \"\": executable file not found in $PATH");
	fails("/nosuch", 127,
	      "exec: \"/nosuch\": stat /nosuch: no such file or directory");
	fails("/plain", 126, "exec: \"/plain\": permission denied");
	fails("plain", 126, "exec: \"plain\": permission denied");
	fails("/tmp", 126, "exec: \"/tmp\": is a directory: permission denied");
	fails("/garbage", 126, "exec /garbage: exec format error");
	fails("/script", 127, "exec /script: no such file or directory");
}

TEST(environment)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "env , pwd , fds");
	b.c.process.args.v[0][0] = 0;
	str_set(&b.c.process.args.v[0], "payload"); /* by PATH=/bin:/ */
	strv_add(&b.c.process.env, "A=b c");
	str_set(&b.c.process.cwd, "/made/here");
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out), "PATH=/bin:/\nA=b c\n/made/here\n0 1 2 \n");
	box_close(&b);
}

TEST(signal_codes)
{
	struct box b;
	struct state s;
	int fd;

	if (!box_host())
		return;
	box_open(&b, "echo up , sleep 60000");
	box_start(&b, FRAME_WANT_STDOUT);
	CHECK(box_until(&b, "up"));
	CHECK_INT(state_read(b.dirfd, &s, NULL), 0);
	CHECK_INT(s.status, STATE_RUNNING);
	CHECK(s.monitor_pid > 0 && state_monitored(b.dirfd));
	fd = state_open_init(&s);
	CHECK(fd >= 0);
	CHECK_INT(pidfd_signal(fd, SIGKILL), 0);
	CHECK(box_until(&b, NULL));
	CHECK_INT(b.code, 137);
	CHECK_INT(state_open_init(&s), -ESRCH);
	fd_close(fd);
	box_close(&b);
}

TEST(caught_signal)
{
	struct box b;
	struct state s;
	int fd;

	if (!box_host())
		return;
	box_open(&b, "signals");
	box_start(&b, FRAME_WANT_STDOUT);
	CHECK(box_until(&b, "ready"));
	CHECK_INT(state_read(b.dirfd, &s, NULL), 0);
	fd = state_open_init(&s);
	CHECK_INT(pidfd_signal(fd, SIGTERM), 0);
	CHECK(box_until(&b, NULL));
	CHECK_STR(buf_str(&b.out), "ready\ncaught 15\n");
	CHECK_INT(b.code, 0);
	fd_close(fd);
	box_close(&b);
}

TEST(init_reaps_and_forwards)
{
	struct box b;
	struct state s;
	int fd;

	if (!box_host())
		return;
	box_open(&b, "orphan , signals , exit 5");
	b.s.init = true;
	box_start(&b, FRAME_WANT_STDOUT);
	CHECK(box_until(&b, "ready"));
	CHECK_INT(state_read(b.dirfd, &s, NULL), 0);
	fd = state_open_init(&s);
	CHECK_INT(pidfd_signal(fd, SIGUSR1), 0);
	CHECK(box_until(&b, NULL));
	CHECK(str_starts(buf_str(&b.out), "zombies 0 pid "));
	CHECK(!strstr(buf_str(&b.out), " pid 1\n"));
	CHECK(str_ends(buf_str(&b.out), "ready\ncaught 10\n"));
	CHECK_INT(b.code, 5);
	fd_close(fd);
	box_close(&b);
	box_open(&b, "raise 9");
	b.s.init = true;
	box_run(&b);
	CHECK_INT(b.code, 137);
	box_close(&b);
	box_open(&b, "x");
	b.s.init = true;
	str_set(&b.c.process.args.v[0], "/nosuch");
	box_run(&b);
	CHECK_STR(b.error, "exec: \"/nosuch\": stat /nosuch: no such file or directory");
	CHECK_INT(b.code, 127);
	box_close(&b);
}

TEST(standard_input)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "cat");
	b.s.open_stdin = b.s.stdin_once = true;
	box_start(&b, FRAME_WANT_STDIN | FRAME_WANT_STDOUT);
	box_send(&b, FRAME_STDIN, "one ", 4);
	box_send(&b, FRAME_STDIN, "two\n", 4);
	CHECK(box_until(&b, "one two\n"));
	box_send(&b, FRAME_STDIN, NULL, 0);
	CHECK(box_until(&b, NULL));
	CHECK_INT(b.code, 0);
	box_close(&b);
	/* Without stdin it is at its end at once. */
	CHECK_BOX("cat , echo done", "done\n");
}

/* Much more than any buffer holds, through the container and back. */
TEST(bulk)
{
	enum { TOTAL = 3 << 20, STEP = 60000 };
	autofree char *data = mem_alloc(STEP);
	struct box b;
	size_t sent = 0;

	if (!box_host())
		return;
	box_open(&b, "cat");
	b.s.open_stdin = b.s.stdin_once = true;
	box_start(&b, FRAME_WANT_STDIN | FRAME_WANT_STDOUT);
	memset(data, 'a', STEP);
	while (sent < TOTAL) {
		box_send(&b, FRAME_STDIN, data, STEP);
		sent += STEP;
		/* Hear what is there, or both sides would wait for each other. */
		for (struct pollfd p = { b.sock, POLLIN, 0 };
		     b.out.len + (1u << 16) < sent && poll(&p, 1, 10000) == 1;) {
			size_t had = b.out.len;
			struct frame f;
			size_t used;
			ssize_t n;

			buf_reserve(&b.in, 65536);
			n = read(b.sock, b.in.data + b.in.len, 65536);
			CHECK(n > 0);
			b.in.len += n > 0 ? (size_t)n : 0;
			while (frame_parse((uint8_t *)b.in.data, b.in.len, &f, &used) ==
			       1) {
				box_frame(&b, &f);
				buf_consume(&b.in, used);
			}
			if (n <= 0 || b.out.len < had)
				return;
		}
	}
	box_send(&b, FRAME_STDIN, NULL, 0);
	CHECK(box_until(&b, NULL));
	CHECK_INT(b.out.len, sent);
	CHECK_INT(b.code, 0);
	box_close(&b);
}

/* The starter does not read: the container waits, nothing is lost, nothing grows. */
TEST(backpressure)
{
	struct box b;
	struct state s;
	char status[2048];
	autofree char *path = NULL;

	if (!box_host())
		return;
	box_open(&b, "spam 8388608");
	b.s.log_driver[0] = 0;
	box_start(&b, FRAME_WANT_STDOUT);
	usleep(300000);
	CHECK_INT(state_read(b.dirfd, &s, NULL), 0);
	CHECK_INT(s.status, STATE_RUNNING);
	path = str_fmt("/proc/%d/status", (int)s.monitor_pid);
	CHECK(file_read_small(AT_FDCWD, path, status, sizeof(status)) >= 0);
	CHECK(box_until(&b, NULL));
	CHECK_INT(b.out.len, 8388608);
	CHECK_INT(b.code, 0);
	box_close(&b);
}

TEST(terminal)
{
	uint8_t size[] = { 0, 40, 0, 100 };
	struct box b;
	struct state s;

	if (!box_host())
		return;
	box_open(&b, "tty , stat /dev/console , signals");
	b.s.terminal = b.s.open_stdin = true;
	b.c.process.rows = 24;
	b.c.process.cols = 80;
	box_start(&b, FRAME_WANT_STDIN | FRAME_WANT_STDOUT);
	CHECK(box_until(&b, "ready"));
	box_send(&b, FRAME_RESIZE, size, sizeof(size));
	CHECK(box_until(&b, NULL));
	CHECK_STR(buf_str(&b.out), "/dev/pts/0 24x80 fg 1\r\n20620 0:5 136:0\r\nready\r\n"
				   "/dev/pts/0 40x100 fg 1\r\n");
	box_close(&b);
	/* Control-C is the terminal's to turn into a signal. */
	box_open(&b, "signals");
	b.s.terminal = b.s.open_stdin = true;
	box_start(&b, FRAME_WANT_STDIN | FRAME_WANT_STDOUT);
	CHECK(box_until(&b, "ready"));
	box_send(&b, FRAME_STDIN, "\3", 1);
	CHECK(box_until(&b, NULL));
	CHECK(strstr(buf_str(&b.out), "caught 2") != NULL);
	CHECK_INT(state_read(b.dirfd, &s, NULL), 0);
	box_close(&b);
}

TEST(terminal_with_init)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "tty");
	b.s.terminal = b.s.init = true;
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out), "/dev/pts/0 0x0 fg 1\r\n");
	box_close(&b);
}

TEST(terminal_of_user)
{
	struct box b;

	if (!box_host())
		return;
	if (box_realm.uid.len == 1) {
		test_skip("only one ID is mapped");
		return;
	}
	box_open(&b, "stat /dev/pts/0 , open /dev/pts/0 , open /dev/tty");
	b.s.terminal = true;
	b.c.process.uid = b.c.process.gid = 33;
	box_run(&b);
	CHECK_STR(buf_str(&b.out), "20620 33:5 136:0\r\nok\r\nok\r\n");
	box_close(&b);
	box_open(&b, "write /proc/self/fd/1 x");
	b.c.process.uid = b.c.process.gid = 33;
	box_run(&b);
	CHECK_STR(buf_str(&b.out), "xok\n");
	box_close(&b);
}

TEST(attach_later)
{
	uint8_t want = FRAME_WANT_STDOUT | FRAME_WANT_STDIN;
	struct err e = { 0 };
	struct box b;
	int first;

	if (!box_host())
		return;
	box_open(&b, "cat");
	b.s.open_stdin = true;
	box_start(&b, 0);
	first = b.sock;
	b.sock = -1;
	for (int i = 0; i < 5000 && b.sock < 0; i++, usleep(1000))
		b.sock = monitor_connect(b.sockets, &e);
	box_send(&b, FRAME_ATTACH, &want, 1);
	box_send(&b, FRAME_STDIN, "through\n", 8);
	CHECK(box_until(&b, "through\n"));
	CHECK_INT(b.status, STATE_RUNNING);
	/* Leaving does not end it: stdin_once is off. */
	fd_close(b.sock);
	b.sock = monitor_connect(b.sockets, &e);
	CHECK(b.sock >= 0);
	buf_reset(&b.out);
	buf_reset(&b.in);
	box_send(&b, FRAME_ATTACH, &want, 1);
	box_send(&b, FRAME_STDIN, "again\n", 6);
	CHECK(box_until(&b, "again\n"));
	/* A client that breaks the rules is dropped, and nobody else. */
	{
		autoclose int bad = monitor_connect(b.sockets, &e);
		char byte;

		CHECK_INT(fd_write_all(bad, "\7\7\7\7\7\7\7\7\7\7\7\7", 12), 0);
		while (read(bad, &byte, 1) == 1)
			;
	}
	{
		struct state s;
		autoclose int init = -1;

		CHECK_INT(state_read(b.dirfd, &s, NULL), 0);
		init = state_open_init(&s);
		pidfd_signal(init, SIGKILL);
	}
	CHECK(box_until(&b, NULL));
	CHECK_INT(b.code, 137);
	fd_close(first);
	CHECK_INT(monitor_connect(b.sockets, &e) < 0, 1);
	box_close(&b);
}

TEST(log_and_rotation)
{
	autobuf text = { 0 };
	struct box b;
	struct stat st;

	if (!box_host())
		return;
	box_open(&b, "echo a\"b , warn <e>");
	box_run(&b);
	CHECK_INT(file_read(b.dirfd, "log/container.log", 1 << 20, &text), 0);
	CHECK(strstr(buf_str(&text),
		     "{\"log\":\"a\\\"b\\n\",\"stream\":\"stdout\",\"time\":\"2"));
	CHECK(strstr(buf_str(&text),
		     "{\"log\":\"\\u003ce\\u003e\\n\",\"stream\":\"stderr\","));
	box_close(&b);
	box_open(&b, "spam 200000");
	b.s.log_max_size = 30000;
	box_start(&b, 0);
	CHECK(box_until(&b, NULL));
	CHECK_INT(fstatat(b.dirfd, "log/container.log.2", &st, 0), 0);
	CHECK(st.st_size >= 30000 && st.st_size < 31000);
	CHECK_INT(fstatat(b.dirfd, "log/container.log.3", &st, 0), -1);
	CHECK_INT(fstatat(b.dirfd, "log/container.log", &st, 0), 0);
	box_close(&b);
}

TEST(monitor_killed)
{
	struct box b;
	struct state s;
	struct pollfd p;
	autoclose int init = -1;

	if (!box_host())
		return;
	box_open(&b, "echo up , sleep 60000");
	box_start(&b, FRAME_WANT_STDOUT);
	CHECK(box_until(&b, "up"));
	CHECK_INT(state_read(b.dirfd, &s, NULL), 0);
	init = state_open_init(&s);
	CHECK(init >= 0);
	kill(s.monitor_pid, SIGKILL);
	/* The container goes with it, so that nothing runs that nobody minds. */
	p = (struct pollfd){ .fd = init, .events = POLLIN };
	CHECK_INT(poll(&p, 1, 20000), 1);
	CHECK(box_until(&b, NULL));
	CHECK_INT(b.code, -1);
	CHECK_INT(state_read(b.dirfd, &s, NULL), 0);
	CHECK_INT(s.status,
		  STATE_RUNNING); /* the next command sees that it is not true */
	CHECK_INT(state_open_init(&s), -ESRCH);
	CHECK(!state_monitored(b.dirfd));
	box_close(&b);
}

/* PID of the monitor's pump; once it is there. */
static pid_t pump_of(pid_t monitor)
{
	autofree char *path =
		str_fmt("/proc/%d/task/%d/children", (int)monitor, (int)monitor);
	char text[256], comm[64];

	for (int tries = 0; tries < 1000; tries++, usleep(2000)) {
		autostrv pids = { 0 };

		if (file_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
			return 0;
		strv_split(&pids, text, ' ');
		for (size_t i = 0; i < pids.len; i++) {
			autofree char *name = str_fmt("/proc/%s/comm", pids.v[i]);

			if (file_read_small(AT_FDCWD, name, comm, sizeof(comm)) >= 0 &&
			    str_eq(comm, "rootless-pump\n"))
				return (pid_t)strtol(pids.v[i], NULL, 10);
		}
	}
	return 0;
}

TEST(pump_killed)
{
	uint8_t want = FRAME_WANT_STDOUT;
	autoclose int init = -1;
	autobuf text = { 0 };
	struct err e = { 0 };
	struct state s;
	struct box b;
	pid_t pump;

	if (!box_host())
		return;
	box_open(&b, "signals");
	box_start(&b, want);
	CHECK(box_until(&b, "ready\n"));
	CHECK_INT(state_read(b.dirfd, &s, NULL), 0);
	pump = pump_of(s.monitor_pid);
	CHECK(pump > 0);
	kill(pump, SIGKILL);
	CHECK(box_until(&b, NULL));
	fd_close(b.sock);
	/* The next one takes over. */
	b.sock = monitor_connect(b.sockets, &e);
	CHECK_STR(e.text, "");
	buf_reset(&b.in);
	box_send(&b, FRAME_ATTACH, &want, 1);
	b.status = -1;
	init = state_open_init(&s);
	pidfd_signal(init, SIGTERM);
	CHECK(box_until(&b, NULL));
	CHECK_INT(b.code, 0);
	CHECK_INT(file_read(b.dirfd, "log/container.log", 1 << 20, &text), 0);
	CHECK(strstr(buf_str(&text), "ready\\n") &&
	      strstr(buf_str(&text), "caught 15\\n"));
	box_close(&b);
}

/* A monitor that has not been told to go on. */
static void spawn_unstarted(struct box *b)
{
	autoclose int exe = box_exe();
	struct err e = { 0 };

	box_write(b);
	b->sock = monitor_spawn(&(struct monitor_spawn){ .inner_fd = exe,
							 .container_dirfd = b->dirfd,
							 .socket_dirfd = b->sockets,
							 .realm_pidfd = box_realm.pidfd },
				&e);
	CHECK_STR(e.text, "");
}

static void undo(struct box *b)
{
	b->sock = fd_close(b->sock);
	for (int i = 0; i < 1000 && state_monitored(b->dirfd); i++)
		usleep(5000);
	CHECK(!state_monitored(b->dirfd));
}

TEST(undone_before_start)
{
	struct state s;
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "write /tmp/x y");
	spawn_unstarted(&b);
	usleep(50000);
	undo(&b);
	state_read(b.dirfd, &s, NULL);
	CHECK_INT(s.status, STATE_CREATED);
	CHECK_INT(faccessat(b.dirfd, "upper/tmp/x", F_OK, 0), -1);
	box_close(&b);
}

/* A client that goes away while a container is being made: who hears of the monitor's end
 * may remove the folder, so nobody may work in it any more. */
TEST(undone_while_made)
{
	struct pollfd maker = { .fd = -1 };
	autofree char *fifo = NULL;
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "write /tmp/x y");
	fifo = path_join(b.dir, BOX_FIFO);
	CHECK_INT(mkfifo(fifo, 0600), 0);
	spawn_unstarted(&b);
	maker.fd = open(fifo, O_WRONLY | O_CLOEXEC); /* the setup process has it */
	undo(&b);
	CHECK_INT(poll(&maker, 1, 0), 1);
	CHECK((maker.revents & POLLERR) != 0);
	fd_close(maker.fd);
	box_close(&b);
}

TEST(only_once)
{
	autoclose int exe = box_exe();
	struct err e = { 0 };
	struct box b;
	int first;

	if (!box_host())
		return;
	box_open(&b, "echo up , cat");
	b.s.open_stdin = b.s.stdin_once = true;
	box_start(&b, FRAME_WANT_STDOUT | FRAME_WANT_STDIN);
	CHECK(box_until(&b, "up"));
	first = b.sock;
	buf_reset(&b.in);
	b.sock = monitor_spawn(&(struct monitor_spawn){ .inner_fd = exe,
							.container_dirfd = b.dirfd,
							.socket_dirfd = b.sockets,
							.realm_pidfd = box_realm.pidfd },
			       &e);
	CHECK(box_until(&b, NULL));
	CHECK_STR(b.error, "the container is already running");
	CHECK_INT(b.code, 125);
	fd_close(b.sock);
	b.sock = first;
	b.code = -1;
	box_send(&b, FRAME_STDIN, NULL, 0);
	CHECK(box_until(&b, NULL));
	CHECK_INT(b.code, 0);
	box_close(&b);
}

TEST(started_again)
{
	struct box b;

	if (!box_host())
		return;
	box_open(&b, "ls /tmp , write /tmp/kept x");
	box_run(&b);
	CHECK_STR(buf_str(&b.out), "\nok\n");
	fd_close(b.sock);
	for (int i = 0; i < 1000 && state_monitored(b.dirfd); i++)
		usleep(5000);
	buf_reset(&b.out);
	box_run(&b);
	CHECK_STR(buf_str(&b.out), "kept\nok\n");
	box_close(&b);
}

/* A starter that reads nothing more holds up neither the end of the container nor the
 * next start. */
TEST(reader_asleep)
{
	struct box b;
	struct state s;

	if (!box_host())
		return;
	box_open(&b, "spam 40960");
	box_start(&b, FRAME_WANT_STDOUT);
	for (int i = 0; i < 2000; i++, usleep(5000)) {
		if (state_read(b.dirfd, &s, NULL) == 0 && s.status == STATE_EXITED &&
		    !state_monitored(b.dirfd))
			break;
	}
	CHECK_INT(s.status, STATE_EXITED);
	CHECK(!state_monitored(b.dirfd));
	CHECK(box_until(&b, NULL));
	CHECK_INT(b.out.len, 40960);
	CHECK_INT(b.code, 0);
	box_close(&b);
}
