/* SPDX-License-Identifier: Apache-2.0 */
/* container_start: everything that can fail is done before the monitor is; what was taken
 * is given back on failure. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/engine/bundling.h"
#include "core/engine/connect.h"
#include "core/engine/container_end.h"
#include "core/engine/describe.h"
#include "core/engine/framesock.h"
#include "core/engine/hostfiles.h"
#include "core/engine/linkage.h"
#include "core/engine/linkenv.h"
#include "core/engine/netjoin.h"
#include "core/engine/sharing.h"
#include "core/engine/volume.h"
#include "core/runtime/monitor.h"
#include "core/store/record.h"

/* What a start collects, all of it given up together. */
struct start {
	struct setup setup;
	struct netplan net;
	struct strv link_env; /* of the last run, in its config.json */
	struct realm realm;
	struct realm_hold hold;
	int lock;
	int kept[MONITOR_KEEP_MAX];
	size_t kept_len;
};

static void start_done(struct start *x)
{
	/* The first ones belong to realm, hold and lock. */
	for (size_t i = NETJOIN_KEPT_STACK; i < x->kept_len; i++)
		fd_close(x->kept[i]);
	setup_done(&x->setup);
	netplan_done(&x->net);
	strv_done(&x->link_env);
	realm_done(&x->realm);
	fd_close(x->hold.netns);
	fd_close(x->hold.told);
	fd_close(x->lock);
}

static int check_startable(const struct store *s, struct container *c, struct err *e)
{
	int r;

	if (c->state.status == STATE_DEAD)
		return err_set(
			e, -EBUSY,
			"container %.12s is marked for removal and cannot be started: "
			"%s",
			c->id, c->state.error);
	r = container_end_await_change(c->dirfd, &c->state, e);
	if (r < 0)
		return r;
	if (container_end_removed(s, c->id))
		return err_set(e, -ENOENT, "No such container: %s", c->name);
	if (c->state.status == STATE_RUNNING || c->state.status == STATE_PAUSED)
		return err_set(e, -EALREADY, "container %.12s is already running", c->id);
	return 0;
}

static int read_bundle(const struct container *c, struct start *x, struct err *e)
{
	autoclose int bundle = container_open_bundle(c->dirfd, e);

	return bundle < 0 ? bundle : netplan_read(bundle, &x->setup, &x->net, e);
}

/* config.json and setup.json say what holds for this run. */
static int write_bundle(const struct container *c, const struct start *x, struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	autoclose int bundle = container_open_bundle(c->dirfd, e);
	int r;

	if (bundle < 0)
		return bundle;
	/* First what is to be taken out of the environment again at the next start. */
	r = setup_write(bundle, &x->setup, netplan_build(&x->net, doc), e);
	if (r < 0 || (!x->link_env.len && !x->net.link_env.len))
		return r;
	return linkenv_write(bundle, &x->link_env, &x->net.link_env, e);
}

static int write_record(const struct store *s, struct container *c, const struct start *x,
			struct err *e)
{
	autojson_mut *doc = yyjson_doc_mut_copy(c->record, NULL);

	describe_network(&x->net, c->id, doc, yyjson_mut_doc_get_root(doc));
	return record_write_nosync(s->containers_fd, c->id, doc, e);
}

static int spawn(const struct store *s, struct container *c, struct start *x,
		 struct err *e)
{
	autoclose int sockets = container_end_socket_dir(s, c->id, true);

	if (sockets < 0)
		return err_code(e, sockets, "make the container's socket folder");
	struct monitor_spawn m = {
		.inner_fd = x->realm.inner_fd,
		.container_dirfd = c->dirfd,
		.socket_dirfd = sockets,
		.realm_pidfd = x->realm.pidfd,
		.kept = x->kept,
		.kept_len = x->kept_len,
	};
	return monitor_spawn(&m, e);
}

static int prepare(const struct store *s, const struct config *cfg, struct container *c,
		   struct start *x, struct err *e)
{
	int r;

	if ((r = read_bundle(c, x, e)) < 0 ||
	    (x->setup.seccomp && (r = bundling_renew_filter(s, c->dirfd, e)) < 0) ||
	    (r = realm_open(s, &x->realm, e)) < 0 ||
	    (r = realm_hold(s, &x->realm, &x->hold, e)) < 0)
		return r;
	x->kept[NETJOIN_KEPT_REALM] = x->realm.users_fd;
	x->kept[NETJOIN_KEPT_NETNS] = x->hold.netns;
	x->kept[NETJOIN_KEPT_TOLD] = x->hold.told;
	x->kept[NETJOIN_KEPT_LOCK] = x->lock;
	x->kept_len = NETJOIN_KEPT_STACK;
	struct connect_want w = { .store = s, .cfg = cfg, .realm = &x->realm, .c = c };
	if ((r = connect_network(&w, &x->net, x->kept, &x->kept_len, e)) < 0)
		return r;
	x->link_env = x->net.link_env;
	x->net.link_env = (struct strv){ 0 };
	if ((r = linkage_resolve(s, c->id, &x->net, e)) < 0 ||
	    (r = linkage_env(s, &x->net,
			     yyjson_obj_get(yyjson_doc_get_root(c->record), "Config"),
			     e)) < 0 ||
	    (r = hostfiles_write(c->dirfd, &x->net, e)) < 0 ||
	    (r = connect_peer_files(&w, &x->net, e)) < 0 ||
	    (r = sharing_join(s, c->dirfd, yyjson_doc_get_root(c->record), e)) < 0)
		return r;
	if (x->net.mode != NETPLAN_NETWORKS)
		return 0; /* nothing was added to what create wrote */
	if ((r = write_bundle(c, x, e)) < 0)
		return r;
	return write_record(s, c, x, e);
}

int container_start(const struct store *s, const struct config *cfg, struct container *c,
		    int *ret_sock, struct err *e)
{
	autodone(start_done) struct start x = { .lock = -1, .hold = { -1, -1 } };
	int r;

	/* Held until the monitor has the container's own lock (netjoin_open lets it go).
	 */
	x.lock = container_end_lock(c->dirfd, c->name, e);
	if (x.lock < 0)
		return x.lock;
	if ((r = check_startable(s, c, e)) < 0 || (r = volume_check_free(s, c, e)) < 0)
		return r;
	r = prepare(s, cfg, c, &x, e);
	if (r == 0)
		r = spawn(s, c, &x, e);
	if (r < 0) {
		connect_undo(s, c->id, &x.net);
		return r;
	}
	*ret_sock = r;
	return 0;
}

int container_start_go(int sock, int *ret_exit, struct err *e)
{
	autodone(framesock_done) struct framesock f = { .fd = sock };
	uint8_t start[FRAME_HEADER];
	struct frame frame;
	int r;

	frame_header(start, FRAME_START, 0);
	/* A monitor that failed already has closed its end, and left its reason in the
	 * socket. */
	fd_write_all(sock, start, sizeof(start));
	*ret_exit = 125;
	while ((r = framesock_next(&f, &frame)) > 0) {
		if (frame.stream == FRAME_STATUS && frame.size == 1 &&
		    frame.payload[0] == STATE_RUNNING)
			return 0;
		if (frame.stream == FRAME_ERROR)
			framesock_error(&frame, e);
		if (frame.stream == FRAME_EXIT) {
			*ret_exit = framesock_exit_code(&frame);
			return e && e->code
				       ? e->code
				       : err_set(e, -EIO, "the container did not start");
		}
	}
	return err_set(e, r < 0 ? r : -EPIPE,
		       "the monitor died while the container started");
}
