/* SPDX-License-Identifier: Apache-2.0 */
/* docker import. */
#include "core/engine/imageimport.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/buildfetch.h"
#include "core/engine/news.h"
#include "core/engine/realm.h"
#include "core/image/change.h"
#include "core/image/compose.h"
#include "core/store/trash.h"

#define FETCHED "archive"

/* Into a folder of ours in tmp/, which a sweep leaves alone as long as we hold its lock.
 */
static int open_url(const struct store *s, const struct config *cfg, const char *url,
		    struct err *e)
{
	uint64_t random;
	bool made;

	id_random(&random, sizeof(random));
	autofree char *name = str_fmt("import-%016llx", (unsigned long long)random);
	autoclose int dir = trash_lock_dir(s->tmp_fd, name, false, &made);
	if (dir < 0)
		return err_code(e, dir, "make a temporary folder");
	const struct buildfetch_want want = { url, NULL, dir, FETCHED };
	int r = buildfetch_file(cfg, &want, e);
	int fd = r < 0 ? r : openat(dir, FETCHED, O_RDONLY | O_CLOEXEC);
	if (r == 0 && fd < 0)
		fd = err_sys(e, "open '%s'", url);
	file_remove_tree(s->tmp_fd, name);
	return fd;
}

static int open_source(const struct store *s, const struct config *cfg,
		       const char *source, struct err *e)
{
	if (str_eq(source, "-"))
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (buildfetch_is_url(source))
		return open_url(s, cfg, source, e);
	int fd = open(source, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open '%s'", source) : fd;
}

static int compose(const struct store *s, const struct imageimport *i, int fd,
		   const struct compose_options *o, struct tag *ret, struct err *e)
{
	autodone(reference_done) struct reference ref = { 0 };
	autofree char *name = NULL;
	autofree char *from = str_fmt("Imported from %s", i->source);
	struct compose *c = NULL;
	bool cmd_set = false;
	int r = i->name ? reference_parse(i->name, &ref, e) : 0;

	if (r == 0 && digest_is_set(&ref.digest))
		r = err_set(e, -EINVAL, "cannot import digest reference");
	if (r == 0)
		r = compose_new(s, NULL, o, &c, e);
	if (r < 0)
		return r;
	for (size_t n = 0; r == 0 && n < i->changes->len; n++)
		r = change_apply(compose_config(c), i->changes->v[n], &cmd_set, e);
	if (r == 0)
		r = compose_add_tar(c, fd, e);
	if (r == 0) {
		name = i->name ? reference_full(&ref) : NULL;
		compose_note(c, "", i->message ? i->message : from);
		r = compose_finish(c, name, ret, e);
	}
	compose_free(c);
	return r;
}

int imageimport_run(const struct store *s, const struct config *cfg,
		    const struct imageimport *i, struct digest *ret_id, struct err *e)
{
	struct compose_options o = { .realm_pidfd = -1 };
	autodone(tag_done) struct tag tag = { 0 };
	autodone(realm_done) struct realm realm = { .pidfd = -1 };
	int r = str_empty(i->platform) ? 0 : platform_parse(i->platform, &o.platform, e);

	if (r < 0)
		return r;
	autoclose int fd = open_source(s, cfg, i->source, e);
	if (fd < 0)
		return fd;
	r = realm_open(s, &realm, e);
	if (r < 0)
		return r;
	o.realm_pidfd = realm.pidfd;
	r = compose(s, i, fd, &o, &tag, e);
	realm_sweep(s, NULL);
	if (r == 0) {
		char id[DIGEST_TEXT_MAX];
		*ret_id = tag.image_id;
		news_image(s, "import", ret_id, digest_text(id, ret_id), NULL);
	}
	return r < 0 ? err_wrap(e, "import '%s'", i->source) : 0;
}
