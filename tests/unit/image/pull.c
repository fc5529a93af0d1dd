/* SPDX-License-Identifier: Apache-2.0 */
/* Pulling from a registry that answers well. */
#include "tests/unit/image/testserver.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "core/store/layer.h"
#include "core/store/reach.h"

static void write_config(const struct testpull *p, const char *text)
{
	autofree char *path = str_fmt("%s/config.json", p->config);

	CHECK_INT(file_replace(AT_FDCWD, path, text, strlen(text), 0600), 0);
}

static void good(const char *server_options, const char *name)
{
	struct testserver s = testserver_start(server_options);
	struct testpull p;

	testpull_init(&p);
	CHECK_INT(testpull_run(&p, &s, name), 0);
	CHECK_STR(p.e.text, "");
	CHECK(p.fresh && p.tag.name != NULL);
	CHECK_INT(testpull_run(&p, &s, name), 0);
	CHECK(!p.fresh);
	CHECK_INT(testpull_entries(&p, "tmp"), 0);
	testpull_done(&p);
	testserver_stop(&s);
}

TEST(plain_http_on_loopback)
{
	NEED_SERVER();
	good("", "busybox");
}

TEST(index_by_platform)
{
	NEED_SERVER();
	good("", "multi");
	good("", "nested");
}

/* Of each layer one file, by the order of layers in the image. */
static char *layer_dir(const struct testpull *p, size_t n)
{
	autostrv blobs = { 0 }, chains = { 0 };
	autofree char *text = NULL;
	struct digest d;

	CHECK_INT(reach_tag(&p->t.store, &p->tag, &blobs, &chains, NULL), 0);
	CHECK(n < chains.len);
	text = str_fmt("sha256:%s", chains.v[n]);
	CHECK_INT(digest_parse(text, &d), 0);
	return layer_path(&p->t.store, &d);
}

TEST(other_platform)
{
	NEED_SERVER();
	struct testserver s = testserver_start("");
	struct testpull p;
	struct platform host;
	autobuf text = { 0 };

	testpull_init(&p);
	platform_host(&host);
	const char *other = str_eq(host.architecture, "arm64") ? "amd64" : "arm64";
	str_copy(p.options.platform.os, 32, "linux");
	str_copy(p.options.platform.architecture, 32, other);
	CHECK_INT(testpull_run(&p, &s, "multi"), 0);
	autofree char *dir = layer_dir(&p, 0);
	autofree char *file = path_join(dir, "arch");
	CHECK_INT(file_read(AT_FDCWD, file, 100, &text), 0);
	CHECK_STR(buf_str(&text), other);
	str_copy(p.options.platform.architecture, 32, "s390x");
	CHECK_INT(testpull_run(&p, &s, "multi"), -ENOENT);
	CHECK(strstr(p.e.text, "s390x") != NULL);
	/* a single manifest of another platform than the one asked for */
	CHECK_INT(testpull_run(&p, &s, "busybox"), -ENOENT);
	CHECK(strstr(p.e.text, "does not match the specified platform") != NULL);
	testpull_done(&p);
	testserver_stop(&s);
}

TEST(token_authentication)
{
	NEED_SERVER();
	struct testserver s = testserver_start("--auth token");
	struct testpull p;

	testpull_init(&p);
	CHECK_INT(testpull_run(&p, &s, "busybox"), -ENOENT);
	CHECK(strstr(p.e.text, "pull access denied for") != NULL);
	CHECK(strstr(p.e.text, "may require 'docker login'") != NULL);
	CHECK(testpull_traceless(&p));
	autofree char *config = str_fmt("{\"auths\":{\"localhost:%u\":{\"auth\":"
					"\"dGVzdGVyOnNlY3JldA==\"}}}",
					s.port);
	write_config(&p, config);
	CHECK_INT(testpull_run(&p, &s, "busybox"), 0);
	CHECK_STR(p.e.text, "");
	/* the token goes to the registry, the password to the token server only */
	CHECK_INT(testserver_count(&s, "/v2/busybox/manifests/latest|Basic"), 0);
	CHECK(testserver_count(&s, "scope=repository%3Abusybox%3Apull") > 0);
	autofree char *wrong =
		str_fmt("{\"auths\":{\"https://localhost:%u/v1/\":{\"username\":"
			"\"tester\",\"password\":\"wrong\"}}}",
			s.port);
	write_config(&p, wrong);
	CHECK_INT(testpull_run(&p, &s, "edge"), -ENOENT);
	CHECK(strstr(p.e.text, "incorrect username or password") != NULL);
	testpull_done(&p);
	testserver_stop(&s);
}

