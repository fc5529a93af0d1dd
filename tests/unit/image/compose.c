/* SPDX-License-Identifier: Apache-2.0 */
/* Images made here: of an upper folder, of a tar stream, on top of another. */
#include "core/image/compose.h"

#include <errno.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "core/image/content.h"
#include "core/image/diff.h"
#include "core/store/layer.h"
#include "tests/unit/image/testserver.h"

static int make_dir(int at, const char *name)
{
	CHECK_INT(mkdirat(at, name, 0755), 0);
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void write_file(int at, const char *name, const char *text)
{
	CHECK_INT(file_replace(at, name, text, strlen(text), 0644), 0);
}

/* a/f (an attribute), a/g = a/f, gone (a whiteout), o/ (opaque) with o/n, l -> a/f */
static int make_upper(const struct testpull *p, const char *name)
{
	autofree char *path = str_fmt("%s/%s", p->t.dir, name);
	int up = make_dir(AT_FDCWD, path);

	autoclose int a = make_dir(up, "a"), o = make_dir(up, "o");
	write_file(a, "f", "hello");
	write_file(o, "n", "");
	autoclose int f = openat(a, "f", O_RDONLY | O_CLOEXEC);
	CHECK_INT(fsetxattr(f, "user.mark", "x", 1, 0), 0);
	CHECK_INT(fsetxattr(f, "user.overlay.origin", "x", 1, 0), 0);
	CHECK_INT(fsetxattr(o, "user.overlay.opaque", "y", 1, 0), 0);
	CHECK_INT(linkat(a, "f", a, "g", 0), 0);
	CHECK_INT(symlinkat("a/f", up, "l"), 0);
	CHECK_INT(mknodat(up, "gone", S_IFCHR, makedev(0, 0)), 0);
	return up;
}

static struct compose *begin(struct testpull *p, const struct tag *parent)
{
	const struct compose_options o = { .realm_pidfd = p->options.realm_pidfd,
					   .created = 1700000000000000000 };
	struct compose *c = NULL;

	CHECK_INT(compose_new(&p->t.store, parent, &o, &c, &p->e), 0);
	return c;
}

static void check_layer(const struct testpull *p, const struct layers_item *it)
{
	autofree char *path = layer_path(&p->t.store, &it->chain_id);
	struct stat st, other;
	char value[8];

	autoclose int d = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(fstatat(d, "gone", &st, AT_SYMLINK_NOFOLLOW), 0);
	CHECK(S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0));
	CHECK_INT(fstatat(d, "a/f", &st, 0), 0);
	CHECK_INT(fstatat(d, "a/g", &other, 0), 0);
	CHECK(st.st_nlink == 2 && st.st_ino == other.st_ino && st.st_size == 5);
	CHECK_INT(st.st_mtim.tv_nsec, 0);
	CHECK_INT(fstatat(d, "l", &st, AT_SYMLINK_NOFOLLOW), 0);
	CHECK(S_ISLNK(st.st_mode));
	autoclose int f = openat(d, "a/f", O_RDONLY | O_CLOEXEC);
	CHECK_INT(fgetxattr(f, "user.mark", value, sizeof(value)), 1);
	CHECK_INT(fgetxattr(f, "user.overlay.origin", value, sizeof(value)), -1);
	autoclose int o = openat(d, "o", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(fgetxattr(o, "user.overlay.opaque", value, sizeof(value)), 1);
	CHECK_INT(faccessat(o, "n", F_OK, 0), 0);
	CHECK_INT(faccessat(o, ".wh..wh..opq", F_OK, 0), -1);
}

TEST(of_an_upper_folder_and_on_top_of_it)
{
	NEED_SERVER();
	struct testpull p;
	const struct layers_item *items;
	autodone(tag_done) struct tag first = { 0 }, second = { 0 };
	autodone(content_done) struct content k = { 0 };

	testpull_init(&p);
	autoclose int up = make_upper(&p, "upper");
	struct compose *c = begin(&p, NULL);
	CHECK_INT(compose_add_upper(c, up, NULL, &p.e), 1);
	CHECK_STR(p.e.text, "");
	compose_note(c, "one", NULL);
	CHECK_INT(compose_layers(c, &items), 1);
	check_layer(&p, &items[0]);
	struct digest diff_id = items[0].diff_id;
	strv_setenv(&compose_config(c)->env, "A", "1");
	CHECK_INT(compose_finish(c, "docker.io/library/one:latest", &first, &p.e), 0);
	compose_free(c);

	autofree char *path = str_fmt("%s/none", p.t.dir);
	autoclose int none = make_dir(AT_FDCWD, path);
	c = begin(&p, &first);
	CHECK_INT(compose_add_upper(c, none, NULL, &p.e), 0);
	compose_note(c, "two", "nothing new");
	CHECK_INT(compose_finish(c, NULL, &second, &p.e), 0);
	CHECK_STR(p.e.text, "");
	compose_free(c);
	CHECK_INT(content_read(&k, &p.t.store, &second, &p.e), 0);
	CHECK_INT(k.config.diff_ids_len, 1);
	CHECK(digest_eq(&k.config.diff_ids[0], &diff_id));
	CHECK_STR(strv_getenv(&k.config.env, "A"), "1");
	CHECK_INT(k.config.history_len, 2);
	CHECK_STR(k.config.history[0].created_by, "one");
	CHECK(!k.config.history[0].empty_layer && k.config.history[1].empty_layer);
	CHECK_STR(k.config.created, "2023-11-14T22:13:20Z");
	CHECK_INT(testpull_entries(&p, "tmp"), 0);
	testpull_done(&p);
}

static int to_file(void *arg, const void *p, size_t n)
{
	return fd_write_all(*(int *)arg, p, n);
}

TEST(a_tar_stream_and_paths_left_out)
{
	NEED_SERVER();
	struct testpull p;
	const struct layers_item *items;
	autostrv skip = { 0 };
	uint64_t n = 0;

	testpull_init(&p);
	strv_add(&skip, "a");
	strv_add(&skip, "o/n");
	autoclose int up = make_upper(&p, "upper");
	autofree char *path = str_fmt("%s/tar", p.t.dir);
	autoclose int tar = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK_INT(diff_write(up, &skip, to_file, &tar, &n, &p.e), 0);
	CHECK_INT(lseek(tar, 0, SEEK_SET), 0);
	struct compose *c = begin(&p, NULL);
	CHECK_INT(compose_add_tar(c, tar, &p.e), 0);
	CHECK_STR(p.e.text, "");
	CHECK_INT(compose_layers(c, &items), 1);
	autofree char *diff = layer_path(&p.t.store, &items[0].chain_id);
	autoclose int d = open(diff, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(faccessat(d, "a", F_OK, AT_SYMLINK_NOFOLLOW) && errno == ENOENT);
	CHECK(faccessat(d, "o/n", F_OK, AT_SYMLINK_NOFOLLOW) && errno == ENOENT);
	CHECK_INT(faccessat(d, "o", F_OK, 0), 0);
	/* the layer is there: a cache may name it */
	struct compose *again = begin(&p, NULL);
	CHECK_INT(compose_add_stored(again, &items[0].blob, &items[0].diff_id, &p.e), 0);
	struct digest other = items[0].diff_id;
	other.bytes[0] ^= 1;
	CHECK(compose_add_stored(again, &items[0].blob, &other, &p.e) < 0);
	compose_free(again);
	compose_free(c);
	CHECK_INT(testpull_entries(&p, "oci/blobs/sha256"), 0);
	testpull_done(&p);
}

TEST(what_is_no_tar_leaves_no_trace)
{
	NEED_SERVER();
	struct testpull p;

	testpull_init(&p);
	autofree char *path = str_fmt("%s/text", p.t.dir);
	write_file(AT_FDCWD, path, "this is no archive at all, however long one looks\n");
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct compose *c = begin(&p, NULL);
	CHECK(compose_add_tar(c, fd, &p.e) < 0);
	CHECK(p.e.text[0] != 0);
	compose_free(c);
	CHECK_INT(testpull_entries(&p, "oci/blobs/sha256"), 0);
	testpull_done(&p);
}
