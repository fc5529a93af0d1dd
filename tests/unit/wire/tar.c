/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wire/tar.h"

#include <errno.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/strv.h"
#include "tests/unit/test.h"

struct source {
	const struct buf *from;
	size_t pos, step;
	int fail;
};

static ssize_t give(void *arg, void *p, size_t n)
{
	struct source *s = arg;
	size_t left = s->from->len - s->pos;

	if (left == 0 && s->fail)
		return s->fail;
	n = n < left ? n : left;
	n = s->step && n > s->step ? s->step : n;
	if (n > 0)
		memcpy(p, s->from->data + s->pos, n);
	s->pos += n;
	return (ssize_t)n;
}

static int keep(void *arg, const void *p, size_t n)
{
	return buf_add(arg, p, n);
}

/* --- archives by hand
 * ----------------------------------------------------------------------- */

#define BLOCK 512

/* The checksum of a header counts its own field as blanks. */
static void seal(char h[BLOCK])
{
	unsigned sum = 0;

	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (uint8_t)h[i];
	snprintf(h + 148, 8, "%06o", sum);
}

static void add_block(struct buf *b, char type, const char *name, int64_t size)
{
	char h[BLOCK] = "";

	snprintf(h, 100, "%s", name);
	snprintf(h + 100, 8, "%07o", 0644);
	snprintf(h + 108, 8, "%07o", 0);
	snprintf(h + 116, 8, "%07o", 0);
	snprintf(h + 124, 12, "%011llo", (unsigned long long)size);
	snprintf(h + 136, 12, "%011o", 0);
	h[156] = type;
	memcpy(h + 257, "ustar\00000", 8);
	seal(h);
	buf_add(b, h, sizeof(h));
}

static void add_padded(struct buf *b, const void *p, size_t n)
{
	static const char zeros[BLOCK];

	buf_add(b, p, n);
	buf_add(b, zeros, -n % BLOCK);
}

static void add_special(struct buf *b, char type, const void *p, size_t n)
{
	add_block(b, type, "special", (int64_t)n);
	add_padded(b, p, n);
}

static void add_record(struct buf *r, const char *key, const void *value, size_t n)
{
	size_t rest = strlen(key) + n + 3, len = rest + 1;

	while (len - rest < (len < 10      ? 1u
			     : len < 100   ? 2u
			     : len < 1000  ? 3u
			     : len < 10000 ? 4u
					   : 7u))
		len++;
	buf_addf(r, "%zu %s=", len, key);
	buf_add(r, value, n);
	buf_addc(r, '\n');
}

/* A pax header of one record. */
static void add_pax(struct buf *b, const char *key, const void *value, size_t n)
{
	autobuf r = { 0 };

	add_record(&r, key, value, n);
	add_special(b, 'x', r.data, r.len);
}

/* A pax header of the records "key=value key=value". */
static void add_list(struct buf *b, const char *list)
{
	autostrv items = { 0 };
	autobuf r = { 0 };

	strv_split(&items, list, ' ');
	for (size_t i = 0; i < items.len; i++) {
		char *value = strchr(items.v[i], '=');

		*value++ = '\0';
		add_record(&r, items.v[i], value, strlen(value));
	}
	add_special(b, 'x', r.data, r.len);
}

static void add_end(struct buf *b)
{
	static const char zeros[2 * BLOCK];

	buf_add(b, zeros, sizeof(zeros));
}

