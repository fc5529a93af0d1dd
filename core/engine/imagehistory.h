/* SPDX-License-Identifier: Apache-2.0 */
/* docker history: where the layers of an image come from. */
#ifndef ENGINE_IMAGEHISTORY_H
#define ENGINE_IMAGEHISTORY_H

#include <stdbool.h>

#include "core/engine/image.h"

struct imagehistory_options {
	bool human;    /* sizes and dates for people */
	bool no_trunc; /* IDs and commands whole */
};

size_t imagehistory_len(const struct image *i);
/* The n-th row, newest first: ID CreatedSince CreatedAt CreatedBy Size Comment. */
yyjson_mut_val *imagehistory_row(const struct store *s, const struct image *i, size_t n,
				 const struct imagehistory_options *o,
				 yyjson_mut_doc *doc);

#endif
