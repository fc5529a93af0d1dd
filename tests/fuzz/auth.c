/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/image/auth.c: docker's config.json. What is found is bound to the
 * registry that was asked for; a failure leaves no secret behind. */
#include <stdint.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/image/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const uint8_t *data, size_t size, const char *registry)
{
	autodone(auth_done) struct auth a = { 0 };
	autofree char *helper = NULL, *server = NULL;
	struct err e = { 0 };

	if (auth_parse((const char *)data, size, registry, &a, &helper, &server, &e) == 0)
		return;
	if (!e.text[0] || a.username || a.password || a.identity_token || helper)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ask(data, size, "docker.io");
	ask(data, size, "localhost:5000");
	return 0;
}
