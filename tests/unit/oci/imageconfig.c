/* SPDX-License-Identifier: Apache-2.0 */
#include "core/oci/imageconfig.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define TOP "{\"architecture\":\"amd64\",\"os\":\"linux\","

static const char whole[] =
	"{\"architecture\":\"arm\",\"author\":\"me\",\"config\":{\"User\":\"www:33\","
	"\"ExposedPorts\":{\"443/tcp\":{},\"80/tcp\":{}},\"Env\":[\"PATH=/bin\",\"E=\"],"
	"\"Entrypoint\":[\"/"
	"e\"],\"Cmd\":[\"a\",\"b\"],\"Healthcheck\":{\"Test\":[\"CMD-SHELL\","
	"\"true\"],\"Interval\":30000000000,\"Timeout\":1,\"StartPeriod\":2,"
	"\"StartInterval\":3,"
	"\"Retries\":4},\"ArgsEscaped\":true,\"Volumes\":{\"/"
	"data\":{}},\"WorkingDir\":\"/w\","
	"\"OnBuild\":[\"RUN "
	"x\"],\"Labels\":{\"a\":\"1\",\"b\":\"2=2\"},\"StopSignal\":\"SIGQUIT\","
	"\"StopTimeout\":7,\"Shell\":[\"/bin/"
	"bash\",\"-c\"]},\"created\":\"2026-01-02T03:04:05Z\","
	"\"history\":[{\"created\":\"2026-01-02T03:04:05Z\",\"created_by\":\"ADD x\"},"
	"{\"created_by\":\"CMD\",\"author\":\"me\",\"comment\":\"c\",\"empty_layer\":"
	"true}],"
	"\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX
	"\"]},"
	"\"variant\":\"v7\"}";

static int try(const char *text, struct imageconfig *c, struct err *e)
{
	imageconfig_done(c);
	err_clear(e);
	return imageconfig_parse(text, strlen(text), c, e);
}

TEST(whole_document)
{
	struct imageconfig c = { 0 };
	struct err e = { 0 };
	autobuf b = { 0 };

	CHECK_INT(try(whole, &c, &e), 0);
	CHECK_STR(e.text, "");
	CHECK_STR(c.user, "www:33");
	CHECK_STR(c.platform.variant, "v7");
	CHECK_INT(c.ports.len, 2);
	CHECK_STR(c.ports.v[1], "80/tcp");
	CHECK_STR(c.labels.v[1], "b=2=2");
	CHECK_INT(c.health.interval, 30000000000ll);
	CHECK_INT(c.health.retries, 4);
	CHECK_INT(c.stop_timeout, 7);
	CHECK(!c.entrypoint_null && !c.cmd_null);
	CHECK_INT(c.history_len, 2);
	CHECK(c.history[1].empty_layer);
	CHECK_INT(imageconfig_print(&c, &b), 0);
	CHECK_STR(buf_str(&b), whole);
	imageconfig_done(&c);
	imageconfig_done(&c);
}

TEST(absent_members)
{
	struct imageconfig c = { 0 };
	struct err e = { 0 };

	CHECK_INT(try("{}", &c, &e), 0);
	CHECK(c.entrypoint_null && c.cmd_null);
	CHECK_INT(c.stop_timeout, -1);
	CHECK_INT(c.diff_ids_len, 0);
	CHECK(c.user == NULL);
	CHECK_INT(try(TOP "\"config\":{\"Entrypoint\":[],\"Cmd\":null,\"Env\":null,"
			  "\"Labels\":null,"
			  "\"Volumes\":null,\"ExposedPorts\":{\"1/"
			  "udp\":null},\"Healthcheck\":null},"
			  "\"history\":null,\"rootfs\":null}",
		      &c, &e),
		  0);
	CHECK(!c.entrypoint_null && c.cmd_null);
	CHECK_STR(c.ports.v[0], "1/udp");
	imageconfig_done(&c);
}

