/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of the process.json of an OCI exec (core/oci/rtprocess.c): printed and read
 * again it prints the same. */
#include <stdint.h>
#include <stdlib.h>

#include "core/oci/runtimeconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(const struct rt_process *p, struct buf *out)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *obj = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, obj);
	runtimeconfig_build_process(p, doc, obj);
	if (json_print(out, doc, false) < 0)
		abort();
}

static int read_process(const void *p, size_t n, struct rt_process *ret)
{
	autojson *doc = NULL;
	struct err e = { 0 };
	int r = json_parse(p, n, "process.json", &doc, &e);

	if (r < 0)
		return r;
	r = runtimeconfig_parse_process(yyjson_doc_get_root(doc), ret, &e);
	if (r < 0 && !e.text[0])
		abort();
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rt_process p = { 0 }, again = { 0 };
	autobuf first = { 0 }, second = { 0 };

	if (read_process(data, size, &p) < 0)
		return 0;
	print(&p, &first);
	if (read_process(first.data, first.len, &again) < 0)
		abort();
	print(&again, &second);
	if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
		abort();
	runtimeconfig_done_process(&p);
	runtimeconfig_done_process(&again);
	return 0;
}
