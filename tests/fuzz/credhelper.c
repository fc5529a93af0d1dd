/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of credhelper_parse in core/image/credhelper.c: what a credential helper
 * prints. */
#include "core/image/credhelper.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autodone(auth_done) struct auth a = { 0 };
	struct err e = { 0 };

	if (credhelper_parse((const char *)data, size, &a, &e) < 0)
		must(e.text[0] && !a.username && !a.password && !a.identity_token);
	else
		must(!a.username == !a.password && !(a.username && a.identity_token));
	return 0;
}
