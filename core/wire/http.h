/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 request heads (RFC 9110, RFC 9112): a strict, pure parser of untrusted bytes.
 * Nothing is copied: everything points into the bytes given. */
#ifndef WIRE_HTTP_H
#define WIRE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/buf.h"

#define HTTP_HEAD_MAX    65536 /* bytes of request line and header fields */
#define HTTP_HEADERS_MAX 100
#define HTTP_TARGET_MAX  8192

struct http_slice {
	const char *p;
	size_t n;
};

struct http_header {
	struct http_slice name, value; /* value without white space around it */
};

enum http_version { HTTP_1_0, HTTP_1_1 };

struct http_request {
	struct http_slice method; /* a token: "GET" */
	struct http_slice target; /* as sent: "/a/b?c=d", or "*" for OPTIONS */
	struct http_slice path;   /* of target, up to '?' */
	struct http_slice query;  /* after '?', may be empty */
	enum http_version version;
	struct http_header headers[HTTP_HEADERS_MAX];
	size_t headers_len;
	/* What the fields say of the connection and the body. */
	bool close;              /* the connection ends with this exchange */
	bool chunked;            /* Transfer-Encoding: chunked */
	bool has_length;         /* Content-Length */
	uint64_t content_length; /* 0 when absent */
};

/* The head at the beginning of n bytes: its length (with the empty line) and *ret filled;
 * 0 when more bytes are needed; -EINVAL malformed (400), -E2BIG too long (431),
 * -ENAMETOOLONG the target alone (414), -EPROTONOSUPPORT another version (505).
 * Refused besides what the grammar refuses: obsolete line folding, white space before a
 * colon, a bare CR or LF in a field, NUL, several Content-Length, Content-Length together
 * with Transfer-Encoding, a transfer coding other than chunked, HTTP/1.1 without exactly
 * one Host. A single LF ends no line. Empty lines before the request line are skipped (at
 * most 4). */
ssize_t http_parse_request(const char *p, size_t n, struct http_request *ret);

/* The value of the first field of that name (any case); NULL p when there is none. */
struct http_slice http_header(const struct http_request *r, const char *name);
/* Is the slice that text (exact case)? */
bool http_is(const struct http_slice *s, const char *text);
/* Does the comma list in field `name` hold that item (any case, parameters after ';' left
 * out)? */
bool http_lists(const struct http_request *r, const char *name, const char *item);

/* Appends a response head: status line, Content-Type (unless NULL), Content-Length,
 * Connection: close when asked for, and the further fields (each ended by CRLF; NULL:
 * none). */
struct http_response {
	int status;
	const char *type;
	uint64_t length;
	bool close;
	const char *more;
};
int http_print_response(struct buf *out, const struct http_response *r);
/* "Not Found" for 404; "Unknown" for what is not known. */
const char *http_reason(int status);

#endif
