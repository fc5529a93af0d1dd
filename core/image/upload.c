/* SPDX-License-Identifier: Apache-2.0 */
/* One blob's way to a registry.
 *
 * POST begins a session and names its URL, PATCH sends bytes, PUT ends it with the
 * digest. Every answer may name a new URL for what follows. After a broken PATCH the
 * session is asked how much it has (GET, "Range: 0-N"); a registry that has forgotten it,
 * or does not resume, gets a new session from the start. */
#include "core/image/upload.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

struct session {
	const struct upload *u;
	char *location;
	uint64_t offset; /* bytes that the registry has */
};

static int refused(const struct upload *u, const struct exchange *x, const char *what,
		   struct err *e)
{
	char words[ASK_WORDS_MAX];
	int status = x->head.status;

	ask_words(x, words);
	if (status == 401 || status == 403)
		return err_set(e, -EACCES, "%s",
			       words[0] ? words
					: "denied: requested access to the resource is "
					  "denied");
	return err_set(e, -EIO, "%s: the registry answered %d%s%s", what, status,
		       words[0] ? ": " : "", words);
}

int upload_present(const struct upload *u, struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	autofree char *rest =
		str_fmt("%s/blobs/%s", u->repository, digest_text(text, &u->digest));
	struct exchange x = { .head_only = true };
	int r = ask_run(u->ask, rest, &x, e);

	if (r == 0)
		r = x.head.status == 200 &&
		    (!x.head.has_total || x.head.total == u->size);
	exchange_done(&x);
	return r;
}

/* "/v2/…" is of the origin that said it. */
static int take_location(struct session *s, const struct exchange *x, struct err *e)
{
	const struct origin *o = s->u->ask->origin;
	const char *to = x->head.location;

	if (!to[0])
		return err_set(e, -EPROTO, "the registry names no place for an upload");
	char *url =
		to[0] == '/' ? str_fmt("%s://%s%s", o->scheme, o->host, to) : str_dup(to);
	free(s->location);
	s->location = url;
	return 0;
}

/* POST …/blobs/uploads/QUERY: 1 when that did all, 0 with a session. */
static int begin(struct session *s, const char *query, struct err *e)
{
	autofree char *rest = str_fmt("%s/blobs/uploads/%s", s->u->repository, query);
	struct exchange x = { .method = "POST" };
	int r = ask_run(s->u->ask, rest, &x, e);

	s->offset = 0;
	if (r == 0 && x.head.status == 201)
		r = 1;
	else if (r == 0 && x.head.status == 202)
		r = take_location(s, &x, e);
	else if (r == 0)
		r = refused(s->u, &x, "begin an upload", e);
	exchange_done(&x);
	return r;
}

int upload_mount(const struct upload *u, const char *from, char **ret_location,
		 struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	autofree char *query =
		str_fmt("?mount=%s&from=%s", digest_text(text, &u->digest), from);
	struct session s = { .u = u };
	int r = begin(&s, query, e);

	*ret_location = s.location;
	return r;
}

/* --- bytes -------------------------------------------------------------------------- */

static void on_sent(void *arg, uint64_t sent)
{
	const struct session *s = arg;

	if (s->u->tick)
		s->u->tick(s->u->arg, s->offset + sent);
}

/* A pause in ms before the next try, -1 when it is over: *e says why. */
static int send_rest(struct session *s, int tries, bool *ret_sent, struct err *e)
{
	uint64_t size = s->u->size, left = size - s->offset;
	autofree char *range = str_fmt("%llu-%llu", (unsigned long long)s->offset,
				       (unsigned long long)(size ? size - 1 : 0));
	const struct exchange_data data = {
		.fd = s->u->fd,
		.from = s->offset,
		.size = left,
		.type = "application/octet-stream",
		.range = size ? range : NULL,
		.tick = on_sent,
		.arg = s,
	};
	const struct ask once = { s->u->ask->channel, s->u->ask->origin, s->u->ask->scope,
				  true };
	struct exchange x = { .method = "PATCH", .send = &data, .url = s->location };
	int pause = -1, r = ask_run(&once, NULL, &x, e);

	*ret_sent = r == 0 && x.head.status >= 200 && x.head.status <= 299;
	if (*ret_sent) {
		pause = take_location(s, &x, e) < 0 ? -1 : 0;
	} else {
		/* a session that is out of step is asked how much it has */
		pause = r == 0 && x.head.status == 416
				? (tries < 5 ? 0 : -1)
				: exchange_retry(once.channel, &x, tries, true);
		if (r == 0)
			refused(s->u, &x, "send bytes", e);
	}
	exchange_done(&x);
	return pause;
}

/* How much is there? A session that is not to be gone on with is forgotten. */
static void look(struct session *s)
{
	struct exchange x = { .url = s->location };
	int r = ask_run(s->u->ask, NULL, &x, NULL);

	bool good = r == 0 && x.head.status == 204;
	uint64_t have = x.head.has_upto && x.head.upto ? x.head.upto + 1 : 0;
	if (good && x.head.location[0])
		good = take_location(s, &x, NULL) == 0;
	if (good && have <= s->u->size)
		s->offset = have;
	else
		str_set(&s->location, NULL);
	exchange_done(&x);
}

static int end(struct session *s, struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	autofree char *url = str_fmt("%s%cdigest=%s", s->location,
				     strchr(s->location, '?') ? '&' : '?',
				     digest_text(text, &s->u->digest));
	struct exchange x = { .method = "PUT", .url = url };
	int r = ask_run(s->u->ask, NULL, &x, e);

	if (r == 0 && x.head.status != 201 && x.head.status != 204)
		r = refused(s->u, &x, "end an upload", e);
	exchange_done(&x);
	return r;
}

static int run(struct session *s, struct err *e)
{
	bool sent = false;
	int r = 0;

	for (int tries = 1; !sent; tries++) {
		if (!s->location && (r = begin(s, "", e)) < 0)
			return r;
		err_clear(e);
		int pause = send_rest(s, tries, &sent, e);
		if (pause < 0)
			return e->code < 0 ? e->code : -EIO;
		poll(NULL, 0, pause);
		if (!sent)
			look(s);
	}
	return end(s, e);
}

int upload_run(const struct upload *u, char *location, struct err *e)
{
	struct session s = { .u = u, .location = location };
	struct err own = { 0 };
	int r = run(&s, &own);

	free(s.location);
	return r < 0 ? err_set(e, r, "%s", own.text) : 0;
}
