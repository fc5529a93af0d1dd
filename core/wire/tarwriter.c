/* SPDX-License-Identifier: Apache-2.0 */
/* Writing tar: a ustar header, and before it a pax header for what that cannot say (long
 * or non-ASCII names, large numbers, fractions of seconds, extended attributes). The
 * bytes depend on the entries alone: no owner names, no access times, records in order of
 * key. */
#include "core/wire/tar.h"

#include <errno.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/wire/tarheader.h"
#include "core/wire/tarpax.h"

#define NS 1000000000ll

struct tar_writer {
	tar_write_fn *write;
	void *arg;
	uint64_t left;    /* data still owed to the entry */
	uint64_t padding; /* zeros after it */
};

struct tar_writer *tar_writer_new(tar_write_fn *write, void *arg)
{
	struct tar_writer *t = mem_new(struct tar_writer);

	t->write = write;
	t->arg = arg;
	return t;
}

void tar_writer_free(struct tar_writer *t)
{
	free(t);
}

static int put(struct tar_writer *t, const void *p, size_t n, struct err *e)
{
	int r = n > 0 ? t->write(t->arg, p, n) : 0;

	return r < 0 ? err_code(e, r, "tar: write the archive") : 0;
}

static int put_zeros(struct tar_writer *t, size_t n, struct err *e)
{
	static const uint8_t zeros[2 * TARHEADER_SIZE];

	return put(t, zeros, n, e);
}

/* --- pax records
 * -------------------------------------------------------------------------- */

static size_t digits(size_t n)
{
	size_t d = 1;

	while (n >= 10) {
		n /= 10;
		d++;
	}
	return d;
}

static int record(struct buf *b, const char *key, const void *value, size_t size)
{
	size_t rest = strlen(key) + size + 3; /* " ", "=", "\n" */
	size_t n = rest + digits(rest);

	/* The length's own digits may make it one digit longer. */
	n = rest + digits(n);
	if (buf_addf(b, "%zu %s=", n, key) < 0 || buf_add(b, value, size) < 0)
		return -E2BIG;
	return buf_addc(b, '\n');
}

static int record_text(struct buf *b, const char *key, const char *value)
{
	return record(b, key, value, strlen(value));
}

static int record_number(struct buf *b, const char *key, uint64_t n, int64_t max)
{
	char text[24];

	if (n <= (uint64_t)max)
		return 0;
	str_print(text, sizeof(text), "%llu", (unsigned long long)n);
	return record_text(b, key, text);
}

static int record_time(struct buf *b, int64_t ns)
{
	uint64_t abs = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	char text[48];
	size_t n;

	if (ns >= 0 && ns % NS == 0)
		return 0;
	str_print(text, sizeof(text), "%s%llu.%09llu", ns < 0 ? "-" : "",
		  (unsigned long long)(abs / NS), (unsigned long long)(abs % NS));
	for (n = strlen(text); text[n - 1] == '0'; n--)
		text[n - 1] = '\0';
	if (text[n - 1] == '.')
		text[n - 1] = '\0';
	return record_text(b, "mtime", text);
}

