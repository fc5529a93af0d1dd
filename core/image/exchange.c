/* SPDX-License-Identifier: Apache-2.0 */
/* One question and its answer over HTTP. */
#include "core/image/exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/wire/json.h"

#define REFUSAL_MAX 16384

/* --- libcurl's callbacks ------------------------------------------------------------ */

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	x->moved = time_monotonic();
	int r = httphead_line(&x->head, p, size * n);
	if (r == 0)
		return size * n;
	err_set(&x->err, r,
		r == -E2BIG ? "the head of the answer is too large"
			    : "the head of the answer is malformed");
	return 0;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	x->moved = time_monotonic();
	n *= size;
	if (x->head.status < 200 || x->head.status > 299) {
		size_t room = REFUSAL_MAX - x->refusal.len;
		buf_add(&x->refusal, p, n < room ? n : room);
		return n;
	}
	return x->body(x->arg, &x->head, p, n, &x->err) < 0 ? 0 : n;
}

static size_t on_send(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	const struct exchange_data *d = x->send;
	uint64_t left = d->size - x->sent;

	n *= size;
	if (n > left)
		n = (size_t)left;
	x->moved = time_monotonic();
	if (d->bytes) {
		memcpy(p, (const char *)d->bytes + x->sent, n);
	} else {
		ssize_t k = pread(d->fd, p, n, (off_t)(d->from + x->sent));
		if (k <= 0 && n)
			return CURL_READFUNC_ABORT;
		n = n ? (size_t)k : 0;
	}
	x->sent += n;
	if (d->tick)
		d->tick(d->arg, x->sent);
	return n;
}

/* A connection that was closed while idle: libcurl begins again on a new one. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
	struct exchange *x = arg;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > x->send->size)
		return CURL_SEEKFUNC_FAIL;
	x->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* --- on its way --------------------------------------------------------------------- */

static void add_header(struct exchange *x, const char *name, const char *value)
{
	autofree char *line = value ? str_fmt("%s: %s", name, value) : NULL;

	/* a line break in a value would begin another header */
	if (line && !strpbrk(line, "\r\n"))
		x->headers = curl_slist_append(x->headers, line);
}

static void add_headers(struct exchange *x)
{
	const struct origin *o = x->origin;

	add_header(x, "Accept", x->accept);
	if (x->from) {
		autofree char *range =
			str_fmt("bytes=%llu-", (unsigned long long)x->from);
		add_header(x, "Range", range);
	}
	if (x->authorization && x->redirects == 0)
		add_header(x, "Authorization", x->authorization);
	else if (o && o->authorization && origin_owns(o, x->at))
		add_header(x, "Authorization", o->authorization);
	if (x->form)
		add_header(x, "Content-Type", "application/x-www-form-urlencoded");
	if (!x->send)
		return;
	add_header(x, "Content-Type", x->send->type);
	add_header(x, "Content-Range", x->send->range);
	x->headers = curl_slist_append(x->headers, "Expect:"); /* no pause before it */
}

static void set_method(struct exchange *x, CURL *h)
{
	if (x->head_only)
		curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
	if (x->form && x->redirects == 0)
		curl_easy_setopt(h, CURLOPT_COPYPOSTFIELDS, x->form);
	if (!x->method)
		return;
	if (x->send) {
		curl_easy_setopt(h, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(h, CURLOPT_INFILESIZE_LARGE, (curl_off_t)x->send->size);
		curl_easy_setopt(h, CURLOPT_READFUNCTION, on_send);
		curl_easy_setopt(h, CURLOPT_READDATA, x);
		curl_easy_setopt(h, CURLOPT_SEEKFUNCTION, on_seek);
		curl_easy_setopt(h, CURLOPT_SEEKDATA, x);
	} else {
		curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, 0L);
		curl_easy_setopt(h, CURLOPT_COPYPOSTFIELDS, "");
	}
	curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, x->method);
}

static void drop_easy(struct exchange *x)
{
	if (x->easy) {
		curl_multi_remove_handle(x->multi, x->easy);
		curl_easy_cleanup(x->easy);
	}
	curl_slist_free_all(x->headers);
	x->easy = NULL;
	x->headers = NULL;
}

static int go(struct channel *c, struct exchange *x)
{
	CURL *h;
	int r = channel_easy(c, x->at, x->error, &h, &x->err);

	if (r < 0)
		return r;
	x->head = (struct httphead){ .retry_after = -1 };
	x->refusal.max = REFUSAL_MAX;
	buf_reset(&x->refusal);
	add_headers(x);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, x->headers);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(h, CURLOPT_PRIVATE, x);
	set_method(x, h);
	x->easy = h;
	x->moved = time_monotonic();
	x->sent = 0;
	return curl_multi_add_handle(x->multi, h) == CURLM_OK
		       ? 0
		       : err_set(&x->err, -EIO, "libcurl takes no handle");
}

int exchange_start(struct channel *c, CURLM *multi, struct exchange *x, struct err *e)
{
	x->multi = multi;
	x->redirects = 0;
	err_clear(&x->err);
	str_set(&x->at, x->url);
	x->result = go(c, x);
	if (x->result < 0) {
		drop_easy(x);
		return e ? err_set(e, x->result, "%s", x->err.text) : x->result;
	}
	return 0;
}

