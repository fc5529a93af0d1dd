/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a registry's answer: the fields that we read, out of header lines, within
 * limits. A pure parser of untrusted bytes (fuzz target httphead). */
#ifndef IMAGE_HTTPHEAD_H
#define IMAGE_HTTPHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/image/challenge.h"
#include "core/oci/descriptor.h"

#define HTTPHEAD_BYTES_MAX 65536
#define HTTPHEAD_LINES_MAX 100
#define HTTPHEAD_WAIT_MAX  60 /* seconds that Retry-After may ask for */

struct httphead {
	int status;
	char media_type[DESCRIPTOR_MEDIA_MAX]; /* without parameters */
	char digest[DIGEST_TEXT_MAX];          /* Docker-Content-Digest, "" when absent */
	char location[4096];
	bool has_range; /* Content-Range: bytes range_from-… */
	uint64_t range_from;
	bool has_upto; /* Range: 0-upto, of an upload that is under way */
	uint64_t upto;
	bool has_total; /* of the whole: Content-Length, or Content-Range's last number */
	uint64_t total;
	int retry_after; /* seconds, bounded; -1 when absent or a date */
	struct challenge challenge;
	size_t bytes, lines;
};

/* One line as it came, with or without its end. A status line begins anew (an interim
 * answer went before). -E2BIG past the limits, -EINVAL for a field that cannot be right.
 */
int httphead_line(struct httphead *h, const char *p, size_t n);

#endif
