/* SPDX-License-Identifier: Apache-2.0 */
/* Moving what nothing uses to the trash. */
#include "core/store/collect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/blob.h"
#include "core/store/gc.h"
#include "core/store/layer.h"
#include "core/store/reach.h"

#define LAYERS_MAX 1000 /* a chain longer than this is a loop */

struct collect {
	const struct store *store;
	const struct strv *keep; /* sorted hex digests */
	uint64_t bytes;
	int failed;
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool kept(const struct strv *keep, const char *hex)
{
	return keep->len &&
	       bsearch(&hex, keep->v, keep->len, sizeof(char *), compare) != NULL;
}

static void collect_folder(struct collect *c, const char *place)
{
	autoclose int fd =
		openat(c->store->data_fd, place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	struct stat st;

	if (!dir) { /* no blob of this algorithm yet */
		if (errno != ENOENT)
			c->failed = -errno;
		return;
	}
	fd = -1;
	while ((de = readdir(dir))) {
		const char *name = de->d_name;
		if (name[0] == '.' || kept(c->keep, name) ||
		    fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (!unlinkat(dirfd(dir), name, 0))
			c->bytes += (uint64_t)st.st_size;
		else if (c->failed == 0)
			c->failed = -errno;
	}
	closedir(dir);
}

static int collect_layers(struct collect *c, struct err *e)
{
	autostrv all = { 0 };
	int r = layer_list(c->store, &all, e);

	for (size_t i = 0; r == 0 && i < all.len; i++) {
		autofree char *text = str_fmt(
			"%s:%s", strlen(all.v[i]) == 128 ? "sha512" : "sha256", all.v[i]);
		struct layer l = { 0 };
		struct digest id;
		if (kept(c->keep, all.v[i]) || digest_parse(text, &id) < 0)
			continue;
		uint64_t size = layer_read(c->store, &id, &l, NULL) < 0 ? 0 : l.size;
		r = layer_remove(c->store, &id, e);
		if (r == 0)
			c->bytes += size;
	}
	return r;
}

/* The layers below those that containers hold. */
static void keep_below(const struct store *s, const struct strv *tops, struct strv *keep)
{
	char hex[DIGEST_TEXT_MAX];

	for (size_t i = 0; i < tops->len; i++) {
		autofree char *text =
			str_fmt("%s:%s", strlen(tops->v[i]) == 128 ? "sha512" : "sha256",
				tops->v[i]);
		struct layer l = { 0 };
		if (digest_parse(text, &l.parent) < 0)
			continue;
		for (int n = 0; n < LAYERS_MAX && digest_is_set(&l.parent); n++) {
			struct digest id = l.parent;
			strv_add(keep, digest_hex(hex, &id));
			l = (struct layer){ 0 };
			if (layer_read(s, &id, &l, NULL) < 0)
				break;
		}
	}
}

int collect_unused(const struct store *s, const struct strv *keep_chains,
		   uint64_t *ret_bytes, struct err *e)
{
	static const char *const folders[] = { "oci/blobs/sha256", "oci/blobs/sha512" };
	autostrv blobs = { 0 }, chains = { 0 };
	struct collect c = { .store = s, .keep = &chains };
	int r = reach_all(s, &blobs, &chains, e);

	if (r < 0)
		return err_wrap(e, "find what is unused");
	if (keep_chains)
		keep_below(s, keep_chains, &chains);
	strv_sort(&chains);
	r = collect_layers(&c, e);
	if (r < 0)
		return r;
	c.keep = &blobs;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		collect_folder(&c, folders[i]);
	}
	if (ret_bytes)
		*ret_bytes = c.bytes;
	return c.failed < 0 ? err_code(e, c.failed, "remove blobs") : 0;
}

int collect_blobs(const struct store *s, const struct digest *d, size_t n, struct err *e)
{
	autostrv blobs = { 0 };
	autoclose int lock = gc_lock(s, true, e);
	int r = lock < 0 ? lock : reach_all(s, &blobs, NULL, e);
	char hex[DIGEST_TEXT_MAX];

	for (size_t i = 0; r == 0 && i < n; i++)
		if (!kept(&blobs, digest_hex(hex, &d[i]))) {
			(void)blob_remove(s, &d[i], NULL);
			blob_drop_part(s, &d[i]);
		}
	return r;
}
