/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/image/dockerfile*.c: the file, and every word of it substituted. */
#include <stdint.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/dockerfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expand(const struct dockerfile *d, const char *word, bool raw)
{
	autostrv env = { 0 };
	struct dockerfile_scope s = { .env = &env, .escape = d->escape, .raw = raw };
	struct err e = { 0 };
	char *out = NULL;

	strv_add(&env, "a=x/y/z");
	strv_add(&env, "b=");
	if (dockerfile_expand(&s, word, &out, &e) < 0 ? !e.text[0] : !out)
		abort();
	free(out);
}

static void check(const struct dockerfile *d, const struct dockerfile_instruction *i)
{
	if (!i->line || i->last_line < i->line || !i->text)
		abort();
	for (size_t k = 0; k < i->args.len; k++)
		expand(d, i->args.v[k], false);
	for (size_t k = 0; k < i->heredocs_len; k++)
		expand(d, i->heredocs[k].text, true);
	if (i->op == DOCKERFILE_ONBUILD) {
		struct dockerfile t = { 0 };
		/* What was taken once is taken again. */
		if (dockerfile_parse_trigger(i->args.v[0], d->escape, &t, NULL) < 0)
			abort();
		dockerfile_done(&t);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dockerfile d = { 0 };
	struct err e = { 0 };

	if (dockerfile_parse((const char *)data, size, "Dockerfile", &d, &e) < 0) {
		if (!str_starts(e.text, "Dockerfile:"))
			abort();
		return 0;
	}
	for (size_t k = 0; k < d.len; k++)
		check(&d, &d.v[k]);
	dockerfile_done(&d);
	return 0;
}
