/* SPDX-License-Identifier: Apache-2.0 */
/* Pull and push progress: docker's words; a redrawn block on a terminal, plain lines
 * else. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress;

/* fd: where to draw (stderr or stdout). quiet: nothing at all. */
struct progress *progress_new(int fd, bool quiet);
/* id: 12 digits of the layer, or NULL for a line of its own. status: "Pulling fs layer",
 * "Downloading", "Download complete", "Extracting", "Pull complete", "Already exists", …
 * total 0: no bar. Foreign text is escaped. */
void progress_update(struct progress *p, const char *id, const char *status,
		     uint64_t done, uint64_t total);
void progress_free(struct progress *p);

#endif
