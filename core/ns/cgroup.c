/* SPDX-License-Identifier: Apache-2.0 */
/* Control groups. */
#include "core/ns/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/strv.h"

#define ROOT "/sys/fs/cgroup"
#define OURS "0::" /* version 2's line */

bool cgroup_unified(void)
{
	struct statfs fs;

	return statfs(ROOT, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

int cgroup_parse(const char *text, char *ret, size_t size)
{
	while (text && *text) {
		const char *end = strchrnul(text, '\n');
		size_t n;

		if (str_starts(text, OURS "/")) {
			text += strlen(OURS);
			n = (size_t)(end - text);
			if (n >= size)
				return -ENAMETOOLONG;
			memcpy(ret, text, n);
			ret[n] = 0;
			return 0;
		}
		text = *end ? end + 1 : end;
	}
	return -ENOENT;
}

int cgroup_of(pid_t pid, char *ret, size_t size)
{
	char path[64], text[2 * CGROUP_PATH_MAX];
	int r;

	str_print(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	r = file_read_small(AT_FDCWD, path, text, sizeof(text));
	return r < 0 ? r : cgroup_parse(text, ret, size);
}

int cgroup_open(const char *path)
{
	autofree char *full = str_fmt(ROOT "%s", path);
	int fd = open(full, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

bool cgroup_has(int group, const char *file, const char *word)
{
	autostrv words = { 0 };
	char text[1024];

	if (file_read_small(group, file, text, sizeof(text)) < 0)
		return false;
	text[strcspn(text, "\n")] = 0;
	strv_split(&words, text, ' ');
	return strv_has(&words, word);
}

int cgroup_enter(int group, const char *name, struct err *e)
{
	autoclose int fd = -1;
	int r;

	if (mkdirat(group, name, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "make a control group");
	fd = openat(group, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(e, "open the control group");
	r = file_write_small(fd, "cgroup.procs", "0");
	return r < 0 ? err_code(e, r, "enter the control group") : TAKE_FD(fd);
}

int cgroup_enable(int group, const char *controller)
{
	char text[64] = "+";

	if (str_print(text, sizeof(text), "+%s", controller) < 0)
		return -EINVAL;
	return file_write_small(group, "cgroup.subtree_control", text);
}

int cgroup_set(int group, const char *assignment, struct err *e)
{
	const char *eq = strchr(assignment, '=');
	autofree char *file = eq ? str_ndup(assignment, (size_t)(eq - assignment)) : NULL;
	int r;

	if (!file || strchr(file, '/') || !strchr(file, '.'))
		return err_set(e, -EINVAL, "limit '%s' is no file and value", assignment);
	r = file_write_small(group, file, eq + 1);
	return r < 0 ? err_code(e, r, "set the limit '%s'", assignment) : 0;
}
