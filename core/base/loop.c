/* SPDX-License-Identifier: Apache-2.0 */
/* One epoll loop: descriptors, timers, signals and children.
 *
 * A callback may delete any watch, also one whose event waits in the same batch. So a
 * deleted watch is only marked and kept until the batch is through. Timers are a binary
 * heap by deadline; the earliest one bounds the epoll wait. */
#include "core/base/loop.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/time.h"

#define BATCH     64
#define NS_PER_MS 1000000
#define UNSET     SIZE_MAX

struct loop_io {
	struct loop *loop;
	int fd;
	loop_io_fn *fn; /* NULL: deleted */
	void *arg;
	struct loop_io *prev, *next; /* in loop->all, or next in loop->dead */
};

struct loop_timer {
	struct loop *loop;
	int64_t deadline;
	size_t at; /* in the heap, UNSET: not waiting */
	loop_timer_fn *fn;
	void *arg;
	struct loop_timer *prev, *next; /* in loop->timers */
};

struct loop {
	int epfd;
	bool running;
	int code;
	struct loop_io *all, *dead;
	struct loop_timer *timers, **heap;
	size_t heap_len, heap_cap;
	int sigfd; /* -1 until the first loop_signal */
	struct loop_io *sig_io;
	sigset_t signals;
	struct {
		loop_signal_fn *fn;
		void *arg;
	} on_signal[_NSIG];
};

struct loop *loop_new(void)
{
	struct loop *l = mem_new(struct loop);

	l->epfd = epoll_create1(EPOLL_CLOEXEC);
	l->sigfd = -1;
	sigemptyset(&l->signals);
	if (l->epfd < 0)
		free(TAKE_PTR(l));
	return l;
}

static void bury(struct loop *l)
{
	while (l->dead) {
		struct loop_io *io = l->dead;

		l->dead = io->next;
		free(io);
	}
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	while (l->all)
		loop_io_del(l->all);
	bury(l);
	while (l->timers)
		loop_timer_del(l->timers);
	free(l->heap);
	fd_close(l->sigfd);
	fd_close(l->epfd);
	free(l);
}

/* --- descriptors -------------------------------------------------------------------- */

struct loop_io *loop_io_add(struct loop *l, int fd, uint32_t events, loop_io_fn *fn,
			    void *arg)
{
	struct loop_io *io = mem_new(struct loop_io);
	struct epoll_event ev = { .events = events, .data.ptr = io };

	if (epoll_ctl(l->epfd, EPOLL_CTL_ADD, fd, &ev) < 0) {
		free(io);
		return NULL;
	}
	io->loop = l;
	io->fd = fd;
	io->fn = fn;
	io->arg = arg;
	io->next = l->all;
	if (l->all)
		l->all->prev = io;
	l->all = io;
	return io;
}

int loop_io_set(struct loop_io *io, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = io };

	return epoll_ctl(io->loop->epfd, EPOLL_CTL_MOD, io->fd, &ev) < 0 ? -errno : 0;
}

void loop_io_del(struct loop_io *io)
{
	struct loop *l;

	if (!io)
		return;
	l = io->loop;
	/* Fails when the fd was closed before; then the kernel has forgotten it. */
	(void)epoll_ctl(l->epfd, EPOLL_CTL_DEL, io->fd, NULL);
	if (io->prev)
		io->prev->next = io->next;
	else
		l->all = io->next;
	if (io->next)
		io->next->prev = io->prev;
	io->fn = NULL;
	io->next = l->dead;
	l->dead = io;
}

/* --- timers ------------------------------------------------------------------------- */

static void heap_put(struct loop *l, size_t i, struct loop_timer *t)
{
	l->heap[i] = t;
	t->at = i;
}

/* Moves t, whose place i is free, up or down to where it belongs. */
static void heap_settle(struct loop *l, size_t i, struct loop_timer *t)
{
	while (i && l->heap[(i - 1) / 2]->deadline > t->deadline) {
		heap_put(l, i, l->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= l->heap_len)
			break;
		if (child + 1 < l->heap_len &&
		    l->heap[child + 1]->deadline < l->heap[child]->deadline)
			child++;
		if (l->heap[child]->deadline >= t->deadline)
			break;
		heap_put(l, i, l->heap[child]);
		i = child;
	}
	heap_put(l, i, t);
}

