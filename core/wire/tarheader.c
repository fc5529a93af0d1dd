/* SPDX-License-Identifier: Apache-2.0 */
/* The header block of tar (POSIX.1-1988 ustar; GNU tar manual, "Basic Tar Format"). */
#include "core/wire/tarheader.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"

struct field {
	size_t at, len;
};

static const struct field f_name = { 0, 100 }, f_mode = { 100, 8 }, f_uid = { 108, 8 },
			  f_gid = { 116, 8 }, f_size = { 124, 12 }, f_mtime = { 136, 12 },
			  f_sum = { 148, 8 }, f_type = { 156, 1 }, f_link = { 157, 100 },
			  f_magic = { 257, 8 }, f_major = { 329, 8 },
			  f_minor = { 337, 8 }, f_prefix = { 345, 155 };

/* star keeps times at the end of the prefix, and says so in the last four bytes. */
#define STAR_PREFIX  131
#define STAR_TRAILER 508

/* --- reading
 * ------------------------------------------------------------------------------ */

bool tarheader_is_zero(const uint8_t b[TARHEADER_SIZE])
{
	return b[0] == 0 && memcmp(b, b + 1, TARHEADER_SIZE - 1) == 0;
}

/* Two's complement, big-endian, the first bit set to tell it from text. */
static int base256(const uint8_t *p, size_t n, int64_t *ret)
{
	const uint8_t flip = p[0] & 0x40 ? 0xff : 0;
	uint64_t x = 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t c = p[i] ^ flip;

		if (i == 0)
			c &= 0x7f;
		if (x >> 55)
			return -ERANGE;
		x = x << 8 | c;
	}
	*ret = flip ? -(int64_t)x - 1 : (int64_t)x;
	return 0;
}

int tarheader_number(const uint8_t *p, size_t n, int64_t *ret)
{
	uint64_t x = 0;
	size_t i = 0;

	if (n > 0 && p[0] & 0x80)
		return base256(p, n, ret);
	while (i < n && (p[i] == ' ' || p[i] == 0))
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++) {
		if (x >> 60)
			return -ERANGE;
		x = x << 3 | (uint64_t)(p[i] - '0');
	}
	for (; i < n; i++) {
		if (p[i] != ' ' && p[i] != 0)
			return -EINVAL;
	}
	*ret = (int64_t)x;
	return 0;
}

/* Some old tars summed signed bytes. */
static bool checksum_ok(const uint8_t b[TARHEADER_SIZE])
{
	int64_t want, plain = 0, with_sign = 0;

	if (tarheader_number(b + f_sum.at, f_sum.len, &want) < 0)
		return false;
	for (size_t i = 0; i < TARHEADER_SIZE; i++) {
		bool own = i >= f_sum.at && i < f_sum.at + f_sum.len;

		plain += own ? ' ' : b[i];
		with_sign += own ? ' ' : (int8_t)b[i];
	}
	return want == plain || want == with_sign;
}

/* Text up to a NUL or the field's end. */
static void text(const uint8_t *b, struct field f, char *dst)
{
	size_t n = strnlen((const char *)b + f.at, f.len);

	memcpy(dst, b + f.at, n);
	dst[n] = '\0';
}

static void full_name(const uint8_t *b, char dst[260])
{
	struct field prefix = f_prefix;
	char part[160];

	if (memcmp(b + STAR_TRAILER, "tar", 4) == 0)
		prefix.len = STAR_PREFIX;
	text(b, prefix, part);
	text(b, f_name, dst);
	if (part[0]) {
		char name[104];

		text(b, f_name, name);
		str_print(dst, 260, "%s/%s", part, name);
	}
}

