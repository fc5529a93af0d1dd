/* SPDX-License-Identifier: Apache-2.0 */
/* The head of an answer. */
#include "core/image/httphead.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/str.h"

struct field {
	const char *p;
	size_t n;
};

static bool named(const struct field *f, const char *name)
{
	return f->n == strlen(name) && !strncasecmp(f->p, name, f->n);
}

static int copy(char *dst, size_t size, struct field v)
{
	if (v.n >= size || memchr(v.p, 0, v.n))
		return -EINVAL;
	memcpy(dst, v.p, v.n);
	dst[v.n] = 0;
	return 0;
}

/* "bytes 100-199/200", or "…/ *" */
static int content_range(struct httphead *h, struct field v)
{
	char text[64];

	if (copy(text, sizeof(text), v) < 0 || !str_starts(text, "bytes "))
		return -EINVAL;
	char *dash = strchr(text, '-');
	if (!dash)
		return -EINVAL;
	*dash = 0;
	h->has_range = str_u64(text + 6, UINT64_MAX, &h->range_from) == 0;
	const char *slash = strchr(dash + 1, '/');
	h->has_total = slash && str_u64(slash + 1, UINT64_MAX, &h->total) == 0;
	return h->has_range ? 0 : -EINVAL;
}

/* "0-1023", also with "bytes=" before it. */
static void upload_range(struct httphead *h, struct field v)
{
	char text[64];
	const char *dash;

	if (copy(text, sizeof(text), v) < 0 || !(dash = strchr(text, '-')))
		return;
	h->has_upto = str_u64(dash + 1, UINT64_MAX - 1, &h->upto) == 0;
}

/* Of a part it is the part's: Content-Range knows the whole. */
static void content_length(struct httphead *h, struct field v)
{
	char text[32];

	if (h->status == 200 && copy(text, sizeof(text), v) == 0)
		h->has_total = str_u64(text, UINT64_MAX, &h->total) == 0;
}

static void retry_after(struct httphead *h, struct field v)
{
	char text[32];
	uint64_t n;

	if (copy(text, sizeof(text), v) < 0 || str_u64(text, UINT64_MAX, &n) < 0)
		return; /* a date, or nonsense */
	h->retry_after = n > HTTPHEAD_WAIT_MAX ? HTTPHEAD_WAIT_MAX : (int)n;
}

static int take(struct httphead *h, struct field name, struct field v)
{
	if (named(&name, "content-type")) {
		const char *semicolon = memchr(v.p, ';', v.n);
		if (semicolon)
			v.n = (size_t)(semicolon - v.p);
		while (v.n && v.p[v.n - 1] == ' ')
			v.n--;
		return copy(h->media_type, sizeof(h->media_type), v);
	}
	if (named(&name, "docker-content-digest"))
		return copy(h->digest, sizeof(h->digest), v);
	if (named(&name, "location"))
		return copy(h->location, sizeof(h->location), v);
	if (named(&name, "content-range"))
		return content_range(h, v);
	if (named(&name, "range"))
		upload_range(h, v);
	if (named(&name, "content-length"))
		content_length(h, v);
	if (named(&name, "retry-after"))
		retry_after(h, v);
	if (named(&name, "www-authenticate"))
		(void)challenge_parse(v.p, v.n, &h->challenge);
	return 0;
}

static int status_line(struct httphead *h, const char *p, size_t n)
{
	size_t bytes = h->bytes, lines = h->lines;
	const char *space = memchr(p, ' ', n);
	char code[4] = "";
	uint64_t v;

	if (!space || (size_t)(p + n - space) < 4)
		return -EINVAL;
	memcpy(code, space + 1, 3);
	if (str_u64(code, 999, &v) < 0)
		return -EINVAL;
	*h = (struct httphead){
		.status = (int)v, .retry_after = -1, .bytes = bytes, .lines = lines
	};
	return 0;
}

int httphead_line(struct httphead *h, const char *p, size_t n)
{
	h->bytes += n;
	h->lines++;
	if (h->bytes > HTTPHEAD_BYTES_MAX || h->lines > HTTPHEAD_LINES_MAX)
		return -E2BIG;
	while (n && (p[n - 1] == '\n' || p[n - 1] == '\r' || p[n - 1] == ' '))
		n--;
	if (n >= 5 && !memcmp(p, "HTTP/", 5))
		return status_line(h, p, n);
	const char *colon = n ? memchr(p, ':', n) : NULL;
	if (!colon)
		return 0;
	struct field name = { p, (size_t)(colon - p) };
	struct field v = { colon + 1, n - name.n - 1 };
	while (v.n && (*v.p == ' ' || *v.p == '\t')) {
		v.p++;
		v.n--;
	}
	return take(h, name, v);
}