static void timer_stop(struct loop_timer *t)
{
	struct loop *l = t->loop;
	size_t i = t->at;

	if (i == UNSET)
		return;
	t->at = UNSET;
	l->heap_len--;
	if (i < l->heap_len)
		heap_settle(l, i, l->heap[l->heap_len]);
}

struct loop_timer *loop_timer_add(struct loop *l, uint64_t ms, loop_timer_fn *fn,
				  void *arg)
{
	struct loop_timer *t = mem_new(struct loop_timer);

	t->loop = l;
	t->fn = fn;
	t->arg = arg;
	t->at = UNSET;
	t->next = l->timers;
	if (l->timers)
		l->timers->prev = t;
	l->timers = t;
	loop_timer_set(t, ms);
	return t;
}

void loop_timer_set(struct loop_timer *t, uint64_t ms)
{
	struct loop *l = t->loop;
	int64_t now = time_monotonic();

	timer_stop(t);
	if (ms > (uint64_t)(INT64_MAX - now) / NS_PER_MS)
		t->deadline = INT64_MAX;
	else
		t->deadline = now + (int64_t)ms * NS_PER_MS;
	if (l->heap_len == l->heap_cap) {
		l->heap_cap = l->heap_cap ? l->heap_cap * 2 : 16;
		l->heap = mem_resize(l->heap, l->heap_cap, sizeof(*l->heap));
	}
	heap_settle(l, l->heap_len++, t);
}

void loop_timer_del(struct loop_timer *t)
{
	if (!t)
		return;
	timer_stop(t);
	if (t->prev)
		t->prev->next = t->next;
	else
		t->loop->timers = t->next;
	if (t->next)
		t->next->prev = t->prev;
	free(t);
}

/* Milliseconds until the next timer, rounded up; -1: none. */
static int timer_wait(const struct loop *l)
{
	int64_t left;

	if (!l->heap_len)
		return -1;
	left = l->heap[0]->deadline - time_monotonic();
	if (left <= 0)
		return 0;
	left = (left + NS_PER_MS - 1) / NS_PER_MS;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

static void timers_fire(struct loop *l)
{
	/* Timers set meanwhile are later than this, so descriptors get their turn. */
	const int64_t now = time_monotonic();

	while (l->running && l->heap_len && l->heap[0]->deadline <= now) {
		struct loop_timer *t = l->heap[0];

		timer_stop(t);
		t->fn(l, t->arg); /* may delete t */
	}
}

/* --- signals ------------------------------------------------------------------------ */

static void on_signalfd(struct loop *l, int fd, uint32_t events, void *arg)
{
	struct signalfd_siginfo info;

	while (l->running && read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo < _NSIG && l->on_signal[info.ssi_signo].fn)
			l->on_signal[info.ssi_signo].fn(l, (int)info.ssi_signo,
							l->on_signal[info.ssi_signo].arg);
	}
}

int loop_signal(struct loop *l, int signo, loop_signal_fn *fn, void *arg)
{
	sigset_t one;
	int fd;

	if (signo <= 0 || signo >= _NSIG)
		return -EINVAL;
	sigemptyset(&one);
	sigaddset(&one, signo);
	sigaddset(&l->signals, signo);
	if (sigprocmask(SIG_BLOCK, &one, NULL) < 0)
		return -errno;
	fd = signalfd(l->sigfd, &l->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	l->on_signal[signo].fn = fn;
	l->on_signal[signo].arg = arg;
	l->sigfd = fd;
	if (!l->sig_io)
		l->sig_io = loop_io_add(l, fd, EPOLLIN, on_signalfd, NULL);
	return l->sig_io ? 0 : -errno;
}

/* --- running ------------------------------------------------------------------------ */

int loop_run(struct loop *l)
{
	struct epoll_event events[BATCH];

	l->running = true;
	while (l->running) {
		int n = epoll_wait(l->epfd, events, BATCH, timer_wait(l));

		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n && l->running; i++) {
			struct loop_io *io = events[i].data.ptr;

			if (io->fn)
				io->fn(l, io->fd, events[i].events, io->arg);
		}
		bury(l);
		if (l->running)
			timers_fire(l);
	}
	return l->code;
}

void loop_stop(struct loop *l, int code)
{
	l->running = false;
	l->code = code;
}
