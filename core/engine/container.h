/* SPDX-License-Identifier: Apache-2.0 */
/* Containers: docker's verbs on one host for one user. All state is on disk; each call
 * finds the truth there, and makes good what a dead process left (container_settle). */
#ifndef ENGINE_CONTAINER_H
#define ENGINE_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/engine/config.h"
#include "core/engine/spec.h"
#include "core/runtime/state.h"
#include "core/store/store.h"
#include "core/wire/json.h"

/* A container as found on disk. record: the document record.json (see record keys in the
 * .c); state: settled (a "running" whose monitor is dead has been dealt with). */
struct container {
	char *id;
	char *name;
	int dirfd;
	yyjson_doc *record;
	int64_t created; /* ns; 0: not known */
	struct state state;
};

int container_open(const struct store *s, const char *name_or_id, struct container *ret,
		   struct err *e); /* -ENOENT "No such container: x" */
void container_done(struct container *c);
/* The folder `bundle` in that of a container; fd or -errno (-ENOENT: it was removed
 * meanwhile). */
int container_open_bundle(int dirfd, struct err *e);
/* fn for each, in no order that means anything, each gone before the next is opened
 * unless fn takes it over (leaving c zeroed). A failure of fn ends it. */
typedef int container_each_fn(struct container *c, void *arg, struct err *e);
int container_each(const struct store *s, container_each_fn *fn, void *arg,
		   struct err *e);
/* All, newest first. *ret malloc'd array. */
int container_list(const struct store *s, struct container **ret, size_t *ret_len,
		   struct err *e);

/* Resolves the image (pulling as spec->pull says is the caller's part: image_ensure),
 * checks every option against this host, writes record and bundle. *ret_id 65 bytes.
 * warnings: one sentence each for what this host cannot honour fully. Nothing is left
 * behind on failure. */
int container_create(const struct store *s, const struct config *cfg,
		     const struct spec *spec, char ret_id[65], struct strv *warnings,
		     struct err *e);

/* Starts a created or exited container; -EALREADY for one that runs. *ret_sock: the
 * monitor's frame socket, START not yet sent (container_start_go does), so that a client
 * can attach first. */
int container_start(const struct store *s, const struct config *cfg, struct container *c,
		    int *ret_sock, struct err *e);
/* Sends FRAME_START and waits for running or failure: 0, or -errno with *ret_exit
 * 125/126/127. */
int container_start_go(int sock, int *ret_exit, struct err *e);

int container_kill(struct container *c, int signal, struct err *e);
/* signal (0: the container's own stop signal), then SIGKILL after timeout seconds (-1:
 * the container's own, default 10).
 */
int container_stop(const struct store *s, struct container *c, int signal,
		   int64_t timeout, struct err *e);
/* Stops it (when it runs) as container_stop does, and starts it. One that removes itself
 * stays. */
struct container_stopping {
	int signal;
	int64_t timeout;
};
int container_restart(const struct store *s, const struct config *cfg,
		      struct container *c, const struct container_stopping *how,
		      struct err *e);
/* force: kill first. volumes: anonymous ones too. */
int container_remove(const struct store *s, struct container *c, bool force, bool volumes,
		     struct err *e);
/* Waits until it is not running (or, removed: gone); *ret_code. */
int container_wait(const struct store *s, struct container *c, bool removed,
		   int *ret_code, struct err *e);
int container_rename(const struct store *s, struct container *c, const char *name,
		     struct err *e);
/* Is it for `start --restarted` to start: it has run, does not run now, and its restart
 * policy is one that outlives a reboot? */
bool container_comes_back(const struct container *c);
/* Connects a further attach client to a running container. */
int container_attach(const struct store *s, const struct container *c, struct err *e);
/* Makes the disk agree with what is alive: called by container_open/list. */
int container_settle(const struct store *s, struct container *c, struct err *e);
/* The same for one who holds the container's lock. */
int container_settle_locked(const struct store *s, struct container *c, struct err *e);
/* In the inner executable, hooks of the monitor: the event of a start; of a kill for want
 * of memory; of the end of a run that another one follows; the end (auto-remove, leases,
 * events); emptying the folder of one that was removed. */
struct setup;
void container_started(const struct setup *setup, const struct state *st);
void container_starved(const struct setup *setup);
void container_rested(const struct setup *setup, const struct state *st);
void container_exited(const struct setup *setup, const struct state *st, bool told);
void container_ended(int container_dirfd, int realm_pidfd);

#endif
