/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/wire/json.c: what is taken prints as JSON that is taken again. */
#include <stdint.h>
#include <stdlib.h>

#include "core/wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void members(yyjson_val *obj)
{
	autostrv list = { 0 };
	const char *s = NULL;
	int64_t i = 0;
	uint64_t u = 0;
	bool b = false;

	json_get_str(obj, "a", &s, NULL);
	json_get_bool(obj, "a", &b, NULL);
	json_get_i64(obj, "a", &i, NULL);
	json_get_u64(obj, "a", &u, NULL);
	json_get_strv(obj, "a", &list, NULL);
	json_get_map(obj, "a", &list, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autojson *doc = NULL, *again = NULL;
	struct err e = { 0 };
	autobuf b = { 0 };

	if (json_parse(data, size, "fuzz", &doc, &e) < 0)
		return 0;
	members(yyjson_doc_get_root(doc));
	if (json_print_val(&b, yyjson_doc_get_root(doc), size & 1) < 0)
		return 0;
	if (json_parse(b.data, b.len, "again", &again, &e) < 0 ||
	    !yyjson_equals(yyjson_doc_get_root(doc), yyjson_doc_get_root(again)))
		abort();
	return 0;
}
