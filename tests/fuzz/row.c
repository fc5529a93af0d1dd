/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of what reads a container's record (core/engine/row.c, inspect.c): any
 * record.json gives a row and an object that print. The first byte picks the state. */
#include "core/engine/inspect.h"
#include "core/engine/row.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store s = { .data = (char *)"/fuzz", .data_fd = -1, .layers_fd = -1 };
	struct container c = { .id = (char *)"0123456789abcdef", .name = (char *)"n" };
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	autobuf out = { 0 };
	struct err e = { 0 };

	if (size == 0)
		return 0;
	c.dirfd = -1;
	c.state.status = (enum state_status)(data[0] % (STATE_DEAD + 1));
	if (json_parse(data + 1, size - 1, "record", &c.record, NULL) < 0)
		return 0;
	yyjson_mut_val *root = yyjson_mut_arr(doc);
	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_arr_append(root, row_container(&s, &c, data[0] & 64, false, doc));
	yyjson_mut_arr_append(root, inspect_container(&s, &c, false, doc, &e));
	must(json_print(&out, doc, false) == 0);
	yyjson_doc_free(c.record);
	return 0;
}
