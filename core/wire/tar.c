/* SPDX-License-Identifier: Apache-2.0 */
/* Reading tar.
 *
 * An entry is: any of 'x' (pax records), 'L' (GNU long name), 'K' (GNU long link), each
 * at most once and never two for the same thing; then the header proper; then its data,
 * padded to 512. 'g' (global records) and 'V' (volume label) say nothing about an entry
 * and are passed over, as Docker does. The end is two blocks of zeros, or the end of the
 * stream at an entry's end.
 *
 * What another reader could take for another entry is refused instead of interpreted: NUL
 * in names, IDs outside 32 bits, doubled special headers, a lone zero block, sparse maps
 * that do not add up. Where variants disagree we do what Go's archive/tar does, as Docker
 * is built on it: links, devices and folders have no data, whatever their size field
 * says.
 *
 * Memory: one buffer for the stream, and for the special headers at most 1 MiB of pax
 * records and TARSPARSE_MAX pieces of a map. */
#include "core/wire/tar.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/wire/tarheader.h"
#include "core/wire/tarpax.h"
#include "core/wire/tarstream.h"

#define BLOCK TARHEADER_SIZE
#define NS    1000000000ll

struct tar_reader {
	bool done;  /* the end of the archive was seen */
	int failed; /* the error that ended it */
	/* the entry at hand */
	uint64_t stored; /* bytes of its data still in the stream */
	uint64_t padding;
	uint64_t lent; /* bytes handed out by tar_data, dropped at the next call */
	size_t piece;  /* in map */
	uint64_t piece_done;
	struct tarsparse map;
	/* special headers before it */
	struct tarpax pax;
	char *pax_body;
	char path[TAR_PATH_MAX + 1], link[TAR_PATH_MAX + 1];
	bool long_path, long_link;
	struct tarstream in;
};

struct tar_reader *tar_reader_new(tar_read_fn *read, void *arg)
{
	struct tar_reader *t = mem_new(struct tar_reader);

	t->in.read = read;
	t->in.arg = arg;
	return t;
}

void tar_reader_free(struct tar_reader *t)
{
	if (!t)
		return;
	tarsparse_done(&t->map);
	tarpax_done(&t->pax);
	free(t->pax_body);
	free(t);
}

static int twice(const char *what, struct err *e)
{
	return err_set(e, -EINVAL, "tar: two %s headers for one entry", what);
}

static int read_pax(struct tar_reader *t, const struct tarheader *h, struct err *e)
{
	int r;

	if (t->pax.seen)
		return twice("pax", e);
	if (h->size > TARPAX_MAX)
		return err_set(e, -E2BIG, "tar: a pax header is larger than %u bytes",
			       TARPAX_MAX);
	free(t->pax_body);
	t->pax_body = mem_alloc((size_t)h->size + 1);
	r = tarstream_body(&t->in, t->pax_body, (size_t)h->size, e);
	return r < 0 ? r : tarpax_parse(&t->pax, t->pax_body, (size_t)h->size, e);
}

static int too_long(const char *path, struct err *e)
{
	return err_set(e, -ENAMETOOLONG,
		       "tar: '%.60s…': the name is longer than %d bytes", path,
		       TAR_PATH_MAX);
}

/* GNU: the name is the body, with a NUL behind it. */
static int read_long(struct tar_reader *t, const struct tarheader *h, bool *seen,
		     char *dst, struct err *e)
{
	char text[TAR_PATH_MAX + 2];
	int r;

	if (*seen)
		return twice("GNU long name", e);
	*seen = true;
	if (h->size > TAR_PATH_MAX + 1)
		return err_set(e, -ENAMETOOLONG, "tar: a name is longer than %d bytes",
			       TAR_PATH_MAX);
	r = tarstream_body(&t->in, text, (size_t)h->size, e);
	if (r < 0)
		return r;
	if (h->size > 0 && strlen(text) + 1 < (size_t)h->size)
		return err_set(e, -EINVAL, "tar: '%.60s': NUL in a name", text);
	if (str_copy(dst, TAR_PATH_MAX + 1, text) < 0)
		return too_long(text, e);
	return 0;
}

