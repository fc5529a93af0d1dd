/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a pax extended header: "LENGTH KEY=VALUE\n", LENGTH in decimal counting all
 * of it. Keys that say nothing to a layer (atime, uname, comment, …) are passed over. */
#include "core/wire/tarpax.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define SCHILY     "SCHILY.xattr."
#define LIBARCHIVE "LIBARCHIVE.xattr."
#define NS         1000000000ll

struct record {
	char *key, *value;
	size_t size; /* of value, which has a NUL behind it */
};

/* Decimal seconds with a fraction, kept within what 64 bits of nanoseconds hold. */
static int parse_time(const char *s, int64_t *ret)
{
	bool negative = *s == '-';
	int64_t seconds = 0, ns = 0, scale = NS / 10;

	s += negative;
	if (*s < '0' || *s > '9')
		return -EINVAL;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (seconds < INT64_MAX / NS)
			seconds = seconds * 10 + (*s - '0');
	}
	if (*s == '.') {
		for (s++; *s >= '0' && *s <= '9'; s++, scale /= 10)
			ns += (*s - '0') * scale;
	}
	if (*s)
		return -EINVAL;
	if (seconds >= INT64_MAX / NS) {
		seconds = INT64_MAX / NS - 1;
		ns = NS - 1;
	}
	*ret = negative ? -(seconds * NS + ns) : seconds * NS + ns;
	return 0;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* %41 → A, in place. */
static int url_decode(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s != '%') {
			*to++ = *s;
			continue;
		}
		if (hex_digit(s[1]) < 0 || hex_digit(s[2]) < 0 ||
		    (s[1] == '0' && s[2] == '0'))
			return -EINVAL;
		*to++ = (char)(hex_digit(s[1]) << 4 | hex_digit(s[2]));
		s += 2;
	}
	*to = '\0';
	return 0;
}

/* In place, padding optional; the size of the result or -EINVAL. */
static ssize_t base64_decode(char *s, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	int have = 0;
	char *to = s;

	while (n > 0 && s[n - 1] == '=')
		n--;
	for (size_t i = 0; i < n; i++) {
		const char *at = s[i] ? strchr(digits, s[i]) : NULL;

		if (!at)
			return -EINVAL;
		bits = (bits << 6 | (uint32_t)(at - digits)) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			*to++ = (char)(bits >> have);
		}
	}
	return have < 6 ? to - s : -EINVAL;
}

static int add_xattr(struct tarpax *p, const char *name, const void *value, size_t size)
{
	size_t i = 0;

	if (!*name || size > TAR_XATTR_MAX)
		return -EINVAL;
	while (i < p->xattrs_len && !str_eq(p->xattrs[i].name, name))
		i++;
	if (i == TARPAX_XATTRS_MAX)
		return -E2BIG;
	if (i == p->xattrs_len) {
		p->xattrs = mem_resize(p->xattrs, i + 1, sizeof(*p->xattrs));
		p->xattrs_len++;
	}
	p->xattrs[i] = (struct tar_xattr){ name, value, size };
	return 0;
}

/* An empty value takes the record back; otherwise a decimal number. */
static int number(const struct record *r, int64_t *ret, bool *ret_has)
{
	*ret_has = r->size > 0;
	if (r->size == 0)
		return 0;
	return str_i64(r->value, INT64_MIN, INT64_MAX, ret);
}

static int apply_sparse(struct tarpax *p, const struct record *r)
{
	const char *key = r->key + strlen("GNU.sparse.");
	int64_t n = 0;

	p->has_sparse = true;
	if (str_eq(key, "name")) {
		p->sparse_name = r->value;
		return 0;
	}
	if (str_eq(key, "map")) {
		tarsparse_reset(&p->map);
		p->has_map = true;
		return tarsparse_add_text(&p->map, r->value);
	}
	if (str_i64(r->value, 0, INT64_MAX, &n) < 0)
		return -EINVAL;
	if (str_eq(key, "major"))
		p->sparse_major = n;
	else if (str_eq(key, "minor"))
		p->sparse_minor = n;
	else if (str_eq(key, "size") || str_eq(key, "realsize")) {
		p->has_real_size = true;
		p->real_size = n;
	} else if (str_eq(key, "offset")) {
		if (p->piece_offset >= 0)
			return -EINVAL;
		p->has_map = true;
		p->piece_offset = n;
	} else if (str_eq(key, "numbytes")) {
		int64_t offset = p->piece_offset;

		p->piece_offset = -1;
		return tarsparse_add(&p->map, offset, n);
	}
	return 0;
}

