/* SPDX-License-Identifier: Apache-2.0 */
/* The layers of one image.
 *
 * Work goes in rounds. A round takes what it can lock without waiting, downloads and
 * unpacks it, brings it to the disk and commits it, so that all locks are given back.
 * What other processes hold is waited for only when nothing is held here: two pulls of
 * images that share layers never wait for each other in a circle, and each layer is
 * downloaded once. */
#include "core/image/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/image/crew.h"
#include "core/image/parents.h"
#include "core/ns/userns.h"
#include "core/oci/imageconfig.h"
#include "core/store/blob.h"
#include "core/store/layer.h"
#include "core/store/owners.h"

#define SHOW_EVERY_NS 100000000

struct round {
	const struct layers_job *job;
	struct crew_layer *v;
	size_t len;
	struct registry_fetch *fetch;
	size_t *layer_of; /* of each fetch: index in v */
	size_t fetches;
	size_t held; /* layers that others hold */
	struct crew crew;
};

void layers_chain(struct layers_item *items, size_t n)
{
	autofree struct digest *diff_ids = mem_array(n, sizeof(*diff_ids));

	for (size_t i = 0; i < n; i++) {
		diff_ids[i] = items[i].diff_id;
		imageconfig_chain_id(diff_ids, i + 1, &items[i].chain_id);
		items[i].parent = (struct digest){ 0 };
		if (i)
			items[i].parent = items[i - 1].chain_id;
	}
}

/* --- taking what is free
 * ---------------------------------------------------------------- */

static bool fetched_already(const struct round *r, const struct digest *d)
{
	for (size_t i = 0; i < r->fetches; i++)
		if (digest_eq(&r->fetch[i].blob.digest, d))
			return true;
	return false;
}

/* 1 taken, 0 not now (another holds it, or it comes with another layer of this round). */
static int take_blob(struct round *r, const struct layers_item *it, bool wait,
		     struct blob_writer **ret, struct err *e)
{
	const struct blob_want want = { it->blob.digest, it->blob.size, wait };
	struct err why = { 0 };
	uint64_t offset = 0;

	if (!r->job->registry)
		return err_set(e, -ENOENT, "its blob is missing");
	if (fetched_already(r, &it->blob.digest))
		return 0;
	int rc = blob_write(r->job->store, &want, ret, &offset, &why);
	if (rc == -EWOULDBLOCK)
		return 0;
	return rc < 0 ? err_set(e, rc, "%s", why.text) : 1;
}

static int take_layer(struct round *r, const struct layers_item *it, bool wait,
		      struct layer_maker **ret, struct err *e)
{
	struct err why = { 0 };
	int rc = layer_make(r->job->store, &it->chain_id, wait, ret, &why);

	if (rc == -EWOULDBLOCK)
		return 0;
	return rc < 0 ? err_set(e, rc, "%s", why.text) : 1;
}

static void add(struct round *r, const struct layers_item *it, struct blob_writer *w,
		struct layer_maker *m)
{
	struct crew_layer *l = &r->v[r->len];
	char hex[DIGEST_TEXT_MAX];

	l->item = it;
	l->number = (size_t)(it - r->job->items) + 1;
	str_print(l->id, sizeof(l->id), "%.12s", digest_hex(hex, &it->blob.digest));
	l->need_blob = w != NULL;
	l->need_layer = m != NULL;
	l->maker = m;
	l->part = w;
	l->have = w ? blob_offset(w) : it->blob.size;
	if (w) {
		r->fetch[r->fetches].blob = it->blob;
		r->fetch[r->fetches].to = w;
		r->layer_of[r->fetches++] = r->len;
	}
	r->len++;
}

/* wait: only with empty hands. */
static int take(struct round *r, const struct layers_item *it, bool wait, struct err *e)
{
	const struct store *s = r->job->store;
	struct blob_writer *w = NULL;
	struct layer_maker *m = NULL;
	bool need_blob = !blob_has_size(s, &it->blob.digest, it->blob.size);
	bool need_layer = !layer_has(s, &it->chain_id);
	int rc = 1;

	if (!need_blob && !need_layer)
		return 0;
	if (need_blob)
		rc = take_blob(r, it, wait, &w, e);
	if (rc > 0 && need_layer)
		rc = take_layer(r, it, wait && !w, &m, e);
	if (rc <= 0) {
		blob_leave(w);
		r->held += rc == 0;
		return rc;
	}
	if (w || m)
		add(r, it, w, m);
	return 0;
}

