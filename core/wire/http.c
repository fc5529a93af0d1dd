/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 request heads. Strict where lenience has led to smuggled requests: what two
 * parsers could read in two ways is refused. */
#include "core/wire/http.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"

/* RFC 9110 section 5.6.2: tchar. */
static bool is_token_char(char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c && strchr("!#$%&'*+-.^_`|~", c);
}

static bool is_token(struct http_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_char(s.p[i]))
			return false;
	return s.n > 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The line at p without its CRLF: its length; -1 when it is not whole yet, -2 when a CR
 * or an LF stands alone or a NUL is in it. */
static ssize_t line_length(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n' || p[i] == '\0')
			return -2;
		if (p[i] != '\r')
			continue;
		if (i + 1 == n)
			return -1;
		return p[i + 1] == '\n' ? (ssize_t)i : -2;
	}
	return -1;
}

/* Cuts off the part before the separator; an empty p when there is none. */
static struct http_slice take_word(struct http_slice *rest, char separator)
{
	const char *at = memchr(rest->p, separator, rest->n);
	struct http_slice word = { rest->p, 0 };

	if (!at)
		return (struct http_slice){ NULL, 0 };
	word.n = (size_t)(at - rest->p);
	rest->p = at + 1;
	rest->n -= word.n + 1;
	return word;
}

static int parse_target(struct http_request *r)
{
	const char *question;

	if (r->target.n > HTTP_TARGET_MAX)
		return -ENAMETOOLONG;
	for (size_t i = 0; i < r->target.n; i++)
		if ((unsigned char)r->target.p[i] <= ' ' ||
		    (unsigned char)r->target.p[i] >= 0x7f)
			return -EINVAL;
	if (!r->target.n || (r->target.p[0] != '/' && !(http_is(&r->target, "*") &&
							http_is(&r->method, "OPTIONS"))))
		return -EINVAL;
	question = memchr(r->target.p, '?', r->target.n);
	r->path = r->target;
	if (question) {
		r->path.n = (size_t)(question - r->target.p);
		r->query.p = question + 1;
		r->query.n = r->target.n - r->path.n - 1;
	}
	return 0;
}

static int parse_request_line(const char *p, size_t n, struct http_request *r)
{
	struct http_slice rest = { p, n };

	r->method = take_word(&rest, ' ');
	if (!r->method.p || !is_token(r->method))
		return -EINVAL;
	r->target = take_word(&rest, ' ');
	if (!r->target.p)
		return -EINVAL;
	if (http_is(&rest, "HTTP/1.1"))
		r->version = HTTP_1_1;
	else if (http_is(&rest, "HTTP/1.0"))
		r->version = HTTP_1_0;
	else
		return rest.n == 8 && !memcmp(rest.p, "HTTP/", 5) ? -EPROTONOSUPPORT
								  : -EINVAL;
	return parse_target(r);
}

static int parse_header(const char *p, size_t n, struct http_request *r)
{
	struct http_slice rest = { p, n };
	struct http_header *h = &r->headers[r->headers_len];

	if (r->headers_len == HTTP_HEADERS_MAX)
		return -E2BIG;
	h->name = take_word(&rest, ':');
	if (!h->name.p || !is_token(h->name))
		return -EINVAL;
	while (rest.n && is_blank(rest.p[0])) {
		rest.p++;
		rest.n--;
	}
	while (rest.n && is_blank(rest.p[rest.n - 1]))
		rest.n--;
	for (size_t i = 0; i < rest.n; i++)
		if (((unsigned char)rest.p[i] < ' ' && rest.p[i] != '\t') ||
		    rest.p[i] == 0x7f)
			return -EINVAL;
	h->value = rest;
	r->headers_len++;
	return 0;
}

static bool same_name(const struct http_slice *s, const char *name)
{
	return s->n == strlen(name) && !strncasecmp(s->p, name, s->n);
}

static size_t count(const struct http_request *r, const char *name)
{
	size_t sum = 0;

	for (size_t i = 0; i < r->headers_len; i++)
		sum += same_name(&r->headers[i].name, name);
	return sum;
}

static int parse_length(struct http_request *r)
{
	struct http_slice v = http_header(r, "Content-Length");
	uint64_t sum = 0;

	if (!v.p)
		return 0;
	if (count(r, "Content-Length") > 1 || !v.n || v.n > 18)
		return -EINVAL;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return -EINVAL;
		sum = sum * 10 + (uint64_t)(v.p[i] - '0');
	}
	r->has_length = true;
	r->content_length = sum;
	return 0;
}

