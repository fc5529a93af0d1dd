/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/network.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int parse(const char *fields, struct network *n)
{
	autofree char *text = str_fmt("{\"Name\":\"n\",\"Id\":\"" ID "\"%s}", fields);
	autojson *doc = NULL;
	struct err e = { 0 };

	CHECK_INT(json_parse(text, strlen(text), "record", &doc, &e), 0);
	int r = network_parse(yyjson_doc_get_root(doc), ID, n, &e);
	CHECK(r == 0 || e.text[0]);
	return r;
}

TEST(drivers)
{
	static const struct {
		const char *fields;
		int code;
		bool plain;
	} rows[] = {
		{ ",\"Driver\":\"bridge\",\"IPAM\":{\"Config\":[{\"Subnet\":"
		  "\"172.17.0.0/16\",\"Gateway\":\"172.17.0.1\"}]}",
		  0, false },
		{ ",\"Driver\":\"host\"", 0, true },
		{ ",\"Driver\":\"null\"", 0, true },
		{ ",\"Driver\":\"bridge\"", -EINVAL, false },
		/* It was a network with a bridge, and its record is not whole. */
		{ "", -EINVAL, true },
		{ ",\"Driver\":\"bridg\"", -EINVAL, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autodone(network_done) struct network n = { 0 };

		CHECK_INT(parse(rows[i].fields, &n), rows[i].code);
		if (rows[i].code == 0)
			CHECK_INT(n.plain, rows[i].plain);
	}
}
