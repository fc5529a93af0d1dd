/* SPDX-License-Identifier: Apache-2.0 */
/* Answering a challenge. */
#include "core/image/token.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/base64.h"
#include "core/image/exchange.h"
#include "core/wire/json.h"

/* What goes into a query or a form: all but RFC 3986's unreserved characters is escaped.
 */
void token_escape(struct buf *b, const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";

	for (; *s; s++) {
		if (strchr(plain, *s))
			buf_addc(b, *s);
		else
			buf_addf(b, "%%%02X", (unsigned char)*s);
	}
}

static void add_param(struct buf *b, const char *key, const char *value)
{
	if (str_empty(value))
		return;
	if (b->len)
		buf_addc(b, '&');
	buf_addf(b, "%s=", key);
	token_escape(b, value);
}

static char *basic(const struct auth *a)
{
	autobuf pair = { 0 }, text = { 0 };

	buf_addf(&pair, "%s:%s", a->username, a->password ? a->password : "");
	buf_adds(&text, "Basic ");
	base64_encode(buf_str(&pair), pair.len, 0, &text);
	explicit_bzero(pair.data, pair.len);
	return buf_take(&text);
}

static int collect(void *arg, const struct httphead *head, const void *p, size_t n,
		   struct err *e)
{
	return buf_add(arg, p, n) < 0
		       ? err_set(e, -E2BIG, "the answer of the token server is too large")
		       : 0;
}

/* Credentials go over HTTPS, or to where plain HTTP was allowed in any case. */
static int check_realm(const struct origin *o, const struct challenge *ch, struct err *e)
{
	if (str_starts(ch->realm, "https://"))
		return 0;
	if (str_starts(ch->realm, "http://") && str_eq(o->scheme, "http"))
		return 0;
	return err_set(e, -EACCES, "the token server '%s' of '%s' is not HTTPS",
		       ch->realm, o->host);
}

int token_parse(const char *text, size_t n, char **ret, struct err *e)
{
	autojson *doc = NULL;
	const char *token = NULL, *access = NULL;
	int r = json_parse(text, n, "the answer of the token server", &doc, e);

	if (r < 0)
		return r;
	yyjson_val *root = yyjson_doc_get_root(doc);
	if ((r = json_get_str(root, "token", &token, e)) < 0 ||
	    (r = json_get_str(root, "access_token", &access, e)) < 0)
		return r;
	if (str_empty(token))
		token = access;
	if (str_empty(token) || strpbrk(token, "\r\n "))
		return err_set(e, -EACCES, "the token server gave no token");
	*ret = str_fmt("Bearer %s", token);
	return 0;
}

static int take_token(const struct buf *body, struct origin *o, struct err *e)
{
	char *authorization;
	int r = token_parse(buf_str(body), body->len, &authorization, e);

	if (r < 0)
		return r;
	free(o->authorization);
	o->authorization = authorization;
	return 0;
}

static int refused(const struct exchange *x, const struct origin *o, struct err *e)
{
	char message[256];

	if (x->result < 0)
		return err_set(e, x->result, "token server: %s", x->err.text);
	exchange_words(x, NULL, 0, message, sizeof(message));
	if (x->head.status == 401 || x->head.status == 403)
		return err_set(e, -EACCES,
			       o->auth.username || o->auth.identity_token
				       ? "incorrect username or password"
				       : "authentication required");
	return err_set(e, -EPROTO, "the token server answered %d%s%s", x->head.status,
		       message[0] ? ": " : "", message);
}

/* A push begins with questions, for which the challenge names "…:pull" alone: the token
 * is then asked for what comes after, too. */
static const char *wider(const char *challenged, const char *scope)
{
	size_t n = strlen(challenged);

	return n == 0 || (!strncmp(scope, challenged, n) && scope[n] == ',') ? scope
									     : challenged;
}

static int bearer(struct channel *c, struct origin *o, const struct challenge *ch,
		  const char *scope, struct err *e)
{
	autobuf query = { 0 }, url = { 0 }, body = { .max = TOKEN_ANSWER_MAX };
	autofree char *authorization = NULL;
	struct exchange x = { .body = collect,
			      .arg = &body,
			      .accept = "application/json" };
	int r = check_realm(o, ch, e);

	if (r < 0)
		return r;
	add_param(&query, "service", ch->service);
	add_param(&query, "scope", wider(ch->scope, scope ? scope : ""));
	buf_adds(&url, ch->realm);
	if (o->auth.identity_token) {
		add_param(&query, "client_id", "rootless");
		add_param(&query, "grant_type", "refresh_token");
		add_param(&query, "refresh_token", o->auth.identity_token);
		x.form = buf_str(&query);
	} else {
		if (o->auth.username) {
			add_param(&query, "account", o->auth.username);
			authorization = basic(&o->auth);
		}
		buf_addf(&url, "%c%s", strchr(ch->realm, '?') ? '&' : '?',
			 buf_str(&query));
		x.authorization = authorization;
	}
	x.url = buf_str(&url);
	for (int tries = 1;; tries++) {
		buf_reset(&body);
		r = exchange_run(c, &x);
		int pause = exchange_retry(c, &x, tries, false);
		if (pause < 0)
			break;
		poll(NULL, 0, pause);
	}
	if (r == 0 && x.head.status == 200)
		r = take_token(&body, o, e);
	else
		r = refused(&x, o, e);
	exchange_done(&x);
	return r;
}

int token_answer(struct channel *c, struct origin *o, const struct challenge *ch,
		 const char *scope, struct err *e)
{
	int r;

	if (!o->auth_loaded) {
		r = auth_find(c->options->config_dir, o->keyname, &o->auth, e);
		if (r < 0)
			return r;
		o->auth_loaded = true;
	}
	if (ch->scheme == CHALLENGE_BEARER)
		return bearer(c, o, ch, scope, e);
	if (ch->scheme != CHALLENGE_BASIC)
		return err_set(e, -EACCES,
			       "'%s' asks for authentication that is not known here",
			       o->host);
	if (!o->auth.username)
		return err_set(e, -EACCES, "no basic auth credentials");
	free(o->authorization);
	o->authorization = basic(&o->auth);
	return 0;
}