/* Sets the checksum of the block at offset anew, after a change. */
static void fix_sum(struct buf *b, size_t at)
{
	unsigned sum = 0;

	memset(b->data + at + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (uint8_t)b->data[at + i];
	str_print(b->data + at + 148, 7, "%06o", sum);
}

/* Reads all entries and data; the last code, and what was seen as text. */
static int read_all(const struct buf *in, size_t step, struct buf *seen, struct err *e)
{
	struct source s = { .from = in, .step = step };
	struct tar_reader *t = tar_reader_new(give, &s);
	struct tar_entry ent;
	const void *p;
	uint64_t at;
	size_t n;
	int r, d;

	err_clear(e);
	while ((r = tar_next(t, &ent, e)) > 0) {
		buf_addf(seen, "%d %s>%s %o %u:%u %llu %lld", ent.type, ent.path,
			 ent.link, (unsigned)ent.mode, ent.uid, ent.gid,
			 (unsigned long long)ent.size, (long long)ent.mtime);
		for (size_t i = 0; i < ent.xattrs_len; i++)
			buf_addf(seen, " %s=%.*s", ent.xattrs[i].name,
				 (int)ent.xattrs[i].size,
				 (const char *)ent.xattrs[i].value);
		while ((d = tar_data(t, &p, &n, &at, e)) > 0)
			buf_addf(seen, " @%llu", (unsigned long long)at),
				buf_add(seen, p, n);
		buf_addc(seen, '\n');
		if (d < 0) {
			r = d;
			break;
		}
	}
	if (r < 0)
		CHECK_INT(tar_next(t, &ent, NULL), r);
	else
		CHECK_INT(tar_drain(t, e), 0);
	tar_reader_free(t);
	return r;
}

static int try(struct buf *in, struct err *e)
{
	autobuf seen = { 0 };

	return read_all(in, 0, &seen, e);
}

TEST(empty_archives)
{
	struct err e = { 0 };
	autobuf none = { 0 }, end = { 0 }, one = { 0 };

	CHECK_INT(try(&none, &e), 0);
	add_end(&end);
	CHECK_INT(try(&end, &e), 0);
	buf_add(&one, end.data, BLOCK);
	CHECK_INT(try(&one, &e), 0);
	one.len = 100;
	CHECK(try(&one, &e) < 0);
}

TEST(pieces_of_any_size)
{
	static const size_t steps[] = { 0, 1, 511, 512, 513, 1000 };
	struct err e = { 0 };
	autobuf in = { 0 };

	add_special(&in, 'g', "18 comment=global\n", 18);
	add_pax(&in, "mtime", "1.25", 5);
	add_block(&in, '0', "a", 3);
	add_padded(&in, "abc", 3);
	add_block(&in, '5', "d/", 0);
	add_end(&in);
	buf_adds(&in, "rest is drained");
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		autobuf seen = { 0 };

		CHECK_INT(read_all(&in, steps[i], &seen, &e), 0);
		if (steps[i] == 1)
			CHECK_STR(buf_str(&seen),
				  "0 a> 644 0:0 3 1250000000 @0a @1b @2c\n"
				  "1 d/> 644 0:0 0 0\n");
		else
			CHECK(str_starts(buf_str(&seen), "0 a> 644 0:0 3 1250000000 @0"));
	}
}

/* Cut anywhere but between entries, it is not taken for whole. */
TEST(cut_short)
{
	struct err e = { 0 };
	autobuf in = { 0 };
	size_t whole;

	add_pax(&in, "path", "long", 4);
	add_block(&in, '0', "a", 600);
	add_padded(&in, (char[600]){ 0 }, 600);
	whole = in.len;
	CHECK_INT(try(&in, &e), 0);
	for (in.len = 1; in.len < whole; in.len++) {
		if (try(&in, &e) >= 0)
			test_fail(__FILE__, __LINE__, "%zu bytes pass", in.len);
	}
	CHECK_STR(e.text, "tar: the archive is cut short");
}

TEST(read_errors_come_through)
{
	autobuf in = { 0 };
	struct source s = { .from = &in, .fail = -EIO };
	struct tar_reader *t = tar_reader_new(give, &s);
	struct tar_entry ent;
	struct err e = { 0 };

	CHECK_INT(tar_next(t, &ent, &e), -EIO);
	CHECK(str_starts(e.text, "tar: read the archive: "));
	tar_reader_free(t);
}

TEST(damaged_headers)
{
	struct err e = { 0 };
	autobuf in = { 0 };

	add_block(&in, '0', "a", 0);
	add_end(&in);
	in.data[0] = 'b';
	CHECK_INT(try(&in, &e), -EINVAL);
	fix_sum(&in, 0);
	CHECK_INT(try(&in, &e), 0);
	in.data[124] = (char)0xff; /* a negative size */
	fix_sum(&in, 0);
	CHECK_INT(try(&in, &e), -EINVAL);
}

