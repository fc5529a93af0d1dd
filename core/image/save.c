/* SPDX-License-Identifier: Apache-2.0 */
/* Images into one tar, or a folder that is an OCI layout: blobs/…, oci-layout, index.json
 * (an entry for each name), manifest.json (an entry for each image). Layers go as they
 * are stored; all readers take them compressed. */
#include "core/image/save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/content.h"
#include "core/oci/reference.h"
#include "core/store/blob.h"
#include "core/wire/tar.h"

#define CHUNK (256 * 1024)

struct save {
	const struct store *store;
	int fd; /* of the stream, or of the folder when there is no tar */
	struct tar_writer *tar;
	struct strv written; /* blobs, by their names inside */
	yyjson_mut_doc *index_doc, *docker_doc;
	yyjson_mut_val *entries, *images;
	struct strv image_ids; /* of images, in its order */
};

static int write_out(void *arg, const void *p, size_t n)
{
	return fd_write_all(((struct save *)arg)->fd, p, n);
}

static struct tar_entry entry_of(const char *path, uint64_t size)
{
	return (struct tar_entry){
		.type = TAR_FILE, .path = path, .link = "", .mode = 0644, .size = size
	};
}

static int add_bytes(struct save *v, const char *path, const struct buf *b, struct err *e)
{
	struct tar_entry t = entry_of(path, b->len);
	int r;

	if (!v->tar) {
		r = file_replace(v->fd, path, buf_str(b), b->len, 0644);
		return r < 0 ? err_code(e, r, "write '%s'", path) : 0;
	}
	r = tar_add(v->tar, &t, e);
	return r < 0 ? r : tar_add_data(v->tar, buf_str(b), b->len, e);
}

/* blobs/ALG/HEX in the folder. */
static int copy_blob(struct save *v, const char *path, const struct digest *d, int from,
		     struct err *e)
{
	const char *alg = digest_algorithm_name(d->algorithm);

