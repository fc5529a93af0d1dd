/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648 section 4). */
#ifndef IMAGE_BASE64_H
#define IMAGE_BASE64_H

#include <stddef.h>

#include "core/base/buf.h"

/* Appends; line > 0: a newline after so many characters and at the end (PEM). 0 or
 * -E2BIG. */
int base64_encode(const void *p, size_t n, size_t line, struct buf *out);
/* Appends the bytes; padding may be missing. -EINVAL for other characters or left-over
 * bits. */
int base64_decode(const char *text, size_t n, struct buf *out);

#endif
