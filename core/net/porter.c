/* SPDX-License-Identifier: Apache-2.0 */
/* The porter: sockets of the realm, and resolv.conf.
 *
 * Holds: one socket to the stack, an inotify descriptor. It confines itself to what it
 * does (seccomp; Landlock leaves reading only) and ends with the stack. */
#include "core/net/porter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/net/bridge.h"
#include "core/net/confine.h"
#include "core/net/link.h"

#define PORTER_BATCH 16
#define PORTER_LOW   8

enum porter_reply_type { PORTER_SOCKETS, PORTER_RESOLV, PORTER_RULED, PORTER_RINGED };

struct porter_ask {
	uint8_t kind, count; /* of a rule: 1 to add it, 0 to take it away */
	uint16_t port;
	struct ip_addr addr;
};

struct porter_order {
	uint8_t kind; /* PORTER_RING */
	uint8_t place, len;
	char ifname[IFNAMSIZ];
	struct packet_path flows[RING_FLOWS];
};

union porter_request {
	struct porter_ask ask;
	struct porter_order order;
};

struct porter_reply {
	uint8_t type, kind; /* of a ring: its place */
	uint8_t count;      /* asked for; fewer descriptors come when some failed */
	int32_t error;
};

struct porter_message {
	struct porter_reply reply;
	char text[RESOLVCONF_SIZE_MAX];
};

/* --- the porter's own process ------------------------------------------------------- */

struct porter_watch {
	int inotify;
	const char *path;
	struct buf last;
	struct netlink *nl; /* of the realm */
	int rings[RING_MAX];
	uint32_t ports[RING_MAX];
};

static const struct porter_shape {
	int family, type, protocol;
} porter_shapes[PORTER_KINDS] = {
	[PORTER_TCP4] = { AF_INET, SOCK_STREAM, 0 },
	[PORTER_TCP6] = { AF_INET6, SOCK_STREAM, 0 },
	[PORTER_UDP4] = { AF_INET, SOCK_DGRAM, 0 },
	[PORTER_UDP6] = { AF_INET6, SOCK_DGRAM, 0 },
	[PORTER_HOLD4] = { AF_PACKET, SOCK_DGRAM, 0 },
	[PORTER_HOLD6] = { AF_PACKET, SOCK_DGRAM, 0 },
	[PORTER_RAW4] = { AF_INET, SOCK_RAW, IPPROTO_RAW },
	[PORTER_RAW6] = { AF_INET6, SOCK_RAW, IPPROTO_RAW },
};

