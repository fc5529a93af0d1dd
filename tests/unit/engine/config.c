/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

static int read_text(const char *text, struct config *ret, struct err *e)
{
	char path[] = "/tmp/rootless-unit-XXXXXX";
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	close(fd);
	CHECK_INT(file_replace_nosync(AT_FDCWD, path, text, strlen(text), 0600), 0);
	int r = config_read(path, ret, e);
	unlink(path);
	return r;
}

static void check_refused(const char *text, const char *why)
{
	autodone(config_done) struct config c = { 0 };
	struct err e = { 0 };

	CHECK(read_text(text, &c, &e) < 0);
	if (!strstr(e.text, why))
		CHECK_STR(e.text, why);
	CHECK(str_starts(e.text, "configuration"));
}

TEST(defaults)
{
	autodone(config_done) struct config c = { 0 };
	struct err e = { 0 };

	CHECK_INT(read_text("{}", &c, &e), 0);
	CHECK_STR(c.log_driver, "json-file");
	CHECK_INT(c.shm_size, 64 << 20);
	CHECK(!c.no_new_privileges && !c.init && !c.bip && c.source_check);
}

TEST(all_keys)
{
	autodone(config_done) struct config c = { 0 };
	struct err e = { 0 };

	CHECK_INT(
		read_text(
			"{\"registry-mirrors\":[\"http://"
			"m\"],\"insecure-registries\":[\"r:1\"],"
			"\"proxies\":{\"http-proxy\":\"p\",\"no-proxy\":\"n\"},"
			"\"log-driver\":\"none\",\"log-opts\":{\"max-size\":\"1m\"},"
			"\"no-new-privileges\":true,\"seccomp-profile\":\"/p\","
			"\"dns\":[\"1.1.1.1\"],\"dns-search\":[\"a\"],\"dns-opts\":["
			"\"b\"],"
			"\"default-ulimits\":{\"nofile\":{\"Name\":\"nofile\",\"Soft\":1,"
			"\"Hard\":2}},\"default-shm-size\":\"1m\",\"labels\":[\"l=1\"],"
			"\"init\":true,\"bip\":\"172.30.0.1/24\",\"mtu\":1400,"
			"\"source-check\":false}",
			&c, &e),
		0);
	CHECK_STR(e.text, "");
	CHECK_STR(c.registry.mirrors.v[0], "http://m");
	CHECK_STR(c.registry.http_proxy, "p");
	CHECK_STR(c.registry.no_proxy, "n");
	CHECK_STR(c.log_driver, "none");
	CHECK_STR(c.log_opts.v[0], "max-size=1m");
	CHECK_STR(c.default_ulimits.v[0], "nofile=1:2");
	CHECK_INT(c.shm_size, 1 << 20);
	CHECK_INT(c.mtu, 1400);
	CHECK(c.init && c.no_new_privileges && !c.source_check);
}

TEST(refused)
{
	check_refused("{\"storage-driver\":\"x\"}", "key 'storage-driver' is not known");
	check_refused("[]", "not a JSON object");
	check_refused("{", "");
	check_refused("{\"mtu\":1}", "'mtu' is not between");
	check_refused("{\"init\":\"yes\"}", "'init'");
	check_refused("{\"source-check\":\"no\"}", "'source-check'");
	check_refused("{\"default-shm-size\":\"many\"}",
		      "'default-shm-size' is not a size");
	check_refused("{\"proxies\":{\"ftp\":\"x\"}}", "key 'ftp' is not known");
	check_refused("{\"dns\":[1]}", "'dns'");
}

TEST(a_named_file_must_be_there)
{
	autodone(config_done) struct config c = { 0 };
	struct err e = { 0 };

	CHECK_INT(config_read("/nonexistent/daemon.json", &c, &e), -ENOENT);
	setenv("ROOTLESS_CONFIG", "/nonexistent/daemon.json", 1);
	CHECK_INT(config_read(NULL, &c, &e), -ENOENT);
	unsetenv("ROOTLESS_CONFIG");
	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	CHECK_INT(config_read(NULL, &c, &e), 0);
	CHECK_STR(c.path, "/nonexistent/rootless/daemon.json");
}