TEST(ids_outside_32_bits)
{
	static const char *const good[] = { "0", "4294967294" };
	static const char *const bad[] = { "-1", "4294967295", "4294967296",
					   "9223372036854775807",
					   "99999999999999999999" };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(good) + ARRAY_LEN(bad); i++) {
		bool ok = i < ARRAY_LEN(good);
		const char *id = ok ? good[i] : bad[i - ARRAY_LEN(good)];

		for (int gid = 0; gid < 2; gid++) {
			autobuf in = { 0 };

			add_pax(&in, gid ? "gid" : "uid", id, strlen(id));
			add_block(&in, '0', "a", 0);
			add_end(&in);
			if (try(&in, &e) != (ok ? 0 : -EINVAL))
				test_fail(__FILE__, __LINE__, "%s: %s", id, e.text);
		}
	}
}

TEST(names_too_long)
{
	struct err e = { 0 };
	autobuf name = { 0 };

	for (size_t i = 0; i < TAR_PATH_MAX + 1; i++)
		buf_addc(&name, i % 200 == 199 ? '/' : 'n');
	for (int kind = 0; kind < 4; kind++) {
		/* 0: pax path, 1: pax linkpath, 2: L, 3: K */
		for (size_t cut = 0; cut < 2; cut++) {
			autobuf in = { 0 };
			size_t n = TAR_PATH_MAX + 1 - cut;

			if (kind < 2)
				add_pax(&in, kind ? "linkpath" : "path", name.data, n);
			else
				add_special(&in, kind == 2 ? 'L' : 'K', name.data, n);
			add_block(&in, '2', "a", 0);
			memcpy(in.data + in.len - 512 + 157, "to", 2);
			fix_sum(&in, in.len - 512);
			add_end(&in);
			CHECK_INT(try(&in, &e), cut ? 0 : -ENAMETOOLONG);
		}
	}
}

TEST(gnu_long_names)
{
	struct err e = { 0 };
	autobuf in = { 0 }, seen = { 0 };

	add_special(&in, 'L', "a/long/name", 12);
	add_special(&in, 'K', "a/long/link", 12);
	add_block(&in, '1', "short", 0);
	memcpy(in.data + in.len - BLOCK + 157, "a/lon", 5); /* as far as it fits */
	fix_sum(&in, in.len - BLOCK);
	add_block(&in, '0', "next", 0);
	add_end(&in);
	CHECK_INT(read_all(&in, 0, &seen, &e), 0);
	CHECK_STR(e.text, "");
	CHECK_STR(buf_str(&seen),
		  "3 a/long/name>a/long/link 644 0:0 0 0\n0 next> 644 0:0 0 0\n");
}

TEST(links_and_entries_to_nothing)
{
	struct err e = { 0 };
	autobuf in = { 0 };

	add_block(&in, '2', "l", 0);
	add_end(&in);
	CHECK_INT(try(&in, &e), -EINVAL);
	buf_reset(&in);
	add_block(&in, '0', "", 0);
	add_end(&in);
	CHECK_INT(try(&in, &e), -EINVAL);
}

/* Folders and links have no data, whatever their size says. */
TEST(sizes_without_data)
{
	struct err e = { 0 };
	autobuf in = { 0 }, seen = { 0 };

	add_block(&in, '5', "d", 1000);
	add_block(&in, '0', "f", 0);
	add_block(&in, '0', "old/", 512); /* a folder of V7 */
	add_block(&in, '7', "g", 1);
	add_padded(&in, "x", 1);
	add_end(&in);
	CHECK_INT(read_all(&in, 0, &seen, &e), 0);
	CHECK_STR(buf_str(&seen),
		  "1 d> 644 0:0 0 0\n0 f> 644 0:0 0 0\n1 old/> 644 0:0 0 0\n"
		  "0 g> 644 0:0 1 0 @0x\n");
}

