/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/image/change.c: lines as --change has them, one after the other on
 * one config, which must stay one that can be written and read again. */
#include "core/base/str.h"
#include "core/image/change.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct imageconfig *c)
{
	autodone(imageconfig_done) struct imageconfig again = { 0 };
	autobuf text = { 0 };
	struct err e = { 0 };

	if (imageconfig_print(c, &text) < 0)
		return; /* larger than it may be */
	must(text.len > IMAGECONFIG_MAX ||
	     imageconfig_parse(buf_str(&text), text.len, &again, &e) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autodone(imageconfig_done) struct imageconfig c = { .stop_timeout = -1 };
	autofree char *text = str_ndup((const char *)data, size < 4096 ? size : 4096);
	bool cmd_set = false;

	for (char *line = text, *next; line; line = next) {
		struct err e = { 0 };
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		must(change_apply(&c, line, &cmd_set, &e) == 0 || e.text[0]);
	}
	check(&c);
	return 0;
}
