/* SPDX-License-Identifier: Apache-2.0 */
/* Registries and images that mean harm, or are broken: one sentence each, and no trace.
 */
#include "tests/unit/image/testserver.h"

#include <errno.h>
#include <sys/stat.h>

/* Fails with that sentence and leaves nothing. */
static void refused_from(const struct testserver *s, const char *server_options,
			 const char *image, const char *sentence)
{
	struct testpull p;

	testpull_init(&p);
	p.registry.stall_s = 1;
	CHECK(testpull_run(&p, s, image) < 0);
	if (!strstr(p.e.text, sentence))
		test_fail(__FILE__, __LINE__, "%s %s: '%s' has no '%s'", server_options,
			  image, p.e.text, sentence);
	if (!testpull_traceless(&p))
		test_fail(__FILE__, __LINE__, "%s %s: left a trace", server_options,
			  image);
	CHECK(strlen(p.e.text) < 500 && !strchr(p.e.text, '\n'));
	testpull_done(&p);
}

static void refused_by(const char *server_options, const char *image,
		       const char *sentence)
{
	struct testserver s = testserver_start(server_options);

	refused_from(&s, server_options, image, sentence);
	testserver_stop(&s);
}

static void good(const char *server_options, const char *image)
{
	struct testserver s = testserver_start(server_options);
	struct testpull p;

	testpull_init(&p);
	if (testpull_run(&p, &s, image) < 0)
		test_fail(__FILE__, __LINE__, "%s %s: %s", server_options, image,
			  p.e.text);
	CHECK_INT(testpull_entries(&p, "tmp"), 0);
	testpull_done(&p);
	testserver_stop(&s);
}

/* --- the way
 * ------------------------------------------------------------------------------ */

TEST(cut_connections_resume)
{
	NEED_SERVER();
	struct testserver s = testserver_start("--fault cut=300000");
	struct testpull p;

	testpull_init(&p);
	CHECK_INT(testpull_run(&p, &s, "busybox"), 0);
	CHECK_INT(testserver_count(&s, "bytes=300000-"), 1);
	testpull_done(&p);
	testserver_stop(&s);
	good("--fault cut-always=200000", "edge");
	good("--fault cut=300000 --fault norange", "edge");
}

TEST(resume_on_the_next_pull)
{
	NEED_SERVER();
	struct testserver s = testserver_start("--fault stall=400000");
	struct testserver well = testserver_start("");
	struct testpull p;

	testpull_init(&p);
	p.registry.stall_s = 1;
	p.registry.backoff_ms = 1;
	CHECK_INT(testpull_run(&p, &s, "busybox"), -ETIMEDOUT);
	CHECK(strstr(p.e.text, "no byte came for 1 seconds") != NULL);
	CHECK_INT(testpull_entries(&p, "tmp"), 1); /* the part */
	CHECK_INT(testpull_entries(&p, "layers"), 0);
	CHECK_INT(testpull_run(&p, &well, "busybox"), 0);
	CHECK(testserver_count(&well, "|bytes=") == 1);
	CHECK_INT(testpull_entries(&p, "tmp"), 0);
	testpull_done(&p);
	testserver_stop(&s);
	testserver_stop(&well);
}

static void damage_part(const struct testpull *p)
{
	autofree char *path = str_fmt("%s/tmp", p->t.store.data);
	DIR *d = opendir(path);
	struct dirent *de;

	while ((de = readdir(d)))
		if (str_ends(de->d_name, ".part")) {
			autoclose int fd =
				openat(dirfd(d), de->d_name, O_WRONLY | O_CLOEXEC);
			CHECK_INT(pwrite(fd, "damage", 6, 1000), 6);
		}
	closedir(d);
}

TEST(damaged_part_begins_anew)
{
	NEED_SERVER();
	struct testserver s = testserver_start("--fault cut=400000 --fault once");
	struct testserver well = testserver_start("");
	struct testpull p;

	testpull_init(&p);
	CHECK_INT(testpull_run(&p, &s, "busybox"), -ENOENT);
	CHECK_INT(testpull_entries(&p, "tmp"), 1);
	damage_part(&p);
	CHECK_INT(testpull_run(&p, &well, "busybox"), 0);
	CHECK_STR(p.e.text, "");
	testpull_done(&p);
	testserver_stop(&s);
	testserver_stop(&well);
}

TEST(tries_again_when_told_so)
{
	NEED_SERVER();
	good("--fault flaky=3", "edge");
	good("--fault busy=3", "busybox");
	struct testserver s = testserver_start("--fault flaky=100");
	struct testpull p;
	testpull_init(&p);
	CHECK_INT(testpull_run(&p, &s, "busybox"), -EIO);
	CHECK(strstr(p.e.text, "503") != NULL);
	CHECK_INT(testserver_count(&s, "/blobs/"), 5); /* the config's five tries */
	CHECK(testpull_traceless(&p));
	testpull_done(&p);
	testserver_stop(&s);
}

