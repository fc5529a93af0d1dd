/* SPDX-License-Identifier: Apache-2.0 */
/* --log-driver and --log-opt: which driver keeps a container's output, and how. */
#ifndef ENGINE_LOGPLAN_H
#define ENGINE_LOGPLAN_H

#include "core/engine/config.h"
#include "core/engine/spec.h"
#include "core/runtime/setup.h"

struct logplan {
	const char *driver; /* json-file, local, journald or none */
	struct strv opts;   /* "key=value": the spec's, then those of daemon.json when it
			       means the same driver */
	uint64_t max_size;
	int64_t max_files;
	bool compress, non_blocking;
	uint64_t buffer;
	const char *tag; /* a template; with opts, as all that follows */
	const char *labels, *labels_regex, *env, *env_regex;
};

/* -EINVAL with docker's words for what a driver does not know; -ENOENT and the like when
 * there is no journal to log to. */
int logplan_make(const struct config *cfg, const struct spec *spec, struct logplan *ret,
		 struct err *e);
void logplan_done(struct logplan *l);
/* Is there a journal on this host? */
bool logplan_has_journal(void);

/* What tag, labels and env are made of. */
struct logplan_about {
	const char *id, *name, *image, *image_id; /* the last may be "" */
	const struct strv *command, *labels, *env;
};
/* Fills the log's part of the setup; dir: the container's folder. What it gets is its
 * own, or the plan's where its members are const there. */
int logplan_setup(const struct logplan *l, const char *dir,
		  const struct logplan_about *about, struct setup *s, struct err *e);

#endif
