/* SPDX-License-Identifier: Apache-2.0 */
/* Results of build steps: build/steps/KEY says which layer came of the step whose inputs
 * have that digest. The layers they name are kept from collection as tagged ones are. */
#ifndef STORE_STEPCACHE_H
#define STORE_STEPCACHE_H

#include "core/oci/descriptor.h"
#include "core/store/store.h"

struct stepcache {
	bool empty; /* the step changed nothing: no layer */
	char media_type[DESCRIPTOR_MEDIA_MAX];
	struct digest blob, diff_id, chain_id;
	uint64_t size; /* of the blob */
	int64_t created;
};

/* 1 and the result, 0 when there is none (or it cannot be read: then the step runs anew).
 */
int stepcache_get(const struct store *s, const struct digest *key, struct stepcache *ret);
int stepcache_put(const struct store *s, const struct digest *key,
		  const struct stepcache *step, struct err *e);
/* Hex digests of what the results need, appended; either may be NULL. */
int stepcache_reach(const struct store *s, struct strv *blobs, struct strv *chains,
		    struct err *e);
/* Forgets the results from before until (ns; 0: all), whose keys (hex) are appended. What
 * they named goes with the next collection. */
int stepcache_clear(const struct store *s, int64_t until, struct strv *ret_gone,
		    struct err *e);
/* build/NAME, made when missing: fd or -errno. */
int stepcache_folder(const struct store *s, const char *name, struct err *e);

#endif
