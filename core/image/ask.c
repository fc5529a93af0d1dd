/* SPDX-License-Identifier: Apache-2.0 */
/* One question to one origin. */
#include "core/image/ask.h"

#include <errno.h>
#include <poll.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/token.h"

static int collect(void *arg, const struct httphead *head, const void *p, size_t n,
		   struct err *e)
{
	struct buf *body = arg;

	return body && buf_add(body, p, n) < 0
		       ? err_set(e, -EFBIG, "the answer is larger than %zu bytes",
				 body->max)
		       : 0;
}

/* HTTP where it is allowed and HTTPS is not spoken. A certificate that does not verify is
 * no reason. */
static bool fall_back(struct origin *o, int result)
{
	if (o->settled || (result != -EPROTO && result != -ECONNREFUSED &&
			   result != -ECONNRESET && result != -ETIMEDOUT))
		return false;
	str_set(&o->scheme, "http");
	o->settled = true;
	return true;
}

int ask_run(const struct ask *a, const char *rest, struct exchange *x, struct err *e)
{
	struct origin *o = a->origin;
	bool answered = false;

	x->origin = o;
	x->body = collect;
	for (int tries = 1;;) {
		autofree char *url = rest ? origin_url(o, rest) : NULL;
		if (url)
			x->url = url;
		if (x->arg)
			buf_reset(x->arg);
		int result = exchange_run(a->channel, x);
		if (result < 0 && rest && fall_back(o, result))
			continue;
		o->reached |= result == 0;
		o->settled |= result == 0;
		if (result == 0 && x->head.status == 401 && !answered) {
			answered = true;
			result = token_answer(a->channel, o, &x->head.challenge, a->scope,
					      e);
			if (result == 0)
				continue;
			return result;
		}
		int pause =
			a->once ? -1 : exchange_retry(a->channel, x, tries++, o->reached);
		if (pause < 0)
			return result < 0 ? err_set(e, result, "%s", x->err.text) : 0;
		poll(NULL, 0, pause);
	}
}

void ask_words(const struct exchange *x, char ret[ASK_WORDS_MAX])
{
	char code[64], message[256];

	exchange_words(x, code, sizeof(code), message, sizeof(message));
	str_print(ret, ASK_WORDS_MAX, "%s%s%s", code, code[0] && message[0] ? ": " : "",
		  message);
}
