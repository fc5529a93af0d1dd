/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/oci/cdi.c: what is taken can be named. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/oci/cdi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_edits(const struct cdi_edits *x)
{
	for (size_t i = 0; i < x->nodes_len; i++)
		if (x->nodes[i].path[0] != '/' || x->nodes[i].host_path[0] != '/' ||
		    !x->nodes[i].permissions[0])
			abort();
	for (size_t i = 0; i < x->mounts_len; i++)
		if (!x->mounts[i].source[0] || x->mounts[i].destination[0] != '/')
			abort();
	for (size_t i = 0; i < x->hooks_len; i++)
		if (!cdi_hook_name(x->hooks[i].kind) || x->hooks[i].hook.path[0] != '/')
			abort();
	for (size_t i = 0; i < x->env.len; i++)
		if (!strchr(x->env.v[i], '='))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = str_ndup((const char *)data, size);
	struct cdi c = { 0 };
	struct err e = { 0 };

	cdi_is_name(text);
	if (cdi_parse(data, size, &c, &e) < 0) {
		if (!e.text[0] || c.kind)
			abort();
		return 0;
	}
	check_edits(&c.edits);
	for (size_t i = 0; i < c.devices_len; i++) {
		autofree char *name = str_fmt("%s=%s", c.kind, c.devices[i].name);

		if (!cdi_is_name(name))
			abort();
		check_edits(&c.devices[i].edits);
	}
	cdi_done(&c);
	return 0;
}
