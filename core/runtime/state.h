/* SPDX-License-Identifier: Apache-2.0 */
/* state.json of a container: the runtime's word on where it stands. Written by the
 * monitor (atomically; a crash leaves the old or the new), read by anyone. */
#ifndef RUNTIME_STATE_H
#define RUNTIME_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"

enum state_status {
	STATE_CREATED,
	STATE_RUNNING,
	STATE_PAUSED,
	STATE_RESTARTING,
	STATE_REMOVING,
	STATE_EXITED,
	STATE_DEAD,
};

#define STATE_BOOT_ID_MAX 40
#define STATE_LOCK        "monitor.lock" /* flocked by a living monitor */

struct state {
	enum state_status status;
	pid_t pid; /* the init, in the host's PID namespace; 0 when not running */
	uint64_t pid_start; /* its start time (proc(5) stat field 22): identity with
			       boot_id */
	pid_t monitor_pid;
	char boot_id[STATE_BOOT_ID_MAX];
	int exit_code;
	bool oom_killed;
	int64_t started, finished; /* ns, 0 never */
	int restart_count;
	bool stopped;    /* the user has ended it, and its restart policy */
	char error[512]; /* why the last start failed, "" else */
};

/* -ENOENT when there is none (never started): *ret is then a created state. */
int state_read(int container_dirfd, struct state *ret, struct err *e);
/* Whole or not at all; after a power cut it may be lost (or empty), unless state_sync
 * followed: a running state is void then anyway, by its boot ID. */
int state_write(int container_dirfd, const struct state *s, struct err *e);
/* The first state of a container whose process must know, wherever it is and whoever it
 * has become, whether that state stands: it has a descriptor that is good for nothing
 * else. Prepare makes it, publish writes the state, in one step that the descriptor
 * shows, and as whole as state_write. */
int state_prepare(int container_dirfd, struct err *e);
int state_publish(int container_dirfd, const struct state *s, struct err *e);
bool state_published(int fd);
/* 0 or -errno. */
int state_sync(int container_dirfd);
const char *state_name(enum state_status s); /* "created", "running", … */
int state_parse_name(const char *name);      /* enum or -EINVAL */
/* pidfd of the init when that very process is alive (boot id, start time), else -ESRCH.
 */
int state_open_init(const struct state *s);
/* This boot's ID; 0 or -errno. */
int state_boot_id(char dst[STATE_BOOT_ID_MAX]);
/* Does the monitor of this container live? (it holds `monitor.lock` in the folder) */
bool state_monitored(int container_dirfd);

#endif