TEST(anonymous_and_short_lived_tokens)
{
	NEED_SERVER();
	good("--auth token --anonymous", "edge");
	good("--auth token --anonymous --short-lived 2", "edge");
}

TEST(basic_authentication)
{
	NEED_SERVER();
	struct testserver s = testserver_start("--auth basic");
	struct testpull p;

	testpull_init(&p);
	CHECK_INT(testpull_run(&p, &s, "busybox"), -ENOENT);
	CHECK(strstr(p.e.text, "no basic auth credentials") != NULL);
	autofree char *config = str_fmt("{\"auths\":{\"localhost:%u\":{\"auth\":"
					"\"dGVzdGVyOnNlY3JldA==\"}}}",
					s.port);
	write_config(&p, config);
	CHECK_INT(testpull_run(&p, &s, "edge"), 0);
	/* credentials of another registry are not shown to this one */
	autofree char *other = str_fmt("{\"auths\":{\"localhost:%u\":{\"auth\":"
				       "\"dGVzdGVyOnNlY3JldA==\"}}}",
				       s.port + 1);
	write_config(&p, other);
	CHECK_INT(testpull_run(&p, &s, "busybox"), -ENOENT);
	testpull_done(&p);
	testserver_stop(&s);
}

TEST(identity_token_and_helpers)
{
	NEED_SERVER();
	struct testserver s = testserver_start("--auth token --identity abc-123");
	struct testpull p;
	static const char helper[] =
		"#!/bin/sh\nread server\n[ \"$1\" = get ] || exit 1\n"
		"case $server in *localhost*) ;; *) echo 'credentials not "
		"found in native keychain'; exit 1;; esac\n"
		"echo '{\"ServerURL\":\"x\",\"Username\":\"<token>\","
		"\"Secret\":\"abc-123\"}'\n";

	testpull_init(&p);
	autofree char *config = str_fmt("{\"auths\":{\"localhost:%u\":{\"identitytoken\":"
					"\"abc-123\"}}}",
					s.port);
	write_config(&p, config);
	CHECK_INT(testpull_run(&p, &s, "busybox"), 0);
	CHECK_INT(testserver_count(&s, "POST /token"), 1);
	autofree char *program = str_fmt("%s/docker-credential-test", p.config);
	CHECK_INT(file_replace(AT_FDCWD, program, helper, strlen(helper), 0755), 0);
	autofree char *path = str_fmt("%s:%s", p.config, getenv("PATH"));
	autofree char *old_path = str_dup(getenv("PATH"));
	setenv("PATH", path, 1);
	write_config(&p, "{\"credsStore\":\"test\"}");
	CHECK_INT(testpull_run(&p, &s, "edge"), 0);
	write_config(&p, "{\"credsStore\":\"nosuch\"}");
	CHECK_INT(testpull_run(&p, &s, "multi"), -ENOENT);
	CHECK(strstr(p.e.text, "'docker-credential-nosuch' is not installed") != NULL);
	setenv("PATH", old_path, 1);
	testpull_done(&p);
	testserver_stop(&s);
}

static void trust(const struct testpull *p, const struct testserver *s, const char *what)
{
	autofree char *command =
		str_fmt("mkdir -p '%s/certs.d/localhost:%u' && cp %s/certs/%s "
			"'%s/certs.d/localhost:%u/'",
			p->config, s->port, testshared.dir, what, p->config, s->port);

	CHECK(testshared_run(command));
}

TEST(tls_with_a_private_authority)
{
	NEED_SERVER();
	struct testserver s =
		testserver_start("--tls %d/certs/server.crt %d/certs/server.key");
	struct testpull p;

	testpull_init(&p);
	CHECK_INT(testpull_run(&p, &s, "busybox"), -EKEYREJECTED);
	CHECK(testpull_traceless(&p));
	trust(&p, &s, "other-ca.crt");
	CHECK_INT(testpull_run(&p, &s, "busybox"), -EKEYREJECTED);
	trust(&p, &s, "ca.crt");
	CHECK_INT(testpull_run(&p, &s, "busybox"), 0);
	CHECK_STR(p.e.text, "");
	testpull_done(&p);
	testserver_stop(&s);
}

