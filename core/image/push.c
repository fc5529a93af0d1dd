/* SPDX-License-Identifier: Apache-2.0 */
/* Pushing: layers, config, then the manifest that names them. */
#include "core/image/push.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/content.h"
#include "core/image/squad.h"
#include "core/image/upload.h"
#include "core/store/reach.h"

#define MOUNTS_MAX    4 /* neighbours that are asked for one blob */
#define PUSH_PARALLEL 5 /* as many as docker sends at once */

struct item;

struct push {
	const struct store *store;
	const struct reference *to;
	const struct push_options *options;
	struct registry_options defaults;
	struct channel channel;
	struct origin origin;
	struct ask ask;
	char *scope;
	struct content content;
	struct strv neighbours; /* "HEX repository" of blobs known on that registry */
	struct item *items;     /* of each layer */
	int say_fd;             /* in a process of its own: where the caller listens */
};

/* One blob on its way. */
struct item {
	struct push *push;
	char id[13];
	bool absent; /* known to be */
	uint64_t size;
};

static void push_done(struct push *p)
{
	channel_done(&p->channel);
	origin_done(&p->origin);
	content_done(&p->content);
	free(p->scope);
	strv_done(&p->neighbours);
	free(p->items);
}

static void show(const struct item *it, const char *status, uint64_t done, uint64_t total)
{
	const struct push_options *o = it->push->options;

	if (o->progress && it->id[0])
		o->progress(o->progress_arg, it->id, status, done, total);
}

static void say(const struct item *it, const char *status, uint64_t done)
{
	uint64_t total = done ? it->size : 0;
	const struct push *p = it->push;

	if (p->say_fd >= 0)
		squad_say(p->say_fd, (size_t)(it - p->items), status, done, total);
	else
		show(it, status, done, total);
}

/* --- neighbours --------------------------------------------------------------------- */

static void know(struct push *p, const struct tag *t, const char *repo)
{
	autodone(reference_done) struct reference r = { 0 };
	autostrv blobs = { 0 };

	if (!repo || reference_parse(repo, &r, NULL) < 0 ||
	    !str_eq(r.registry, p->to->registry) ||
	    str_eq(r.repository, p->to->repository) ||
	    reach_tag(p->store, t, &blobs, NULL, NULL) < 0)
		return;
	for (size_t i = 0; i < blobs.len; i++) {
		autofree char *line = str_fmt("%s %s", blobs.v[i], r.repository);
		if (!strv_has(&p->neighbours, line))
			strv_add(&p->neighbours, line);
	}
}

/* Repositories on the same registry that images here came from or went to. */
static void find_neighbours(struct push *p)
{
	autodone(tags_done) struct tags all = { 0 };

	if (tag_list(p->store, &all, NULL) < 0)
		return;
	for (size_t i = 0; i < all.len; i++)
		know(p, &all.v[i], all.v[i].repo);
}

/* 1: mounted, and said so; 0: to be sent, into *ret_location when that is set. */
static int mount_it(struct item *it, const struct upload *u, char **ret_location,
		    struct err *e)
{
	const struct push *p = it->push;
	char hex[DIGEST_TEXT_MAX];
	size_t n = strlen(digest_hex(hex, &u->digest));
	int r = 0, tries = 0;

	for (size_t i = 0; r == 0 && i < p->neighbours.len && tries < MOUNTS_MAX; i++) {
		const char *line = p->neighbours.v[i];
		if (strncmp(line, hex, n) || line[n] != ' ')
			continue;
		tries++;
		free(TAKE_PTR(*ret_location)); /* a session not used ends by itself */
		r = upload_mount(u, line + n + 1, ret_location, e);
		if (r == 1) {
			autofree char *status = str_fmt("Mounted from %s", line + n + 1);
			say(it, status, 0);
		}
		if (r == -EACCES) { /* that neighbour is not ours to read */
			err_clear(e);
			r = 0;
		}
	}
	return r;
}

/* --- blobs -------------------------------------------------------------------------- */

static void on_tick(void *arg, uint64_t sent)
{
	say(arg, "Pushing", sent);
}

static int send_absent(struct item *it, const struct upload *u, struct err *e)
{
	char *location = NULL;
	int r = mount_it(it, u, &location, e);

	if (r == 0) {
		r = upload_run(u, TAKE_PTR(location), e);
		if (r == 0)
			say(it, "Pushed", 0);
	}
	free(location);
	return r < 0 ? r : 0;
}

/* look: whether it is there is all that is asked. */
static int send_blob(struct item *it, const struct digest *d, bool look, struct err *e)
{
	struct push *p = it->push;
	struct upload u = { .ask = &p->ask,
			    .repository = p->to->repository,
			    .digest = *d,
			    .tick = on_tick,
			    .arg = it };
	char hex[DIGEST_TEXT_MAX];

	autoclose int fd = blob_open(p->store, d, &u.size);
	if (fd < 0)
		return err_code(e, fd, "blob '%s'", digest_hex(hex, d));
	u.fd = fd;
	it->size = u.size;
	int r = it->absent ? 0 : upload_present(&u, e);
	if (r == 1)
		say(it, "Layer already exists", 0);
	it->absent = r == 0;
	if (r == 0 && !look)
		r = send_absent(it, &u, e);
	return r < 0 ? r : 0;
}

