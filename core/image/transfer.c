/* SPDX-License-Identifier: Apache-2.0 */
/* Many blobs at once.
 *
 * Each blob is a small state machine: waiting (until due) → under way → over. Under way
 * it is one exchange; when that ends early the blob waits again and goes on from where
 * its part is, at the same origin or at the next. */
#include "core/image/transfer.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/image/exchange.h"
#include "core/image/token.h"

enum state { WAITING, UNDER_WAY, OVER };

struct transfer {
	struct registry_fetch *f;
	const struct registry_events *ev;
	size_t index;
	enum state state;
	int64_t due; /* ns */
	size_t origin, origins_tried;
	int tries;
	bool answered; /* a challenge of this origin, already */
	bool resumed;  /* begun from a former part */
	bool fresh;    /* no byte of the present try came yet */
	uint64_t best; /* the furthest offset of all tries */
	struct exchange x;
	char *url;
};

/* Is it what was asked for? A registry that knows no ranges sends the whole. */
static int first_bytes(struct transfer *t, const struct httphead *head, struct err *e)
{
	uint64_t at = blob_offset(t->f->to);

	if (head->has_total && head->total != t->f->blob.size)
		return err_set(
			e, -EBADMSG,
			"the registry has %llu bytes of it, its descriptor says %llu",
			(unsigned long long)head->total,
			(unsigned long long)t->f->blob.size);
	if (at && head->status == 206 && (!head->has_range || head->range_from != at))
		return err_set(e, -EPROTO, "the registry sent another range");
	return at && head->status != 206 ? blob_restart(t->f->to, e) : 0;
}

static int on_bytes(void *arg, const struct httphead *head, const void *p, size_t n,
		    struct err *e)
{
	struct transfer *t = arg;
	int r = t->fresh ? first_bytes(t, head, e) : 0;

	t->fresh = false;
	if (r == 0)
		r = blob_add(t->f->to, p, n, e);
	if (r == 0 && t->ev->tick)
		t->ev->tick(t->ev->arg, t->index, blob_offset(t->f->to));
	return r;
}

static int start(const struct transfer_from *from, struct transfer *t)
{
	const struct origin *o = &from->origins[t->origin];
	char digest[DIGEST_TEXT_MAX];
	autofree char *rest = str_fmt("%s/blobs/%s", from->repository,
				      digest_text(digest, &t->f->blob.digest));

	free(t->url);
	t->url = origin_url(o, rest);
	t->x.origin = o;
	t->x.url = t->url;
	t->x.accept = "*/*";
	t->x.body = on_bytes;
	t->x.arg = t;
	t->x.from = blob_offset(t->f->to);
	t->fresh = true;
	t->state = UNDER_WAY;
	return exchange_start(from->channel, from->channel->multi, &t->x, NULL);
}

static int over(struct transfer *t, int result)
{
	struct registry_fetch *f = t->f;

	t->state = OVER;
	f->result = result;
	if (result == 0) {
		f->result = blob_commit(TAKE_PTR(f->to), false, &f->err);
	} else {
		/* what lies once is not gone on with later */
		if (result == -EBADMSG || result == -EFBIG || result == -EPROTO)
			(void)blob_restart(f->to, NULL);
		blob_leave(TAKE_PTR(f->to));
	}
	int r = t->ev->done ? t->ev->done(t->ev->arg, t->index) : 0;
	return f->result < 0 ? f->result : r;
}

static void wait_for(struct transfer *t, int ms)
{
	t->state = WAITING;
	t->due = time_monotonic() + (int64_t)ms * 1000000;
}

/* This origin does not serve it: the next, or the sentence of this last one. */
static int next_origin(const struct transfer_from *from, struct transfer *t)
{
	if (++t->origins_tried < from->origins_len) {
		t->origin = (t->origin + 1) % from->origins_len;
		t->tries = 0;
		t->answered = false;
		wait_for(t, 0);
		return 0;
	}
	return over(t, t->f->err.code ? t->f->err.code : -EIO);
}

static void describe(struct transfer *t)
{
	struct exchange *x = &t->x;
	char message[256];

	err_clear(&t->f->err);
	if (x->result < 0) {
		err_set(&t->f->err, x->result, "%s", x->err.text);
		return;
	}
	exchange_words(x, NULL, 0, message, sizeof(message));
	err_set(&t->f->err, x->head.status == 404 ? -ENOENT : -EIO,
		"the registry answered %d%s%s", x->head.status, message[0] ? ": " : "",
		message);
}

/* All bytes came: are they right? A part of a former try may have been damaged. */
static int complete(const struct transfer_from *from, struct transfer *t)
{
	err_clear(&t->f->err);
	int r = blob_check(t->f->to, &t->f->err);

	if (r != -EBADMSG)
		return over(t, r);
	struct err ignored = { 0 };
	if (blob_restart(t->f->to, &ignored) < 0)
		return over(t, r);
	if (t->resumed) {
		t->resumed = false;
		wait_for(t, 0);
		return 0;
	}
	return next_origin(from, t);
}

