/* SPDX-License-Identifier: Apache-2.0 */
#include "core/oci/reference.h"

#include <errno.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

#define HEX64 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

TEST(resolved_as_docker_does)
{
	static const struct {
		const char *text, *full, *familiar, *name, *host;
	} cases[] = {
		{ "nginx", "docker.io/library/nginx:latest", "nginx:latest", "nginx",
		  "registry-1.docker.io" },
		{ "nginx:1.27", "docker.io/library/nginx:1.27", "nginx:1.27", "nginx",
		  "registry-1.docker.io" },
		{ "a/b", "docker.io/a/b:latest", "a/b:latest", "a/b",
		  "registry-1.docker.io" },
		{ "library/nginx", "docker.io/library/nginx:latest", "nginx:latest",
		  "nginx", "registry-1.docker.io" },
		{ "library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest",
		  "library/a/b", "registry-1.docker.io" },
		{ "docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest",
		  "nginx", "registry-1.docker.io" },
		{ "index.docker.io/a/b:c", "docker.io/a/b:c", "a/b:c", "a/b",
		  "registry-1.docker.io" },
		{ "localhost/a", "localhost/a:latest", "localhost/a:latest",
		  "localhost/a", "localhost" },
		{ "localhost:5000", "docker.io/library/localhost:5000", "localhost:5000",
		  "localhost", "registry-1.docker.io" },
		{ "localhost:5000/a/b:c", "localhost:5000/a/b:c", "localhost:5000/a/b:c",
		  "localhost:5000/a/b", "localhost:5000" },
		{ "Host/a", "Host/a:latest", "Host/a:latest", "Host/a", "Host" },
		{ "127.0.0.1:5000/x", "127.0.0.1:5000/x:latest",
		  "127.0.0.1:5000/x:latest", "127.0.0.1:5000/x", "127.0.0.1:5000" },
		{ "[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000/x:latest",
		  "[::1]:5000/x", "[::1]:5000" },
		{ "[fe80::1]/x", "[fe80::1]/x:latest", "[fe80::1]/x:latest",
		  "[fe80::1]/x", "[fe80::1]" },
		{ "quay.io/a-b/c__d.e---f:V1_.-", "quay.io/a-b/c__d.e---f:V1_.-",
		  "quay.io/a-b/c__d.e---f:V1_.-", "quay.io/a-b/c__d.e---f", "quay.io" },
		{ "nginx@sha256:" HEX64, "docker.io/library/nginx@sha256:" HEX64,
		  "nginx@sha256:" HEX64, "nginx", "registry-1.docker.io" },
		{ "nginx:1@sha256:" HEX64, "docker.io/library/nginx:1@sha256:" HEX64,
		  "nginx:1@sha256:" HEX64, "nginx", "registry-1.docker.io" },
		{ "docker.io/a.b/c", "docker.io/a.b/c:latest", "docker.io/a.b/c:latest",
		  "docker.io/a.b/c", "registry-1.docker.io" },
		{ "library/" HEX64, "docker.io/library/" HEX64 ":latest",
		  "library/" HEX64 ":latest", "library/" HEX64, "registry-1.docker.io" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reference r = { 0 }, copy;
		struct err e = { 0 };
		autofree char *full = NULL, *familiar = NULL, *name = NULL;

		CHECK_INT(reference_parse(cases[i].text, &r, &e), 0);
		CHECK_STR(e.text, "");
		if (e.code)
			continue;
		reference_copy(&copy, &r);
		reference_done(&r);
		full = reference_full(&copy);
		familiar = reference_familiar(&copy);
		name = reference_familiar_name(&copy);
		CHECK_STR(full, cases[i].full);
		CHECK_STR(familiar, cases[i].familiar);
		CHECK_STR(name, cases[i].name);
		CHECK_STR(reference_host(&copy), cases[i].host);
		/* What we print we read back as the same. */
		CHECK_INT(reference_parse(full, &r, &e), 0);
		free(familiar);
		familiar = reference_full(&r);
		CHECK_STR(familiar, full);
		reference_done(&r);
		reference_done(&copy);
	}
}

TEST(refused)
{
	static const char *const bad[] = {
		"",
		" ",
		"nginx ",
		"-nginx",
		"nginx-",
		"a//b",
		"a/",
		"/a",
		"a:",
		":a",
		"a:b:c",
		"a@",
		"@sha256:x",
		"a@sha256",
		"a@sha256:abc",
		"a@md5:00",
		"a..b",
		"a._b",
		"a___b",
		"a b",
		"a\nb",
		"a%2fb",
		"../a",
		"a/../b",
		"a/./b",
		"a?b",
		"http://a/b",
		"a:-x",
		"a:.x",
		"a:x/y",
		"host:port/a",
		"host:/a",
		"host:99999/a",
		"host:123456/a",
		"-h.io/a",
		"h-.io/a",
		"h..io/a",
		".io/a",
		"h.io./a",
		"[::1/a",
		"[]/a",
		"[::1]x/a",
		"[g::1]/a",
		"caf\xc3\xa9",
		"a\x7f",
		"a@sha256:" HEX64 "@sha256:" HEX64,
		"a@sha256:" HEX64 ":b",
		"localhost/",
		"[::1]:/a",
	};
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reference r = { 0 };

		e = (struct err){ 0 };
		if (reference_parse(bad[i], &r, &e) != -EINVAL)
			test_fail(__FILE__, __LINE__, "'%s' is taken", bad[i]);
		CHECK(str_starts(e.text, "invalid reference format"));
		CHECK(r.registry == NULL);
	}
}

TEST(sentences_are_dockers)
{
	struct reference r = { 0 };
	struct err e = { 0 };

	CHECK_INT(reference_parse("Nginx", &r, &e), -EINVAL);
	CHECK_STR(e.text,
		  "invalid reference format: repository name (Nginx) must be lowercase");
	CHECK_INT(reference_parse(HEX64, &r, &e), -EINVAL);
	CHECK_STR(e.text, "invalid repository name (" HEX64
			  "), cannot specify 64-byte hexadecimal "
			  "strings");
}

TEST(lengths)
{
	struct reference r = { 0 };
	autobuf b = { 0 };
	struct err e = { 0 };

	for (int i = 0; i < 255 - 8; i++)
		buf_addc(&b, 'a');
	CHECK_INT(reference_parse(buf_str(&b), &r, &e), 0);
	reference_done(&r);
	buf_addc(&b, 'a');
	CHECK_INT(reference_parse(buf_str(&b), &r, &e), -EINVAL);
	buf_reset(&b);
	buf_adds(&b, "a:");
	for (int i = 0; i < 128; i++)
		buf_addc(&b, 't');
	CHECK_INT(reference_parse(buf_str(&b), &r, &e), 0);
	reference_done(&r);
	buf_addc(&b, 't');
	CHECK_INT(reference_parse(buf_str(&b), &r, &e), -EINVAL);
	while (b.len < 5000000)
		buf_addc(&b, '/');
	CHECK_INT(reference_parse(buf_str(&b), &r, &e), -EINVAL);
	CHECK_INT(reference_parse(NULL, &r, &e), -EINVAL);
}