static int take_all(struct round *r, struct err *e)
{
	const struct layers_job *j = r->job;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < j->len; i++)
		rc = take(r, &j->items[i], false, e);
	/* others hold all that is missing */
	for (size_t i = 0; rc == 0 && r->held && r->len == 0 && i < j->len; i++)
		rc = take(r, &j->items[i], true, e);
	return rc;
}

/* --- what happens during the download
 * ---------------------------------------------------- */

static void on_tick(void *arg, size_t i, uint64_t bytes)
{
	struct round *r = arg;
	size_t n = r->layer_of[i];
	struct crew_layer *l = &r->v[n];
	int64_t now = time_monotonic();

	if (bytes < l->have)
		(void)crew_restart(&r->crew,
				   n); /* crew.err tells the next on_done or on_wake */
	bool first = l->have == 0;
	l->have = bytes;
	crew_more(&r->crew, n);
	if (first)
		(void)crew_staff(&r->crew);
	if (now - l->shown > SHOW_EVERY_NS) {
		l->shown = now;
		crew_show(&r->crew, l, "Downloading", l->item->blob.size);
	}
}

static int on_done(void *arg, size_t i)
{
	struct round *r = arg;

	if (r->fetch[i].result < 0)
		return r->fetch[i].result;
	r->v[r->layer_of[i]].have = r->fetch[i].blob.size;
	crew_whole(&r->crew, r->layer_of[i]);
	return r->crew.err.code < 0 ? r->crew.err.code : crew_staff(&r->crew);
}

static int on_wake(void *arg)
{
	struct round *r = arg;

	return r->crew.err.code < 0 ? r->crew.err.code : crew_reap(&r->crew);
}

static int fetch_failed(struct round *r, int rc, struct err *e)
{
	for (size_t i = 0; i < r->fetches; i++)
		if (r->fetch[i].result < 0 && r->fetch[i].err.code < 0)
			return err_set(e, r->fetch[i].result, "layer %zu: %s",
				       r->v[r->layer_of[i]].number, r->fetch[i].err.text);
	return err_code(e, rc, "download");
}

static int work(struct round *r, struct err *e)
{
	const struct registry_events events = {
		.tick = on_tick,
		.done = on_done,
		.wake_fd = r->crew.epoll_fd,
		.wake = on_wake,
		.arg = r,
	};
	struct err ignored = { 0 };
	int rc = crew_staff(&r->crew);

	for (size_t i = 0; i < r->fetches; i++)
		crew_show(&r->crew, &r->v[r->layer_of[i]], "Pulling fs layer", 0);
	if (rc == 0 && r->fetches) {
		rc = registry_blobs(r->job->registry, r->fetch, r->fetches, &events,
				    &ignored);
		for (size_t i = 0; i < r->len; i++)
			r->v[i].part = NULL; /* they are gone, one way or the other */
	}
	if (rc == 0)
		rc = crew_wait(&r->crew);
	if (rc == 0)
		return 0;
	if (r->crew.err.code < 0)
		return err_set(e, r->crew.err.code, "%s", r->crew.err.text);
	return fetch_failed(r, rc, e);
}

/* --- to the disk
 * ------------------------------------------------------------------------ */

static int seal(struct crew_layer *l, struct err *e)
{
	const struct layer layer = {
		.chain_id = l->item->chain_id,
		.diff_id = l->item->diff_id,
		.parent = l->item->parent,
		.size = l->result.size,
		.uid_max = l->result.uid_max,
		.gid_max = l->result.gid_max,
	};

	return layer_seal(l->maker, &layer, e);
}

/* What parents_fit needs, over userns_call. */
struct fit {
	int *diffs;
	size_t n;
	const struct unpack_result *result;
};

static int run_fit(void *arg, struct err *e)
{
	const struct fit *f = arg;

	return parents_fit(f->diffs, f->n, f->result->implicit, f->result->implicit_size,
			   e);
}

