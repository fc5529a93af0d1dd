/* SPDX-License-Identifier: Apache-2.0 */
/* Events (store/journal.h) with docker's attributes, beside those of a container's own
 * life (container_end.h). Part of the inner executable: nothing of images here. */
#ifndef ENGINE_NEWS_H
#define ENGINE_NEWS_H

#include "core/store/store.h"
#include "core/wire/digest.h"
#include "core/wire/json.h"

/* Of an image. id NULL: the name alone says which one, as in a pull. labels NULL: none.
 */
void news_image(const struct store *s, const char *action, const struct digest *id,
		const char *name, const struct strv *labels);
/* docker's end of each prune; type "container", "image", "volume", "network", "builder".
 */
void news_pruned(const struct store *s, const char *type, uint64_t bytes);
/* A run begins or has ended: its networks and volumes, by the container's record. */
void news_run(const struct store *s, yyjson_val *record, bool begins);
/* The end of an exec: EXEC_ENDED of runtime/exec.h, found by the environment. */
void news_exec_ended(const char *tag, int exit_code);

#endif