TEST(tls_unverified_when_listed)
{
	NEED_SERVER();
	struct testserver s =
		testserver_start("--tls %d/certs/server.crt %d/certs/server.key");
	struct testpull p;

	testpull_init(&p);
	strv_addf(&p.registry.insecure, "localhost:%u", s.port);
	CHECK_INT(testpull_run(&p, &s, "busybox"), 0);
	strv_done(&p.registry.insecure);
	testpull_done(&p);
	testserver_stop(&s);
}

TEST(tls_client_certificate)
{
	NEED_SERVER();
	struct testserver s =
		testserver_start("--tls %d/certs/server.crt %d/certs/server.key "
				 "--client-ca %d/certs/ca.crt");
	struct testpull p;

	testpull_init(&p);
	trust(&p, &s, "ca.crt");
	CHECK(testpull_run(&p, &s, "busybox") < 0);
	CHECK(testpull_traceless(&p));
	trust(&p, &s, "client.cert");
	CHECK(testpull_run(&p, &s, "busybox") < 0);
	CHECK(strstr(p.e.text, "client.key") != NULL);
	trust(&p, &s, "client.key");
	CHECK_INT(testpull_run(&p, &s, "busybox"), 0);
	testpull_done(&p);
	testserver_stop(&s);
}

TEST(http_only_where_it_is_allowed)
{
	NEED_SERVER();
	struct testserver s = testserver_start("");
	struct testpull p;

	testpull_init(&p);
	/* through a proxy, so that the name needs no resolver */
	autofree char *proxy = str_fmt("http://127.0.0.1:%u", s.port);
	p.registry.http_proxy = p.registry.https_proxy = proxy;
	CHECK(testpull_ref(&p, "registry.test:5000/busybox") < 0);
	CHECK_INT(testserver_count(&s, "GET"), 0);
	strv_add(&p.registry.insecure, "registry.test:5000");
	CHECK_INT(testpull_ref(&p, "registry.test:5000/busybox"), 0);
	CHECK(testserver_count(&s, "GET http://registry.test:5000/v2/busybox/") > 1);
	/* what no_proxy names is asked directly */
	p.registry.no_proxy = "registry.test";
	CHECK(testpull_ref(&p, "registry.test:5000/edge") < 0);
	CHECK_INT(testserver_count(&s, "/v2/edge/"), 0);
	strv_done(&p.registry.insecure);
	testpull_done(&p);
	testserver_stop(&s);
}

TEST(mirrors)
{
	NEED_SERVER();
	struct testserver bad = testserver_start("--fault flip"),
			  good_one = testserver_start("");
	struct testserver down = testserver_start("--fault down");
	struct testpull p;

	testpull_init(&p);
	strv_addf(&p.registry.mirrors, "http://127.0.0.1:%u", down.port);
	strv_addf(&p.registry.mirrors, "http://127.0.0.1:%u/", bad.port);
	strv_addf(&p.registry.mirrors, "http://127.0.0.1:%u/prefix", good_one.port);
	CHECK_INT(testpull_ref(&p, "busybox"), 0);
	CHECK_STR(p.e.text, "");
	CHECK_STR(p.tag.name, "docker.io/library/busybox:latest");
	CHECK_STR(p.tag.repo, "docker.io/library/busybox");
	CHECK(testserver_count(&good_one, "/prefix/v2/library/busybox/blobs/") > 0);
	/* only images of the default registry come from mirrors */
	CHECK(testpull_ref(&p, "localhost:1/busybox") < 0);
	strv_reset(&p.registry.mirrors);
	strv_add(&p.registry.mirrors, "http://registry.test");
	CHECK_INT(testpull_ref(&p, "edge"), -EPERM);
	CHECK(strstr(p.e.text, "not HTTPS") != NULL);
	strv_done(&p.registry.mirrors);
	testpull_done(&p);
	testserver_stop(&bad);
	testserver_stop(&good_one);
	testserver_stop(&down);
}

