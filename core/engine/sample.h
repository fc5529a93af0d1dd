/* SPDX-License-Identifier: Apache-2.0 */
/* docker stats: what a container uses now, by its control group when it has one. Else it
 * is added up over its processes: memory is their proportional share (PSS), so that what
 * several map counts once; CPU time of processes that have gone between two looks is not
 * seen. */
#ifndef ENGINE_SAMPLE_H
#define ENGINE_SAMPLE_H

#include "core/engine/census.h"

struct sample {
	uint64_t cpu;           /* ns */
	uint64_t memory, limit; /* bytes */
	uint64_t received, sent;
	uint64_t read, written;
	uint64_t tasks;
	int64_t at; /* ns, when it was looked at */
};

/* All zero for a container that does not run. */
void sample_read(const struct census *all, const struct container *c, struct sample *ret);
/* Adds one process to what was seen so far. */
void sample_add(const struct procstat *p, struct sample *u);
/* What a control group counts, in place of what was added up. */
void sample_group(int group, struct sample *u);
/* BlockIO Container CPUPerc ID MemPerc MemUsage Name NetIO PIDs, as docker prints them.
 */
yyjson_mut_val *sample_row(const struct container *c, const struct sample *before,
			   const struct sample *now, bool no_trunc, yyjson_mut_doc *doc);

#endif
