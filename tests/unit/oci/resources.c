/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of config.json as settings of a control group. */
#include "core/oci/resources.h"

#include <errno.h>

#include "core/base/str.h"
#include "tests/unit/test.h"

static int convert(const char *text, struct strv *ret, struct err *e)
{
	autojson *doc = NULL;

	if (json_parse(text, strlen(text), "resources", &doc, e) < 0)
		return e->code;
	return resources_limits(yyjson_doc_get_root(doc), ret, e);
}

static char *joined(const char *text)
{
	autostrv v = { 0 };
	autobuf out = { 0 };
	struct err e = { 0 };

	if (convert(text, &v, &e) < 0)
		return str_fmt("%d %s", e.code, e.text);
	for (size_t i = 0; i < v.len; i++)
		buf_addf(&out, "%s%s", i ? "; " : "", v.v[i]);
	return str_dup(buf_str(&out));
}

TEST(conversions)
{
	static const struct {
		const char *json, *want;
	} all[] = {
		{ "{}", "" },
		{ "{\"memory\":{\"limit\":1000,\"swap\":3000,\"reservation\":500}}",
		  "memory.max=1000; memory.low=500; memory.swap.max=2000" },
		{ "{\"memory\":{\"limit\":-1,\"swap\":-1}}",
		  "memory.max=max; memory.swap.max=max" },
		{ "{\"cpu\":{\"shares\":2}}", "cpu.weight=1" },
		{ "{\"cpu\":{\"shares\":1024}}", "cpu.weight=39" },
		{ "{\"cpu\":{\"shares\":262144}}", "cpu.weight=10000" },
		{ "{\"cpu\":{\"quota\":5000}}", "cpu.max=5000 100000" },
		{ "{\"cpu\":{\"quota\":-1,\"period\":50000}}", "cpu.max=max 50000" },
		{ "{\"cpu\":{\"cpus\":\"0-1\",\"mems\":\"0\"}}",
		  "cpuset.cpus=0-1; cpuset.mems=0" },
		{ "{\"blockIO\":{\"weight\":1000,\"throttleReadBpsDevice\":[{\"major\":8,"
		  "\"minor\":0,\"rate\":77}]}}",
		  "io.weight=10000; io.max=8:0 rbps=77" },
		{ "{\"pids\":{\"limit\":9},\"hugepageLimits\":[{\"pageSize\":\"2MB\","
		  "\"limit\":5}]}",
		  "pids.max=9; hugetlb.2MB.max=5" },
		{ "{\"rdma\":{\"m\":{\"hcaHandles\":3}}}", "rdma.max=m hca_handle=3" },
		{ "{\"memory\":{\"limit\":1},\"unified\":{\"memory.max\":\"2\"}}",
		  "memory.max=1; memory.max=2" },
		{ "{\"devices\":[{\"allow\":false}],\"network\":{\"classID\":0}}", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		autofree char *got = joined(all[i].json);

		CHECK_STR(got, all[i].want);
	}
}

TEST(refused)
{
	static const struct {
		const char *json;
		int code;
	} all[] = {
		{ "{\"memory\":{\"swap\":5}}", -EINVAL },
		{ "{\"memory\":{\"limit\":9,\"swap\":5}}", -EINVAL },
		{ "{\"memory\":{\"kernelTCP\":5}}", -ENOTSUP },
		{ "{\"cpu\":{\"realtimeRuntime\":5}}", -ENOTSUP },
		{ "{\"blockIO\":{\"weight\":9}}", -EINVAL },
		{ "{\"blockIO\":{\"leafWeight\":10}}", -ENOTSUP },
		{ "{\"network\":{\"classID\":1}}", -ENOTSUP },
		{ "{\"hugepageLimits\":[{\"pageSize\":\"../x\",\"limit\":1}]}", -EINVAL },
		{ "{\"unified\":{\"../memory.max\":\"1\"}}", -EINVAL },
		{ "{\"unified\":{\"memory.max\":1}}", -EINVAL },
		{ "{\"memory\":5}", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		autostrv v = { 0 };
		struct err e = { 0 };

		CHECK_INT(convert(all[i].json, &v, &e), all[i].code);
	}
}

TEST(asked)
{
	autostrv v = { 0 };
	struct err e = { 0 };

	CHECK_INT(
		convert("{\"cpu\":{\"shares\":1024,\"quota\":-1},\"pids\":{\"limit\":5},"
			"\"memory\":{\"limit\":-1}}",
			&v, &e),
		0);
	CHECK(!resources_asked(&v));
	strv_add(&v, "io.weight=5");
	CHECK_STR(resources_asked(&v), "io.weight=5");
}
