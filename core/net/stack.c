/* SPDX-License-Identifier: Apache-2.0 */
/* The stack: the process that carries a realm's traffic to and from the host.
 *
 * Holds: the host's sockets and the realm's, a packet socket in the realm, the porter's
 * socket, one connection for each registered container. Gives up, before it serves: every
 * file, exec, fork, namespaces (confine.c).
 *
 * One epoll loop; each event names its owner (ref.h). What is on the path of packets
 * lives in tables of fixed size inside struct stack, taken once and touched only as used.
 */
#include "core/net/stack.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/net/confine.h"
#include "core/net/control.h"
#include "core/net/ping.h"
#include "core/net/query.h"
#include "core/net/quota.h"
#include "core/net/ref.h"
#include "core/net/stream.h"
#include "core/net/udp.h"

#define STACK_EVENTS      256
#define STACK_TICK_MS     250
#define STACK_SWEEP_MS    2000
#define STACK_FDS_MESSAGE 2

struct stack {
	int epfd;
	int listen_fd;
	uid_t uid;
	uint32_t linger_ms;
	uint64_t idle_since; /* ms; 0: not idle */
	struct porter porter;
	struct hold hold;
	struct tcp tcp;
	struct resolver resolver;
	struct tenants tenants;
	struct inlets inlets;
	struct wickets wickets;
	struct queries queries;
	struct streams streams;
	struct flow_table flows;
	struct pings pings;
	struct udp udp;
};

/* --- registrations ---------------------------------------------------------------------
 */

static void stack_evict(struct stack *s, struct tenant *t)
{
	uint32_t index = tenant_index(&s->tenants, t);

	ping_evict(&s->pings, index, NULL);
	udp_evict(&s->udp, index, NULL);
	inlet_evict(&s->inlets, s->epfd, index);
	for (size_t i = 0; i < t->places_len; i++)
		wicket_leave(&s->wickets, &t->places[i]);
	tcp_evict(&s->tcp, index, NULL);
	tenant_free(&s->tenants, t);
	if (!s->tenants.live)
		s->idle_since = s->tcp.now;
}

/* Only the user itself may register. */
static bool stack_peer_allowed(const struct stack *s, int sock)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	return getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
	       cred.uid == s->uid;
}

static void stack_accept(struct stack *s)
{
	int sock = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ref r = { .kind = REF_TENANT };
	struct tenant *t;

	if (sock < 0)
		return;
	t = stack_peer_allowed(s, sock) ? tenant_new(&s->tenants, sock) : NULL;
	if (!t) {
		fd_close(sock);
		return;
	}
	s->idle_since = 0;
	r.gen = t->gen;
	r.index = tenant_index(&s->tenants, t);
	if (ref_add(s->epfd, sock, EPOLLIN | EPOLLRDHUP, r) != 0)
		stack_evict(s, t);
}

static int stack_add_place(struct stack *s, struct tenant *t,
			   struct stack_attachment *place)
{
	int rc;

	if (t->places_len == STACK_NETWORKS_MAX)
		return -E2BIG;
	rc = wicket_enter(&s->wickets, place);
	if (rc)
		return rc;
	t->places = mem_resize(t->places, t->places_len + 1, sizeof(*t->places));
	t->places[t->places_len++] = *place;
	memset(&place->names, 0, sizeof(place->names));
	return 0;
}

static int stack_add_host(struct tenant *t, const struct tenant_host *host)
{
	if (t->hosts_len == TENANT_HOSTS_MAX)
		return -E2BIG;
	t->hosts = mem_resize(t->hosts, t->hosts_len + 1, sizeof(*t->hosts));
	t->hosts[t->hosts_len++] = *host;
	return 0;
}

static int stack_add_inlets(struct stack *s, struct tenant *t, const struct publish *map,
			    int *fds, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		rc = inlet_add(&s->inlets, s->epfd, tenant_index(&s->tenants, t), map,
			       TAKE_FD(fds[i]));
	return rc;
}

