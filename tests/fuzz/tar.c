/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/wire/tar.c and tarwriter.c. First byte: the size of the reads.
 * Checksums are made right, or no change would get past them. Entries that are read are
 * written and read again. */
#include "core/base/buf.h"
#include "core/wire/tar.h"
#include "tests/fuzz/fuzz.h"

struct source {
	const uint8_t *p;
	size_t left, step;
};

static ssize_t give(void *arg, void *p, size_t n)
{
	struct source *s = arg;

	n = n < s->left ? n : s->left;
	n = n < s->step ? n : s->step;
	if (n > 0)
		memcpy(p, s->p, n);
	s->p += n;
	s->left -= n;
	return (ssize_t)n;
}

static int keep(void *arg, const void *p, size_t n)
{
	return buf_add(arg, p, n);
}

static void check_entry(const struct tar_entry *ent)
{
	if (!ent->path[0] || strlen(ent->path) > TAR_PATH_MAX ||
	    strlen(ent->link) > TAR_PATH_MAX || ent->mode & ~07777u ||
	    ent->uid == UINT32_MAX || ent->gid == UINT32_MAX)
		abort();
	if ((ent->type == TAR_SYMLINK || ent->type == TAR_HARDLINK) !=
	    (ent->link[0] != 0))
		abort();
	if (ent->type != TAR_FILE && ent->size != 0)
		abort();
	for (size_t i = 0; i < ent->xattrs_len; i++) {
		if (!ent->xattrs[i].name[0] || ent->xattrs[i].size > TAR_XATTR_MAX)
			abort();
	}
}

/* One entry alone, without data: what comes back must be the same. */
static void written(const struct tar_entry *ent)
{
	autobuf out = { 0 };
	struct tar_writer *w = tar_writer_new(keep, &out);
	struct tar_entry bare = *ent, again;
	struct tar_reader *t;
	struct source s;

	bare.size = 0;
	if (tar_add(w, &bare, NULL) == 0) {
		if (tar_finish(w, NULL) < 0)
			abort();
		s = (struct source){ (uint8_t *)out.data, out.len, out.len };
		t = tar_reader_new(give, &s);
		if (tar_next(t, &again, NULL) != 1 || !str_eq(again.link, ent->link) ||
		    !str_starts(again.path, ent->path) || again.uid != ent->uid ||
		    again.gid != ent->gid || again.mode != ent->mode ||
		    again.xattrs_len != ent->xattrs_len)
			abort();
		tar_reader_free(t);
	}
	tar_writer_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree uint8_t *bytes = fuzz_mend_tar(data + 1, size ? size - 1 : 0);
	struct source s = { bytes, size ? size - 1 : 0, size ? data[0] * 8u + 1 : 1 };
	struct tar_reader *t = tar_reader_new(give, &s);
	struct tar_entry ent;
	struct err e = { 0 };
	const void *p;
	uint64_t at, end;
	size_t n;
	int r = 0;

	while (r >= 0 && (r = tar_next(t, &ent, &e)) > 0) {
		check_entry(&ent);
		written(&ent);
		end = 0;
		while (!(s.left & 1) && (r = tar_data(t, &p, &n, &at, &e)) > 0) {
			if (n == 0 || at < end || at + n > ent.size)
				abort();
			end = at + n;
		}
	}
	if (r < 0 && !e.text[0])
		abort();
	if (r == 0)
		tar_drain(t, &e);
	tar_reader_free(t);
	return 0;
}
