/* SPDX-License-Identifier: Apache-2.0 */
/* proc_pid_stat(5). */
#include "core/engine/procstat.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#define STAT_MAX    1024
#define COMMAND_MAX 4096
#define FIELDS      22 /* from state (the third) to rss (the 24th) */

/* A number of the fields behind the comm, blank-separated. */
static int next_number(const char **p, int64_t *ret)
{
	char text[24];
	size_t n;

	*p += strspn(*p, " ");
	n = strcspn(*p, " \n");
	if (!n || n >= sizeof(text))
		return -EINVAL;
	memcpy(text, *p, n);
	text[n] = 0;
	*p += n;
	/* Sizes without a limit are past what an int64 holds. */
	if (str_i64(text, INT64_MIN + 1, INT64_MAX, ret) == 0)
		return 0;
	uint64_t u;
	if (str_u64(text, UINT64_MAX, &u) < 0)
		return -EINVAL;
	*ret = INT64_MAX;
	return 0;
}

static void take(const int64_t *f, struct procstat *ret)
{
	/* f[0] is the fourth field, ppid */
	ret->ppid = (pid_t)f[0];
	ret->pgrp = (pid_t)f[1];
	ret->session = (pid_t)f[2];
	ret->tty = (int)f[3];
	ret->tpgid = (pid_t)f[4];
	ret->utime = (uint64_t)f[10];
	ret->stime = (uint64_t)f[11];
	ret->priority = f[14];
	ret->nice = f[15];
	ret->threads = f[16];
	ret->start = (uint64_t)f[18];
	ret->vsize = (uint64_t)f[19];
	ret->rss = f[20];
}

int procstat_parse(const char *text, size_t n, struct procstat *ret)
{
	autofree char *copy = str_ndup(text, n);
	char *open = strchr(copy, '('), *close = strrchr(copy, ')');
	struct procstat p = { 0 };
	int64_t f[FIELDS - 1], pid;

	if (!open || !close || close < open || open == copy || open[-1] != ' ')
		return -EINVAL;
	open[-1] = 0;
	if (str_i64(copy, 0, INT32_MAX, &pid) < 0)
		return -EINVAL;
	p.pid = (pid_t)pid;
	*close = 0;
	if (str_copy(p.comm, sizeof(p.comm), open + 1) < 0)
		return -EINVAL;
	const char *at = close + 1;
	if (at[0] != ' ' || !at[1] || (at[2] != ' ' && at[2]))
		return -EINVAL;
	p.state = at[1];
	at += 2;
	for (size_t i = 0; i < ARRAY_LEN(f); i++)
		if (next_number(&at, &f[i]) < 0)
			return -EINVAL;
	take(f, &p);
	*ret = p;
	return 0;
}

int procstat_read(pid_t pid, struct procstat *ret)
{
	char path[32], text[STAT_MAX];

	str_print(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_read_small(AT_FDCWD, path, text, sizeof(text)) < 0 ||
	    procstat_parse(text, strlen(text), ret) < 0)
		return -ESRCH;
	return 0;
}

char *procstat_command(const struct procstat *p)
{
	autobuf raw = { .max = COMMAND_MAX }, out = { 0 };
	char path[32];

	str_print(path, sizeof(path), "/proc/%d/cmdline", (int)p->pid);
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[COMMAND_MAX];
	ssize_t n = fd < 0 ? -1 : fd_read_full(fd, text, sizeof(text) - 1);
	while (n > 0 && !text[n - 1])
		n--;
	if (n > 0) {
		for (ssize_t i = 0; i < n; i++)
			buf_addc(&raw, text[i] ? text[i] : ' ');
	} else {
		buf_addf(&raw, "[%s]%s", p->comm, p->state == 'Z' ? " <defunct>" : "");
	}
	str_escape(&out, buf_str(&raw));
	return buf_take(&out);
}
