/* SPDX-License-Identifier: Apache-2.0 */
/* A build at work: what its parts share. */
#ifndef ENGINE_BUILDJOB_H
#define ENGINE_BUILDJOB_H

#include "core/engine/build.h"
#include "core/engine/buildcontext.h"
#include "core/engine/buildwatch.h"
#include "core/engine/realm.h"
#include "core/image/compose.h"
#include "core/image/dockerfile.h"

/* One line of an image's history, and the layer that came of it. */
struct buildjob_note {
	char *by;
	bool layer;
	struct descriptor blob;
	struct digest diff_id;
};

struct buildjob_stage {
	size_t from, end; /* instructions: its FROM, and behind its last */
	const char *name; /* NULL: none */
	bool needed, done;
	struct compose *compose; /* keeps the layers */
	struct tag base;         /* image at the bottom */
	bool has_base;
	bool base_cmd;    /* the command is the base's: a new entrypoint drops it */
	struct strv args; /* ARGs in scope, "NAME=value" */
	struct buildjob_note *notes;
	size_t notes_len;
	int64_t created;      /* ns: of the last layer */
	unsigned step, steps; /* of its instructions, to be shown */
};

struct buildnamed;

struct buildjob {
	const struct store *store;
	const struct config *cfg;
	const struct build_options *o;
	const struct build_view *view;
	const char *name; /* of the Dockerfile, for sentences */
	struct dockerfile file;
	struct realm realm;
	bool has_realm;
	struct buildcontext context;
	struct buildnamed *named;
	size_t named_len;
	struct strv globals;  /* ARGs before the first FROM, and those of platforms */
	struct strv consumed; /* names of build arguments that an ARG took */
	struct buildjob_stage *stages;
	size_t stages_len;
	char *label; /* name of dir, label of its containers */
	char *dir;   /* tmp/build-…, absolute; locked */
	int dirfd;
	char *secrets; /* folder in the runtime folder, or NULL */
	struct buildwatch watch;
	struct compose **held; /* images that only files are taken of */
	size_t held_len;
	unsigned scratches, shown;
};

/* Makes dir, with its lock, and what watches over containers and secrets. */
int buildjob_open(struct buildjob *j, struct err *e);
void buildjob_done(struct buildjob *j);

/* Where its archives are unpacked. */
struct buildcontext_place buildjob_place(const struct buildjob *j);
/* A new folder in dir with the folders of a buildview inside. Malloc'd. */
char *buildjob_scratch(struct buildjob *j, struct err *e);
/* The folder of the stage's layers, top first. */
void buildjob_layers(const struct buildjob *j, const struct compose *c, struct strv *ret);
/* The stage that a name or number means, among the first n; or NULL. */
struct buildjob_stage *buildjob_find(const struct buildjob *j, const char *what,
				     size_t n);
/* Ends an instruction: compose_note, and remembered for those who build on it. layer: the
 * last layer is its. */
void buildjob_note(struct buildjob_stage *st, const char *by, bool layer);
/* The same layers and notes, over to's base. */
int buildjob_replay(const struct buildjob_stage *from, struct compose *to, struct err *e);

#endif
