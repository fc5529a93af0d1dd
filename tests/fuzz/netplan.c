/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/engine/netplan.c: what it reads, it writes so that it reads again.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/engine/netplan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autodone(netplan_done) struct netplan n = { 0 }, again = { 0 };
	autojson *doc = NULL, *copy = NULL;
	autojson_mut *out = NULL;
	struct err e = { 0 };

	if (json_parse(data, size, "network", &doc, &e) < 0)
		return 0;
	if (netplan_parse(yyjson_doc_get_root(doc), &n, &e) < 0) {
		if (!e.text[0])
			abort();
		return 0;
	}
	out = yyjson_mut_doc_new(NULL);
	yyjson_mut_doc_set_root(out, netplan_build(&n, out));
	copy = yyjson_mut_doc_imut_copy(out, NULL);
	if (!copy || netplan_parse(yyjson_doc_get_root(copy), &again, &e) < 0 ||
	    again.ends_len != n.ends_len || again.ports_len != n.ports_len)
		abort();
	return 0;
}
