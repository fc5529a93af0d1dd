/* SPDX-License-Identifier: Apache-2.0 */
/* Results of build steps on disk: one small JSON file each, never synced, because losing
 * one costs no more than the step again. */
#include "core/store/stepcache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/wire/json.h"

#define FOLDER   "build"
#define STEPS    "steps"
#define STEP_MAX 4096 /* bytes */

int stepcache_folder(const struct store *s, const char *name, struct err *e)
{
	autoclose int build = file_open_dir(s->data_fd, FOLDER, true, 0700);
	int fd = build < 0 ? build : file_open_dir(build, name, true, 0700);

	return fd < 0 ? err_code(e, fd, "open '%s/" FOLDER "/%s'", s->data, name) : fd;
}

/* -ENOENT when nothing was ever built: reading makes no folder. */
static int open_steps(const struct store *s)
{
	int fd = openat(s->data_fd, FOLDER "/" STEPS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int get_digest(yyjson_val *o, const char *key, struct digest *ret)
{
	const char *text = "";
	int r = json_get_str(o, key, &text, NULL);

	return r < 0 ? r : digest_parse(text, ret);
}

static int read_step(int dirfd, const char *name, struct stepcache *ret)
{
	autojson *doc = NULL;
	struct stepcache c = { 0 };
	int r = json_read(dirfd, name, STEP_MAX, &doc, NULL);

	if (r < 0)
		return r;
	yyjson_val *o = yyjson_doc_get_root(doc);
	if (!yyjson_is_obj(o))
		return -EINVAL;
	c.empty = true;
	if ((r = json_get_bool(o, "empty", &c.empty, NULL)) < 0 ||
	    (r = json_get_i64(o, "created", &c.created, NULL)) < 0)
		return r;
	if (!c.empty && ((r = json_get_text(o, "mediaType", c.media_type,
					    sizeof(c.media_type), NULL)) < 0 ||
			 (r = json_get_u64(o, "size", &c.size, NULL)) < 0 ||
			 (r = get_digest(o, "blob", &c.blob)) < 0 ||
			 (r = get_digest(o, "diffID", &c.diff_id)) < 0 ||
			 (r = get_digest(o, "chainID", &c.chain_id)) < 0))
		return r;
	*ret = c;
	return 0;
}

int stepcache_get(const struct store *s, const struct digest *key, struct stepcache *ret)
{
	autoclose int dir = open_steps(s);
	char hex[DIGEST_TEXT_MAX];

	return dir >= 0 && read_step(dir, digest_hex(hex, key), ret) >= 0;
}

int stepcache_put(const struct store *s, const struct digest *key,
		  const struct stepcache *step, struct err *e)
{
	autoclose int dir = stepcache_folder(s, STEPS, e);
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	char text[DIGEST_TEXT_MAX];

	if (dir < 0)
		return dir;
	yyjson_mut_doc_set_root(doc, o);
	yyjson_mut_obj_add_bool(doc, o, "empty", step->empty);
	yyjson_mut_obj_add_int(doc, o, "created", step->created);
	if (!step->empty) {
		json_add_str(doc, o, "mediaType", step->media_type);
		yyjson_mut_obj_add_uint(doc, o, "size", step->size);
		json_add_str(doc, o, "blob", digest_text(text, &step->blob));
		json_add_str(doc, o, "diffID", digest_text(text, &step->diff_id));
		json_add_str(doc, o, "chainID", digest_text(text, &step->chain_id));
	}
	return json_write(dir, digest_hex(text, key), doc, 0600, false, e);
}

typedef void step_fn(int dirfd, const char *name, void *arg);

static int each_step(const struct store *s, step_fn *fn, void *arg, struct err *e)
{
	autoclose int fd = open_steps(s);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!dir)
		return fd == -ENOENT
			       ? 0
			       : err_code(e, fd < 0 ? fd : -errno,
					  "read '%s/" FOLDER "/" STEPS "'", s->data);
	fd = -1;
	while ((de = readdir(dir)))
		if (de->d_name[0] != '.')
			fn(dirfd(dir), de->d_name, arg);
	closedir(dir);
	return 0;
}

struct reached {
	struct strv *blobs, *chains;
};

static void reach_step(int dirfd, const char *name, void *arg)
{
	struct reached *to = arg;
	struct stepcache c;
	char hex[DIGEST_TEXT_MAX];

	if (read_step(dirfd, name, &c) < 0 || c.empty)
		return;
	if (to->blobs)
		strv_add(to->blobs, digest_hex(hex, &c.blob));
	if (to->chains)
		strv_add(to->chains, digest_hex(hex, &c.chain_id));
}

int stepcache_reach(const struct store *s, struct strv *blobs, struct strv *chains,
		    struct err *e)
{
	struct reached to = { .blobs = blobs, .chains = chains };

	return each_step(s, reach_step, &to, e);
}

struct clearing {
	int64_t until;
	struct strv *gone;
};

static void remove_step(int dirfd, const char *name, void *arg)
{
	const struct clearing *c = arg;
	struct stat st;

	/* Seconds will do. */
	if (c->until && (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) ||
			 st.st_mtim.tv_sec >= c->until / 1000000000))
		return;
	if (!unlinkat(dirfd, name, 0))
		strv_add(c->gone, name);
}

int stepcache_clear(const struct store *s, int64_t until, struct strv *ret_gone,
		    struct err *e)
{
	struct clearing c = { until, ret_gone };
	int r = each_step(s, remove_step, &c, e);

	strv_sort(ret_gone);
	return r;
}