static int porter_transparent(int fd, const struct porter_shape *shape)
{
	bool six = shape->family == AF_INET6;
	int on = 1;

	if (setsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP,
		       six ? IPV6_TRANSPARENT : IP_TRANSPARENT, &on, sizeof(on)) != 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (six)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (shape->type == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return 0;
}

static int porter_socket(enum porter_kind kind)
{
	const struct porter_shape *shape = &porter_shapes[kind];
	autoclose int fd =
		socket(shape->family, shape->type | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       shape->protocol);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (shape->family != AF_PACKET)
		rc = porter_transparent(fd, shape);
	return rc ? rc : TAKE_FD(fd);
}

static int porter_set_rule(int sock, struct netlink *nl, const struct porter_ask *ask)
{
	struct porter_reply r = { .type = PORTER_RULED, .kind = PORTER_RULE };

	if (ask->count)
		link_add_port_rule(nl, &ask->addr, ask->port, BRIDGE_TABLE);
	else
		link_del_port_rule(nl, &ask->addr, ask->port, BRIDGE_TABLE);
	r.error = netlink_commit(nl, NULL);
	return fd_send(sock, &r, sizeof(r), NULL, 0);
}

static void porter_end_ring(struct porter_watch *w, unsigned int i)
{
	if (w->rings[i] >= 0)
		ring_end(w->nl, w->ports[i]);
	/* The kernel waits here until nobody writes into it any more: the stack, which
	 * has its own descriptor, shall not. */
	w->rings[i] = fd_close(w->rings[i]);
}

static int porter_begin_ring(struct porter_watch *w, const struct porter_order *o)
{
	autoclose int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc =
		fd < 0 ? -errno : link_index(w->nl, o->ifname, &w->ports[o->place], NULL);

	if (!rc)
		rc = ring_begin(fd, w->nl, w->ports[o->place], o->flows, o->len);
	if (!rc)
		w->rings[o->place] = TAKE_FD(fd);
	return rc;
}

static int porter_set_ring(int sock, struct porter_watch *w, struct porter_order *o)
{
	struct porter_reply r = { .type = PORTER_RINGED, .kind = o->place };
	bool fresh;

	if (o->place >= RING_MAX || o->len > RING_FLOWS)
		return -EINVAL;
	o->ifname[sizeof(o->ifname) - 1] = 0;
	fresh = w->rings[o->place] < 0 && o->len;
	if (fresh)
		r.error = porter_begin_ring(w, o);
	else if (o->len)
		r.error = ring_change(w->rings[o->place], w->nl, w->ports[o->place],
				      o->flows, o->len);
	if (r.error || !o->len)
		porter_end_ring(w, o->place);
	return fd_send(sock, &r, sizeof(r), &w->rings[o->place], fresh && !r.error);
}

static int porter_answer(int sock, const struct porter_ask *ask)
{
	struct porter_reply r = { PORTER_SOCKETS, ask->kind, ask->count, 0 };
	int fds[PORTER_BATCH];
	size_t n = 0;
	int rc;

	if (ask->kind >= PORTER_KINDS || ask->count > PORTER_BATCH)
		return -EINVAL;
	while (n < ask->count) {
		int fd = porter_socket(ask->kind);

		if (fd < 0) {
			r.error = fd;
			break;
		}
		fds[n++] = fd;
	}
	rc = fd_send(sock, &r, sizeof(r), fds, n);
	while (n)
		close(fds[--n]);
	return rc;
}

/* Watches the folder of the file and, when the file is a link, of what it leads to: both
 * are replaced by renaming. */
static void porter_watch_folders(struct porter_watch *w)
{
	const uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE;
	char real[PATH_MAX];
	autofree char *dir = path_dir(w->path);

	inotify_add_watch(w->inotify, dir, mask);
	if (realpath(w->path, real)) {
		autofree char *target = path_dir(real);

		inotify_add_watch(w->inotify, target, mask);
	}
}

/* Sends the file when it differs from what was sent last. */
static int porter_send_resolv(int sock, struct porter_watch *w)
{
	autofree struct porter_message *m = mem_new(struct porter_message);
	struct buf now = { .max = RESOLVCONF_SIZE_MAX };
	size_t n;

	file_read(AT_FDCWD, w->path, RESOLVCONF_SIZE_MAX, &now);
	if (w->last.data && now.len == w->last.len &&
	    memcmp(buf_str(&now), buf_str(&w->last), now.len) == 0) {
		buf_done(&now);
		return 0;
	}
	buf_done(&w->last);
	w->last = now;
	if (!w->last.data)
		buf_adds(&w->last, "");
	n = w->last.len;
	m->reply.type = PORTER_RESOLV;
	memcpy(m->text, buf_str(&w->last), n);
	return fd_send(sock, m, sizeof(m->reply) + n, NULL, 0);
}

/* What it was asked; 0 to go on. */
static int porter_serve(int sock, struct porter_watch *w)
{
	union porter_request q;
	ssize_t n = fd_read(sock, &q, sizeof(q));

	if (n == sizeof(q.order) && q.order.kind == PORTER_RING)
		return porter_set_ring(sock, w, &q.order);
	if (n != sizeof(q.ask))
		return n < 0 ? (int)n : -EPIPE;
	return q.ask.kind == PORTER_RULE ? porter_set_rule(sock, w->nl, &q.ask)
					 : porter_answer(sock, &q.ask);
}

static int porter_loop(int sock, struct porter_watch *w)
{
	struct pollfd p[2] = { { .fd = sock, .events = POLLIN },
			       { .fd = w->inotify, .events = POLLIN } };
	char events[4096] __attribute__((aligned(8)));
	int rc = porter_send_resolv(sock, w);

	while (!rc) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return -errno;
		if (p[1].revents & POLLIN) {
			while (read(w->inotify, events, sizeof(events)) > 0)
				;
			porter_watch_folders(w);
			rc = porter_send_resolv(sock, w);
		}
		if (p[0].revents)
			rc = porter_serve(sock, w);
	}
	return rc;
}

