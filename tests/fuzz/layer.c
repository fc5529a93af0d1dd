/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of layer_read in core/store/layer.c: layer.json. */
#include <sys/stat.h>

#include "core/store/layer.h"
#include "tests/fuzz/fuzz.h"

#define CHAIN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store s = { .layers_fd = fuzz_dirfd() };
	struct digest chain;
	struct layer l;
	struct err e = { 0 };

	mkdirat(s.layers_fd, CHAIN, 0700);
	fuzz_file(s.layers_fd, CHAIN "/layer.json", data, size);
	must(digest_parse("sha256:" CHAIN, &chain) == 0);
	if (layer_read(&s, &chain, &l, &e) < 0)
		must(e.text[0]);
	else
		must(digest_eq(&l.chain_id, &chain));
	return 0;
}
