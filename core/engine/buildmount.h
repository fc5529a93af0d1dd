/* SPDX-License-Identifier: Apache-2.0 */
/* RUN --mount: parsed, then made ready for one container. */
#ifndef ENGINE_BUILDMOUNT_H
#define ENGINE_BUILDMOUNT_H

#include "core/engine/buildjob.h"
#include "core/engine/spec.h"

enum buildmount_type {
	BUILDMOUNT_BIND,
	BUILDMOUNT_CACHE,
	BUILDMOUNT_TMPFS,
	BUILDMOUNT_SECRET,
	BUILDMOUNT_SSH,
};
enum buildmount_sharing { BUILDMOUNT_SHARED, BUILDMOUNT_PRIVATE, BUILDMOUNT_LOCKED };

enum buildmount_access { BUILDMOUNT_DEFAULT, BUILDMOUNT_READ, BUILDMOUNT_WRITE };

/* Zero-initialise. */
struct buildmount {
	enum buildmount_type type;
	enum buildmount_sharing sharing;
	char *id, *from, *source, *target, *env; /* NULL: not given */
	enum buildmount_access access;
	bool required;
	uint64_t size;
	uint32_t uid, gid;
	int64_t mode; /* -1: the type's own */
	int lock;     /* of a cache, while it is in use; -1 */
};

/* "type=cache,target=/x,…"; a pure parser. target stays as it is written. */
int buildmount_parse(const char *text, struct buildmount *ret, struct err *e);
/* "id=x,src=f" of --secret. */
struct buildmount_secret {
	char *id, *file, *env; /* one of file and env */
};
int buildmount_parse_secret(const char *text, struct buildmount_secret *ret,
			    struct err *e);
void buildmount_secret_done(struct buildmount_secret *s);

/* What of the mount a step's result depends on. Then the mount itself, into the spec. */
int buildmount_key(struct buildjob *j, const struct buildjob_stage *st,
		   const struct buildmount *m, struct buf *key, struct err *e);
int buildmount_prepare(struct buildjob *j, const struct buildjob_stage *st,
		       struct buildmount *m, struct spec *spec, struct err *e);
void buildmount_done(struct buildmount *m);
/* Is there an agent for each --ssh, used or not? */
int buildmount_check_ssh(const struct strv *all, struct err *e);

#endif
