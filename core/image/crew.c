/* SPDX-License-Identifier: Apache-2.0 */
/* The unpack workers of one pull. */
#include "core/image/crew.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/store/blob.h"
#include "core/store/layer.h"

int crew_init(struct crew *c, const struct layers_job *job, struct crew_layer *v,
	      size_t n, struct err *e)
{
	*c = (struct crew){ .job = job, .v = v, .len = n };
	for (size_t i = 0; i < n; i++)
		v[i].more_fd = -1;
	c->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return c->epoll_fd < 0 ? err_sys(e, "epoll") : 0;
}

static void dismiss(struct crew *c, struct crew_layer *l)
{
	if (l->worker) {
		unpack_cancel(TAKE_PTR(l->worker));
		c->at_work--;
	}
	l->more_fd = fd_close(l->more_fd);
}

void crew_done(struct crew *c)
{
	for (size_t i = 0; i < c->len; i++)
		dismiss(c, &c->v[i]);
	c->epoll_fd = fd_close(c->epoll_fd);
}

void crew_show(const struct crew *c, const struct crew_layer *l, const char *status,
	       uint64_t total)
{
	const struct pull_options *o = c->job->options;

	if (o->progress)
		o->progress(o->progress_arg, l->id, status, l->have, total);
}

static int fail(struct crew *c, const struct crew_layer *l)
{
	return err_wrap(&c->err, "layer %zu", l->number);
}

static int start(struct crew *c, struct crew_layer *l)
{
	const struct store *s = c->job->store;
	struct unpack_job job = {
		.blob_size = l->item->blob.size,
		.tar_size = l->item->tar_size,
		.more_fd = -1,
		.dirfd = layer_dirfd(l->maker),
		.diff_id = l->item->diff_id,
		.realm_pidfd = c->job->options->realm_pidfd,
		.store = s,
		.holder = layer_folder(l->maker),
	};
	int p[2] = { -1, -1 };

	autoclose int blob = l->part ? blob_follow(l->part)
				     : blob_open(s, &l->item->blob.digest, NULL);
	if (blob < 0) {
		err_code(&c->err, blob, "open the blob");
		return fail(c, l);
	}
	if (l->part && pipe2(p, O_CLOEXEC)) {
		err_sys(&c->err, "pipe");
		return fail(c, l);
	}
	autoclose int more = p[0];
	l->more_fd = p[1];
	if (l->more_fd >= 0)
		fd_nonblock(l->more_fd, true);
	job.blob_fd = blob;
	job.more_fd = more;
	if (unpack_start(&job, &l->worker, &c->err) < 0)
		return fail(c, l);
	c->at_work++;
	struct epoll_event ev = { .events = EPOLLIN };
	if (epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, unpack_fd(l->worker), &ev)) {
		err_sys(&c->err, "epoll");
		return fail(c, l);
	}
	crew_show(c, l, "Extracting", l->item->blob.size);
	return 0;
}

/* Whole blobs first: a worker that has all its bytes is never idle. */
int crew_staff(struct crew *c)
{
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < c->len && c->at_work < CREW_MAX; i++) {
			struct crew_layer *l = &c->v[i];
			if (!l->need_layer || l->worker || l->unpacked || l->doubt.code)
				continue;
			bool whole = !l->need_blob;
			if (pass == 0 ? !whole : whole || !l->part || l->have == 0)
				continue;
			int r = start(c, l);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int finish(struct crew *c, struct crew_layer *l)
{
	struct unpack *worker = TAKE_PTR(l->worker);

	c->at_work--;
	l->more_fd = fd_close(l->more_fd);
	struct err why = { 0 };
	if (unpack_finish(worker, &l->result, &why) < 0) {
		/* bytes that turn out to be wrong prove nothing: the download has the say
		 */
		if (l->need_blob) {
			l->doubt = why;
			return 0;
		}
		c->err = why;
		return fail(c, l);
	}
	l->unpacked = true;
	if (l->result.devices)
		crew_show(c, l, "Device nodes left out", l->result.devices);
	if (!l->need_blob)
		crew_show(c, l, "Pull complete", l->item->blob.size);
	return 0;
}

static int reap(struct crew *c, int timeout)
{
	struct epoll_event ev[CREW_MAX];
	int n = epoll_wait(c->epoll_fd, ev, CREW_MAX, timeout);

	if (n <= 0)
		return n < 0 && errno != EINTR ? err_sys(&c->err, "epoll") : 0;
	for (size_t i = 0; i < c->len; i++) {
		struct crew_layer *l = &c->v[i];
		struct pollfd p = { .events = POLLIN };
		if (!l->worker)
			continue;
		p.fd = unpack_fd(l->worker);
		if (poll(&p, 1, 0) <= 0 || unpack_serve(l->worker) > 0)
			continue;
		int r = finish(c, l);
		if (r < 0)
			return r;
	}
	return 0;
}

int crew_reap(struct crew *c)
{
	int r = reap(c, 0);

	return r < 0 ? r : crew_staff(c);
}

int crew_wait(struct crew *c)
{
	int r = crew_staff(c);

	while (r == 0 && c->at_work) {
		r = reap(c, -1);
		if (r == 0)
			r = crew_staff(c);
	}
	return r;
}

void crew_more(struct crew *c, size_t i)
{
	struct crew_layer *l = &c->v[i];

	/* a full pipe: it has enough to wake for */
	if (l->more_fd >= 0)
		(void)!write(l->more_fd, "", 1);
}

void crew_whole(struct crew *c, size_t i)
{
	struct crew_layer *l = &c->v[i];

	l->part = NULL;
	l->need_blob = false;
	l->more_fd = fd_close(l->more_fd);
	if (l->doubt.code) { /* the bytes were right */
		c->err = l->doubt;
		fail(c, l);
	}
	if (l->unpacked || !l->need_layer)
		crew_show(c, l, "Pull complete", l->item->blob.size);
	else if (!l->worker)
		crew_show(c, l, "Download complete", l->item->blob.size);
}

int crew_restart(struct crew *c, size_t i)
{
	struct crew_layer *l = &c->v[i];
	struct layer_maker *fresh = NULL;

	if (!l->worker && !l->unpacked && !l->doubt.code)
		return 0;
	dismiss(c, l);
	err_clear(&l->doubt);
	free(TAKE_PTR(l->result.implicit));
	l->unpacked = false;
	layer_abort(TAKE_PTR(l->maker));
	if (layer_make(c->job->store, &l->item->chain_id, false, &fresh, &c->err) < 0)
		return fail(c, l);
	l->maker = fresh;
	l->need_layer = fresh != NULL;
	return 0;
}