/* --- layers, side by side ----------------------------------------------------------- */

/* A connection is one process's alone. What is known of the registry by now (token, HTTP)
 * goes along. */
static int begin_alone(void *arg, int say_fd, struct err *e)
{
	struct push *p = arg;
	const struct registry_options *o = p->channel.options;

	p->say_fd = say_fd;
	return channel_init(&p->channel, o, e);
}

static int send_layer(void *arg, size_t i, struct err *e)
{
	struct push *p = arg;

	return send_blob(&p->items[i], &p->content.items[i].blob.digest, false, e);
}

static void heard(void *arg, const struct squad_word *w)
{
	const struct push *p = arg;

	if (w->job < p->content.manifest.layers_len)
		show(&p->items[w->job], w->text, w->done, w->total);
}

static bool is_repeated(const struct push *p, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (digest_eq(&p->content.items[k].blob.digest,
			      &p->content.items[i].blob.digest))
			return true;
	return false;
}

static int send_layers(struct push *p, struct err *e)
{
	size_t n = p->content.manifest.layers_len, len = 0;
	autofree size_t *jobs = mem_array(n, sizeof(*jobs));
	char hex[DIGEST_TEXT_MAX];
	int r = 0;

	p->items = mem_array(n, sizeof(*p->items));
	for (size_t i = 0; i < n; i++) {
		p->items[i] = (struct item){ .push = p };
		str_print(p->items[i].id, sizeof(p->items[i].id), "%.12s",
			  digest_hex(hex, &p->content.items[i].diff_id));
		say(&p->items[i], "Preparing", 0);
	}
	/* The first question is asked here: it gets the token for all. */
	if (n)
		r = send_blob(&p->items[0], &p->content.items[0].blob.digest, true, e);
	for (size_t i = 0; i < n; i++) {
		if (is_repeated(p, i))
			say(&p->items[i], "Layer already exists", 0);
		else if (i || p->items[0].absent)
			jobs[len++] = i;
	}
	if (r < 0 || len == 0)
		return r;
	if (len == 1)
		return send_layer(p, jobs[0], e);
	const struct squad s = { jobs,  len, PUSH_PARALLEL, begin_alone, send_layer,
				 heard, p };
	return squad_run(&s, e);
}

static int send_manifest(struct push *p, struct err *e)
{
	const struct content *c = &p->content;
	char text[DIGEST_TEXT_MAX], words[ASK_WORDS_MAX];
	autofree char *rest = str_fmt(
		"%s/manifests/%s", p->to->repository,
		p->to->tag ? p->to->tag : digest_text(text, &c->descriptor.digest));
	const struct exchange_data data = { .bytes = buf_str(&c->manifest_bytes),
					    .size = c->manifest_bytes.len,
					    .type = c->descriptor.media_type };
	struct exchange x = { .method = "PUT", .send = &data };
	int r = ask_run(&p->ask, rest, &x, e);

	if (r == 0 && x.head.status != 201 && x.head.status != 200) {
		ask_words(&x, words);
		r = err_set(e, -EIO, "the registry refuses the manifest (%d)%s%s",
			    x.head.status, words[0] ? ": " : "", words);
	}
	exchange_done(&x);
	return r;
}

static int run(struct push *p, const struct tag *t, struct err *e)
{
	struct item config = { .push = p };
	int r = content_read(&p->content, p->store, t, e);

	if (r == 0)
		r = channel_init(
			&p->channel,
			p->options->registry ? p->options->registry : &p->defaults, e);
	if (r < 0)
		return r;
	origin_init(&p->origin, reference_host(p->to), p->to->registry,
		    &p->channel.options->insecure);
	p->scope = str_fmt("repository:%s:pull,push", p->to->repository);
	p->ask = (struct ask){ &p->channel, &p->origin, p->scope, false };
	find_neighbours(p);
	r = send_layers(p, e);
	if (r == 0)
		r = send_blob(&config, &p->content.manifest.config.digest, false, e);
	return r < 0 ? r : send_manifest(p, e);
}

int push_image(const struct store *s, const struct tag *t, const struct reference *to,
	       const struct push_options *o, struct err *e)
{
	autodone(push_done) struct push p = {
		.store = s, .to = to, .options = o, .say_fd = -1
	};
	int r = run(&p, t, e);

	if (r >= 0)
		return 0;
	err_wrap(e, "push to '%s'", p.origin.host ? p.origin.host : to->registry);
	if (r != -EACCES || !p.origin.auth.note)
		return r;
	autofree char *said = str_dup(e ? e->text : "");
	return err_set(e, r, "%s: %s", said, p.origin.auth.note);
}
