/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/oci/seccompprofile.c. */
#include <stdint.h>
#include <stdlib.h>

#include "core/base/str.h"
#include "core/oci/capability.h"
#include "core/oci/seccompprofile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct seccomp_when when = { CAPABILITY_DEFAULT, "amd64", 6 << 16 };
	struct seccompprofile p = { 0 };
	autojson *doc = NULL;
	struct err e = { 0 };

	if (size > SECCOMPPROFILE_MAX || json_parse(data, size, "fuzz", &doc, &e) < 0)
		return 0;
	if (seccompprofile_parse(yyjson_doc_get_root(doc), &when, &p, &e) < 0)
		return 0;
	for (size_t i = 0; i < p.rules_len; i++) {
		const struct seccomp_rule *r = &p.rules[i];

		if (r->names.len == 0 || !str_starts(r->action, "SCMP_ACT_") ||
		    r->args_len > 6 || r->errno_ret < -1 || r->errno_ret > 4095)
			abort();
	}
	seccompprofile_done(&p);
	return 0;
}
