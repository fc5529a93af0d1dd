/* SPDX-License-Identifier: Apache-2.0 */
/* One layer's way from compressed bytes to disk. */
#include "core/image/layerstream.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/image/extract.h"
#include "core/wire/compression.h"
#include "core/wire/hasher.h"
#include "core/wire/tar.h"

struct layerstream {
	struct unpack_stream job;
	struct decoder *decoder;
	struct hasher *hasher;
	struct tar_reader *tar;
	struct extract *extract;
	struct err err; /* of the decoder: said rather than the tar reader's echo of it */
};

/* Every byte of the tar passes here, those after its end too: the diffID is of all. */
static ssize_t tar_bytes(void *arg, void *p, size_t n)
{
	struct layerstream *l = arg;
	ssize_t k = decoder_read(l->decoder, p, n, &l->err);

	if (k > 0 && l->hasher)
		hasher_add(l->hasher, p, (size_t)k);
	return k;
}

struct layerstream *layerstream_new(const struct unpack_stream *s)
{
	struct layerstream *l = mem_new(struct layerstream);

	l->job = *s;
	l->decoder = decoder_new(s->read, s->arg, s->max);
	if (s->diff_id)
		l->hasher = hasher_new(s->diff_id->algorithm);
	l->tar = tar_reader_new(tar_bytes, l);
	l->extract = extract_new(s->dirfd, &s->owners);
	return l;
}

static int entries(struct layerstream *l, struct err *e)
{
	struct tar_entry entry;
	int r;

	while ((r = tar_next(l->tar, &entry, e)) > 0) {
		r = extract_entry(l->extract, &entry, l->tar, e);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : tar_drain(l->tar, e);
}

int layerstream_run(struct layerstream *l, struct unpack_result *ret, struct err *e)
{
	char want[DIGEST_TEXT_MAX], got[DIGEST_TEXT_MAX];
	struct digest is;
	int r = entries(l, e);

	if (l->err.code == -EFBIG)
		return err_set(e, -EFBIG,
			       "it unpacks to more than %llu bytes, far beyond its "
			       "compressed size",
			       (unsigned long long)l->job.max);
	if (l->err.code < 0)
		return err_set(e, l->err.code, "%s", l->err.text);
	if (r < 0)
		return r;
	if (l->hasher) {
		hasher_finish(l->hasher, &is);
		if (!digest_eq(&is, l->job.diff_id))
			return err_set(
				e, -EBADMSG,
				"diffID mismatch: the config names '%s', the content has "
				"'%s'",
				digest_text(want, l->job.diff_id), digest_text(got, &is));
	}
	return extract_finish(l->extract, ret, e);
}

void layerstream_free(struct layerstream *l)
{
	if (!l)
		return;
	tar_reader_free(l->tar);
	decoder_free(l->decoder);
	hasher_free(l->hasher);
	extract_free(l->extract);
	free(l);
}
