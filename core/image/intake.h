/* SPDX-License-Identifier: Apache-2.0 */
/* Where the tar of a new layer comes from: a stream, or the upper folder of an overlay.
 */
#ifndef IMAGE_INTAKE_H
#define IMAGE_INTAKE_H

#include "core/base/strv.h"
#include "core/image/pack.h"
#include "core/ns/idmap.h"

/* The tar stream fd (plain, gzip or zstd), to its end. Only its compression is looked at
 * here. */
int intake_tar(struct pack *p, int fd, struct pack_result *ret, struct err *e);
/* 1, or 0 when nothing had changed. upper and skip as diff_write has them; realm_pidfd as
 * pull_options. */
struct intake_upper {
	int dirfd;
	const struct strv *skip;
	int realm_pidfd;
	const struct idmap *uid, *gid; /* as compose_ids; NULL: the same */
};
int intake_upper(struct pack *p, const struct intake_upper *u, struct pack_result *ret,
		 struct err *e);

#endif
