/* SPDX-License-Identifier: Apache-2.0 */
/* The ID maps of a nested user namespace. */
#include "core/runtime/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#define MAP_FILE_MAX 8192

int mapping_read(pid_t pid, const char *file, struct idmap *ret, struct err *e)
{
	char text[MAP_FILE_MAX], path[64];
	int r;

	if (pid > 0)
		str_print(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	else
		str_print(path, sizeof(path), "/proc/self/%s", file);
	r = file_read_small(AT_FDCWD, path, text, sizeof(text));
	if (r >= 0)
		r = idmap_parse(text, strlen(text), ret);
	return r < 0 ? err_code(e, r, "read '%s'", path) : 0;
}

uid_t mapping_outer_uid(void)
{
	autodone(idmap_done) struct idmap own = { 0 };
	int64_t uid = mapping_read(0, "uid_map", &own, NULL) < 0
			      ? -ENOENT
			      : idmap_out(&own, geteuid());

	return uid < 0 ? geteuid() : (uid_t)uid;
}

void mapping_from_config(const struct rt_idmap *v, size_t n, struct idmap *ret)
{
	ret->extents = mem_array(n, sizeof(*ret->extents));
	ret->len = n;
	for (size_t i = 0; i < n; i++)
		ret->extents[i] =
			(struct idmap_extent){ v[i].container, v[i].host, v[i].size };
}

int mapping_fit(const char *file, const struct rt_idmap *v, size_t n, struct idmap *ret,
		struct err *e)
{
	autodone(idmap_done) struct idmap own = { 0 }, want = { 0 };
	int r = mapping_read(0, file, &own, e);

	if (r < 0)
		return r;
	if (n > 0)
		mapping_from_config(v, n, &want);
	else
		idmap_identity(&own, &want);
	r = idmap_fit(&want, &own, ret);
	return r < 0 ? err_set(e, r,
			       "the container's ID map is not within the caller's IDs")
		     : 0;
}

int mapping_write(pid_t pid, const char *file, const struct idmap *m, struct err *e)
{
	autobuf text = { 0 };
	char path[64];
	int r;

	str_print(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	idmap_text(m, &text);
	r = file_write_small(AT_FDCWD, path, buf_str(&text));
	if (r == -EPERM || r == -EINVAL)
		return err_set(e, r,
			       "the container's ID map is not within the caller's IDs");
	return r < 0 ? err_code(e, r, "write '%s'", path) : 0;
}
