/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/engine/logentry.c. The first byte picks the form. */
#include "core/engine/logentry.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const parse[])(const char *, size_t, struct logentry *) = {
		logentry_parse_json, logentry_parse_local, logentry_parse_journal
	};
	autofree char *line = NULL;
	autobuf attrs = { 0 };
	struct logentry x;

	if (size < 1)
		return 0;
	line = mem_alloc(size + 1);
	memcpy(line, data + 1, size - 1);
	line[size - 1] = '\n';
	if (parse[data[0] % 3](line, size - 1, &x) < 0)
		return 0;
	must(x.len == 0 || x.text);
	/* All of it can be read. */
	for (size_t i = 0; i < x.len; i++)
		must(x.text[i] || 1);
	logentry_attrs(&x, &attrs);
	must(!memchr(buf_str(&attrs), ' ', attrs.len));
	logentry_done(&x);
	return 0;
}