static int code_of(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return -EHOSTUNREACH;
	case CURLE_COULDNT_CONNECT:
		return -ECONNREFUSED;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
		return -EKEYREJECTED;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return -EPROTO;
	default:
		return -ECONNRESET;
	}
}

/* A relative Location is made whole by libcurl itself. */
static bool redirected(struct channel *c, struct exchange *x)
{
	const char *to = NULL;
	int status = x->head.status;

	if (status != 301 && status != 302 && status != 303 && status != 307 &&
	    status != 308)
		return false;
	/* the others would make a GET of it */
	if (x->method && status != 307 && status != 308)
		return false;
	curl_easy_getinfo(x->easy, CURLINFO_REDIRECT_URL, &to);
	if (!to)
		return false;
	if (++x->redirects > EXCHANGE_REDIRECTS) {
		x->result = err_set(&x->err, -ELOOP, "more than %d redirects",
				    EXCHANGE_REDIRECTS);
		return false;
	}
	if (!strncmp(x->at, "https:", 6) && strncmp(to, "https:", 6)) {
		x->result = err_set(&x->err, -EPERM,
				    "a redirect leads from HTTPS to '%s'", to);
		return false;
	}
	str_set(&x->at, to);
	drop_easy(x);
	x->result = go(c, x);
	if (x->result < 0)
		err_wrap(&x->err, "redirect");
	return x->result == 0;
}

bool exchange_ended(struct channel *c, struct exchange *x, CURLcode code)
{
	x->result = 0;
	if (x->err.code < 0)
		x->result = x->err.code;
	else if (code != CURLE_OK)
		x->result = err_set(&x->err, code_of(code), "%s",
				    x->error[0] ? x->error : curl_easy_strerror(code));
	else if (redirected(c, x))
		return false;
	drop_easy(x);
	return true;
}

bool exchange_stalled(const struct channel *c, struct exchange *x)
{
	if (time_monotonic() - x->moved < c->stall_ns)
		return false;
	drop_easy(x);
	x->result = err_set(&x->err, -ETIMEDOUT, "no byte came for %d seconds",
			    (int)(c->stall_ns / 1000000000));
	return true;
}

struct exchange *exchange_of(CURL *easy)
{
	char *x = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &x);
	return (struct exchange *)(void *)x;
}

int exchange_run(struct channel *c, struct exchange *x)
{
	CURLM *multi = c->busy ? c->aside : c->multi;
	bool over = exchange_start(c, multi, x, NULL) < 0;

	while (!over) {
		int running, left;
		const CURLMsg *msg;
		curl_multi_perform(multi, &running);
		while (!over && (msg = curl_multi_info_read(multi, &left)))
			over = msg->msg == CURLMSG_DONE && msg->easy_handle == x->easy &&
			       exchange_ended(c, x, msg->data.result);
		if (!over)
			over = exchange_stalled(c, x);
		if (!over)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	return x->result;
}

void exchange_done(struct exchange *x)
{
	drop_easy(x);
	str_set(&x->at, NULL);
	buf_done(&x->refusal);
}

/* --- judging an answer -------------------------------------------------------------- */

/* Half a second, then twice as long each time; a registry's own wish comes first. */
int exchange_retry(const struct channel *c, const struct exchange *x, int tries,
		   bool reached)
{
	int base = (int)(c->options->backoff_ms ? c->options->backoff_ms : 500);
	int pause = base << (tries - 1);
	int status = x->head.status;

	if (tries >= 5)
		return -1;
	if (x->result == 0) {
		if (status != 429 && status != 408 && status < 500)
			return -1;
		if (status == 501 || status == 505)
			return -1;
		return x->head.retry_after >= 0 ? x->head.retry_after * 1000 : pause;
	}
	if (x->result == -ECONNRESET)
		return pause;
	/* a host that never answered is down or misspelled: say so at once */
	return reached && (x->result == -ECONNREFUSED || x->result == -ETIMEDOUT ||
			   x->result == -EHOSTUNREACH)
		       ? pause
		       : -1;
}

static void first_line(char *dst, size_t size, const char *text)
{
	size_t n = strcspn(text, "\r\n");

	if (n >= size)
		n = size - 1;
	memcpy(dst, text, n);
	dst[n] = 0;
}

void exchange_words(const struct exchange *x, char *code, size_t code_size, char *message,
		    size_t message_size)
{
	autojson *doc = NULL;
	yyjson_val *errors = NULL;
	const char *c = NULL, *m = NULL;

	message[0] = 0;
	if (code)
		code[0] = 0;
	if (json_parse(buf_str(&x->refusal), x->refusal.len, "answer", &doc, NULL) < 0 ||
	    json_get_arr(yyjson_doc_get_root(doc), "errors", &errors, NULL) < 0) {
		/* an HTML page of some proxy says nothing on a terminal */
		if (buf_str(&x->refusal)[0] != '<' && buf_str(&x->refusal)[0] != '{')
			first_line(message, message_size, buf_str(&x->refusal));
		return;
	}
	yyjson_val *first = errors ? yyjson_arr_get_first(errors) : NULL;
	if (!first || json_get_str(first, "code", &c, NULL) < 0 ||
	    json_get_str(first, "message", &m, NULL) < 0)
		return;
	if (m)
		first_line(message, message_size, m);
	if (!c || !code)
		return;
	first_line(code, code_size, c);
	for (char *p = code; *p; p++)
		*p = *p == '_' ? ' ' : *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
}
