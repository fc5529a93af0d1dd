/* SPDX-License-Identifier: Apache-2.0 */
/* Images in files. */
#include "core/image/archive.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/image/content.h"
#include "core/image/load.h"
#include "core/image/save.h"
#include "core/image/shelf.h"
#include "core/store/blob.h"
#include "core/store/lease.h"
#include "core/wire/hasher.h"
#include "core/wire/tar.h"

int archive_load(const struct store *s, int fd, const struct pull_options *o,
		 struct strv *ret_names, struct err *e)
{
	struct shelf *sh = NULL;
	struct stat st;
	int r;

	if (fstat(fd, &st))
		return err_sys(e, "archive");
	r = S_ISDIR(st.st_mode) ? shelf_from_dir(s, fd, &sh, e)
				: shelf_from_tar(s, fd, &sh, e);
	if (r == 0)
		r = load_all(s, sh, o, ret_names, e);
	shelf_free(sh);
	if (r < 0)
		content_sweep(s, o->realm_pidfd);
	return r;
}

int archive_save(const struct store *s, const struct tag *const *tags, size_t n, int fd,
		 struct err *e)
{
	return save_all(s, tags, n, fd, e);
}

/* --- the embedded images
 * ------------------------------------------------------------------ */

#define PROGRAM_MAX (64u << 20)

static int add_to_buf(void *arg, const void *p, size_t n)
{
	return buf_add(arg, p, n);
}

static int one_file_tar(const char *path, int fd, struct buf *out, struct err *e)
{
	autobuf program = { .max = PROGRAM_MAX };
	int r = file_read_fd(fd, PROGRAM_MAX, &program);

	if (r < 0)
		return err_code(e, r, "read the program");
	while (*path == '/')
		path++;
	out->max = PROGRAM_MAX + 65536;
	struct tar_entry t = { .type = TAR_FILE, .path = path, .link = "", .mode = 0755 };
	t.size = program.len;
	struct tar_writer *w = tar_writer_new(add_to_buf, out);
	r = tar_add(w, &t, e);
	if (r == 0)
		r = tar_add_data(w, buf_str(&program), program.len, e);
	if (r == 0)
		r = tar_finish(w, e);
	tar_writer_free(w);
	return r;
}

static int write_manifest(struct content *c, const struct digest *config,
			  const struct digest *layer, uint64_t layer_size, struct err *e)
{
	struct descriptor top = { .media_type = MEDIA_OCI_CONFIG,
				  .digest = *config,
				  .size = c->config_bytes.len };
	struct descriptor only = { .media_type = MEDIA_OCI_LAYER,
				   .digest = *layer,
				   .size = layer_size };
	struct digest d;
	int r = manifest_print(&top, &only, 1, &c->manifest_bytes);

	if (r < 0)
		return err_code(e, r, "manifest");
	hasher_of(buf_str(&c->manifest_bytes), c->manifest_bytes.len, &d);
	return content_manifest(c, MEDIA_OCI_MANIFEST, &d, e);
}

int archive_import_file(const struct store *s, const char *full_name, const char *path,
			int exe_fd, struct imageconfig *config,
			const struct pull_options *o, struct tag *ret, struct err *e)
{
	autodone(content_done) struct content c = { 0 };
	autobuf tar = { 0 };
	struct digest layer, id;
	int r = one_file_tar(path, exe_fd, &tar, e);

	if (r < 0)
		return r;
	hasher_of(buf_str(&tar), tar.len, &layer);
	free(config->diff_ids);
	config->diff_ids = mem_dup(&layer, sizeof(layer));
	config->diff_ids_len = 1;
	r = imageconfig_print(config, &c.config_bytes);
	if (r < 0)
		return err_code(e, r, "config");
	hasher_of(buf_str(&c.config_bytes), c.config_bytes.len, &id);
	r = write_manifest(&c, &id, &layer, tar.len, e);
	if (r == 0)
		r = content_config(&c, e);
	if (r < 0)
		return r;
	int lease = content_lease(&c, s, e);
	if (lease < 0)
		return lease;
	r = blob_put(s, buf_str(&tar), tar.len, &layer, e);
	if (r == 0)
		r = content_complete(&c, s, NULL, o, e);
	struct tag t = content_tag(&c, full_name);
	if (r == 0)
		r = tag_set(s, &t, e);
	lease_drop(s, lease);
	if (r == 0) {
		*ret = t;
		return 0;
	}
	tag_done(&t);
	content_collect(&c, s);
	content_sweep(s, o->realm_pidfd);
	return r;
}