TEST(pax_records)
{
	static const char *const bad[] = {
		"5 a=b\n",  "7 a=b\n",
		"6 a=b",    "06 ab\n",
		"x a=b\n",  " 6 a=b\n",
		"6  =b\n",  "6 =ab\n",
		"6 abc\n",  "99999999999999999999 a=b\n",
		"4 a=\n",   "6 a=b\njunk",
		"-6 a=b\n", "0 ",
		"\n",
	};
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		autobuf in = { 0 };

		add_special(&in, 'x', bad[i], strlen(bad[i]));
		add_block(&in, '0', "a", 0);
		add_end(&in);
		/* "6  =b": the key is a blank, odd but a key */
		if (try(&in, &e) != (str_eq(bad[i], "6  =b\n") ? 0 : -EINVAL))
			test_fail(__FILE__, __LINE__, "case %zu", i);
	}
}

TEST(pax_headers_have_a_limit)
{
	struct err e = { 0 };
	autobuf in = { 0 };

	add_block(&in, 'x', "pax", (1 << 20) + 1);
	CHECK_INT(try(&in, &e), -EINVAL);
	CHECK_STR(e.text, "tar: Special header too large");
}

static int try_xattrs(size_t n, struct err *e)
{
	autobuf in = { 0 }, list = { 0 };

	for (size_t i = 0; i < n; i++)
		buf_addf(&list, "%sSCHILY.xattr.user.%zu=", i ? " " : "", i);
	add_list(&in, buf_str(&list));
	add_block(&in, '0', "many", 0);
	add_end(&in);
	return try(&in, e);
}

TEST(attributes_have_a_limit)
{
	struct err e = { 0 };

	CHECK_INT(try_xattrs(TAR_XATTRS, &e), 0);
	CHECK_INT(try_xattrs(TAR_XATTRS + 1, &e), -E2BIG);
	CHECK_STR(e.text, "tar: 'many': more than 1024 extended attributes");
	CHECK_INT(try_xattrs(30000, &e), -E2BIG);
}

TEST(pax_overrides)
{
	static const char text[] = "path=new "
				   "uid=70 "
				   "gid=7 "
				   "size=2 "
				   "mtime=1.0005 "
				   "comment=no "
				   "SCHILY.xattr.user.a=x "
				   "SCHILY.xattr.user.a=y "
				   "LIBARCHIVE.xattr.user.b%3d=aGk "
				   "uname=";
	struct err e = { 0 };
	autobuf in = { 0 }, seen = { 0 };

	add_list(&in, text);
	add_block(&in, '0', "old", 0);
	add_padded(&in, "ok", 2);
	add_block(&in, '0', "plain", 0);
	add_end(&in);
	CHECK_INT(read_all(&in, 0, &seen, &e), 0);
	CHECK_STR(e.text, "");
	CHECK_STR(buf_str(&seen),
		  "0 new> 644 70:7 2 1000500000 user.b==hi user.a=y @0ok\n"
		  "0 plain> 644 0:0 0 0\n");
}

static void sparse_entry(struct buf *in, const char *records, const char *data, size_t n)
{
	buf_reset(in);
	add_list(in, records);
	add_block(in, '0', "GNUSparseFile.0/f", (int64_t)n);
	add_padded(in, data, n);
	add_block(in, '0', "next", 0);
	add_end(in);
}

TEST(sparse_files_of_pax)
{
	static const char v00[] = "GNU.sparse.size=20 GNU.sparse.numblocks=2 "
				  "GNU.sparse.offset=5 GNU.sparse.numbytes=2 "
				  "GNU.sparse.offset=10 GNU.sparse.numbytes=3";
	static const char v01[] = "GNU.sparse.size=20 GNU.sparse.name=d/f "
				  "GNU.sparse.map=5,2,10,3";
	static const char v10[] = "GNU.sparse.major=1 GNU.sparse.minor=0 "
				  "GNU.sparse.name=d/f GNU.sparse.realsize=20";
	static const char want[] = " 644 0:0 20 0 @5ab @10cde\n0 next> 644 0:0 0 0\n";
	char map[517] = "2\n5\n2\n10\n3\n";
	struct err e = { 0 };

	for (int i = 0; i < 3; i++) {
		autobuf in = { 0 }, seen = { 0 };

		memcpy(map + 512, "abcde", 5);
		if (i < 2)
			sparse_entry(&in, i ? v01 : v00, "abcde", 5);
		else
			sparse_entry(&in, v10, map, 517);
		CHECK_INT(read_all(&in, 0, &seen, &e), 0);
		CHECK_STR(e.text, "");
		CHECK(str_starts(buf_str(&seen), i ? "0 d/f>" : "0 GNUSparseFile.0/f>"));
		CHECK_STR(strchr(buf_str(&seen), '>') + 1, want);
	}
}