TEST(broken_answers)
{
	NEED_SERVER();
	refused_by("--fault garbage", "busybox", "");
	refused_by("--fault down", "busybox", "");
	refused_by("--fault big-head", "busybox", "head of the answer is too large");
	refused_by("--fault many-heads", "busybox", "head of the answer is too large");
	refused_by("--fault big-manifest", "busybox", "larger than 4194304 bytes");
	refused_by("--fault html", "nosuch", "manifest unknown");
	refused_by("", "nosuch", "manifest for localhost");
}

TEST(redirects)
{
	NEED_SERVER();
	struct testserver target = testserver_start("");
	autofree char *to =
		str_fmt("--auth basic --fault redirect=http://127.0.0.1:%u", target.port);
	struct testserver s = testserver_start(to);
	struct testpull p;

	testpull_init(&p);
	autofree char *path = str_fmt("%s/config.json", p.config);
	autofree char *config = str_fmt(
		"{\"auths\":{\"localhost:%u\":{\"auth\":\"dGVzdGVyOnNlY3JldA==\"}}}",
		s.port);
	CHECK_INT(file_replace(AT_FDCWD, path, config, strlen(config), 0600), 0);
	CHECK_INT(testpull_run(&p, &s, "edge"), 0);
	CHECK(testserver_count(&target, "GET /v2/edge/blobs/") > 3);
	CHECK_INT(testserver_count(&target, "Basic"), 0); /* credentials stay behind */
	testpull_done(&p);
	testserver_stop(&s);
	testserver_stop(&target);
	refused_by("--fault loop", "busybox", "more than 10 redirects");
	refused_by("--fault to-plain", "busybox", "not HTTPS");
	refused_by("--tls %d/certs/server.crt %d/certs/server.key", "busybox",
		   "certificate");
}

TEST(documents_that_lie)
{
	NEED_SERVER();
	refused_by("--fault wrong-manifest", "multi", "digest mismatch");
	refused_by("--fault lying-digest", "busybox", "digest mismatch");
	refused_by("--fault no-json", "busybox", "");
	refused_by("--fault deep", "busybox", "");
	refused_by("--fault confused", "busybox", "");
	refused_by("--fault loop-index", "multi", "digest mismatch");
}

TEST(blobs_that_lie)
{
	NEED_SERVER();
	refused_by("--fault flip", "busybox", "digest mismatch");
	refused_by("--fault flip", "edge", "digest mismatch");
	refused_by("--fault short", "busybox", "its descriptor says");
	refused_by("--fault long", "busybox", "its descriptor says");
	refused_by("--fault cut=1000 --fault wrong-range", "busybox", "another range");
}

/* --- the content
 * --------------------------------------------------------------------------- */

TEST(images_that_are_wrong)
{
	NEED_SERVER();
	struct testserver s = testserver_start("");

	refused_from(&s, "", "bad-diffid", "diffID mismatch");
	refused_from(&s, "", "bad-truncated", "");
	refused_from(&s, "", "bad-garbage", "");
	refused_from(&s, "", "bad-tar", "");
	refused_from(&s, "", "bad-size", "its descriptor says");
	refused_from(&s, "", "bad-count", "2 layers, the manifest 1");
	refused_from(&s, "", "bad-foreign", "");
	refused_from(&s, "", "bad-platform", "no image for platform");
	refused_from(&s, "", "bad-windows", "not for linux");
	refused_from(&s, "", "bad-config", "");
	testserver_stop(&s);
}

TEST(layers_that_would_leave_their_folder)
{
	NEED_SERVER();
	struct testserver s = testserver_start("");

	refused_from(&s, "", "bad-dotdot", "'a/../../escape' leads out of the layer");
	refused_from(&s, "", "bad-symlink", "'out/rootless-escape' leads through 'out'");
	refused_from(&s, "", "bad-symlink-up", "leads through 'a/up'");
	refused_from(&s, "", "bad-hardlink", "which is not in this layer");
	refused_from(&s, "", "bad-hardlink-link", "which is not in this layer");
	refused_from(&s, "", "bad-root", "");
	refused_from(&s, "", "bad-whiteout", "malformed whiteout");
	CHECK_INT(access("/tmp/rootless-escape", F_OK), -1);
	testserver_stop(&s);
}

TEST(what_may_not_be_set)
{
	NEED_SERVER();
	struct testserver s = testserver_start("");

	refused_from(&s, "", "bad-containers-xattr",
		     "'user.containers.override_stat', which is refused");
	refused_from(&s, "", "bad-cap", "security.capability");
	testserver_stop(&s);
}

/* It is lent a slot, where there are any. */
TEST(owner_beyond_the_map)
{
	NEED_SERVER();
	if (geteuid() == 0) {
		test_skip("root has every ID");
		return;
	}
	good("", "owner");
	refused_by("", "bad-owners",
		   "its files belong to more than 48 IDs beyond your map");
}

TEST(bomb)
{
	NEED_SERVER();
	autofree char *command = str_fmt(
		"python3 tests/registry/mkimage.py %s/oci bad-bomb", testshared.dir);
	CHECK(testshared_run(command));
	refused_by("", "bad-bomb", "it unpacks to more than 1073741824 bytes");
}
