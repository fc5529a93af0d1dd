/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of a build and the memory of how they came about. */
#ifndef ENGINE_BUILDLAYER_H
#define ENGINE_BUILDLAYER_H

#include "core/engine/buildjob.h"
#include "core/engine/container.h"

/* The inputs of a step, collected to a text whose digest is the key: label and value of
 * each, lengths told, so that no two collections read the same. */
void buildlayer_key(struct buf *key, const char *label, const char *value);
void buildlayer_keys(struct buf *key, const char *label, const struct strv *values);
/* What every step depends on: the layers so far. */
void buildlayer_key_base(struct buf *key, const struct buildjob_stage *st);

/* 1: the step was done before, its layer (if any) is in place; *ret_layer: there is one.
 * 0: it has to be done. */
int buildlayer_find(struct buildjob *j, struct buildjob_stage *st, const struct buf *key,
		    bool *ret_layer, struct err *e);
/* The folder of changes becomes a layer, and is remembered. */
struct buildlayer_changes {
	const char *upper;          /* its path */
	const struct container *by; /* whose IDs its owners are; NULL: those of the view
				       (ownership.h) */
};
int buildlayer_add(struct buildjob *j, struct buildjob_stage *st, const struct buf *key,
		   const struct buildlayer_changes *made, bool *ret_layer, struct err *e);

#endif
