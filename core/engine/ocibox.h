/* SPDX-License-Identifier: Apache-2.0 */
/* A container of the OCI runtime. Its folder, ROOT/ID: config.json (a copy), setup.json,
 * bundle (a link), seccomp.bpf, start.sock while it waits for `start`, state.json (and
 * .state-first, state.h); made by `create`, removed by `delete`. Nothing runs beside it;
 * should `create` be killed, what it has started ends unless state.json stands. */
#ifndef ENGINE_OCIBOX_H
#define ENGINE_OCIBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/strv.h"
#include "core/oci/runtimeconfig.h"
#include "core/runtime/setup.h"
#include "core/runtime/state.h"

struct ocibox {
	char *id;
	char *bundle; /* absolute */
	char *group;  /* control group of its own, below the mount; or NULL */
	int root, dirfd;
	struct runtimeconfig config;
	struct setup setup;
	struct state state;
	const char *status; /* creating, created, running, paused, stopped */
	int init;           /* pidfd, or -1 */
	int64_t created;
	uint32_t owner; /* uid */
};

/* The folder of all: given, or rootless-oci in the user's runtime folder; made when
 * missing. *ret_path: absolute, malloc'd; NULL: not wanted. */
int ocibox_root(const char *given, char **ret_path, struct err *e);
/* -ENOENT: "container 'x' does not exist". ocibox_done releases, also after a failure. */
int ocibox_open(int root, const char *id, struct ocibox *ret, struct err *e);
void ocibox_done(struct ocibox *b);
/* IDs, sorted. */
int ocibox_list(int root, struct strv *ret, struct err *e);
/* The state as runc prints it. */
void ocibox_describe(const struct ocibox *b, yyjson_mut_doc *doc, yyjson_mut_val *obj);
/* Runs the hooks of a kind in the caller's namespaces. */
int ocibox_hooks(const struct ocibox *b, enum rt_hook_kind kind, struct err *e);
/* poststart and poststop, whose failures change nothing any more. */
void ocibox_hooks_after(const struct ocibox *b, enum rt_hook_kind kind,
			struct strv *warnings);

struct ocibox_options {
	const char *root; /* absolute path */
	int root_fd;
	const char *id;
	const char *bundle;
	const char *console_socket, *pid_file; /* or NULL */
	int64_t preserve;
	bool no_pivot, no_new_keyring;
	bool systemd;          /* cgroupsPath is "slice:prefix:name" */
	bool relay;            /* a terminal is the caller's own to serve: *ret_master */
	struct strv *warnings; /* what this host cannot honour */
};
/* The container's first process waits for `start`; *ret_pid, a child of the caller. */
int ocibox_create(const struct ocibox_options *o, pid_t *ret_pid, int *ret_master,
		  struct err *e);
/* warnings: of poststart hooks. */
int ocibox_start(struct ocibox *b, struct strv *warnings, struct err *e);
/* all: every process of it. */
int ocibox_kill(const struct ocibox *b, int signo, bool all, struct err *e);
/* force: ends what still runs, and waits for a `create` that is at work. warnings: of
 * poststop hooks. */
int ocibox_delete(struct ocibox *b, bool force, struct strv *warnings, struct err *e);
int ocibox_pause(struct ocibox *b, bool on, struct err *e);
/* Waits for its end, at most so many nanoseconds: has it come? */
bool ocibox_await(const struct ocibox *b, int64_t ns);
/* PIDs of its processes, the first one first. */
int ocibox_pids(const struct ocibox *b, struct strv *ret, struct err *e);

struct ocibox_exec {
	const struct rt_process *process;
	const char *console_socket, *pid_file;
	int64_t preserve;
	bool relay, ignore_paused;
};
/* *ret_pid: a child of the caller. The result of a failure is an exit code when above
 * zero: 126, 127. */
int ocibox_exec(const struct ocibox *b, const struct ocibox_exec *x, pid_t *ret_pid,
		int *ret_master, struct err *e);

#endif