static int apply_xattr(struct tarpax *p, const struct record *r)
{
	char *name;
	ssize_t n;

	if (str_starts(r->key, SCHILY))
		return add_xattr(p, r->key + strlen(SCHILY), r->value, r->size);
	name = r->key + strlen(LIBARCHIVE);
	n = base64_decode(r->value, r->size);
	if (n < 0 || url_decode(name) < 0)
		return -EINVAL;
	return add_xattr(p, name, r->value, (size_t)n);
}

static int apply(struct tarpax *p, const struct record *r)
{
	int64_t t = 0;

	if (str_starts(r->key, SCHILY) || str_starts(r->key, LIBARCHIVE))
		return apply_xattr(p, r);
	/* Only values of extended attributes are bytes of any kind. */
	if (strlen(r->value) != r->size)
		return -EINVAL;
	if (str_starts(r->key, "GNU.sparse."))
		return apply_sparse(p, r);
	if (str_eq(r->key, "path"))
		p->path = r->size ? r->value : NULL;
	else if (str_eq(r->key, "linkpath"))
		p->link = r->size ? r->value : NULL;
	else if (str_eq(r->key, "uid"))
		return number(r, &p->uid, &p->has_uid);
	else if (str_eq(r->key, "gid"))
		return number(r, &p->gid, &p->has_gid);
	else if (str_eq(r->key, "size"))
		return number(r, &p->size, &p->has_size);
	else if (str_eq(r->key, "mtime")) {
		if (r->size && parse_time(r->value, &t) < 0)
			return -EINVAL;
		p->has_mtime = r->size > 0;
		p->mtime = t;
	}
	return 0;
}

/* Cuts the record at *body off. */
static int next_record(char **body, size_t *left, struct record *ret)
{
	char *s = *body, *eq;
	size_t n = 0, head = 0;

	while (head < *left && head < 8 && s[head] >= '0' && s[head] <= '9')
		n = n * 10 + (size_t)(s[head++] - '0');
	if (head == 0 || head >= *left || s[head] != ' ' || n > *left || n < head + 4 ||
	    s[n - 1] != '\n')
		return -EINVAL;
	head++;
	s[n - 1] = '\0';
	eq = memchr(s + head, '=', n - 1 - head);
	if (!eq || eq == s + head || memchr(s + head, '\0', (size_t)(eq - s) - head))
		return -EINVAL;
	*eq = '\0';
	*ret = (struct record){ s + head, eq + 1, (size_t)(s + n - 1 - (eq + 1)) };
	*body += n;
	*left -= n;
	return 0;
}

int tarpax_parse(struct tarpax *p, char *body, size_t n, struct err *e)
{
	struct record r;
	int rc;

	p->seen = true;
	p->piece_offset = -1;
	while (n > 0) {
		if (next_record(&body, &n, &r) < 0)
			return err_set(e, -EINVAL, "tar: malformed pax record");
		rc = apply(p, &r);
		if (rc < 0)
			return err_set(e, rc == -E2BIG ? rc : -EINVAL,
				       "tar: pax record '%.60s' is %s", r.key,
				       rc == -E2BIG ? "one too many" : "malformed");
	}
	if (p->piece_offset >= 0)
		return err_set(e, -EINVAL, "tar: malformed map of a sparse file");
	return 0;
}

void tarpax_reset(struct tarpax *p)
{
	struct tarpax kept = { .map = p->map };

	free(p->xattrs);
	tarsparse_reset(&kept.map);
	*p = kept;
}

void tarpax_done(struct tarpax *p)
{
	free(p->xattrs);
	tarsparse_done(&p->map);
	*p = (struct tarpax){ 0 };
}
