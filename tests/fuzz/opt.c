/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/cli/opt.c: a command line, its words ended by zero bytes. The first
 * byte: do options end at the first operand? */
#include "core/cli/opt.h"
#include "tests/fuzz/fuzz.h"

struct slots {
	bool flag, on, given;
	char *text, *preset, *maybe;
	struct strv list;
	int64_t number, span;
	uint64_t size;
};

static const struct opt opts[] = {
	OPT_BOOL(struct slots, flag, 'f', "flag", "A flag"),
	OPT_BOOL_DEF(struct slots, on, 0, "on", "On by default", "true"),
	OPT_GIVEN(struct slots, given, OPT_TYPE_STRING, 't', "text", "string", "A text",
		  NULL, OPT_CHECKED_(struct slots, text, char *)),
	OPT_STRING_DEF(struct slots, preset, 0, "preset", "string", "Another", "x"),
	OPT_OPTIONAL(struct slots, maybe, 'm', "maybe", "text", "Or nothing"),
	OPT_LIST(struct slots, list, 'l', "list", "list", "A list"),
	OPT_INT(struct slots, number, 'n', "number", "A number", "7"),
	OPT_SIZE(struct slots, size, 's', "size", "A size"),
	OPT_DURATION(struct slots, span, 'd', "span", "A span of time"),
	OPT_END,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autostrv words = { 0 };
	struct slots s = { 0 };
	struct opt_result r = { 0 };
	struct err e = { 0 };

	if (size == 0)
		return 0;
	autofree char *text = mem_alloc(size);
	memcpy(text, data + 1, size - 1);
	strv_add(&words, "fuzz");
	for (size_t at = 0; at < size - 1; at += strlen(text + at) + 1)
		strv_add(&words, text + at);
	if (opt_parse(opts, &s, (int)words.len, words.v, data[0] & 1, &r, &e) < 0) {
		must(e.text[0] && !r.rest);
	} else {
		must(r.help || (r.rest_len >= 0 && (size_t)r.rest_len < words.len));
		must(r.help || !r.rest || r.rest[r.rest_len] == NULL);
		must(r.help || s.given == (s.text != NULL));
		must(r.help || !str_empty(s.preset) || words.len > 1);
	}
	free(r.rest);
	opt_release(opts, &s);
	return 0;
}
