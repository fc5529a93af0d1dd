/* SPDX-License-Identifier: Apache-2.0 */
/* ID maps: subordinate ranges (subuid(5), subgid(5), getsubids(1)) and their writing by
 * newuidmap(1)/newgidmap(1), or the single-ID map without them. */
#ifndef NS_IDMAP_H
#define NS_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/err.h"

#define IDMAP_EXTENTS_MAX 340 /* kernel's limit, user_namespaces(7) */

struct idmap_extent {
	uint32_t inside, outside, count;
};

struct idmap {
	struct idmap_extent *extents; /* sorted by inside, disjoint; malloc'd */
	size_t len;
};

struct idmap_range {
	uint32_t start, count;
};

/* Ranges of the user (by name or by uid as text) in the bytes of /etc/subuid or
 * /etc/subgid; bad lines are skipped, overlaps merged. A pure parser: fuzz target idmap.
 * Malloc'd array. */
int idmap_parse_subid(const char *text, size_t n, const char *name, uint32_t id,
		      struct idmap_range **ret, size_t *ret_len);
/* 0 → own ID, then 1.. → the ranges in order. No ranges: the single-ID map. */
void idmap_make(uint32_t own, const struct idmap_range *ranges, size_t n,
		struct idmap *ret);
/* The user's uid and gid maps from the host's files or getsubids. *ret_why: NULL when
 * full, else a malloc'd sentence that says why only one ID is mapped and the fix. */
int idmap_host(struct idmap *ret_uid, struct idmap *ret_gid, char **ret_why,
	       struct err *e);
/* Writes both maps of process pid (a child in a new user namespace made by this user). */
int idmap_write(pid_t pid, const struct idmap *uid, const struct idmap *gid,
		struct err *e);
/* "0 1000 1\n…" as the kernel's file reads. Parser of /proc/PID/uid_map text. */
int idmap_text(const struct idmap *m, struct buf *out);
int idmap_parse(const char *text, size_t n, struct idmap *ret);
/* Inside → inside of every mapped ID: what a nested namespace writes. */
void idmap_identity(const struct idmap *m, struct idmap *ret);
/* want's outside IDs are parent's inside IDs: cuts its extents so that each lies within
 * one of parent's, as the kernel asks of a nested map. -ENOENT: an ID that parent has
 * not. */
int idmap_fit(const struct idmap *want, const struct idmap *parent, struct idmap *ret);
int idmap_has(const struct idmap *m, uint32_t inside);
/* Inside → outside, or -ENOENT. */
int64_t idmap_out(const struct idmap *m, uint32_t inside);
/* How many IDs it maps. */
uint32_t idmap_count(const struct idmap *m);
/* inside → outside from now on; what mapped either of them before does no more. */
void idmap_lend(struct idmap *m, uint32_t inside, uint32_t outside);
/* inside → outside from now on, whatever else maps to outside: not for the kernel. */
void idmap_point(struct idmap *m, uint32_t inside, uint32_t outside);
void idmap_done(struct idmap *m);

#endif
