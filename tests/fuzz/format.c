/* SPDX-License-Identifier: Apache-2.0 */
/* Templates of --format, over a value like docker inspect's. The bytes up to the first
 * NUL are the template; what follows, when it is JSON, is the value. */
#include <stddef.h>
#include <stdint.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/cli/format.h"
#include "core/wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char sample[] =
	"{\"Id\":\"0123456789abcdef\",\"N\":-7,\"F\":1.5,\"B\":true,\"Z\":null,\"S\":\"a,"
	"b\","
	"\"Args\":[\"-g\",\"off\"],\"State\":{\"Status\":\"running\",\"Pid\":42},"
	"\"Labels\":{\"a.b\":\"one\"},\"Mounts\":[{\"Source\":\"/src\"},{\"Source\":\"/"
	"two\"}],"
	"\"Ports\":{\"80/tcp\":[{\"HostPort\":\"8080\"}],\"443/tcp\":null}}";

static void run(const struct format *f, yyjson_val *root)
{
	autobuf out = { .max = 1 << 20 };
	autobuf header = { .max = 1 << 20 };
	struct err e = { 0 };

	(void)format_run(f, root, &out, &e);
	(void)format_run_header(f, root, &header, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t n = strnlen(text, size);
	autofree char *template = str_ndup(text, n);
	autojson *own = NULL;
	autojson *given = NULL;
	struct format *f = NULL;
	struct err e = { 0 };

	if (format_new(template, &f, &e) < 0)
		return 0;
	if (json_parse(sample, sizeof(sample) - 1, "sample", &own, &e) < 0)
		abort();
	run(f, yyjson_doc_get_root(own));
	if (n + 1 < size &&
	    json_parse(data + n + 1, size - n - 1, "value", &given, &e) == 0)
		run(f, yyjson_doc_get_root(given));
	format_free(f);
	return 0;
}