TEST(only_files_are_sparse)
{
	struct err e = { 0 };
	autobuf in = { 0 };

	add_list(&in, "GNU.sparse.size=20");
	add_block(&in, '5', "d", 0);
	add_end(&in);
	CHECK_INT(try(&in, &e), -EINVAL);
}

TEST(sparse_maps_that_lie)
{
	static const char *const bad[] = {
		"GNU.sparse.size=20 GNU.sparse.map=5,2,10,4", /* sum */
		"GNU.sparse.size=20 GNU.sparse.map=10,3,5,2", /* order */
		"GNU.sparse.size=20 GNU.sparse.map=5,3,7,2",  /* overlap */
		"GNU.sparse.size=12 GNU.sparse.map=5,2,10,3", /* end */
		"GNU.sparse.size=20 GNU.sparse.map=5,2,10",   /* half a pair */
		"GNU.sparse.size=20 GNU.sparse.map=5,2,-10,3",
		"GNU.sparse.size=-20 GNU.sparse.map=5,2,10,3",
		"GNU.sparse.major=2 GNU.sparse.minor=0",
		"GNU.sparse.size=20 GNU.sparse.offset=5",
		"GNU.sparse.size=20 "
		"GNU.sparse.map=5,2,9223372036854775807,9223372036854775807",
	};
	struct err e = { 0 };
	autobuf in = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		sparse_entry(&in, bad[i], "abcde", 5);
		if (try(&in, &e) != -EINVAL)
			test_fail(__FILE__, __LINE__, "case %zu", i);
	}
}

/* --- writing
 * ---------------------------------------------------------------------------------- */

static void write_entry(struct tar_writer *w, const struct tar_entry *ent,
			const char *data)
{
	struct err e = { 0 };

	CHECK_INT(tar_add(w, ent, &e), 0);
	CHECK_INT(tar_add_data(w, data, strlen(data), &e), 0);
	CHECK_STR(e.text, "");
}

TEST(round_trip)
{
	const struct tar_xattr xattrs[] = { { "user.b", "2", 1 },
					    { "security.capability", "a\0b", 3 } };
	struct tar_entry ents[] = {
		{ TAR_DIR, "dir", "", 0755, 0, 0, 0, 1500000000ll * 1000000000, 0, 0,
		  NULL, 0 },
		{ TAR_FILE, "dir/f", "", 04755, 1000, 2097151, 5, 1, 0, 0, xattrs, 2 },
		{ TAR_SYMLINK, "dir/l", "../t\xc3\xa9", 0777, 2097152, 4294967294u, 0,
		  1500000000, 0, 0, NULL, 0 },
		{ TAR_HARDLINK, "h", "dir/f", 0644, 0, 0, 0, 0, 0, 0, NULL, 0 },
		{ TAR_FIFO, "p", "", 0600, 0, 0, 0, 0, 0, 0, NULL, 0 },
		{ TAR_CHAR, "c", "", 0600, 0, 0, 0, 0, 5, 2097151, NULL, 0 },
		{ TAR_FILE, "caf\xc3\xa9", "", 0, 0, 0, 0, 0, 0, 0, NULL, 0 },
	};
	struct err e = { 0 };
	autobuf out = { 0 }, again = { 0 }, seen = { 0 };
	size_t plain;

	for (int pass = 0; pass < 2; pass++) {
		struct tar_writer *w = tar_writer_new(keep, pass ? &again : &out);

		for (size_t i = 0; i < ARRAY_LEN(ents); i++)
			write_entry(w, &ents[i], ents[i].size ? "hello" : "");
		CHECK_INT(tar_finish(w, &e), 0);
		tar_writer_free(w);
	}
	CHECK(out.len == again.len && memcmp(out.data, again.data, out.len) == 0);
	CHECK_INT(out.len % 512, 0);
	CHECK_INT(read_all(&out, 0, &seen, &e), 0);
	plain = seen.len;
	CHECK(memmem(seen.data, plain, "security.capability=a\0b user.b=2", 31) == NULL);
	CHECK(str_starts(buf_str(&seen),
			 "1 dir/> 755 0:0 0 1500000000000000000\n"
			 "0 dir/f> 4755 1000:2097151 5 1 user.b=2 security.capability="));
	CHECK(strstr(buf_str(&seen),
		     "2 dir/l>../t\xc3\xa9 777 2097152:4294967294 0 1500000000\n"
		     "3 h>dir/f 644 0:0 0 0\n4 p> 600 0:0 0 0\n5 c> 600 0:0 0 0\n"
		     "0 caf\xc3\xa9> 0 0:0 0 0\n") != NULL);
}