/* What the fields together mean, and contradictions among them. */
static int parse_framing(struct http_request *r)
{
	struct http_slice coding = http_header(r, "Transfer-Encoding");
	int bad = parse_length(r);

	if (bad)
		return bad;
	if (coding.p) {
		if (count(r, "Transfer-Encoding") > 1 || r->has_length ||
		    r->version == HTTP_1_0 || !same_name(&coding, "chunked"))
			return -EINVAL;
		r->chunked = true;
	}
	if (count(r, "Host") > 1 || (r->version == HTTP_1_1 && !count(r, "Host")))
		return -EINVAL;
	r->close = http_lists(r, "Connection", "close") ||
		   (r->version == HTTP_1_0 && !http_lists(r, "Connection", "keep-alive"));
	return 0;
}

ssize_t http_parse_request(const char *p, size_t n, struct http_request *ret)
{
	size_t at = 0, skipped = 0, seen = n > HTTP_HEAD_MAX ? HTTP_HEAD_MAX : n;
	struct http_request *r = ret;
	bool first = true;
	int bad;

	memset(r, 0, sizeof(*r));
	for (;;) {
		ssize_t len = line_length(p + at, seen - at);

		if (len == -2)
			return -EINVAL;
		if (len < 0)
			break;
		if (first && len == 0 && ++skipped > 4)
			return -EINVAL;
		if (!first && len == 0) {
			bad = parse_framing(r);
			return bad ? bad : (ssize_t)(at + 2);
		}
		if (first && len > 0)
			bad = parse_request_line(p + at, (size_t)len, r);
		else
			bad = len ? parse_header(p + at, (size_t)len, r) : 0;
		if (bad)
			return bad;
		first = first && len == 0;
		at += (size_t)len + 2;
	}
	if (n >= HTTP_HEAD_MAX)
		return -E2BIG;
	return first && n - at > HTTP_TARGET_MAX + 64 ? -ENAMETOOLONG : 0;
}

struct http_slice http_header(const struct http_request *r, const char *name)
{
	for (size_t i = 0; i < r->headers_len; i++)
		if (same_name(&r->headers[i].name, name))
			return r->headers[i].value;
	return (struct http_slice){ NULL, 0 };
}

bool http_is(const struct http_slice *s, const char *text)
{
	return s->n == strlen(text) && !memcmp(s->p, text, s->n);
}

/* One value: items between commas, each up to a semicolon. */
static bool value_lists(struct http_slice v, const char *item)
{
	size_t want = strlen(item), from = 0;

	for (size_t i = 0; i <= v.n; i++) {
		size_t to = i;

		if (i < v.n && v.p[i] != ',')
			continue;
		while (from < to && is_blank(v.p[from]))
			from++;
		for (size_t k = from; k < to; k++)
			if (v.p[k] == ';')
				to = k;
		while (to > from && is_blank(v.p[to - 1]))
			to--;
		if (to - from == want && !strncasecmp(v.p + from, item, want))
			return true;
		from = i + 1;
	}
	return false;
}

bool http_lists(const struct http_request *r, const char *name, const char *item)
{
	for (size_t i = 0; i < r->headers_len; i++)
		if (same_name(&r->headers[i].name, name) &&
		    value_lists(r->headers[i].value, item))
			return true;
	return false;
}

const char *http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} known[] = {
		{ 101, "Switching Protocols" },
		{ 200, "OK" },
		{ 201, "Created" },
		{ 204, "No Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].status == status)
			return known[i].reason;
	return "Unknown";
}

int http_print_response(struct buf *out, const struct http_response *r)
{
	size_t before = out->len;
	int bad = buf_addf(out, "HTTP/1.1 %d %s\r\n", r->status, http_reason(r->status));

	if (!bad && r->type)
		bad = buf_addf(out, "Content-Type: %s\r\n", r->type);
	if (!bad)
		bad = buf_addf(out, "Content-Length: %llu\r\n%s%s\r\n",
			       (unsigned long long)r->length,
			       r->close ? "Connection: close\r\n" : "",
			       r->more ? r->more : "");
	if (bad)
		out->len = before;
	return bad;
}
