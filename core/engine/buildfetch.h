/* SPDX-License-Identifier: Apache-2.0 */
/* ADD of a URL: a file fetched over HTTP(S). */
#ifndef ENGINE_BUILDFETCH_H
#define ENGINE_BUILDFETCH_H

#include "core/engine/config.h"
#include "core/wire/digest.h"

bool buildfetch_is_url(const char *source);
/* The file's name by the URL: "" when it has none. Malloc'd. */
char *buildfetch_name(const char *url);
/* Into the new file dirfd/name, 0600; checked when a digest is wanted (-EBADMSG). */
struct buildfetch_want {
	const char *url;
	const struct digest *digest; /* NULL: any content */
	int dirfd;
	const char *name;
};
int buildfetch_file(const struct config *cfg, const struct buildfetch_want *w,
		    struct err *e);

#endif
