/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and joining namespaces by path. */
#include "core/runtime/spaces.h"

#include <fcntl.h>
#include <sched.h>

#include "core/base/fd.h"
#include "core/base/file.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

/* By bit number of enum rt_namespace. */
static const int clone_flag[RT_NS_COUNT] = { CLONE_NEWUSER,   CLONE_NEWPID, CLONE_NEWNET,
					     CLONE_NEWNS,     CLONE_NEWIPC, CLONE_NEWUTS,
					     CLONE_NEWCGROUP, CLONE_NEWTIME };

void spaces_init(struct spaces *s, const struct runtimeconfig *config)
{
	s->config = config;
	for (size_t i = 0; i < RT_NS_COUNT; i++)
		s->fd[i] = -1;
}

static bool wanted(const struct spaces *s, unsigned ns)
{
	return (s->config->namespaces & ns) != 0;
}

int spaces_open(struct spaces *s, struct err *e)
{
	for (size_t i = 0; i < RT_NS_COUNT; i++) {
		const char *path = s->config->ns_path[i];

		if (!path || !*path || !wanted(s, 1u << i))
			continue;
		s->fd[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (s->fd[i] < 0)
			return err_sys(e, "open namespace '%s'", path);
	}
	return 0;
}

bool spaces_given(const struct spaces *s, unsigned ns)
{
	return s->fd[__builtin_ctz(ns)] >= 0;
}

/* The clocks of a time namespace are set while nobody is in it yet. */
static int offset_clocks(const struct spaces *s, struct err *e)
{
	const struct strv *v = &s->config->time_offsets;
	int r;

	if (unshare(CLONE_NEWTIME) < 0)
		return err_sys(e, "make a time namespace");
	for (size_t i = 0; i < v->len; i++) {
		r = file_write_small(AT_FDCWD, "/proc/self/timens_offsets", v->v[i]);
		if (r < 0)
			return err_code(e, r, "set the clock '%s'", v->v[i]);
	}
	return 0;
}

static int join(const struct spaces *s, size_t i, struct err *e)
{
	if (s->fd[i] < 0 || setns(s->fd[i], clone_flag[i]) == 0)
		return 0;
	return err_sys(e, "join namespace '%s'", s->config->ns_path[i]);
}

int spaces_enter(const struct spaces *s, const struct spaces_how *how, int *ret_flags,
		 struct err *e)
{
	int flags = 0, r = 0;

	for (unsigned i = 0; r == 0 && i < RT_NS_COUNT; i++) {
		unsigned ns = 1u << i;

		if ((how->except & ns) || (how->user_last && ns == RT_NS_USER))
			continue;
		if (spaces_given(s, ns))
			r = join(s, i, e);
		else if (wanted(s, ns) && ns != RT_NS_MOUNT)
			flags |= clone_flag[i];
	}
	if (r == 0 && how->user_last) {
		r = join(s, __builtin_ctz(RT_NS_USER), e);
		if (!spaces_given(s, RT_NS_USER) && wanted(s, RT_NS_USER))
			flags |= CLONE_NEWUSER;
	}
	if (r == 0 && (flags & CLONE_NEWTIME) && s->config->time_offsets.len > 0) {
		flags &= ~CLONE_NEWTIME;
		r = offset_clocks(s, e);
	}
	if (r == 0)
		*ret_flags = flags;
	return r;
}

void spaces_done(struct spaces *s)
{
	for (size_t i = 0; i < RT_NS_COUNT; i++)
		s->fd[i] = fd_close(s->fd[i]);
}