static int stack_answer(int sock, int code, const char *text)
{
	autobuf b = { .max = CONTROL_MESSAGE_MAX };
	int rc = control_put_answer(&b, code, text);

	return rc ? rc : fd_send(sock, b.data, b.len, NULL, 0);
}

/* The network is no longer the container's: what went by its address there ends. */
static int stack_leave(struct stack *s, struct tenant *t, const char *network)
{
	uint32_t index = tenant_index(&s->tenants, t);
	size_t i = 0;

	while (i < t->places_len && !str_eq(t->places[i].network, network))
		i++;
	if (i == t->places_len)
		return -ENOENT;
	const struct ip_addr addrs[] = { t->places[i].addr, t->places[i].addr6 };
	for (size_t k = 0; k < ARRAY_LEN(addrs); k++) {
		if (addrs[k].family == AF_UNSPEC)
			continue;
		ping_evict(&s->pings, index, &addrs[k]);
		udp_evict(&s->udp, index, &addrs[k]);
		tcp_evict(&s->tcp, index, &addrs[k]);
	}
	wicket_leave(&s->wickets, &t->places[i]);
	strv_done(&t->places[i].names);
	memmove(&t->places[i], &t->places[i + 1],
		(t->places_len - i - 1) * sizeof(*t->places));
	t->places_len--;
	return 0;
}

/* From here on t speaks for the container that is registered under its ID. */
static int stack_amends(struct stack *s, struct tenant *t)
{
	const struct tenant *of = tenant_of(&s->tenants, t->id);

	if (!of)
		return -ENOENT;
	t->amends = true;
	t->of = tenant_index(&s->tenants, of);
	t->of_gen = of->gen;
	return 0;
}

static int stack_amend_message(struct stack *s, struct tenant *t, struct control *c)
{
	struct tenant *of = tenant_get(&s->tenants, t->of, t->of_gen);

	if (!of)
		return -ENOENT;
	switch (c->type) {
	case CONTROL_PLACE:
		return stack_add_place(s, of, &c->place);
	case CONTROL_LEAVE:
		return stack_leave(s, of, c->place.network);
	case CONTROL_COMMIT:
		return stack_answer(t->sock, 0, "");
	default:
		return -EPROTO;
	}
}

/* 0 to go on with the connection. */
static int stack_message(struct stack *s, struct tenant *t, struct control *c, int *fds,
			 size_t n)
{
	if (t->amends)
		return stack_amend_message(s, t, c);
	switch (c->type) {
	case CONTROL_AMEND:
		return stack_amends(s, t);
	case CONTROL_HELLO:
		memcpy(t->id, c->id, sizeof(t->id));
		return c->version >= 1 ? 0 : -EPROTO;
	case CONTROL_PLACE:
		return stack_add_place(s, t, &c->place);
	case CONTROL_ROUTER:
		return tenant_set_router(t, &c->place);
	case CONTROL_PUBLISH:
		return stack_add_inlets(s, t, &c->map, fds, n);
	case CONTROL_HOST:
		return stack_add_host(t, &c->host);
	case CONTROL_COMMIT:
		t->live = true;
		return stack_answer(t->sock, 0, "");
	default:
		return -EPROTO;
	}
}

/* One message of a registration; a bad one ends it. */
static void stack_tenant(struct stack *s, struct tenant *t)
{
	uint8_t data[CONTROL_MESSAGE_MAX];
	int fds[STACK_FDS_MESSAGE] = { -1, -1 };
	size_t nfds = STACK_FDS_MESSAGE;
	struct control c;
	ssize_t n = fd_recv(t->sock, data, sizeof(data), fds, &nfds);
	int rc;

	if (n == -EAGAIN)
		return;
	if (n <= 0) {
		stack_evict(s, t);
		return;
	}
	rc = control_parse(data, (size_t)n, &c);
	if (!rc) {
		rc = stack_message(s, t, &c, fds, nfds);
		control_done(&c);
	}
	for (size_t i = 0; i < nfds; i++)
		fd_close(fds[i]);
	if (rc) {
		stack_answer(t->sock, rc, "the registration was refused");
		stack_evict(s, t);
	}
}