TEST(names_of_every_length)
{
	autobuf name = { 0 };
	struct err e = { 0 };

	for (size_t n = 1; n <= TAR_PATH_MAX; n = n < 300 ? n + 1 : n + 411) {
		for (int slashes = 0; slashes < 2; slashes++) {
			autobuf out = { 0 }, seen = { 0 }, want = { 0 };
			struct tar_writer *w = tar_writer_new(keep, &out);
			struct tar_entry ent = { .type = TAR_HARDLINK };

			buf_reset(&name);
			while (name.len < n)
				buf_addc(&name,
					 slashes && name.len % 17 == 16 ? '/' : 'x');
			ent.path = ent.link = buf_str(&name);
			CHECK_INT(tar_add(w, &ent, &e), 0);
			CHECK_INT(tar_finish(w, &e), 0);
			tar_writer_free(w);
			CHECK_INT(read_all(&out, 0, &seen, &e), 0);
			buf_addf(&want, "3 %s>%s 0 0:0 0 0\n", ent.path, ent.link);
			CHECK_STR(buf_str(&seen), buf_str(&want));
			if (n <= 100)
				CHECK_INT(out.len, 3 * 512);
		}
	}
}

TEST(writer_refusals)
{
	autobuf out = { 0 }, longest = { 0 };
	struct tar_writer *w = tar_writer_new(keep, &out);
	struct tar_entry ent = { .type = TAR_FILE, .path = "a", .link = "", .size = 3 };
	const struct tar_xattr bad = { "user.a=b", "", 0 };
	struct tar_xattr big = { "user.big", NULL, 1 << 20 };
	autofree char *bytes = mem_alloc(1 << 20);
	struct err e = { 0 };

	CHECK_INT(tar_add(w, &ent, &e), 0);
	CHECK_INT(tar_add_data(w, "abcd", 4, &e), -EINVAL);
	CHECK_INT(tar_add_data(w, "ab", 2, &e), 0);
	CHECK_INT(tar_add(w, &ent, &e), -EINVAL);
	CHECK_INT(tar_finish(w, &e), -EINVAL);
	CHECK_INT(tar_add_data(w, "c", 1, &e), 0);
	ent.size = 0;
	ent.path = "";
	CHECK_INT(tar_add(w, &ent, &e), -EINVAL);
	for (size_t i = 0; i <= TAR_PATH_MAX; i++)
		buf_addc(&longest, 'x');
	ent.path = buf_str(&longest);
	CHECK_INT(tar_add(w, &ent, &e), -ENAMETOOLONG);
	ent.path = "a";
	ent.xattrs = &bad;
	ent.xattrs_len = 1;
	CHECK_INT(tar_add(w, &ent, &e), -EINVAL);
	big.value = bytes;
	ent.xattrs = &big;
	CHECK_INT(tar_add(w, &ent, &e), -E2BIG);
	ent.xattrs_len = 0;
	ent.type = TAR_SYMLINK;
	CHECK_INT(tar_add(w, &ent, &e), -EINVAL);
	tar_writer_free(w);
}
