/* SPDX-License-Identifier: Apache-2.0 */
/* What verbs on images share. */
#ifndef APPLETS_IMAGES_H
#define APPLETS_IMAGES_H

#include "applets/host.h"
#include "core/engine/image.h"

/* Is each of them here for that platform? Of an image one is kept. */
static inline int images_check(char **names, const char *platform, struct err *e)
{
	autohost h = { 0 };
	int r = host_open(&h, e);

	for (; r >= 0 && *names; names++) {
		autodone(image_done) struct image i = { 0 };

		r = image_open(&h.store, *names, &i, e);
		if (r >= 0)
			r = image_check_platform(&i, *names, platform, e);
	}
	return r;
}

#endif