/* Every kind of entry, as the layer's folder has it. */
TEST(what_is_unpacked)
{
	NEED_SERVER();
	struct testserver s = testserver_start("");
	struct testpull p;
	struct stat st;
	char text[100];

	testpull_init(&p);
	CHECK_INT(testpull_run(&p, &s, "edge"), 0);
	autofree char *a = layer_dir(&p, 0), *b = layer_dir(&p, 1), *c = layer_dir(&p, 2);
	autoclose int d = open(a, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	autoclose int upper = open(b, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	autoclose int third = open(c, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	CHECK_INT(fstatat(d, "e/suid", &st, 0), 0);
	CHECK_INT(st.st_mode & 07777, 04755);
	CHECK(st.st_uid != geteuid()); /* some ID of the map, or root's 1000 */
	CHECK_INT(fstatat(d, "e/sticky", &st, 0), 0);
	CHECK_INT(st.st_mode & 07777, 01777);
	CHECK_INT(fstatat(d, "e", &st, 0), 0);
	CHECK_INT(st.st_mtim.tv_sec, 1234567890);
	CHECK_INT(st.st_mtim.tv_nsec, 500000000);
	CHECK_INT(fstatat(d, "e/before1970", &st, 0), 0);
	CHECK_INT(st.st_mtim.tv_sec, -86400);
	CHECK_INT(fstatat(d, "e/hard-c", &st, 0), 0);
	CHECK_INT(st.st_nlink, 3);
	CHECK_INT(fstatat(d, "e/fifo", &st, 0), 0);
	CHECK(S_ISFIFO(st.st_mode));
	CHECK_INT(fstatat(d, "e/disk", &st, 0), -1);
	CHECK_INT(fstatat(d, "dev/null", &st, 0), -1);
	CHECK_INT(fstatat(d, "implicit/parents", &st, 0), 0);
	CHECK_INT(st.st_mode & 07777, 0755);
	CHECK_INT(fstatat(d, "e/setgid/child", &st, 0), 0);
	CHECK_INT(st.st_gid, getegid());
	CHECK_INT(readlinkat(d, "e/up", text, sizeof(text)), 22);
	CHECK_INT(fstatat(d, "e/twice", &st, 0), 0);
	CHECK_INT(st.st_size, 15);
	CHECK_INT(fstatat(d, "e/dotted/name", &st, 0), 0);
	CHECK_INT(fstatat(d, "e/utf8-\xc3\xbc\xe4\xb8\xad\xf0\x9f\x90\xb3", &st, 0), 0);
	autoclose int x = openat(d, "e/xattr", O_RDONLY | O_CLOEXEC);
	CHECK_INT(fgetxattr(x, "user.note", text, sizeof(text)), 4);
	CHECK_INT(fgetxattr(x, "user.overlay.redirect", text, sizeof(text)), -1);
	autoclose int cap = openat(d, "e/cap", O_RDONLY | O_CLOEXEC);
	CHECK(fgetxattr(cap, "security.capability", text, sizeof(text)) >= 20);
	/* whiteouts in overlay's user-namespace form */
	CHECK_INT(fstatat(upper, "e/gone", &st, AT_SYMLINK_NOFOLLOW), 0);
	CHECK(S_ISCHR(st.st_mode) && st.st_rdev == 0);
	autoclose int opaque = openat(upper, "e/opaque", O_RDONLY | O_CLOEXEC);
	CHECK_INT(fgetxattr(opaque, "user.overlay.opaque", text, sizeof(text)), 1);
	autoclose int over = openat(upper, "e/hidden-dir", O_RDONLY | O_CLOEXEC);
	CHECK_INT(fgetxattr(over, "user.overlay.opaque", text, sizeof(text)), 1);
	CHECK_INT(fstatat(upper, "e/.wh.gone", &st, AT_SYMLINK_NOFOLLOW), -1);
	CHECK_INT(fstatat(upper, ".wh..wh.plnk", &st, AT_SYMLINK_NOFOLLOW), -1);
	/* holes stay holes */
	CHECK_INT(fstatat(third, "e/sparse", &st, 0), 0);
	CHECK_INT(st.st_size, 64 << 20);
	CHECK(st.st_blocks * 512 < 1 << 20);
	testpull_done(&p);
	testserver_stop(&s);
}

/* Folders that an upper layer has only implicitly keep the looks of the layers below. */
TEST(implicit_parents)
{
	NEED_SERVER();
	struct testserver s = testserver_start("");
	struct testpull p;
	struct stat st, below;

	testpull_init(&p);
	CHECK_INT(testpull_run(&p, &s, "parents"), 0);
	CHECK_STR(p.e.text, "");
	autofree char *a = layer_dir(&p, 0), *b = layer_dir(&p, 1), *c = layer_dir(&p, 2);
	autoclose int first = open(a, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	autoclose int second = open(b, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	autoclose int third = open(c, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	CHECK_INT(fstatat(second, "tmp", &st, 0), 0);
	CHECK_INT(st.st_mode & 07777, 01777);
	CHECK_INT(fstatat(first, "srv", &below, 0), 0);
	CHECK_INT(below.st_mode & 07777, 02750);
	for (int i = 0; i < 2; i++) {
		CHECK_INT(fstatat(i ? third : second, "srv", &st, 0), 0);
		CHECK_INT(st.st_mode, below.st_mode);
		CHECK_INT(st.st_uid, below.st_uid);
		CHECK_INT(st.st_gid, below.st_gid);
		CHECK_INT(st.st_mtim.tv_sec, 1111111111);
	}
	/* what was hidden in between is no model */
	CHECK_INT(fstatat(third, "gone", &st, 0), 0);
	CHECK_INT(st.st_mode & 07777, 0755);
	CHECK_INT(fstatat(third, "opaque", &st, 0), 0);
	CHECK_INT(st.st_mode & 07777, 0700);
	CHECK_INT(fstatat(third, "opaque/in", &st, 0), 0);
	CHECK_INT(st.st_mode & 07777, 0755);
	testpull_done(&p);
	testserver_stop(&s);
}

/* Two at once: each blob is asked for once. */
TEST(one_download_for_two_pulls)
{
	NEED_SERVER();
	struct testserver s = testserver_start("");
	struct testpull p;
	int status;

	testpull_init(&p);
	pid_t pid[4];
	for (size_t i = 0; i < ARRAY_LEN(pid); i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			_exit(testpull_run(&p, &s, "edge") == 0 ? 0 : 1);
	}
	for (size_t i = 0; i < ARRAY_LEN(pid); i++) {
		CHECK_INT(waitpid(pid[i], &status, 0), pid[i]);
		CHECK_INT(status, 0);
	}
	CHECK_INT(testpull_run(&p, &s, "edge"), 0);
	CHECK(!p.fresh);
	autostrv blobs = { 0 };
	CHECK_INT(reach_tag(&p.t.store, &p.tag, &blobs, NULL, NULL), 0);
	for (size_t i = 2; i < blobs.len; i++) { /* layers */
		autofree char *line = str_fmt("GET /v2/edge/blobs/sha256:%s", blobs.v[i]);
		CHECK_INT(testserver_count(&s, line), 1);
	}
	CHECK_INT(testpull_entries(&p, "tmp"), 0);
	testpull_done(&p);
	testserver_stop(&s);
}

static int sweep(void *arg, struct err *e)
{
	return gc_sweep(arg, e);
}

/* kill -9 at many points: what is left is swept, and the next pull works. */
TEST(killed_at_any_moment)
{
	NEED_SERVER();
	struct testserver s = testserver_start("");
	struct testpull p;
	size_t pending = 0;

	testpull_init(&p);
	for (unsigned ms = 0; ms < 60; ms += 3) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(testpull_run(&p, &s, "edge") == 0 ? 0 : 1);
		usleep(ms * 1000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		usleep(20000); /* its workers end by the death of their parent */
		if (testshared.realm >= 0)
			CHECK_INT(userns_call(testshared.realm, CLONE_NEWUSER, sweep,
					      &p.t.store, &p.e),
				  0);
		else
			CHECK_INT(gc_sweep(&p.t.store, &p.e), 0);
		CHECK_INT(gc_pending(&p.t.store, &pending, &p.e), 0);
		CHECK_INT(pending, 0);
	}
	CHECK_INT(testpull_run(&p, &s, "edge"), 0);
	CHECK_INT(testpull_entries(&p, "layers"), 4);
	testpull_done(&p);
	testserver_stop(&s);
}
