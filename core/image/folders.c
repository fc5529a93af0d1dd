/* SPDX-License-Identifier: Apache-2.0 */
/* The folders of a layer, remembered until its end. */
#include "core/image/folders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/place.h"

struct timespec folders_stamp(int64_t ns)
{
	struct timespec t = { ns / 1000000000, (long)(ns % 1000000000) };

	if (t.tv_nsec < 0) {
		t.tv_nsec += 1000000000;
		t.tv_sec--;
	}
	return t;
}

void folders_add(struct folders *f, const char *clean, int64_t mtime)
{
	if (f->len == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 64;
		f->v = mem_resize(f->v, f->cap, sizeof(*f->v));
	}
	f->v[f->len++] = (struct folder){ str_dup(clean), mtime };
}

void folders_done(struct folders *f)
{
	for (size_t i = 0; i < f->len; i++)
		free(f->v[i].path);
	free(f->v);
	*f = (struct folders){ 0 };
}

/* Later entries changed the times of folders; one that was replaced meanwhile is passed
 * over. */
int folders_set_times(const struct folders *f, int root, struct err *e)
{
	struct place p;
	int r = 0;

	place_init(&p, root);
	for (size_t i = f->len; r == 0 && i-- > 0;) {
		struct timespec t = folders_stamp(f->v[i].mtime);
		struct timespec times[2] = { t, t };
		const char *name = ".";
		int dir = root;
		if (f->v[i].path[0])
			dir = place_find(&p, f->v[i].path, false, &name, NULL);
		if (dir < 0)
			continue;
		if (utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) && errno != ENOENT)
			r = err_sys(e, "set the time of '%s'", f->v[i].path);
	}
	place_done(&p);
	return r;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void folders_implicit(const struct folders *f, const struct strv *made,
		      struct unpack_result *ret)
{
	autobuf out = { .max = UNPACK_IMPLICIT_MAX };
	autofree char **described = mem_array(f->len, sizeof(char *));

	for (size_t i = 0; i < f->len; i++)
		described[i] = f->v[i].path;
	qsort(described, f->len, sizeof(char *), by_path);
	for (size_t i = 0; i < made->len; i++)
		if (!bsearch(&made->v[i], described, f->len, sizeof(char *), by_path))
			(void)buf_add(&out, made->v[i], strlen(made->v[i]) + 1);
	ret->implicit_size = (uint32_t)out.len;
	ret->implicit = out.len ? buf_take(&out) : NULL;
}
