/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/image/origin.c: mirror URLs, hosts, CIDRs; and of place_clean. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/origin.h"
#include "core/image/place.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clean(const char *text)
{
	char clean[PLACE_MAX], again[PLACE_MAX];

	if (place_clean(clean, text) < 0 || !clean[0])
		return;
	if (clean[0] == '/' || strstr(clean, "//") || str_eq(clean, "..") ||
	    str_starts(clean, "../") || strstr(clean, "/../") || str_ends(clean, "/.."))
		abort();
	if (place_clean(again, clean) < 0 || !str_eq(clean, again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = mem_alloc(size + 1);
	autostrv list = { 0 };
	struct origin o = { 0 };
	struct err e = { 0 };

	if (size)
		memcpy(text, data, size);
	strv_split(&list, text, '\n');
	check_clean(text);
	if (list.len < 2)
		return 0;
	bool listed = origin_listed(list.v[0], &list);
	if (origin_mirror(&o, list.v[1], &list, &e) == 0) {
		autofree char *url = origin_url(&o, "x");
		if (!origin_owns(&o, url) || strpbrk(o.host, "/?#@"))
			abort();
		if (str_eq(o.scheme, "http") && !o.plain_ok)
			abort();
		origin_done(&o);
	} else if (!e.text[0]) {
		abort();
	}
	return listed && origin_is_loopback(list.v[1]) ? 0 : 0;
}