static int ended(const struct transfer_from *from, struct transfer *t)
{
	struct origin *o = &from->origins[t->origin];
	struct exchange *x = &t->x;
	int status = x->head.status;
	bool moved = blob_offset(t->f->to) > t->best; /* further than any try before */

	if (moved)
		t->best = blob_offset(t->f->to);
	o->reached |= x->result == 0;
	if (x->result == 0 && status >= 200 && status < 300) {
		if (blob_offset(t->f->to) == t->f->blob.size)
			return complete(from, t);
		x->result = err_set(&x->err, -ECONNRESET,
				    "the registry ended the blob early");
	}
	if (x->result == 0 && status == 401 && !t->answered) {
		t->answered = true;
		describe(t);
		if (token_answer(from->channel, o, &x->head.challenge, from->scope,
				 &t->f->err) < 0)
			return next_origin(from, t);
		wait_for(t, 0);
		return 0;
	}
	if (x->result == 0 && status == 416 && blob_offset(t->f->to)) {
		struct err ignored = { 0 };
		if (blob_restart(t->f->to, &ignored) == 0 && t->tries++ < 4) {
			wait_for(t, 0);
			return 0;
		}
	}
	describe(t);
	t->tries = moved ? 1 : t->tries + 1; /* what makes progress may go on failing */
	int pause = exchange_retry(from->channel, x, t->tries, o->reached);
	if (pause < 0)
		return next_origin(from, t);
	wait_for(t, pause);
	return 0;
}

/* --- the loop ----------------------------------------------------------------------- */

static int start_due(const struct transfer_from *from, struct transfer *t, size_t n,
		     int64_t *ret_next)
{
	int64_t now = time_monotonic();
	size_t under_way = 0;
	int r = 0;

	*ret_next = now + 1000000000;
	for (size_t i = 0; i < n; i++)
		under_way += t[i].state == UNDER_WAY;
	for (size_t i = 0; r == 0 && i < n && under_way < TRANSFER_PARALLEL; i++) {
		if (t[i].state != WAITING)
			continue;
		if (t[i].due > now) {
			if (t[i].due < *ret_next)
				*ret_next = t[i].due;
			continue;
		}
		if (start(from, &t[i]) == 0)
			under_way++;
		else
			r = ended(from, &t[i]);
	}
	return r;
}

static int reap(const struct transfer_from *from, struct transfer *t, size_t n)
{
	CURLM *multi = from->channel->multi;
	const CURLMsg *msg;
	int left, r = 0;

	while (r == 0 && (msg = curl_multi_info_read(multi, &left))) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		struct exchange *x = exchange_of(msg->easy_handle);
		for (size_t i = 0; i < n; i++)
			if (&t[i].x == x &&
			    exchange_ended(from->channel, x, msg->data.result))
				r = ended(from, &t[i]);
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		if (t[i].state == UNDER_WAY && exchange_stalled(from->channel, &t[i].x))
			r = ended(from, &t[i]);
	return r;
}

static bool all_over(const struct transfer *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (t[i].state != OVER)
			return false;
	return true;
}

static int loop(const struct transfer_from *from, struct transfer *t, size_t n)
{
	const struct registry_events *ev = t[0].ev;
	CURLM *multi = from->channel->multi;
	int64_t next;
	int r = 0, running;

	while (r == 0 && !all_over(t, n)) {
		r = start_due(from, t, n, &next);
		curl_multi_perform(multi, &running);
		if (r == 0)
			r = reap(from, t, n);
		if (r < 0 || all_over(t, n))
			break;
		struct curl_waitfd wake = { .fd = ev->wake_fd,
					    .events = CURL_WAIT_POLLIN };
		int64_t ms = (next - time_monotonic()) / 1000000 + 1;
		curl_multi_poll(multi, &wake, ev->wake_fd >= 0, ms > 0 ? (int)ms : 0,
				NULL);
		if (ev->wake_fd >= 0 && wake.revents)
			r = ev->wake(ev->arg);
	}
	return r;
}

int transfer_run(const struct transfer_from *from, struct registry_fetch *f, size_t n,
		 const struct registry_events *ev, struct err *e)
{
	struct transfer *t = mem_array(n, sizeof(*t));
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		t[i].f = &f[i];
		t[i].ev = ev;
		t[i].index = i;
		t[i].origin = from->first;
		t[i].resumed = blob_offset(f[i].to) > 0;
		if (blob_offset(f[i].to) ==
		    f[i].blob.size) /* a part that only lacked its end */
			r = r ? r : complete(from, &t[i]);
	}
	from->channel->busy = true;
	if (n && r == 0)
		r = loop(from, t, n);
	from->channel->busy = false;
	for (size_t i = 0; i < n; i++) {
		if (r < 0 && f[i].result < 0 && e && !e->code)
			err_set(e, f[i].result, "%s", f[i].err.text);
		exchange_done(&t[i].x);
		blob_leave(TAKE_PTR(f[i].to));
		free(t[i].url);
	}
	free(t);
	return r < 0 && e && !e->code ? err_code(e, r, "download") : r;
}