/* --- the loop
 * ---------------------------------------------------------------------------- */

static void stack_held(void *arg, const struct packet *p, const struct hold_link *from)
{
	struct stack *s = arg;

	if (tenant_gateway(&s->tenants, &p->dst))
		return;
	if (p->kind == PACKET_SYN)
		tcp_syn(&s->tcp, p, from);
	else
		ping_request(&s->pings, p, from);
}

static void stack_gate(struct stack *s, struct ref r)
{
	struct wicket *g = wicket_get(&s->wickets, r.index, r.gen);

	if (!g)
		return;
	if (r.kind == REF_WICKET_UDP)
		query_receive(&s->queries, g, r.side);
	else
		stream_accept(&s->streams, g, r.side);
}

static int stack_event(struct stack *s, struct ref r, uint32_t events)
{
	struct tenant *t;
	struct inlet *i;
	struct flow *f;

	switch (r.kind) {
	case REF_CONTROL:
		stack_accept(s);
		break;
	case REF_TENANT:
		t = tenant_get(&s->tenants, r.index, r.gen);
		if (t)
			stack_tenant(s, t);
		break;
	case REF_PORTER:
		return porter_receive(&s->porter);
	case REF_HOLD:
		hold_receive(&s->hold, r.side, stack_held, s);
		break;
	case REF_OUTLET:
		tcp_accept(&s->tcp, r.side);
		break;
	case REF_INLET:
		i = inlet_get(&s->inlets, r.index, r.gen);
		if (i && i->proto == PUBLISH_UDP)
			udp_inlet(&s->udp, i, r.index);
		else if (i)
			inlet_accept(i, &s->tcp);
		break;
	case REF_UDP_OUT:
		udp_receive(&s->udp, r.side);
		break;
	case REF_UDP_FLOW:
		udp_event(&s->udp, r.index, r.gen, r.side);
		break;
	case REF_PING:
		ping_event(&s->pings, r.index, r.gen);
		break;
	case REF_WICKET_UDP:
	case REF_WICKET_TCP:
		stack_gate(s, r);
		break;
	case REF_QUERY:
		query_event(&s->queries, r.index, r.gen);
		break;
	case REF_STREAM:
		stream_event(&s->streams, r.index, r.gen);
		break;
	case REF_FLOW:
		f = flow_get(&s->flows, r.index, r.gen);
		if (f)
			tcp_event(&s->tcp, f, (enum flow_side)r.side, events);
		break;
	default:
		break;
	}
	return 0;
}

static uint64_t stack_now(void)
{
	return (uint64_t)(time_monotonic() / 1000000);
}

static void stack_tick(struct stack *s)
{
	s->tcp.now = stack_now();
	s->udp.now = s->pings.now = s->resolver.now = s->tcp.now;
}

static void stack_expire(struct stack *s)
{
	tcp_expire(&s->tcp);
	udp_expire(&s->udp);
	ping_expire(&s->pings);
	query_expire(&s->queries);
	stream_expire(&s->streams);
}

/* Nobody has been registered for the lingering time. */
static bool stack_idle_out(const struct stack *s)
{
	return s->idle_since && s->tcp.now - s->idle_since >= s->linger_ms;
}

/* How long it may sleep: for ever when no time is running anywhere. */
static int stack_timeout(const struct stack *s, bool more)
{
	if (more)
		return 0;
	if (s->idle_since || s->queries.live || s->streams.live || s->pings.live ||
	    s->flows.offered_first != FLOW_NONE)
		return STACK_TICK_MS;
	return s->udp.live || s->flows.live ? STACK_SWEEP_MS : -1;
}