	autoclose int blobs = file_open_dir(v->fd, "blobs", true, 0755);
	autoclose int dir = blobs < 0 ? blobs : file_open_dir(blobs, alg, true, 0755);
	if (dir < 0)
		return err_code(e, dir, "make the folder of '%s'", path);
	autoclose int to = openat(
		v->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	int64_t n = to < 0 ? -errno : fd_copy(from, to, UINT64_MAX);
	return n < 0 ? err_code(e, (int)n, "write '%s'", path) : 0;
}

static int add_blob(struct save *v, const struct digest *d, struct err *e)
{
	autofree char *path = content_blob_file(d);
	autofree uint8_t *p = mem_alloc(CHUNK);
	uint64_t size, left;
	ssize_t n = 0;

	if (strv_has(&v->written, path))
		return 0;
	strv_add(&v->written, path);
	autoclose int fd = blob_open(v->store, d, &size);
	if (fd < 0)
		return err_code(e, fd, "'%s' of the image is not in the store", path);
	if (!v->tar)
		return copy_blob(v, path, d, fd, e);
	struct tar_entry t = entry_of(path, size);
	int r = tar_add(v->tar, &t, e);
	for (left = size; r == 0 && left; left -= (uint64_t)n) {
		n = fd_read(fd, p, left < CHUNK ? left : CHUNK);
		if (n <= 0)
			return err_code(e, n < 0 ? (int)n : -EIO, "read '%s'", path);
		r = tar_add_data(v->tar, p, (size_t)n, e);
	}
	return r;
}

/* --- the two lists
 * ------------------------------------------------------------------------ */

/* The image's object in manifest.json, made when it is new. */
static yyjson_mut_val *docker_image(struct save *v, const struct content *c)
{
	char id[DIGEST_TEXT_MAX];
	yyjson_mut_val *image;
	size_t i = 0;

	digest_text(id, &c->manifest.config.digest);
	while (i < v->image_ids.len && !str_eq(v->image_ids.v[i], id))
		i++;
	if (i < v->image_ids.len)
		return yyjson_mut_arr_get(v->images, i);
	strv_add(&v->image_ids, id);
	image = yyjson_mut_arr_add_obj(v->docker_doc, v->images);
	autofree char *config = content_blob_file(&c->manifest.config.digest);
	json_add_str(v->docker_doc, image, "Config", config);
	json_add_arr(v->docker_doc, image, "RepoTags");
	yyjson_mut_val *layers = json_add_arr(v->docker_doc, image, "Layers");
	for (i = 0; i < c->manifest.layers_len; i++) {
		autofree char *path = content_blob_file(&c->manifest.layers[i].digest);
		yyjson_mut_arr_add_strcpy(v->docker_doc, layers, path);
	}
	return image;
}

static void list(struct save *v, const struct tag *t, const struct content *c)
{
	autodone(reference_done) struct reference ref = { 0 };
	struct descriptor d = t->manifest;
	yyjson_mut_val *image = docker_image(v, c);

	d.annotations = (struct strv){ 0 };
	d.platform = c->config.platform;
	if (t->name && reference_parse(t->name, &ref, NULL) == 0 && ref.tag) {
		autofree char *familiar = reference_familiar(&ref);
		yyjson_mut_arr_add_strcpy(
			v->docker_doc, yyjson_mut_obj_get(image, "RepoTags"), familiar);
		strv_addf(&d.annotations, "io.containerd.image.name=%s", t->name);
		strv_addf(&d.annotations, "org.opencontainers.image.ref.name=%s",
			  ref.tag);
	}
	descriptor_build(&d, v->index_doc,
			 yyjson_mut_arr_add_obj(v->index_doc, v->entries));
	strv_done(&d.annotations);
}

static int add_image(struct save *v, const struct tag *t, struct err *e)
{
	autodone(content_done) struct content c = { 0 };
	int r = content_read(&c, v->store, t, e);

	if (r == 0)
		r = add_blob(v, &t->manifest.digest, e);
	if (r == 0)
		r = add_blob(v, &c.manifest.config.digest, e);
	for (size_t i = 0; r == 0 && i < c.manifest.layers_len; i++)
		r = add_blob(v, &c.manifest.layers[i].digest, e);
	if (r == 0)
		list(v, t, &c);
	return r;
}

static int add_doc(struct save *v, const char *path, const yyjson_mut_doc *doc,
		   struct err *e)
{
	autobuf text = { 0 };
	int r = json_print(&text, doc, false);

	return r < 0 ? err_code(e, r, "write '%s'", path) : add_bytes(v, path, &text, e);
}

int save_all(const struct store *s, const struct tag *const *tags, size_t n, int fd,
	     struct err *e)
{
	struct save v = { .store = s, .fd = fd };
	autobuf layout = { 0 };
	struct stat st;
	int r = 0;

	v.index_doc = yyjson_mut_doc_new(NULL);
	v.docker_doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(v.index_doc);
	yyjson_mut_doc_set_root(v.index_doc, root);
	yyjson_mut_obj_add_int(v.index_doc, root, "schemaVersion", 2);
	json_add_str(v.index_doc, root, "mediaType", MEDIA_OCI_INDEX);
	v.entries = json_add_arr(v.index_doc, root, "manifests");
	v.images = yyjson_mut_arr(v.docker_doc);
	yyjson_mut_doc_set_root(v.docker_doc, v.images);
	if (fstat(fd, &st))
		r = err_sys(e, "save");
	else if (!S_ISDIR(st.st_mode))
		v.tar = tar_writer_new(write_out, &v);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_image(&v, tags[i], e);
	buf_adds(&layout, "{\"imageLayoutVersion\":\"1.0.0\"}");
	if (r == 0)
		r = add_doc(&v, "index.json", v.index_doc, e);
	if (r == 0 && v.tar)
		r = add_doc(&v, "manifest.json", v.docker_doc, e);
	if (r == 0)
		r = add_bytes(&v, "oci-layout", &layout, e);
	if (r == 0 && v.tar)
		r = tar_finish(v.tar, e);
	tar_writer_free(v.tar);
	yyjson_mut_doc_free(v.index_doc);
	yyjson_mut_doc_free(v.docker_doc);
	strv_done(&v.written);
	strv_done(&v.image_ids);
	return r;
}