/* 1 when the header was special and is dealt with, 0 when it is an entry's own. */
static int special(struct tar_reader *t, const struct tarheader *h, struct err *e)
{
	int r;

	switch (h->type) {
	case 'x':
	case 'X':
		r = read_pax(t, h, e);
		break;
	case 'L':
		r = read_long(t, h, &t->long_path, t->path, e);
		break;
	case 'K':
		r = read_long(t, h, &t->long_link, t->link, e);
		break;
	case 'g':
	case 'V':
		r = tarstream_skip(&t->in, (uint64_t)h->size, e);
		if (r == 0)
			r = tarstream_skip(&t->in, -(uint64_t)h->size % BLOCK, e);
		break;
	default:
		return 0;
	}
	return r < 0 ? r : 1;
}

static int lone_zeros(struct err *e)
{
	return err_set(e, -EINVAL, "tar: a lone block of zeros");
}

/* After a block of zeros: another, or the end of the stream. */
static int check_end(struct tar_reader *t, struct err *e)
{
	const uint8_t *b = NULL;
	ssize_t have = tarstream_need(&t->in, BLOCK, e);
	int r;

	if (have <= 0)
		return (int)have;
	r = tarstream_block(&t->in, &b, e);
	if (r < 0)
		return r;
	return tarheader_is_zero(b) ? 0 : lone_zeros(e);
}

/* 1 with the next header that is no special one, 0 at the end of the archive. */
static int next_header(struct tar_reader *t, uint8_t raw[BLOCK], struct tarheader *h,
		       struct err *e)
{
	const uint8_t *b = NULL;
	bool first = true;
	ssize_t have;
	int r;

	for (;; first = first && (h->type == 'g' || h->type == 'V')) {
		have = tarstream_need(&t->in, BLOCK, e);
		if (have < 0)
			return (int)have;
		if (have == 0 && first)
			return 0;
		r = tarstream_block(&t->in, &b, e);
		if (r < 0)
			return r;
		if (tarheader_is_zero(b))
			return first ? check_end(t, e) : lone_zeros(e);
		r = tarheader_parse(b, h, e);
		if (r < 0)
			return r;
		memcpy(raw, b, BLOCK);
		r = special(t, h, e);
		if (r <= 0)
			return r < 0 ? r : 1;
	}
}

static int set_type(const struct tarheader *h, const char *path, enum tar_type *ret,
		    struct err *e)
{
	static const enum tar_type types[] = { TAR_FILE, TAR_HARDLINK, TAR_SYMLINK,
					       TAR_CHAR, TAR_BLOCK,    TAR_DIR,
					       TAR_FIFO, TAR_FILE };

	if (h->type >= '0' && h->type <= '7')
		*ret = types[h->type - '0'];
	else if (h->type == '\0' || h->type == 'S')
		*ret = TAR_FILE;
	else
		return err_set(e, -EINVAL, "tar: '%.255s': unknown type of entry 0x%02x",
			       path, (unsigned)(unsigned char)h->type);
	/* Old tars had no type for folders. */
	if (*ret == TAR_FILE && h->type != 'S' && str_ends(path, "/"))
		*ret = TAR_DIR;
	return 0;
}

/* The name or link that counts: GNU's, pax's, or the header's own. */
static int set_name(char *dst, bool gnu, const char *pax, const char *own, struct err *e)
{
	if (gnu && pax)
		return err_set(e, -EINVAL,
			       "tar: '%.255s' has a name of GNU and one of pax", pax);
	if (gnu)
		return 0;
	if (str_copy(dst, TAR_PATH_MAX + 1, pax ? pax : own) < 0)
		return too_long(pax ? pax : own, e);
	return 0;
}