int porter_join(int realm_pidfd)
{
	/* EINVAL: the realm's user namespace is our own (rootless net inside of one). */
	if (setns(realm_pidfd, CLONE_NEWUSER | CLONE_NEWNET) == 0 ||
	    (errno == EINVAL && setns(realm_pidfd, CLONE_NEWNET) == 0))
		return 0;
	return -errno;
}

/* Tells the stack how the start went, then serves. */
static int porter_main(int sock, int realm_pidfd, const char *path)
{
	struct porter_watch w = { .path = path };
	struct err e = { 0 };
	int32_t started;

	prctl(PR_SET_NAME, "rootless-porter");
	started = porter_join(realm_pidfd);
	/* Only now: a change of credentials clears it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	w.inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	porter_watch_folders(&w);
	w.nl = mem_new(struct netlink);
	if (!started)
		started = netlink_open(w.nl, NETLINK_ROUTE, NULL);
	if (!started)
		ring_sweep(w.nl);
	for (size_t i = 0; i < RING_MAX; i++)
		w.rings[i] = -1;
	fd_close_except(3, (int[]){ sock, w.inotify, w.nl->fd }, 3);
	if (!started)
		started = confine_porter(&e);
	if (fd_write_all(sock, &started, sizeof(started)) != 0 || started)
		return 1;
	return porter_loop(sock, &w) == 0 ? 0 : 1;
}

/* --- the stack's side -----------------------------------------------------------------
 */

static int porter_ask(struct porter *p, enum porter_kind kind, uint8_t count)
{
	struct porter_ask ask = { .kind = (uint8_t)kind, .count = count };
	int rc = fd_write_all(p->sock, &ask, sizeof(ask));

	if (!rc)
		p->asked[kind] = (uint8_t)(p->asked[kind] + count);
	return rc;
}

static void porter_store(struct porter *p, const struct porter_reply *r, const int *fds,
			 size_t n)
{
	if (r->kind >= PORTER_KINDS)
		return;
	p->asked[r->kind] = p->asked[r->kind] > r->count
				    ? (uint8_t)(p->asked[r->kind] - r->count)
				    : 0;
	p->failed[r->kind] = r->error ? r->error : -EIO;
	for (size_t i = 0; i < n; i++) {
		if (p->stocked[r->kind] < PORTER_STOCK)
			p->stock[r->kind][p->stocked[r->kind]++] = fds[i];
		else
			fd_close(fds[i]);
	}
}

/* Waits for the next of its messages. */
static int porter_receive(struct porter *p)
{
	struct porter_message m;
	int fds[PORTER_BATCH];
	size_t nfds = PORTER_BATCH;
	ssize_t n;

	m.reply = (struct porter_reply){ 0 };
	n = fd_recv(p->sock, &m, sizeof(m), fds, &nfds);
	/* This process has no room for more descriptors. */
	if (n == -EMSGSIZE && m.reply.type != PORTER_RESOLV) {
		m.reply.error = -EMFILE;
		n = sizeof(m.reply);
		nfds = 0;
	}
	if (n < 0)
		return (int)n;
	if ((size_t)n < sizeof(m.reply))
		return -EPIPE;
	if (m.reply.type == PORTER_RESOLV) {
		resolvconf_parse(m.text, (size_t)n - sizeof(m.reply), &p->resolv);
		p->resolv_read++;
		return 0;
	}
	if (m.reply.type == PORTER_RULED) {
		p->ruled = true;
		p->rule = m.reply.error;
		return 0;
	}
	if (m.reply.type == PORTER_RINGED && m.reply.kind < RING_MAX) {
		struct porter_ring *r = &p->rings[m.reply.kind];

		if (r->orders)
			r->orders--;
		r->error = m.reply.error;
		if (nfds)
			r->fd = fds[0];
		return 0;
	}
	porter_store(p, &m.reply, fds, nfds);
	return 0;
}

static int porter_greeting(struct porter *p, struct err *e)
{
	int32_t started;

	if (fd_read(p->sock, &started, sizeof(started)) != sizeof(started))
		return err_set(e, -EPIPE, "the network's socket maker did not start");
	if (started)
		return err_code(e, started, "join the realm to make sockets");
	/* The first resolv.conf follows at once. */
	return porter_receive(p);
}

int porter_start(struct porter *p, int realm_pidfd, const char *path, struct err *e)
{
	int pair[2], rc;
	pid_t pid;

	memset(p, 0, sizeof(*p));
	for (size_t i = 0; i < RING_MAX; i++)
		p->rings[i].fd = -1;
	rc = fd_socketpair(SOCK_SEQPACKET, pair);
	if (rc)
		return err_code(e, rc, "make a socket pair");
	pid = fork();
	if (pid == 0)
		_exit(porter_main(pair[1], realm_pidfd, path));
	fd_close(pair[1]);
	p->sock = pair[0];
	if (pid < 0)
		return err_sys(e, "fork");
	return porter_greeting(p, e);
}

int porter_event(struct porter *p)
{
	struct pollfd in = { .fd = p->sock, .events = POLLIN };

	return poll(&in, 1, 0) > 0 ? porter_receive(p) : 0;
}

int porter_rule(struct porter *p, bool add, const struct ip_addr *addr, uint16_t port)
{
	struct porter_ask ask = {
		.kind = PORTER_RULE, .count = add, .port = port, .addr = *addr
	};
	int rc = fd_write_all(p->sock, &ask, sizeof(ask));

	p->ruled = false;
	while (!rc && !p->ruled)
		rc = porter_receive(p);
	return rc ? rc : p->rule;
}

int porter_ring(struct porter *p, unsigned int place, const char *ifname,
		const struct packet_path *flows, size_t n)
{
	struct porter_order o = { .kind = PORTER_RING,
				  .place = (uint8_t)place,
				  .len = (uint8_t)n };
	int rc;

	str_copy(o.ifname, sizeof(o.ifname), ifname);
	memcpy(o.flows, flows, n * sizeof(*flows));
	rc = fd_write_all(p->sock, &o, sizeof(o));
	if (!rc)
		p->rings[place].orders++;
	return rc;
}

bool porter_ring_idle(const struct porter *p, unsigned int place)
{
	const struct porter_ring *r = &p->rings[place];

	return !r->orders && !r->error && r->fd < 0;
}

int porter_take(struct porter *p, enum porter_kind kind)
{
	bool batch = kind <= PORTER_UDP6;
	int rc = 0;

	while (!p->stocked[kind] && !rc) {
		if (!p->asked[kind])
			rc = porter_ask(p, kind, batch ? PORTER_BATCH : 1);
		if (!rc)
			rc = porter_receive(p);
		if (!rc && !p->stocked[kind] && !p->asked[kind])
			rc = p->failed[kind];
	}
	if (rc)
		return rc;
	if (batch && p->stocked[kind] <= PORTER_LOW && !p->asked[kind])
		porter_ask(p, kind, PORTER_BATCH);
	return p->stock[kind][--p->stocked[kind]];
}