/* 0 when it leaves for want of work, or -errno. */
static int stack_loop(struct stack *s)
{
	struct epoll_event ev[STACK_EVENTS];
	bool more = false;
	int rc = 0;

	while (!rc) {
		int n = epoll_wait(s->epfd, ev, STACK_EVENTS, stack_timeout(s, more));

		if (n < 0 && errno != EINTR)
			return -errno;
		stack_tick(s);
		for (int i = 0; i < n && !rc; i++)
			rc = stack_event(s, ref_of(ev[i].data.u64), ev[i].events);
		more = tcp_turn(&s->tcp);
		stack_expire(s);
		if (!rc && n == 0 && stack_idle_out(s))
			return 0;
	}
	return rc;
}

/* --- the start
 * --------------------------------------------------------------------------- */

static int stack_watch(struct stack *s, struct err *e)
{
	int rc = ref_add(s->epfd, s->listen_fd, EPOLLIN,
			 (struct ref){ REF_CONTROL, 0, 0, 0 });

	if (!rc)
		rc = ref_add(s->epfd, s->porter.sock, EPOLLIN,
			     (struct ref){ REF_PORTER, 0, 0, 0 });
	for (uint8_t six = 0; six < 2 && !rc; six++)
		if (s->hold.fd[six] >= 0)
			rc = ref_add(s->epfd, s->hold.fd[six], EPOLLIN,
				     (struct ref){ REF_HOLD, six, 0, 0 });
	return rc ? err_code(e, rc, "watch the sockets") : 0;
}

static int stack_open(struct stack *s, const struct stack_options *o, struct err *e)
{
	struct quota limits = quota_take();
	int rc;

	s->listen_fd = o->listen_fd;
	s->uid = getuid();
	s->linger_ms = o->linger_ms;
	s->idle_since = s->tcp.now = stack_now();
	flow_init(&s->flows, limits.flows);
	s->tcp.relay.limit = limits.pipes;
	s->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epfd < 0)
		return err_sys(e, "make an epoll set");
	rc = porter_start(&s->porter, o->realm_pidfd, o->resolv_conf, e);
	if (!rc)
		rc = hold_open(&s->hold, &s->porter, e);
	if (rc)
		return rc;
	s->tcp.epfd = s->epfd;
	s->tcp.flows = &s->flows;
	s->tcp.hold = &s->hold;
	s->tcp.porter = &s->porter;
	s->tcp.tenants = &s->tenants;
	s->resolver.epfd = s->wickets.epfd = s->epfd;
	s->resolver.porter = s->wickets.porter = &s->porter;
	s->resolver.tenants = &s->tenants;
	s->queries.resolver = s->streams.resolver = &s->resolver;
	s->queries.wickets = &s->wickets;
	s->udp.epfd = s->pings.epfd = s->epfd;
	s->udp.porter = &s->porter;
	s->udp.hold = s->pings.hold = &s->hold;
	s->udp.tenants = s->pings.tenants = &s->tenants;
	rc = tcp_open(&s->tcp, e);
	if (!rc)
		rc = udp_open(&s->udp, limits.udp, e);
	return rc ? rc : stack_watch(s, e);
}

int stack_main(const struct stack_options *o)
{
	struct stack *s = mem_new(struct stack);
	struct err e = { 0 };
	int rc;

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "rootless-stack");
	rc = stack_open(s, o, &e);
	if (!rc)
		rc = confine_stack(&e);
	if (rc) {
		log_error("network stack: %s", e.text);
		return 1;
	}
	if (o->ready_fd >= 0) {
		rc = fd_write_all(o->ready_fd, "1", 1);
		fd_close(o->ready_fd);
	}
	rc = stack_loop(s);
	if (rc)
		log_error("network stack: %s", strerror(-rc));
	return rc ? 1 : 0;
}
