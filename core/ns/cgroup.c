/* SPDX-License-Identifier: Apache-2.0 */
/* Control groups. */
#include "core/ns/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/strv.h"

#define ROOT      "/sys/fs/cgroup"
#define OURS      "0::" /* version 2's line */
#define DEPTH_MAX 32    /* of groups that a container made */
#define PROCS_MAX (1u << 20)
#define FILE_MAX  8192 /* memory.stat */
#define FREEZE_MS 10000

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

bool cgroup_is_ours(int group)
{
	return faccessat(group, ".", W_OK, 0) == 0 &&
	       faccessat(group, "cgroup.procs", W_OK, 0) == 0 &&
	       faccessat(group, "cgroup.subtree_control", W_OK, 0) == 0;
}

bool cgroup_is_empty(int group)
{
	char text[16];

	return file_read_small(group, "cgroup.procs", text, sizeof(text)) == 0 && !*text;
}

/* --- groups --------------------------------------------------------------------------
 */

static int open_below(int group, const char *name)
{
	int fd = openat(group, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

int cgroup_make(int group, const char *name)
{
	int r = mkdirat(group, name, 0755) < 0 ? -errno : 0;

	if (r == -EEXIST) {
		r = cgroup_remove(group, name);
		if (r == 0 && mkdirat(group, name, 0755) < 0)
			r = -errno;
	}
	return r < 0 ? r : open_below(group, name);
}

int cgroup_ensure(int group, const char *name)
{
	if (mkdirat(group, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	return open_below(group, name);
}

static int remove_below(int group, const char *name, int depth)
{
	autoclose int fd = -1;
	struct dirent *de;
	DIR *d;

	if (unlinkat(group, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (!depth)
		return -errno;
	fd = openat(group, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return -errno;
	TAKE_FD(fd);
	while ((de = readdir(d)))
		if (de->d_type == DT_DIR && de->d_name[0] != '.')
			remove_below(dirfd(d), de->d_name, depth - 1);
	closedir(d);
	return unlinkat(group, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int cgroup_remove(int group, const char *name)
{
	return remove_below(group, name, DEPTH_MAX);
}

int cgroup_put(int group, pid_t pid)
{
	char text[16];

	str_print(text, sizeof(text), "%d", (int)pid);
	return file_write_small(group, "cgroup.procs", text);
}

int cgroup_vacate(int group, int to)
{
	autobuf text = { .max = PROCS_MAX };
	autostrv pids = { 0 };
	int r = file_read(group, "cgroup.procs", PROCS_MAX, &text);

	if (r < 0)
		return r;
	strv_split(&pids, buf_str(&text), '\n');
	for (size_t i = 0; i < pids.len; i++) {
		/* "0" is one that we cannot see, and as a word to the kernel we
		 * ourselves. */
		if (!*pids.v[i] || str_eq(pids.v[i], "0"))
			continue;
		r = file_write_small(to, "cgroup.procs", pids.v[i]);
		if (r < 0 && r != -ESRCH)
			return r;
	}
	return 0;
}

/* --- limits --------------------------------------------------------------------------
 */

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
	autostrv lines = { 0 };
	int r = 0;

	if (!file || strchr(file, '/') || !strchr(file, '.'))
		return err_set(e, -EINVAL, "limit '%s' is no file and value", assignment);
	strv_split(&lines, eq + 1, '\n');
	for (size_t i = 0; r == 0 && i < lines.len; i++)
		r = file_write_small(group, file, lines.v[i]);
	if (r == -ERANGE)
		return err_set(e, r, "set the limit '%s': the host has no such one",
			       assignment);
	return r < 0 ? err_code(e, r, "set the limit '%s'", assignment) : 0;
}

static int number(const char *text, size_t n, uint64_t *ret)
{
	autofree char *word = str_ndup(text, n);

	if (str_eq(word, "max")) {
		*ret = UINT64_MAX;
		return 0;
	}
	return str_u64(word, UINT64_MAX, ret);
}

int cgroup_find(const char *text, const char *key, uint64_t *ret)
{
	size_t n = key ? strlen(key) : 0;

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (!key)
			return number(text, len, ret);
		if (len > n && text[n] == ' ' && !strncmp(text, key, n))
			return number(text + n + 1, len - n - 1, ret);
		text += len + (text[len] == '\n');
	}
	return -ENOENT;
}

uint64_t cgroup_sum(const char *text, const char *key)
{
	autofree char *word = str_fmt(" %s=", key);
	uint64_t sum = 0, n;

	while ((text = strstr(text, word))) {
		text += strlen(word);
		if (number(text, strcspn(text, " \n"), &n) == 0)
			sum += n;
	}
	return sum;
}

int cgroup_number(int group, const char *file, const char *key, uint64_t *ret)
{
	char text[FILE_MAX];
	int r = file_read_small(group, file, text, sizeof(text));

	return r < 0 ? r : cgroup_find(text, key, ret);
}

int cgroup_freeze(int group, bool on)
{
	autoclose int events = openat(group, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int r = events < 0 ? -errno : 0;
	uint64_t frozen = !on;

	if (r == 0)
		r = file_write_small(group, "cgroup.freeze", on ? "1" : "0");
	while (r == 0 && frozen != on) {
		struct pollfd p = { .fd = events, .events = POLLPRI };
		char text[256] = "";
		ssize_t n = pread(events, text, sizeof(text) - 1, 0);

		if (n < 0)
			return -errno;
		r = cgroup_find(text, "frozen", &frozen);
		if (r == 0 && frozen != on && poll(&p, 1, FREEZE_MS) == 0)
			r = -ETIMEDOUT;
	}
	return r;
}
