/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: libcurl handles set up for one URL each, with the trust, proxy and limits
 * that hold for its host. */
#ifndef IMAGE_CHANNEL_H
#define IMAGE_CHANNEL_H

#include <curl/curl.h>
#include <stdbool.h>

#include "core/image/registry.h"

#define CHANNEL_CONNECT_MS 10000
#define CHANNEL_STALL_S    30

struct channel {
	CURLM *multi; /* one after the other, or all blobs together */
	CURLM *aside; /* for what must be asked while blobs are on their way (tokens) */
	CURLSH *share;
	bool busy; /* blobs are on their way over multi */
	const struct registry_options *options;
	int64_t stall_ns;
};

int channel_init(struct channel *c, const struct registry_options *o, struct err *e);
void channel_done(struct channel *c);
/* A handle for url, not yet started. HTTP only to loopback or listed hosts: -EPERM.
 * error: where libcurl puts its words (CURL_ERROR_SIZE). */
int channel_easy(struct channel *c, const char *url, char *error, CURL **ret,
		 struct err *e);

#endif
