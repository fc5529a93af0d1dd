/* SPDX-License-Identifier: Apache-2.0 */
/* What a prune has removed, as docker reports it. */
#ifndef APPLETS_RECLAIM_H
#define APPLETS_RECLAIM_H

#include <stdio.h>

#include "core/base/strv.h"
#include "core/engine/row.h"

/* A paragraph under its title; nothing when nothing went. */
static inline void reclaim_list(const char *title, const struct strv *gone)
{
	if (gone->len == 0)
		return;
	printf("%s\n", title);
	for (size_t i = 0; i < gone->len; i++)
		printf("%s\n", gone->v[i]);
	printf("\n");
}

/* The last line. */
static inline void reclaim_total(uint64_t bytes)
{
	char size[32];

	row_size_sum(bytes, size, sizeof(size));
	printf("Total reclaimed space: %s\n", size);
}

#endif
