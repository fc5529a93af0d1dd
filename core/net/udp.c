/* SPDX-License-Identifier: Apache-2.0 */
/* UDP flows.
 *
 * Out. A TPROXY rule hands a container's datagram to a socket that is connected to its
 * source and bound to its destination, when there is one: the flow's realm socket; else
 * to the one transparent socket that sees all, and udp_receive makes the flow. From then
 * on datagrams go socket to socket, a batch a call.
 *
 * In. Datagrams of all clients come by the inlet's socket; each client gets a flow, whose
 * realm socket bears the client's address. Answers go out by the inlet's socket again,
 * from the address that the client spoke to.
 *
 * A flow that floods gets its small datagrams by a ring (udp_ring.c) for as long as it
 * does; its sockets stay.
 *
 * A flow ends when nothing has come by for UDP_IDLE_MS; when the table is full, of the
 * container that has most of it the one that has been silent longest (share.h). */
#include "core/net/udp_inside.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/base/fd.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/net/border.h"
#include "core/net/bridge.h"
#include "core/net/ref.h"
#include "core/net/sockaddr.h"

#define UDP_IDLE_MS  120000
#define UDP_QUICK_MS 15000 /* one question, one answer: DNS */
#define UDP_DNS      53
#define UDP_SWEEP_MS 1000
#define UDP_RCVBUF   (1 << 21)
#define UDP_TURN     4 /* batches, then the others */

