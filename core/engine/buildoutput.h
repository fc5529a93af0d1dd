/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a build: --output. */
#ifndef ENGINE_BUILDOUTPUT_H
#define ENGINE_BUILDOUTPUT_H

#include "core/engine/buildjob.h"

enum buildoutput_type {
	BUILDOUTPUT_IMAGE,   /* among the others */
	BUILDOUTPUT_LOCAL,   /* the files, in a folder */
	BUILDOUTPUT_TAR,     /* the files, in an archive */
	BUILDOUTPUT_ARCHIVE, /* the image, in an archive (type oci and docker) */
};

struct buildoutput {
	enum buildoutput_type type;
	char *dest; /* "-": stdout; NULL: none */
	char *name; /* of the image; NULL: none but those of -t */
	bool push;
};

/* "type=local,dest=DIR", "DIR", "-"; a pure parser. */
int buildoutput_parse(const char *text, struct buildoutput *ret, struct err *e);
void buildoutput_done(struct buildoutput *o);
/* Does it need the image? */
bool buildoutput_is_image(const struct buildoutput *o);
/* After the stage was built, and the image named. names: full references. */
int buildoutput_run(struct buildjob *j, const struct buildjob_stage *st,
		    const struct buildoutput *o, const struct build_result *image,
		    struct err *e);
/* Pushes each name; what is done goes to the view. */
int buildoutput_push(struct buildjob *j, const struct strv *names, struct err *e);

#endif
