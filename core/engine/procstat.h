/* SPDX-License-Identifier: Apache-2.0 */
/* One process as /proc has it. */
#ifndef ENGINE_PROCSTAT_H
#define ENGINE_PROCSTAT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCSTAT_COMM 64

struct procstat {
	pid_t pid, ppid, pgrp, session;
	char comm[PROCSTAT_COMM];
	char state;
	int tty; /* device number; 0: none */
	pid_t tpgid;
	uint64_t utime, stime; /* ticks */
	int64_t priority, nice, threads;
	uint64_t start; /* ticks since boot */
	uint64_t vsize; /* bytes */
	int64_t rss;    /* pages */
};

/* The text of /proc/PID/stat, whose comm is the process's own to choose. A pure parser:
 * 0 or -EINVAL; fuzz target procstat. */
int procstat_parse(const char *text, size_t n, struct procstat *ret);
/* Reads that of a process; -ESRCH when it is gone. */
int procstat_read(pid_t pid, struct procstat *ret);
/* Its command line in one line (arguments joined by blanks, control characters escaped),
 * malloc'd; "[comm]" when it has none. */
char *procstat_command(const struct procstat *p);

#endif
