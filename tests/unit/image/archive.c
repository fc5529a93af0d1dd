/* SPDX-License-Identifier: Apache-2.0 */
/* Save and load, both ways; and the embedded images. */
#include "core/image/archive.h"

#include <errno.h>

#include "core/oci/imageconfig.h"
#include "core/store/reach.h"
#include "tests/unit/image/testserver.h"

static int open_new(const struct testpull *p, const char *name)
{
	autofree char *path = str_fmt("%s/%s", p->t.dir, name);

	return open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

/* One image of the shared layout, as a layout of its own. */
static int open_layout(void)
{
	autofree char *path = str_fmt("%s/one", testshared.dir);
	autofree char *command =
		str_fmt("python3 tests/registry/mkimage.py %s edge parents", path);

	CHECK(access(path, F_OK) == 0 || testshared_run(command));
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

TEST(layout_folder_save_and_load_again)
{
	NEED_SERVER();
	struct testpull p, q;
	autostrv names = { 0 }, again = { 0 };
	autodone(tags_done) struct tags tags = { 0 }, after = { 0 };

	testpull_init(&p);
	autoclose int dir = open_layout();
	CHECK_INT(archive_load(&p.t.store, dir, &p.options, &names, &p.e), 0);
	CHECK_STR(p.e.text, "");
	CHECK_INT(names.len, 2);
	CHECK_STR(names.v[0], "edge:latest");
	CHECK_INT(tag_list(&p.t.store, &tags, &p.e), 0);
	CHECK_INT(tags.len, 2);
	CHECK_STR(tags.v[0].name, "docker.io/library/edge:latest");
	autoclose int out = open_new(&p, "s.tar");
	const struct tag *both[] = { &tags.v[0], &tags.v[1] };
	CHECK_INT(archive_save(&p.t.store, both, 2, out, &p.e), 0);
	CHECK_INT(lseek(out, 0, SEEK_SET), 0);

	testpull_init(&q);
	CHECK_INT(archive_load(&q.t.store, out, &q.options, &again, &q.e), 0);
	CHECK_STR(q.e.text, "");
	CHECK_INT(again.len, 2);
	CHECK_INT(tag_list(&q.t.store, &after, &q.e), 0);
	CHECK_INT(after.len, 2);
	for (size_t i = 0; i < after.len && i < tags.len; i++) {
		CHECK_STR(after.v[i].name, tags.v[i].name);
		CHECK(digest_eq(&after.v[i].image_id, &tags.v[i].image_id));
		CHECK(digest_eq(&after.v[i].manifest.digest, &tags.v[i].manifest.digest));
	}
	CHECK_INT(testpull_entries(&q, "tmp"), 0);
	testpull_done(&q);
	testpull_done(&p);
}

TEST(what_is_no_archive)
{
	NEED_SERVER();
	struct testpull p;
	autostrv names = { 0 };

	testpull_init(&p);
	autoclose int empty = open_new(&p, "empty");
	CHECK(archive_load(&p.t.store, empty, &p.options, &names, &p.e) < 0);
	CHECK(p.e.text[0] != 0 && testpull_traceless(&p));
	autoclose int text = open_new(&p, "text");
	CHECK_INT(fd_write_all(text, "hello", 5), 0);
	lseek(text, 0, SEEK_SET);
	p.e = (struct err){ 0 };
	CHECK(archive_load(&p.t.store, text, &p.options, &names, &p.e) < 0);
	CHECK(p.e.text[0] != 0 && testpull_traceless(&p));
	CHECK_INT(names.len, 0);
	testpull_done(&p);
}

TEST(embedded_image)
{
	NEED_SERVER();
	struct testpull p;
	autodone(imageconfig_done) struct imageconfig c = { .stop_timeout = -1 };
	autodone(tag_done) struct tag tag = { 0 };
	autostrv chains = { 0 };
	struct stat st;

	testpull_init(&p);
	platform_host(&c.platform);
	strv_add(&c.entrypoint, "/welcome");
	autoclose int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	CHECK_INT(archive_import_file(&p.t.store, "localhost/welcome:latest", "/welcome",
				      exe, &c, &p.options, &tag, &p.e),
		  0);
	CHECK_STR(p.e.text, "");
	CHECK_STR(tag.name, "localhost/welcome:latest");
	CHECK_INT(reach_tag(&p.t.store, &tag, NULL, &chains, &p.e), 0);
	CHECK_INT(chains.len, 1);
	autofree char *path =
		str_fmt("%s/layers/%s/diff/welcome", p.t.store.data, chains.v[0]);
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0755);
	testpull_done(&p);
}
