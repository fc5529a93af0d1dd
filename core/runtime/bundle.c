/* SPDX-License-Identifier: Apache-2.0 */
/* A container's bundle. */
#include "core/runtime/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#define CONFIG_FILE  "config.json"
#define BPF_FILE_MAX (4096u * 8) /* BPF_MAXINSNS */

static int read_config(int dirfd, const char *name, struct runtimeconfig *c,
		       struct err *e)
{
	autobuf text = { .max = RUNTIMECONFIG_MAX };
	int r = file_read(dirfd, name, RUNTIMECONFIG_MAX, &text);

	if (r < 0)
		return err_code(e, r, "read '%s'", CONFIG_FILE);
	r = runtimeconfig_parse(text.data, text.len, c, e);
	return r < 0 ? err_wrap(e, "read '%s'", CONFIG_FILE) : 0;
}

static int refuse_hooks(const struct runtimeconfig *c, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(c->hooks_len); i++) {
		if (c->hooks_len[i] > 0 && i != RT_HOOK_CREATE_CONTAINER)
			return err_set(e, -EOPNOTSUPP,
				       "hooks but createContainer are not supported");
	}
	return 0;
}

static int find_path(int container, char **ret, struct err *e)
{
	char link[64], real[PATH_MAX];
	ssize_t n;

	str_print(link, sizeof(link), "/proc/self/fd/%d", container);
	n = readlink(link, real, sizeof(real) - 1);
	if (n < 0)
		return err_sys(e, "find the container's folder");
	real[n] = 0;
	*ret = str_fmt("%s/bundle", real);
	return 0;
}

int bundle_read_filter(const char *path, struct buf *ret, struct err *e)
{
	int r = file_read(AT_FDCWD, path, BPF_FILE_MAX, ret);

	return r < 0 ? err_code(e, r, "read the seccomp filter '%s'", path) : 0;
}

int bundle_read(int container_dirfd, const char *seccomp, struct bundle *ret,
		struct err *e)
{
	int r = read_config(container_dirfd, "bundle/" CONFIG_FILE, &ret->config, e);

	if (r == 0)
		r = refuse_hooks(&ret->config, e);
	if (r == 0)
		r = find_path(container_dirfd, &ret->path, e);
	if (r == 0 && seccomp)
		r = bundle_read_filter(seccomp, &ret->bpf, e);
	return r;
}

int bundle_read_oci(int dirfd, const char *path, const char *seccomp, struct bundle *ret,
		    struct err *e)
{
	int r = read_config(dirfd, CONFIG_FILE, &ret->config, e);

	ret->path = str_dup(path);
	return r < 0 || !seccomp ? r : bundle_read_filter(seccomp, &ret->bpf, e);
}

void bundle_done(struct bundle *b)
{
	runtimeconfig_done(&b->config);
	buf_done(&b->bpf);
	free(b->path);
	*b = (struct bundle){ 0 };
}
