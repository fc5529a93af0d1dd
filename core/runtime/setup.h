/* SPDX-License-Identifier: Apache-2.0 */
/* setup.json of a bundle: what config.json (OCI) cannot say. Written by the engine, read
 * by the monitor. A container's folder holds: record.json (engine)  state.json
 * monitor.lock  bundle/config.json  bundle/setup.json upper/  work/  log/  */
#ifndef RUNTIME_SETUP_H
#define RUNTIME_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/strv.h"
#include "core/wire/json.h"

struct setup {
	char *id;
	/* Root file system: overlay of layers (top first, absolute paths) with upper and
	 * work (absolute); no layers: config.json's root.path is bound as it is, and
	 * upper is the same folder. */
	struct strv layers;
	/* Where the container's IDs are not the realm's: used in their place; meta: with
	 * the content still theirs (engine/remap.h). */
	struct strv mapped;
	bool mapped_meta;
	char *upper, *work;
	char *seccomp; /* absolute path of compiled BPF; NULL: unconfined */
	bool new_keyring;
	bool landlock_scopes; /* abstract sockets and signals fenced */
	bool init;            /* --init: reap and forward before the payload */
	bool systempaths_unconfined;
	bool host_devices; /* --privileged: every node of the host's /dev that the user
			      may open */
	bool keep_groups;  /* the user's supplementary groups stay with the payload */
	bool shares_pids;  /* in another container's PID and user namespace */
	/* input and output */
	bool terminal, open_stdin, stdin_once;
	char *log_driver;      /* "json-file", "local", "journald", "none" */
	char *log_path;        /* absolute; of journald: the journal's socket */
	uint64_t log_max_size; /* bytes; 0: no limit */
	int64_t log_max_files;
	bool log_compress;      /* rotated files */
	uint64_t log_buffer;    /* journald: bytes that may wait; 0: the container does */
	struct strv log_fields; /* "key=value": json-file's attrs, journald's fields */
	/* end */
	int64_t stop_signal;
	bool auto_remove;
	/* health checks, ns; the command is the engine's. interval 0: none */
	int64_t health_interval, health_start_interval, health_start_period;
	int64_t health_timeout, health_retries;
	char *restart; /* restart.h; NULL: no */
	/* "oom_score_adj", rlimits etc. are in config.json */
	yyjson_val *network; /* the engine's own object, opaque here; NULL: none. Valid
				with doc */
	yyjson_doc *doc;
};

int setup_read(int bundle_dirfd, struct setup *ret, struct err *e);
/* network: object to copy in, or NULL. */
int setup_write(int bundle_dirfd, const struct setup *s, yyjson_mut_val *network,
		struct err *e);
void setup_done(struct setup *s);

#endif