TEST(refused)
{
	static const char *const bad[] = {
		"[]",
		"",
		"{\"config\":5}",
		"{\"config\":{\"Env\":\"A=B\"}}",
		"{\"config\":{\"Env\":[1]}}",
		"{\"config\":{\"Env\":[\"A=\\u0000\"]}}",
		"{\"config\":{\"Cmd\":\"x\"}}",
		"{\"config\":{\"User\":0}}",
		"{\"config\":{\"User\":\"root\\u0000\"}}",
		"{\"config\":{\"Volumes\":[\"/x\"]}}",
		"{\"config\":{\"Volumes\":{\"/x\\u0000y\":{}}}}",
		"{\"config\":{\"Labels\":{\"a\":1}}}",
		"{\"config\":{\"StopTimeout\":\"1\"}}",
		"{\"config\":{\"Healthcheck\":{\"Interval\":1.5}}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" HEX "\"]}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:..\"]}}",
		"{\"rootfs\":{\"type\":\"windows\",\"diff_ids\":[]}}",
		"{\"rootfs\":{\"diff_ids\":{}}}",
		"{\"history\":{}}",
		"{\"history\":[1]}",
		"{\"history\":[{\"created_by\":1}]}",
		"{\"os\":\"linux\",\"os\":\"linux\"}",
		"{\"architecture\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
	};
	struct imageconfig c = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (try(bad[i], &c, &e) != -EINVAL)
			test_fail(__FILE__, __LINE__, "case %zu is taken", i);
		CHECK(str_starts(e.text, "image config: "));
	}
	imageconfig_done(&c);
}

TEST(limits)
{
	autofree char *big = mem_alloc(IMAGECONFIG_MAX + 2);
	struct imageconfig c = { 0 };
	struct err e = { 0 };
	autobuf b = { 0 };

	memset(big, ' ', IMAGECONFIG_MAX + 1);
	CHECK_INT(imageconfig_parse(big, IMAGECONFIG_MAX + 1, &c, &e), -E2BIG);
	buf_adds(&b, "{\"rootfs\":{\"diff_ids\":[");
	for (int i = 0; i < 501; i++)
		buf_addf(&b, "%s\"sha256:" HEX "\"", i ? "," : "");
	buf_adds(&b, "]}}");
	CHECK_INT(try(buf_str(&b), &c, &e), -E2BIG);
}

TEST(as_inspect_shows_it)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	struct imageconfig c = { 0 };
	struct err e = { 0 };
	autobuf b = { 0 };

	yyjson_mut_doc_set_root(doc, o);
	CHECK_INT(try(TOP
		      "\"config\":{\"Cmd\":[\"sh\"],\"ExposedPorts\":{\"80/tcp\":{}}}}",
		      &c, &e),
		  0);
	imageconfig_build(&c, doc, o);
	CHECK_INT(json_print(&b, doc, false), 0);
	CHECK_STR(buf_str(&b),
		  "{\"Hostname\":\"\",\"Domainname\":\"\",\"User\":\"\",\"AttachStdin\":"
		  "false,"
		  "\"AttachStdout\":false,\"AttachStderr\":false,\"ExposedPorts\":{\"80/"
		  "tcp\":{}},"
		  "\"Tty\":false,\"OpenStdin\":false,\"StdinOnce\":false,\"Env\":null,"
		  "\"Cmd\":[\"sh\"],\"Image\":\"\",\"Volumes\":null,\"WorkingDir\":\"\","
		  "\"Entrypoint\":null,\"OnBuild\":null,\"Labels\":null}");
	imageconfig_done(&c);
}

/* The example of image-spec config.md has no values; these were made with sha256sum. */
TEST(chain_ids)
{
	struct digest ids[3], chain;
	char text[DIGEST_TEXT_MAX];

	for (int i = 0; i < 3; i++)
		CHECK_INT(digest_parse("sha256:" HEX, &ids[i]), 0);
	imageconfig_chain_id(ids, 1, &chain);
	CHECK(digest_eq(&chain, &ids[0]));
	imageconfig_chain_id(ids, 2, &chain);
	CHECK_STR(digest_text(text, &chain),
		  "sha256:"
		  "de9d9016b852e46e9f3973e20d3a6d17e120f7144931d50cd6e2a8ad53e81960");
	imageconfig_chain_id(ids, 3, &chain);
	CHECK_STR(digest_text(text, &chain),
		  "sha256:"
		  "bfde4fe9a58518fcef5113d0cdecb982720a41bcfe19a94e82618c9246496f61");
	imageconfig_chain_id(ids, 0, &chain);
	CHECK(!digest_is_set(&chain));
}