static int set_names(struct tar_reader *t, const struct tarheader *h, struct err *e)
{
	const struct tarpax *p = &t->pax;
	const char *path = p->sparse_name ? p->sparse_name : p->path;
	int r = set_name(t->path, t->long_path, path, h->name, e);

	if (r == 0)
		r = set_name(t->link, t->long_link, p->link, h->link, e);
	if (r == 0 && !t->path[0])
		r = err_set(e, -EINVAL, "tar: an entry without a name");
	return r;
}

static int set_id(const char *what, int64_t id, const char *path, uint32_t *ret,
		  struct err *e)
{
	/* (uid_t)-1 means none to the kernel. */
	if (id < 0 || id >= UINT32_MAX)
		return err_set(e, -EINVAL, "tar: '%.255s': %s %lld is out of range", path,
			       what, (long long)id);
	*ret = (uint32_t)id;
	return 0;
}

static int set_numbers(const struct tar_reader *t, const struct tarheader *h,
		       struct tar_entry *ent, struct err *e)
{
	const struct tarpax *p = &t->pax;
	int64_t seconds = h->mtime, limit = INT64_MAX / NS - 1;
	int r = set_id("uid", p->has_uid ? p->uid : h->uid, t->path, &ent->uid, e);

	if (r == 0)
		r = set_id("gid", p->has_gid ? p->gid : h->gid, t->path, &ent->gid, e);
	if (r == 0 && (ent->type == TAR_CHAR || ent->type == TAR_BLOCK)) {
		r = set_id("device number", h->major, t->path, &ent->rdev_major, e);
		if (r == 0)
			r = set_id("device number", h->minor, t->path, &ent->rdev_minor,
				   e);
	}
	ent->mode = (mode_t)(h->mode & 07777);
	/* File systems end well before the year 2262 of 64 bits of nanoseconds. */
	if (seconds > limit || seconds < -limit)
		seconds = seconds > 0 ? limit : -limit;
	ent->mtime = p->has_mtime ? p->mtime : seconds * NS;
	return r;
}

/* Fills the map of a file, whose stored bytes are in t->stored, and gives its real size.
 */
static int read_sparse(struct tar_reader *t, const uint8_t raw[BLOCK], uint64_t *size,
		       struct err *e)
{
	struct tarpax *p = &t->pax;
	int64_t real = (int64_t)t->stored;
	struct err why = { 0 };
	int r = 0;

	if (p->has_real_size)
		real = p->real_size;
	if (raw[156] == 'S') {
		r = tarsparse_read_old(&t->map, &t->in, raw, &real, &why);
	} else if (p->sparse_major == 1 && p->sparse_minor == 0) {
		r = tarsparse_read(&t->map, &t->in, &t->stored, &why);
	} else if (p->sparse_major == 0 && p->has_map) {
		struct tarsparse old = t->map;

		t->map = p->map;
		p->map = old;
	} else {
		r = -EINVAL;
	}
	if (r == 0)
		r = tarsparse_check(&t->map, (uint64_t)real, t->stored);
	if (why.code) /* the stream itself */
		return err_set(e, why.code, "%s", why.text);
	if (r < 0)
		return err_set(e, r, "tar: '%.255s': malformed map of a sparse file",
			       t->path);
	*size = (uint64_t)real;
	return 0;
}

static int set_data(struct tar_reader *t, const struct tarheader *h,
		    const uint8_t raw[BLOCK], struct tar_entry *ent, struct err *e)
{
	const int64_t size = t->pax.has_size ? t->pax.size : h->size;
	int r;

	if (size < 0)
		return err_set(e, -EINVAL, "tar: '%.255s': the size is negative",
			       t->path);
	if (ent->type != TAR_FILE) {
		if (t->pax.has_sparse)
			return err_set(e, -EINVAL, "tar: '%.255s' is sparse but no file",
				       t->path);
		return 0;
	}
	t->stored = ent->size = (uint64_t)size;
	t->padding = -(uint64_t)size % BLOCK;
	if (h->type == 'S' || t->pax.has_sparse)
		return read_sparse(t, raw, &ent->size, e);
	r = size > 0 ? tarsparse_add(&t->map, 0, size) : 0;
	return r;
}

