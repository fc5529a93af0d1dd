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

/* The inode of a process's PID namespace; 0 when it cannot be seen. */
static ino_t namespace_of(pid_t pid)
{
	char path[40];
	struct stat st;

	str_print(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
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

int census_take(const struct census *all, const struct container *c, struct census *ret,
		struct err *e)
{
	autoclose int init = state_open_init(&c->state);
	autofree bool *in = mem_array(all->len + 1, sizeof(*in));
	struct census out = { 0 };

	if (init < 0)
		return err_set(e, -EBUSY, "container %s is not running", c->id);
	ino_t own = namespace_of(c->state.pid);
	const char *mode = NULL;
	json_get_str(yyjson_obj_get(yyjson_doc_get_root(c->record), "HostConfig"),
		     "PidMode", &mode, NULL);
	bool apart = own && (str_empty(mode) || str_eq(mode, "private"));
	for (size_t i = 0; i < all->len; i++)
		in[i] = all->v[i].pid == c->state.pid ||
			(apart && namespace_of(all->v[i].pid) == own);
	mark_children(all, in);
	for (size_t i = 0; i < all->len; i++)
		if (in[i])
			add(&out, &all->v[i]);
	*ret = out;
	return 0;
}