int tarheader_parse(const uint8_t b[TARHEADER_SIZE], struct tarheader *ret, struct err *e)
{
	struct tarheader h = { .type = (char)b[f_type.at] };
	const struct {
		const char *what;
		struct field f;
		int64_t *to;
	} numbers[] = {
		{ "mode", f_mode, &h.mode },
		{ "uid", f_uid, &h.uid },
		{ "gid", f_gid, &h.gid },
		{ "size", f_size, &h.size },
		{ "mtime", f_mtime, &h.mtime },
		{ "device number", f_major, &h.major },
		{ "device number", f_minor, &h.minor },
	};
	size_t count = ARRAY_LEN(numbers);

	if (!checksum_ok(b))
		return err_set(e, -EINVAL, "tar: damaged header: the checksum is wrong");
	h.gnu = memcmp(b + f_magic.at, "ustar  ", f_magic.len) == 0;
	if (!h.gnu && memcmp(b + f_magic.at, "ustar", 5) == 0)
		full_name(b, h.name);
	else
		text(b, f_name, h.name);
	text(b, f_link, h.link);
	if (h.type != '3' && h.type != '4')
		count -= 2;
	for (size_t i = 0; i < count; i++) {
		if (tarheader_number(b + numbers[i].f.at, numbers[i].f.len,
				     numbers[i].to) < 0)
			return err_set(e, -EINVAL, "tar: '%.255s': malformed %s", h.name,
				       numbers[i].what);
	}
	if (h.size < 0)
		return err_set(e, -EINVAL, "tar: '%.255s': the size is negative", h.name);
	*ret = h;
	return 0;
}

/* --- writing
 * ------------------------------------------------------------------------------ */

int64_t tarheader_max(size_t n)
{
	return (int64_t)((1ull << 3 * (n - 1)) - 1);
}

static void put_number(uint8_t *b, struct field f, int64_t v)
{
	if (v < 0 || v > tarheader_max(f.len))
		v = 0;
	for (size_t i = f.len - 1; i-- > 0; v >>= 3)
		b[f.at + i] = (uint8_t)('0' + (v & 7));
}

static bool is_ascii(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s >= 0x80)
			return false;
	}
	return true;
}

/* Where to split name so that both parts fit: the index of a '/', 0 for no split, or -1.
 */
static int split_at(const char *name)
{
	size_t n = strlen(name);

	if (n <= f_name.len)
		return 0;
	if (n > f_prefix.len + 1 + f_name.len)
		return -1;
	/* A name that ends in '/' must not be left empty. */
	for (size_t i = n - 2; i > 0; i--) {
		if (name[i] == '/' && i <= f_prefix.len && n - i - 1 <= f_name.len)
			return (int)i;
	}
	return -1;
}

bool tarheader_fits(const char *name)
{
	return is_ascii(name) && split_at(name) >= 0;
}

static void put_text(uint8_t *b, struct field f, const char *s, size_t n)
{
	if (n <= f.len)
		memcpy(b + f.at, s, n);
}

void tarheader_build(uint8_t b[TARHEADER_SIZE], const struct tarheader *h)
{
	int at = is_ascii(h->name) ? split_at(h->name) : -1;
	unsigned sum = 0;

	memset(b, 0, TARHEADER_SIZE);
	if (at >= 0) {
		const char *name = at > 0 ? h->name + at + 1 : h->name;

		put_text(b, f_prefix, h->name, (size_t)at);
		put_text(b, f_name, name, strlen(name));
	}
	if (is_ascii(h->link))
		put_text(b, f_link, h->link, strlen(h->link));
	put_number(b, f_mode, h->mode);
	put_number(b, f_uid, h->uid);
	put_number(b, f_gid, h->gid);
	put_number(b, f_size, h->size);
	put_number(b, f_mtime, h->mtime);
	put_number(b, f_major, h->major);
	put_number(b, f_minor, h->minor);
	b[f_type.at] = (uint8_t)h->type;
	memcpy(b + f_magic.at,
	       "ustar\0"
	       "00",
	       8);
	memset(b + f_sum.at, ' ', f_sum.len);
	for (size_t i = 0; i < TARHEADER_SIZE; i++)
		sum += b[i];
	/* Six digits, a NUL, a space: as all have written it since V7. */
	put_number(b, (struct field){ f_sum.at, 7 }, (int64_t)sum);
	b[f_sum.at + 6] = 0;
}
