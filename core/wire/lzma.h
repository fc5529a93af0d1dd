/* SPDX-License-Identifier: Apache-2.0 */
/* LZMA2, the compression inside of .xz files (The .xz File Format, 5.3.1). */
#ifndef WIRE_LZMA_H
#define WIRE_LZMA_H

#include "core/wire/feed.h"

#define LZMA_DICT_MAX (128u << 20) /* as zstd's largest window here */

struct lzma;
/* dict_size <= LZMA_DICT_MAX. */
struct lzma *lzma_new(struct feed *f, uint32_t dict_size);
/* Bytes, 0 at the end of the LZMA2 data (what follows is not taken), -EINVAL corrupt,
 * else f's failure. */
ssize_t lzma_read(struct lzma *z, uint8_t *p, size_t n);
void lzma_free(struct lzma *z);

#endif
