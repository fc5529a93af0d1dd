/* SPDX-License-Identifier: Apache-2.0 */
/* memory.events of cgroup-v2.rst. Its descriptor is opened while the group is in use; a
 * scope of systemd's stays there until the monitor itself has gone (scope.c), so the last
 * look finds what killed the last process. */
#include "core/runtime/groupwatch.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/ns/cgroup.h"
#include "core/runtime/scope.h"

#define TEXT_MAX 512

void groupwatch_begin(struct groupwatch *g, pid_t init, const char *id)
{
	autofree char *name = str_fmt(SCOPE_NAME, id);
	int group = scope_open(init, name);

	*g = (struct groupwatch){ .group = group < 0 ? -1 : group, .events = -1 };
	if (group < 0)
		return;
	g->events = openat(group, "memory.events", O_RDONLY | O_CLOEXEC);
	/* From the first reading on, poll tells of the next change. */
	groupwatch_look(g);
}

bool groupwatch_look(struct groupwatch *g)
{
	char text[TEXT_MAX];
	uint64_t kills = 0;
	ssize_t n;
	bool more;

	if (g->events < 0)
		return false;
	n = pread(g->events, text, sizeof(text) - 1, 0);
	if (n < 0) {
		/* Somebody has removed the group: it would be polled for ever. */
		g->events = fd_close(g->events);
		return false;
	}
	text[n] = 0;
	cgroup_find(text, "oom_kill", &kills);
	more = kills > g->kills;
	g->kills = kills;
	return more;
}

void groupwatch_end(struct groupwatch *g)
{
	if (g->group >= 0)
		scope_remove(g->group);
	g->events = fd_close(g->events);
	g->group = fd_close(g->group);
}
