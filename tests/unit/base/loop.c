/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "tests/unit/test.h"

static void stop(struct loop *l, void *arg)
{
	loop_stop(l, *(int *)arg);
}

TEST(stops_with_a_code)
{
	struct loop *l = loop_new();
	int code = 42;
	int64_t before = time_monotonic();

	loop_timer_add(l, 5, stop, &code);
	CHECK_INT(loop_run(l), 42);
	CHECK(time_monotonic() - before >= 5000000);
	loop_free(l);
	loop_free(NULL);
}

struct order {
	struct loop_timer *timer[6];
	char text[16];
	int n;
};

static struct order *noted(void *arg, char c)
{
	struct order *o = arg;

	if (o->n < 15)
		o->text[o->n++] = c;
	return o;
}

static void note_a(struct loop *l, void *arg)
{
	struct order *o = noted(arg, 'a');

	/* Deleting itself, and one that would fire next. */
	loop_timer_del(o->timer[0]);
	loop_timer_del(o->timer[1]);
}

static void note_b(struct loop *l, void *arg)
{
	noted(arg, 'b');
}

static void note_c(struct loop *l, void *arg)
{
	struct order *o = noted(arg, 'c');

	if (o->n < 4)
		loop_timer_set(o->timer[2], 1);
	else
		loop_stop(l, 0);
}

TEST(timers_in_order)
{
	struct loop *l = loop_new();
	struct order o = { 0 };

	o.timer[2] = loop_timer_add(l, 6, note_c, &o);
	o.timer[1] = loop_timer_add(l, 4, note_b, &o);
	o.timer[0] = loop_timer_add(l, 2, note_a, &o);
	o.timer[3] = loop_timer_add(l, UINT64_MAX, note_b, &o);
	o.timer[4] = loop_timer_add(l, 1, note_b, &o);
	loop_timer_set(o.timer[4], 1000000);
	CHECK_INT(loop_run(l), 0);
	CHECK_STR(o.text, "accc");
	loop_free(l);
}

static void count_down(struct loop *l, void *arg)
{
	if (--*(int *)arg == 0)
		loop_stop(l, 0);
}

TEST(many_timers)
{
	struct loop *l = loop_new();
	struct loop_timer *t[300];
	int left = 200;

	for (int i = 0; i < 300; i++)
		t[i] = loop_timer_add(l, (uint64_t)(i * 37 % 11), count_down, &left);
	for (int i = 0; i < 300; i += 3)
		loop_timer_del(t[i]);
	CHECK_INT(loop_run(l), 0);
	CHECK_INT(left, 0);
	loop_free(l);
}

struct pair {
	struct loop_io *io[2];
	int calls;
};

static void drop_both(struct loop *l, int fd, uint32_t events, void *arg)
{
	struct pair *p = arg;

	p->calls++;
	loop_io_del(p->io[0]);
	loop_io_del(p->io[1]);
}

/* Both are ready in the same batch; the first call deletes both. */
TEST(deleting_in_a_callback)
{
	struct loop *l = loop_new();
	struct pair p = { 0 };
	int a[2], b[2], code = 1;

	CHECK(pipe2(a, O_CLOEXEC) == 0 && pipe2(b, O_CLOEXEC) == 0);
	CHECK_INT(fd_write_all(a[1], "x", 1) + fd_write_all(b[1], "x", 1), 0);
	p.io[0] = loop_io_add(l, a[0], EPOLLIN, drop_both, &p);
	p.io[1] = loop_io_add(l, b[0], EPOLLIN, drop_both, &p);
	loop_timer_add(l, 5, stop, &code);
	CHECK_INT(loop_run(l), 1);
	CHECK_INT(p.calls, 1);
	loop_free(l);
	fd_close(a[0]);
	fd_close(a[1]);
	fd_close(b[0]);
	fd_close(b[1]);
}

struct switcher {
	struct loop_io *io;
	uint32_t seen;
};

static void toggle(struct loop *l, int fd, uint32_t events, void *arg)
{
	struct switcher *s = arg;

	s->seen |= events;
	if (events & EPOLLIN)
		loop_stop(l, 3);
	else
		CHECK_INT(loop_io_set(s->io, EPOLLIN), 0);
}

TEST(changing_events)
{
	struct loop *l = loop_new();
	struct switcher s = { 0 };
	int sock[2], file;

	CHECK_INT(fd_socketpair(1, sock), 0);
	CHECK_INT(fd_write_all(sock[1], "x", 1), 0);
	s.io = loop_io_add(l, sock[0], EPOLLOUT, toggle, &s);
	CHECK_INT(loop_run(l), 3);
	CHECK_INT(s.seen, EPOLLIN | EPOLLOUT);
	file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	CHECK(loop_io_add(l, file, EPOLLIN, toggle, &s) == NULL && errno == EPERM);
	fd_close(file);
	loop_free(l);
	fd_close(sock[0]);
	fd_close(sock[1]);
}

static void on_signal(struct loop *l, int signo, void *arg)
{
	int *sum = arg;

	*sum += signo;
	if (*sum == SIGUSR1 + SIGUSR2)
		loop_stop(l, 0);
}

TEST(signals)
{
	struct loop *l = loop_new();
	int sum = 0;

	CHECK_INT(loop_signal(l, SIGUSR1, on_signal, &sum), 0);
	CHECK_INT(loop_signal(l, SIGUSR2, on_signal, &sum), 0);
	CHECK_INT(loop_signal(l, 0, on_signal, &sum), -EINVAL);
	kill(getpid(), SIGUSR2);
	kill(getpid(), SIGUSR1);
	CHECK_INT(loop_run(l), 0);
	CHECK_INT(sum, SIGUSR1 + SIGUSR2);
	loop_free(l);
}
