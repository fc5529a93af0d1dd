/* SPDX-License-Identifier: Apache-2.0 */
/* health.json: {"Status", "FailingStreak", "Log": the last five looks}. */
#ifndef ENGINE_HEALTH_FILE_H
#define ENGINE_HEALTH_FILE_H

#include "core/wire/json.h"

#define HEALTH_FILE_OUTPUT_MAX 4096

struct health_file_look {
	int64_t start, end; /* ns */
	int exit_code;
	bool young; /* within the start period: a failure does not count yet */
	int64_t retries;
	const char *output;
};

/* *ret_status: in the document. */
int health_file_read(int container_dirfd, yyjson_doc **ret, const char **ret_status);
int health_file_reset(int container_dirfd);
/* Takes a look in; *ret_status: a literal; *ret_changed: it is another than before. */
int health_file_add(int container_dirfd, const struct health_file_look *l,
		    const char **ret_status, bool *ret_changed);

#endif
