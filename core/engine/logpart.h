/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a log (core/runtime/logfile.h), which are renamed under their readers. */
#ifndef ENGINE_LOGPART_H
#define ENGINE_LOGPART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct logpart {
	int fd;
	uint64_t inode; /* of the file when it was written */
	bool packed;
};

/* Opens them, the newest first, up to the one of inode `until` (not included; 0: all).
 * 1: it was met, 0: it was not, -errno. *ret: malloc'd array. */
int logpart_list(const char *path, uint64_t until, struct logpart **ret, size_t *ret_len);
/* A packed one becomes what it was, in memory. */
int logpart_unpack(struct logpart *p);
void logpart_list_done(struct logpart *v, size_t len);

#endif
