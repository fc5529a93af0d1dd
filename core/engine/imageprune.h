/* SPDX-License-Identifier: Apache-2.0 */
/* docker image prune. */
#ifndef ENGINE_IMAGEPRUNE_H
#define ENGINE_IMAGEPRUNE_H

#include "core/engine/pick.h"
#include "core/engine/untag.h"

/* What of the filters until, label, label! and dangling asks for; *ret_all:
 * dangling=false was among them. */
int imageprune_parse(struct pick *p, const struct strv *filters, bool *ret_all,
		     struct err *e);
/* Removes images without a name (all: every one) that no container was made of; *ret as
 * untag_image, *ret_bytes: what was freed. Filled with what was done before a failure,
 * too. */
struct imageprune_result {
	struct untag_action *v; /* untag_done */
	size_t len;
	uint64_t bytes;
};
int imageprune_run(const struct store *s, const struct pick *p, bool all,
		   struct imageprune_result *ret, struct err *e);
/* "deleted: sha256:…" and "untagged: x" of each. */
void imageprune_lines(const struct imageprune_result *x, struct strv *ret);

#endif