static int fit_parents(struct round *r, const struct crew_layer *l, struct err *e)
{
	const struct layers_job *j = r->job;
	struct fit f = { .n = l->number, .result = &l->result };
	int rc = 0;

	f.diffs = mem_array(f.n, sizeof(int));
	for (size_t i = 0; i < f.n; i++)
		f.diffs[i] = -1;
	for (size_t i = 0; rc == 0 && i < f.n; i++) {
		const struct layers_item *it = &j->items[i];
		for (size_t k = 0; k < r->len; k++)
			if (r->v[k].item == it && r->v[k].maker)
				f.diffs[i] = dup(layer_dirfd(r->v[k].maker));
		autofree char *path = layer_path(j->store, &it->chain_id);
		if (f.diffs[i] < 0)
			f.diffs[i] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (f.diffs[i] < 0)
			rc = -EAGAIN; /* another process still makes it */
	}
	if (rc == 0 && j->options->realm_pidfd >= 0)
		rc = userns_call(j->options->realm_pidfd, CLONE_NEWUSER, run_fit, &f, e);
	else if (rc == 0)
		rc = run_fit(&f, e);
	for (size_t i = 0; i < f.n; i++)
		fd_close(f.diffs[i]);
	free(f.diffs);
	return rc;
}

/* Lowest first, for the fit of one is the model of the next. A layer over one that is not
 * there yet is given up and made again in the next round. */
static int fit_all(struct round *r, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->len; i++) {
		struct crew_layer *l = &r->v[i];
		if (!l->maker || !l->result.implicit)
			continue;
		rc = fit_parents(r, l, e);
		if (rc != -EAGAIN)
			continue;
		layer_abort(TAKE_PTR(l->maker));
		r->held++;
		rc = 0;
	}
	return rc;
}

/* Those of the whole image, also of layers that others have made. */
static int check_owners(const struct round *r, struct err *e)
{
	autodone(owners_done) struct owners all = { 0 };
	const struct layers_job *j = r->job;
	char hex[DIGEST_TEXT_MAX];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < j->len; i++)
		rc = owners_read(j->store->layers_fd,
				 digest_hex(hex, &j->items[i].chain_id), &all, e);
	for (size_t i = 0; rc == 0 && i < r->len; i++)
		if (r->v[i].maker)
			rc = owners_read(layer_folder(r->v[i].maker), ".", &all, e);
	return rc < 0 ? rc : owners_check(&all, e);
}

static int to_disk(struct round *r, struct err *e)
{
	int rc = fit_all(r, e);

	if (rc == 0)
		rc = check_owners(r, e);

	for (size_t i = 0; rc == 0 && i < r->len; i++)
		if (r->v[i].maker)
			rc = seal(&r->v[i], e);
	if (rc == 0 && r->job->before_sync)
		rc = r->job->before_sync(r->job->arg, e);
	if (rc == 0)
		rc = layer_sync(r->job->store, e);
	for (size_t i = 0; rc == 0 && i < r->len; i++)
		if (r->v[i].maker)
			rc = layer_commit(TAKE_PTR(r->v[i].maker), e);
	return rc;
}

/* 1: others still hold something; 0: all is there. */
static int one_round(const struct layers_job *job, struct err *e)
{
	struct round r = { .job = job };
	int rc;

	r.v = mem_array(job->len, sizeof(*r.v));
	r.fetch = mem_array(job->len, sizeof(*r.fetch));
	r.layer_of = mem_array(job->len, sizeof(*r.layer_of));
	rc = take_all(&r, e);
	if (rc == 0)
		rc = crew_init(&r.crew, job, r.v, r.len, e);
	if (rc == 0) {
		rc = work(&r, e);
		crew_done(&r.crew);
	}
	if (rc == 0)
		rc = to_disk(&r, e);
	for (size_t i = 0; i < r.len; i++) {
		layer_abort(r.v[i].maker);
		free(r.v[i].result.implicit);
	}
	for (size_t i = 0; i < r.fetches; i++)
		blob_leave(r.fetch[i].to);
	free(r.v);
	free(r.fetch);
	free(r.layer_of);
	return rc < 0 ? rc : r.held > 0;
}

static void show_present(const struct layers_job *job)
{
	const struct pull_options *o = job->options;
	char hex[DIGEST_TEXT_MAX];

	for (size_t i = 0; o->progress && i < job->len; i++) {
		const struct layers_item *it = &job->items[i];
		if (!layer_has(job->store, &it->chain_id) ||
		    !blob_has_size(job->store, &it->blob.digest, it->blob.size))
			continue;
		digest_hex(hex, &it->blob.digest);
		hex[12] = 0;
		o->progress(o->progress_arg, hex, "Already exists", 0, 0);
	}
}

int layers_complete(const struct layers_job *job, struct err *e)
{
	int rc;

	show_present(job);
	do
		rc = one_round(job, e);
	while (rc > 0);
	return rc;
}