static void udp_enlarge(int fd)
{
	int size = UDP_RCVBUF;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

int udp_open(struct udp *u, uint16_t limit, struct err *e)
{
	static const struct ip_addr at[2] = {
		{ .family = AF_INET, .bytes = { 127, 0, 0, 1 } },
		{ .family = AF_INET6, .bytes = { [15] = 1 } },
	};

	udp_ring_init(u);
	memset(u->buckets, 0xff, sizeof(u->buckets));
	id_random(&u->key, sizeof(u->key));
	share_init(&u->share, u->places, limit < UDP_MAX ? limit : UDP_MAX);
	u->outlet[0] = u->outlet[1] = -1;
	for (unsigned int six = 0; six < 2; six++) {
		struct sockaddr_storage ss;
		socklen_t len = sockaddr_set(&ss, &at[six], BRIDGE_STACK_PORT);
		int fd = porter_take(u->porter, six ? PORTER_UDP6 : PORTER_UDP4);
		int rc = fd < 0 ? fd : 0;

		if (!rc && bind(fd, (struct sockaddr *)&ss, len) != 0)
			rc = -errno;
		if (!rc)
			rc = ref_add(u->epfd, fd, EPOLLIN,
				     (struct ref){ REF_UDP_OUT, (uint8_t)six, 0, 0 });
		if (rc) {
			fd_close(fd);
			if (six)
				break; /* a realm without IPv6 */
			return err_code(e, rc, "listen for the containers' datagrams");
		}
		udp_enlarge(fd);
		datagram_options(fd, at[six].family, true);
		u->outlet[six] = fd;
	}
	return 0;
}

/* --- the table -------------------------------------------------------------------------
 */

static uint16_t *udp_bucket(struct udp *u, const struct packet_path *p)
{
	return &u->buckets[packet_path_hash(p, u->key) % UDP_BUCKETS];
}

static void udp_free(struct udp *u, struct udp_flow *f)
{
	uint16_t *at = udp_bucket(u, &f->path);

	while (*at != UDP_NONE && &u->v[*at] != f)
		at = &u->v[*at].next;
	if (*at != UDP_NONE)
		*at = f->next;
	udp_ring_leave(u, f);
	if (!f->inward)
		fd_close(f->fd[UDP_HOST]);
	fd_close(f->fd[UDP_REALM]);
	share_give(&u->share, (uint16_t)(f - u->v));
	f->live = false;
	f->gen++;
	u->live--;
}

static struct udp_flow *udp_new(struct udp *u, uint32_t tenant)
{
	uint16_t due = share_due(&u->share, tenant);

	if (due != SHARE_NONE)
		udp_free(u, &u->v[due]);
	return &u->v[share_take(&u->share, tenant)];
}

static struct udp_flow *udp_add(struct udp *u, const struct udp_flow *like)
{
	struct udp_flow *f = udp_new(u, like->tenant);
	struct ref r = { .kind = REF_UDP_FLOW };
	uint16_t gen, *bucket;
	int rc;

	gen = (uint16_t)(f->gen + 1);
	*f = *like;
	f->gen = gen;
	f->since = (uint32_t)u->now;
	f->live = true;
	u->live++;
	bucket = udp_bucket(u, &f->path);
	f->next = *bucket;
	*bucket = (uint16_t)(f - u->v);
	r.gen = f->gen;
	r.index = (uint32_t)(f - u->v);
	r.side = UDP_REALM;
	rc = ref_add(u->epfd, f->fd[UDP_REALM], EPOLLIN, r);
	r.side = UDP_HOST;
	if (!rc && !f->inward)
		rc = ref_add(u->epfd, f->fd[UDP_HOST], EPOLLIN, r);
	if (!rc)
		return f;
	udp_free(u, f);
	return NULL;
}

static void udp_touch(struct udp *u, struct udp_flow *f)
{
	uint16_t port = f->inward ? 0 : f->path.dst_port;

	share_touch(&u->share, (uint16_t)(f - u->v));
	f->deadline = u->now + (port == UDP_DNS ? UDP_QUICK_MS : UDP_IDLE_MS);
}

/* --- sockets ---------------------------------------------------------------------------
 */

/* A realm socket that bears the path's source and speaks to its destination. */
static int udp_realm_socket(struct udp *u, const struct packet_path *p)
{
	bool six = p->src.family == AF_INET6;
	autoclose int fd = porter_take(u->porter, six ? PORTER_UDP6 : PORTER_UDP4);
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_set(&ss, &p->src, p->src_port);

	if (fd < 0)
		return fd;
	udp_enlarge(fd);
	if (bind(fd, (struct sockaddr *)&ss, len) != 0)
		return -errno;
	len = sockaddr_set(&ss, &p->dst, p->dst_port);
	if (connect(fd, (struct sockaddr *)&ss, len) != 0)
		return -errno;
	datagram_join(fd);
	return TAKE_FD(fd);
}

static int udp_host_socket(const struct ip_addr *to, uint16_t port)
{
	autoclose int fd =
		socket(to->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_set(&ss, to, port);

	if (fd < 0)
		return -errno;
	udp_enlarge(fd);
	if (connect(fd, (struct sockaddr *)&ss, len) != 0)
		return -errno;
	datagram_join(fd);
	return TAKE_FD(fd);
}

/* --- out
 * --------------------------------------------------------------------------------- */

/* Tells the container that its datagrams do not get through, and why. */
static void udp_refuse(struct udp *u, const struct packet_path *p, int code)
{
	uint8_t quoted[PACKET_MAX], answer[PACKET_MAX];
	uint8_t head[8] = { (uint8_t)(p->src_port >> 8),
			    (uint8_t)p->src_port,
			    (uint8_t)(p->dst_port >> 8),
			    (uint8_t)p->dst_port,
			    0,
			    8 };
	size_t n = packet_write_quote(quoted, p, IPPROTO_UDP, head, sizeof(head));

	n = packet_write_unreachable(answer, &p->dst, quoted, n, -code);
	if (n)
		hold_route(u->hold, answer, n);
}

static struct udp_flow *udp_find_out(struct udp *u, const struct packet_path *p)
{
	for (uint16_t i = *udp_bucket(u, p); i != UDP_NONE; i = u->v[i].next) {
		struct udp_flow *f = &u->v[i];

		if (!f->inward && packet_path_eq(&f->path, p))
			return f;
	}
	return NULL;
}

static struct udp_flow *udp_start_out(struct udp *u, const struct packet_path *p)
{
	struct packet_path back = { p->dst, p->src, p->dst_port, p->src_port };
	struct udp_flow like = { .path = *p, .fd = { -1, -1 } };
	const struct stack_attachment *place;
	struct tenant *who = tenant_find(u->tenants, &p->src, &place);
	struct ip_addr to;
	int rc;

	if (!who || place->closed & 1u << STACK_UDP)
		return NULL;
	like.tenant = tenant_index(u->tenants, who);
	rc = border_out(u->tenants, place, &p->dst, p->dst_port, &to);
	if (!rc) {
		like.fd[UDP_HOST] = udp_host_socket(&to, p->dst_port);
		rc = like.fd[UDP_HOST] < 0 ? like.fd[UDP_HOST] : 0;
	}
	if (!rc)
		like.fd[UDP_REALM] = udp_realm_socket(u, &back);
	if (like.fd[UDP_REALM] >= 0)
		return udp_add(u, &like);
	fd_close(like.fd[UDP_HOST]);
	udp_refuse(u, p, rc ? rc : -EACCES);
	return NULL;
}

void udp_receive(struct udp *u, unsigned int six)
{
	int n = datagram_receive(&u->batch, u->outlet[six]);

	for (int i = 0; i < n; i++) {
		struct packet_path p = { .dst = u->batch.to[i],
					 .dst_port = u->batch.to_port[i] };
		struct udp_flow *f;

		if (p.dst.family == AF_UNSPEC ||
		    sockaddr_get(&u->batch.from[i], &p.src, &p.src_port) != 0)
			continue;
		f = udp_find_out(u, &p);
		if (!f)
			f = udp_start_out(u, &p);
		if (!f)
			continue;
		udp_touch(u, f);
		datagram_send(&u->batch, f->fd[UDP_HOST], i, 1);
	}
}

void udp_packet(struct udp *u, const struct packet *p)
{
	const size_t header = 8;
	struct packet_path path = { p->src, p->dst, p->src_port, p->dst_port };
	struct udp_flow *f = udp_find_out(u, &path);

	if (!f)
		f = udp_start_out(u, &path);
	if (!f)
		return;
	udp_touch(u, f);
	udp_ring_weigh(u, f, p->l4_len - header);
	udp_ring_before(u, f);
	send(f->fd[UDP_HOST], p->l4 + header, p->l4_len - header, MSG_DONTWAIT);
}

/* --- in
 * ---------------------------------------------------------------------------------- */

static bool udp_same_client(const struct sockaddr_storage *a,
			    const struct sockaddr_storage *b)
{
	struct ip_addr x, y;
	uint16_t p, q;

	return sockaddr_get(a, &x, &p) == 0 && sockaddr_get(b, &y, &q) == 0 && p == q &&
	       ipam_addr_eq(&x, &y);
}

/* Inward flows are found by the client, the container's port and the inlet: the key below
 * stands in for a path until the true one is known. */
static struct udp_flow *udp_find_in(struct udp *u, const struct packet_path *key,
				    uint32_t inlet, const struct sockaddr_storage *client)
{
	for (uint16_t i = *udp_bucket(u, key); i != UDP_NONE; i = u->v[i].next) {
		struct udp_flow *f = &u->v[i];

		if (f->inward && f->inlet == inlet && udp_same_client(&f->client, client))
			return f;
	}
	return NULL;
}

static struct udp_flow *udp_start_in(struct udp *u, const struct inlet *i,
				     const struct udp_flow *like)
{
	const struct stack_attachment *at = tenant_entrance(&u->tenants->v[i->tenant]);
	struct packet_path p = { .src_port = like->path.src_port, .dst_port = i->port };
	struct udp_flow in = *like;

	if (i->outward) {
		struct ip_addr to = border_loopback(like->path.src.family);

		in.fd[UDP_REALM] = udp_host_socket(&to, i->port);
		return in.fd[UDP_REALM] < 0 ? NULL : udp_add(u, &in);
	}
	if (!at || border_in(u->tenants, at, &like->path.src, &p.src, &p.dst) != 0)
		return NULL;
	if (!ipam_addr_eq(&p.src, &like->path.src))
		p.src_port = 0;
	in.fd[UDP_REALM] = udp_realm_socket(u, &p);
	if (in.fd[UDP_REALM] < 0 && p.src_port) {
		p.src_port = 0;
		in.fd[UDP_REALM] = udp_realm_socket(u, &p);
	}
	return in.fd[UDP_REALM] < 0 ? NULL : udp_add(u, &in);
}

void udp_inlet(struct udp *u, const struct inlet *inlet, uint32_t index)
{
	int n = datagram_receive(&u->batch, inlet->fd);

	for (int i = 0, run; i < n; i += run) {
		struct udp_flow like = { .inward = true,
					 .inlet = index,
					 .tenant = inlet->tenant,
					 .client = u->batch.from[i],
					 .local = u->batch.to[i],
					 .fd = { inlet->fd, -1 },
					 .path.dst_port = inlet->port };
		struct udp_flow *f;

		for (run = 1; i + run < n && udp_same_client(&u->batch.from[i],
							     &u->batch.from[i + run]);)
			run++;
		if (sockaddr_get(&like.client, &like.path.src, &like.path.src_port) != 0)
			continue;
		like.path.dst.family = like.path.src.family;
		f = udp_find_in(u, &like.path, index, &like.client);
		if (!f)
			f = udp_start_in(u, inlet, &like);
		if (!f)
			continue;
		udp_touch(u, f);
		datagram_send(&u->batch, f->fd[UDP_REALM], i, run);
	}
}

/* --- both
 * -------------------------------------------------------------------------------- */

void udp_forward(struct udp *u, struct datagrams *d, struct udp_flow *f,
		 unsigned int side, int n)
{
	udp_touch(u, f);
	if (f->inward) {
		d->out_to = &f->client;
		d->out_local = &f->local;
	}
	datagram_send(d, f->fd[!side], 0, n);
	d->out_to = NULL;
	d->out_local = NULL;
}

bool udp_pass(struct udp *u, struct datagrams *d, struct udp_flow *f, unsigned int side)
{
	int n = datagram_receive(d, f->fd[side]);
	/* The receive has taken the error off the socket. */
	if (n < 0 && n != -EAGAIN && side == UDP_HOST && !f->inward)
		udp_refuse(u, &f->path, n);
	if (n <= 0)
		return false;
	for (int i = 0; side == UDP_REALM && i < n; i++)
		udp_ring_weigh(u, f, d->m[i].msg_len);
	if (side == UDP_REALM)
		udp_ring_before(u, f);
	udp_forward(u, d, f, side, n);
	return n == DATAGRAM_BATCH;
}

void udp_event(struct udp *u, uint32_t index, uint16_t gen, unsigned int side)
{
	bool more;

	if (index >= u->share.used || !u->v[index].live || u->v[index].gen != gen)
		return;
	more = true;
	for (int i = 0; i < UDP_TURN && more; i++)
		more = udp_pass(u, &u->batch, &u->v[index], side);
}

static void udp_sweep(struct udp *u)
{
	u->swept = u->now;
	udp_ring_sweep(u);
	for (uint16_t i = 0; i < u->share.used; i++)
		if (u->v[i].live && u->v[i].deadline <= u->now)
			udp_free(u, &u->v[i]);
}

void udp_expire(struct udp *u)
{
	udp_ring_news(u);
	if (u->now - u->swept >= UDP_SWEEP_MS)
		udp_sweep(u);
	if (u->live || !u->share.used)
		return;
	/* Nobody holds any: the kernel gets the memory of flows and datagrams back. */
	mem_rest(u->v, u->share.used * sizeof(u->v[0]));
	mem_rest(u->batch.data, sizeof(u->batch.data));
	mem_rest(u->ringed.data, sizeof(u->ringed.data));
	share_clear(&u->share);
}

void udp_withdraw(struct udp *u, uint32_t tenant, uint16_t port)
{
	for (uint16_t i = 0; i < u->share.used; i++)
		if (u->v[i].live && u->v[i].tenant == tenant && u->v[i].inward &&
		    u->v[i].path.dst_port == port)
			udp_free(u, &u->v[i]);
}

void udp_evict(struct udp *u, uint32_t tenant, const struct ip_addr *addr)
{
	for (uint16_t i = 0; i < u->share.used; i++)
		if (u->v[i].live && u->v[i].tenant == tenant &&
		    (u->v[i].inward || packet_path_has(&u->v[i].path, addr)))
			udp_free(u, &u->v[i]);
}