/* Whatever is left of the entry before. */
static int leave_entry(struct tar_reader *t, struct err *e)
{
	int r = tarstream_skip(&t->in, t->lent, e);

	t->lent = 0;
	if (r == 0)
		r = tarstream_skip(&t->in, t->stored, e);
	t->stored = 0;
	if (r == 0)
		r = tarstream_skip(&t->in, t->padding, e);
	t->padding = 0;
	t->piece = 0;
	t->piece_done = 0;
	tarsparse_reset(&t->map);
	tarpax_reset(&t->pax);
	t->long_path = t->long_link = false;
	t->path[0] = t->link[0] = '\0';
	return r;
}

static int next_entry(struct tar_reader *t, struct tar_entry *ent, struct err *e)
{
	uint8_t raw[BLOCK];
	struct tarheader h = { .type = 0 };
	int r = leave_entry(t, e);

	if (r == 0)
		r = next_header(t, raw, &h, e);
	if (r <= 0)
		return r;
	r = set_names(t, &h, e);
	if (r == 0)
		r = set_type(&h, t->path, &ent->type, e);
	if (r == 0)
		r = set_numbers(t, &h, ent, e);
	if (r == 0)
		r = set_data(t, &h, raw, ent, e);
	if (r < 0)
		return r;
	if (ent->type != TAR_HARDLINK && ent->type != TAR_SYMLINK)
		t->link[0] = '\0';
	else if (!t->link[0])
		return err_set(e, -EINVAL, "tar: '%.255s' is a link to nothing", t->path);
	ent->xattrs = t->pax.xattrs;
	ent->xattrs_len = t->pax.xattrs_len;
	return 1;
}

int tar_next(struct tar_reader *t, struct tar_entry *ret, struct err *e)
{
	struct tar_entry ent = { .path = t->path, .link = t->link };
	int r;

	if (t->failed)
		return err_set(e, t->failed, "tar: the archive is damaged");
	if (t->done)
		return 0;
	r = next_entry(t, &ent, e);
	if (r < 0)
		t->failed = r;
	t->done = r == 0;
	if (r > 0)
		*ret = ent;
	return r;
}

int tar_data(struct tar_reader *t, const void **p, size_t *n, uint64_t *offset,
	     struct err *e)
{
	const struct tarsparse_piece *piece;
	uint64_t left;
	ssize_t have;

	if (t->failed)
		return err_set(e, t->failed, "tar: the archive is damaged");
	t->in.pos += (size_t)t->lent;
	t->lent = 0;
	while (t->piece < t->map.len && t->piece_done == t->map.v[t->piece].size) {
		t->piece++;
		t->piece_done = 0;
	}
	if (t->piece == t->map.len)
		return 0;
	piece = &t->map.v[t->piece];
	have = tarstream_need(&t->in, 1, e);
	if (have <= 0) {
		t->failed = have < 0 ? (int)have : tarstream_cut_short(e);
		return t->failed;
	}
	left = piece->size - t->piece_done;
	if ((uint64_t)have > left)
		have = (ssize_t)left;
	*p = t->in.buf + t->in.pos;
	*n = (size_t)have;
	*offset = piece->offset + t->piece_done;
	t->lent = (uint64_t)have;
	t->piece_done += (uint64_t)have;
	t->stored -= (uint64_t)have;
	return 1;
}

int tar_drain(struct tar_reader *t, struct err *e)
{
	ssize_t have;

	do {
		t->in.pos = t->in.len = 0;
		have = tarstream_need(&t->in, 1, e);
	} while (have > 0);
	t->done = true;
	return (int)have;
}
