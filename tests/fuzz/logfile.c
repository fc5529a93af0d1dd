/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of logfile_entry in core/runtime/logfile.c: whatever a container prints is
 * one line of JSON that reads as what was printed, as far as that was UTF-8. */
#include "core/runtime/logfile.h"
#include "core/wire/json.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autobuf line = { 0 };
	autojson *doc = NULL;

	logfile_entry(&line, size & 1, data, size, 1700000000123456789,
		      size & 2 ? "{\"a\":\"b\"}" : NULL);
	must(line.len > 0 &&
	     memchr(line.data, '\n', line.len) == line.data + line.len - 1);
	must(json_parse(line.data, line.len, "entry", &doc, NULL) == 0);
	yyjson_val *log = yyjson_obj_get(yyjson_doc_get_root(doc), "log");
	const char *text = yyjson_get_str(log);
	size_t n = yyjson_get_len(log);
	must(text && (memmem(text, n, "\xef\xbf\xbd", 3) ||
		      (n == size && (n == 0 || memcmp(text, data, n) == 0))));
	return 0;
}
