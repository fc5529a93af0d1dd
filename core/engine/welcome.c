/* SPDX-License-Identifier: Apache-2.0 */
/* The image inside the binary. Which executable it was made of is noted in cache/welcome,
 * so that a start costs one stat and no hash of ours. */
#include "core/engine/welcome.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/untag.h"
#include "core/image/archive.h"
#include "core/oci/imageconfig.h"

#define REFERENCE "localhost/welcome:latest"
#define NOTE      "welcome"

bool welcome_is_name(const char *what)
{
	return what[0] == '@';
}

const char *welcome_reference(const char *what)
{
	return str_eq(what, WELCOME_NAME) ? REFERENCE : NULL;
}

/* Which file this is, as the note says it. */
static void describe(const struct stat *st, char *dst, size_t size)
{
	str_print(dst, size, "%llx:%llx:%lld:%lld.%09ld", (unsigned long long)st->st_dev,
		  (unsigned long long)st->st_ino, (long long)st->st_size,
		  (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

static int64_t modified(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* The image that the name means now, "" when there is none. */
static void stored_id(const struct store *s, char ret[DIGEST_TEXT_MAX])
{
	autodone(tags_done) struct tags all = { 0 };

	ret[0] = '\0';
	tag_list(s, &all, NULL);
	for (size_t i = 0; i < all.len; i++)
		if (str_eq(all.v[i].name, REFERENCE))
			digest_text(ret, &all.v[i].image_id);
}

/* Is that image the one that the note speaks of? */
static bool is_current(const struct store *s, const char *exe, const char *stored)
{
	char note[512];
	size_t n = strlen(exe);

	return stored[0] && file_read_small(s->cache_fd, NOTE, note, sizeof(note)) >= 0 &&
	       !strncmp(note, exe, n) && note[n] == ' ' && str_eq(note + n + 1, stored);
}

/* An image of an older executable goes, unless a container was made of it. */
static void forget(const struct store *s, const char *old)
{
	struct untag_action *done = NULL;
	size_t len = 0;

	untag_image(s, old, false, false, &done, &len, NULL);
	untag_done(done, len);
}

static void configure(struct imageconfig *c, const struct stat *st)
{
	char stamp[TIME_STAMP_MAX];

	c->created = str_dup(time_stamp(stamp, modified(st)));
	platform_host(&c->platform);
	c->stop_timeout = -1;
	strv_add(&c->entrypoint, "/rootless");
	strv_add(&c->entrypoint, "welcome");
	c->cmd_null = true;
	strv_add(&c->env, "PATH=/");
	strv_add(&c->ports, "80/tcp");
	strv_add(&c->labels, "org.opencontainers.image.title=welcome");
	strv_add(&c->labels, "org.opencontainers.image.version=" ROOTLESS_VERSION);
	strv_add(&c->labels, "org.opencontainers.image.licenses=Apache-2.0");
}

int welcome_ensure(const struct store *s, const char *what, const struct pull_options *o,
		   struct err *e)
{
	autodone(imageconfig_done) struct imageconfig config = { 0 };
	char exe[160], id[DIGEST_TEXT_MAX], old[DIGEST_TEXT_MAX];
	struct tag tag = { 0 };
	struct stat st;
	int r;

	if (!welcome_reference(what))
		return err_set(e, -ENOENT, "no embedded image '%s' (there is %s)", what,
			       WELCOME_NAME);
	autoclose int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return err_sys(e, "open the own executable");
	describe(&st, exe, sizeof(exe));
	stored_id(s, old);
	if (is_current(s, exe, old))
		return 0;
	configure(&config, &st);
	r = archive_import_file(s, REFERENCE, "rootless", fd, &config, o, &tag, e);
	if (r < 0)
		return err_wrap(e, "image '%s'", what);
	autofree char *note = str_fmt("%s %s", exe, digest_text(id, &tag.image_id));
	tag_done(&tag);
	/* Without the note it is only made again. */
	file_replace(s->cache_fd, NOTE, note, strlen(note), 0600);
	if (old[0] && !str_eq(old, id))
		forget(s, old);
	return 0;
}
