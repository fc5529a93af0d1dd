/* SPDX-License-Identifier: Apache-2.0 */
/* One epoll loop: descriptors, timers, signals and children. A process has at most one.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop;
struct loop_io;
struct loop_timer;

typedef void loop_io_fn(struct loop *l, int fd, uint32_t events, void *arg);
typedef void loop_timer_fn(struct loop *l, void *arg);
typedef void loop_signal_fn(struct loop *l, int signo, void *arg);

struct loop *loop_new(void);
void loop_free(struct loop *l);

/* Watches fd (not owned) for EPOLLIN/OUT/…; NULL on failure with errno set. */
struct loop_io *loop_io_add(struct loop *l, int fd, uint32_t events, loop_io_fn *fn,
			    void *arg);
int loop_io_set(struct loop_io *io, uint32_t events);
/* Safe from inside any callback: no call for it comes after. Does not close the fd. */
void loop_io_del(struct loop_io *io);

/* Fires once after ms; again only when set again. */
struct loop_timer *loop_timer_add(struct loop *l, uint64_t ms, loop_timer_fn *fn,
				  void *arg);
void loop_timer_set(struct loop_timer *t, uint64_t ms);
void loop_timer_del(struct loop_timer *t);

/* Blocks the signal and delivers it here (signalfd). One function for each signal. */
int loop_signal(struct loop *l, int signo, loop_signal_fn *fn, void *arg);

/* Runs until loop_stop; the code given to it, or -errno. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l, int code);

#endif