static int xattr_order(const void *a, const void *b)
{
	const struct tar_xattr *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int record_xattrs(struct buf *b, const struct tar_entry *entry)
{
	autofree struct tar_xattr *v = mem_array(entry->xattrs_len, sizeof(*v));
	int r = 0;

	for (size_t i = 0; i < entry->xattrs_len; i++)
		v[i] = entry->xattrs[i];
	if (entry->xattrs_len > 0)
		qsort(v, entry->xattrs_len, sizeof(*v), xattr_order);
	for (size_t i = 0; r == 0 && i < entry->xattrs_len; i++) {
		autofree char *key = str_fmt("SCHILY.xattr.%s", v[i].name);

		/* '=' would end the key early. */
		if (strchr(v[i].name, '='))
			return -EINVAL;
		r = record(b, key, v[i].value, v[i].size);
	}
	return r;
}

static bool link_fits(const char *s)
{
	for (const char *c = s; *c; c++) {
		if ((unsigned char)*c >= 0x80)
			return false;
	}
	return strlen(s) <= 100;
}

/* In order of key, as strcmp sees it. */
static int records(struct buf *b, const struct tar_entry *entry, const char *path)
{
	const int64_t id_max = tarheader_max(8);
	int r = record_xattrs(b, entry);

	if (r == 0)
		r = record_number(b, "gid", entry->gid, id_max);
	if (r == 0 && !link_fits(entry->link))
		r = record_text(b, "linkpath", entry->link);
	if (r == 0)
		r = record_time(b, entry->mtime);
	if (r == 0 && !tarheader_fits(path))
		r = record_text(b, "path", path);
	if (r == 0 && entry->type == TAR_FILE)
		r = record_number(b, "size", entry->size, tarheader_max(12));
	return r < 0 ? r : record_number(b, "uid", entry->uid, id_max);
}

static int put_pax(struct tar_writer *t, const struct buf *b, const char *path,
		   struct err *e)
{
	struct tarheader h = { .type = 'x', .mode = 0644, .size = (int64_t)b->len };
	uint8_t raw[TARHEADER_SIZE];
	const char *base = path_base(path);
	size_t n = strlen("PaxHeaders.0/");
	int r;

	/* The name is for readers that know no pax; it need not be the entry's. */
	str_copy(h.name, sizeof(h.name), "PaxHeaders.0/");
	for (; *base && *base != '/' && n < 90; base++)
		h.name[n++] = (char)((unsigned char)*base < 0x80 ? *base : '_');
	tarheader_build(raw, &h);
	r = put(t, raw, sizeof(raw), e);
	if (r == 0)
		r = put(t, b->data, b->len, e);
	return r < 0 ? r : put_zeros(t, -b->len % TARHEADER_SIZE, e);
}

/* --- entries
 * ------------------------------------------------------------------------------ */

static int check_entry(const struct tar_writer *t, const struct tar_entry *entry,
		       struct err *e)
{
	bool is_link = entry->type == TAR_SYMLINK || entry->type == TAR_HARDLINK;

	if (t->left > 0)
		return err_set(e, -EINVAL, "tar: %llu bytes are missing before '%.255s'",
			       (unsigned long long)t->left, entry->path);
	if (!entry->path[0] || (is_link && !entry->link[0]))
		return err_set(e, -EINVAL, "tar: an entry without a name");
	if (strlen(entry->path) > TAR_PATH_MAX || strlen(entry->link) > TAR_PATH_MAX)
		return err_set(e, -ENAMETOOLONG,
			       "tar: '%.60s…': the name is longer than %d bytes",
			       entry->path, TAR_PATH_MAX);
	if (entry->type == TAR_FILE && entry->size > INT64_MAX)
		return err_set(e, -EFBIG, "tar: '%.255s': the size is out of range",
			       entry->path);
	if (entry->rdev_major > tarheader_max(8) || entry->rdev_minor > tarheader_max(8))
		return err_set(e, -ERANGE, "tar: '%.255s': device number is out of range",
			       entry->path);
	return 0;
}

static void fill_header(const struct tar_entry *entry, const char *path,
			struct tarheader *h)
{
	static const char types[] = {
		[TAR_FILE] = '0',     [TAR_DIR] = '5',  [TAR_SYMLINK] = '2',
		[TAR_HARDLINK] = '1', [TAR_FIFO] = '6', [TAR_CHAR] = '3',
		[TAR_BLOCK] = '4'
	};
	bool is_link = entry->type == TAR_SYMLINK || entry->type == TAR_HARDLINK;
	bool device = entry->type == TAR_CHAR || entry->type == TAR_BLOCK;

	*h = (struct tarheader){
		.type = types[entry->type],
		.mode = (int64_t)(entry->mode & 07777),
		.uid = entry->uid,
		.gid = entry->gid,
		.size = entry->type == TAR_FILE ? (int64_t)entry->size : 0,
		.mtime = entry->mtime > 0 ? entry->mtime / NS : 0,
		.major = device ? entry->rdev_major : 0,
		.minor = device ? entry->rdev_minor : 0,
	};
	/* What does not fit is in the pax header, and left out here. */
	if (tarheader_fits(path))
		str_copy(h->name, sizeof(h->name), path);
	else
		str_copy(h->name, sizeof(h->name), "PaxHeaders.0/entry");
	if (is_link && link_fits(entry->link))
		str_copy(h->link, sizeof(h->link), entry->link);
}

int tar_add(struct tar_writer *t, const struct tar_entry *entry, struct err *e)
{
	const char *slash =
		entry->type == TAR_DIR && !str_ends(entry->path, "/") ? "/" : "";
	autofree char *path = str_fmt("%s%s", entry->path, slash);
	autobuf pax = { .max = TARPAX_MAX };
	uint8_t raw[TARHEADER_SIZE];
	struct tarheader h;
	int r = check_entry(t, entry, e);

	if (r < 0)
		return r;
	r = put_zeros(t, (size_t)t->padding, e);
	if (r < 0)
		return r;
	t->padding = 0;
	r = records(&pax, entry, path);
	if (r < 0)
		return err_set(e, r, "tar: '%.255s': the attributes %s", path,
			       r == -E2BIG ? "are too large" : "have a bad name");
	if (pax.len > 0)
		r = put_pax(t, &pax, path, e);
	if (r < 0)
		return r;
	fill_header(entry, path, &h);
	tarheader_build(raw, &h);
	r = put(t, raw, sizeof(raw), e);
	if (r == 0 && entry->type == TAR_FILE) {
		t->left = entry->size;
		t->padding = -entry->size % TARHEADER_SIZE;
	}
	return r;
}

int tar_add_data(struct tar_writer *t, const void *p, size_t n, struct err *e)
{
	int r;

	if (n > t->left)
		return err_set(e, -EINVAL, "tar: more data than the entry's size");
	r = put(t, p, n, e);
	if (r == 0)
		t->left -= n;
	return r;
}

int tar_finish(struct tar_writer *t, struct err *e)
{
	int r;

	if (t->left > 0)
		return err_set(e, -EINVAL, "tar: %llu bytes are missing at the end",
			       (unsigned long long)t->left);
	r = put_zeros(t, (size_t)t->padding, e);
	t->padding = 0;
	return r < 0 ? r : put_zeros(t, 2 * TARHEADER_SIZE, e);
}
