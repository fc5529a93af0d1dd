/* SPDX-License-Identifier: Apache-2.0 */
/* Who belongs to a container. */
#include "core/engine/census.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/sharing.h"

void census_done(struct census *c)
{
	free(c->v);
	*c = (struct census){ 0 };
}

static void add(struct census *c, const struct procstat *p)
{
	if (!(c->len & (c->len - 1))) /* at 0, 1, 2, 4, … */
		c->v = mem_resize(c->v, c->len ? 2 * c->len : 1, sizeof(*c->v));
	c->v[c->len++] = *p;
}

static int by_pid(const void *a, const void *b)
{
	const struct procstat *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

int census_take_all(struct census *ret, struct err *e)
{
	DIR *d = opendir("/proc");
	struct census c = { 0 };
	struct dirent *de;
	uint64_t pid;

	if (!d)
		return err_sys(e, "open '/proc'");
	while ((de = readdir(d))) {
		struct procstat p;
		if (str_u64(de->d_name, INT32_MAX, &pid) == 0 &&
		    procstat_read((pid_t)pid, &p) == 0)
			add(&c, &p);
	}
	closedir(d);
	if (c.len)
		qsort(c.v, c.len, sizeof(*c.v), by_pid);
	*ret = c;
	return 0;
}

/* The inode of a process's namespace; 0 when it cannot be seen. */
static ino_t namespace_of(pid_t pid, const char *kind)
{
	char path[40];
	struct stat st;

	str_print(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kind);
	return stat(path, &st) ? 0 : st.st_ino;
}

static const struct procstat *find(const struct census *c, pid_t pid)
{
	const struct procstat key = { .pid = pid };

	return c->len ? bsearch(&key, c->v, c->len, sizeof(*c->v), by_pid) : NULL;
}

/* Marks what descends from the marked, however deep and in whatever order. */
static void mark_children(const struct census *all, bool *in)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < all->len; i++) {
			const struct procstat *up =
				in[i] ? NULL : find(all, all->v[i].ppid);
			if (up && in[up - all->v])
				more = in[i] = true;
		}
	}
}

/* A PID namespace may be several containers', and the host's is everybody's; the cgroup
 * namespace is one's own then. 0: it is not. */
struct mark {
	ino_t pid, cgroup;
};

static struct mark mark_of(const struct container *c)
{
	yyjson_val *host = yyjson_obj_get(yyjson_doc_get_root(c->record), "HostConfig");
	struct mark m = { 0 };
	const char *pid = NULL, *cgroup = NULL;

	json_get_str(host, "PidMode", &pid, NULL);
	json_get_str(host, "CgroupnsMode", &cgroup, NULL);
	if (str_eq(pid, "host"))
		return m;
	if (!str_eq(cgroup, "host"))
		m.cgroup = namespace_of(c->state.pid, "cgroup");
	/* Of a shared one alone nobody can tell whose they are. */
	if (m.cgroup || !sharing_is(pid))
		m.pid = namespace_of(c->state.pid, "pid");
	return m;
}

static bool is_marked(const struct mark *m, pid_t pid)
{
	return m->pid && namespace_of(pid, "pid") == m->pid &&
	       (!m->cgroup || namespace_of(pid, "cgroup") == m->cgroup);
}

int census_take(const struct census *all, const struct container *c, struct census *ret,
		struct err *e)
{
	autoclose int init = state_open_init(&c->state);
	autofree bool *in = mem_array(all->len + 1, sizeof(*in));
	struct census out = { 0 };

	if (init < 0)
		return err_set(e, -EBUSY, "container %s is not running", c->id);
	const struct mark mark = mark_of(c);
	for (size_t i = 0; i < all->len; i++)
		in[i] = all->v[i].pid == c->state.pid || is_marked(&mark, all->v[i].pid);
	mark_children(all, in);
	for (size_t i = 0; i < all->len; i++)
		if (in[i])
			add(&out, &all->v[i]);
	*ret = out;
	return 0;
}
