/* SPDX-License-Identifier: Apache-2.0 */
#include "core/image/auth.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/base64.h"
#include "tests/unit/test.h"

struct found {
	struct auth a;
	char *helper, *server;
	int r;
};

static struct found ask(const char *text, const char *registry)
{
	struct found f = { 0 };
	struct err e = { 0 };

	f.r = auth_parse(text, strlen(text), registry, &f.a, &f.helper, &f.server, &e);
	CHECK((f.r < 0) == (e.text[0] != 0));
	return f;
}

static void done(struct found *f)
{
	auth_done(&f->a);
	str_set(&f->helper, NULL);
	str_set(&f->server, NULL);
}

TEST(keys_that_name_a_registry)
{
	static const char *const keys[] = { "reg.example:5000",
					    "https://reg.example:5000",
					    "http://reg.example:5000/v1/",
					    "reg.example:5000/v2" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		autofree char *text =
			str_fmt("{\"auths\":{\"%s\":{\"auth\":\"YTpiOmM=\"}}}", keys[i]);
		struct found f = ask(text, "reg.example:5000");
		CHECK_STR(f.a.username, "a");
		CHECK_STR(f.a.password, "b:c");
		CHECK_STR(f.server, keys[i]);
		done(&f);
		f = ask(text, "reg.example");
		CHECK(f.r == 0 && !f.a.username);
		done(&f);
	}
	struct found f = ask("{\"auths\":{\"reg.example/team\":{\"auth\":\"YTpi\"}}}",
			     "reg.example");
	CHECK(f.a.username == NULL);
	done(&f);
}

TEST(docker_hub_and_tokens)
{
	struct found f =
		ask("{\"auths\":{\"https://index.docker.io/v1/\":{\"identitytoken\":"
		    "\"t\",\"auth\":\"PHRva2VuPjo=\"}}}",
		    "docker.io");

	CHECK_STR(f.a.identity_token, "t");
	CHECK(f.a.username == NULL);
	done(&f);
	f = ask("{}", "docker.io");
	CHECK_STR(f.server, "https://index.docker.io/v1/");
	done(&f);
}

TEST(helpers)
{
	struct found f =
		ask("{\"credsStore\":\"all\",\"credHelpers\":{\"a.example\":\"one\"}}",
		    "a.example");

	CHECK_STR(f.helper, "one");
	done(&f);
	f = ask("{\"credsStore\":\"all\",\"credHelpers\":{\"a.example\":\"one\"}}",
		"b.example");
	CHECK_STR(f.helper, "all");
	done(&f);
}

TEST(broken_files)
{
	static const char *const bad[] = { "",
					   "[",
					   "{\"auths\":[]}",
					   "{\"auths\":{\"r\":{\"auth\":\"!\"}}}",
					   "{\"auths\":{\"r\":{\"auth\":\"YWJj\"}}}",
					   "{\"auths\":{\"r\":{\"auth\":7}}}" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct found f = ask(bad[i], "r");
		CHECK(f.r < 0 && !f.a.username && !f.helper);
		done(&f);
	}
}

TEST(base64)
{
	static const char *const pairs[][2] = { { "", "" },
						{ "f", "Zg==" },
						{ "fo", "Zm8=" },
						{ "foo", "Zm9v" },
						{ "foob", "Zm9vYg==" } };

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		autobuf out = { 0 }, back = { 0 };
		CHECK_INT(base64_encode(pairs[i][0], strlen(pairs[i][0]), 0, &out), 0);
		CHECK_STR(buf_str(&out), pairs[i][1]);
		CHECK_INT(base64_decode(pairs[i][1], strlen(pairs[i][1]), &back), 0);
		CHECK_STR(buf_str(&back), pairs[i][0]);
	}
	autobuf out = { 0 };
	CHECK_INT(base64_decode("Zg", 2, &out), 0); /* padding may be missing */
	CHECK_INT(base64_decode("Z", 1, &out), -EINVAL);
	CHECK_INT(base64_decode("Zh==", 4, &out), -EINVAL); /* left-over bits */
	CHECK_INT(base64_decode("Z-==", 4, &out), -EINVAL);
}
