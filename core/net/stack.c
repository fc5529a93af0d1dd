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
#include <linux/time_types.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/net/confine.h"
#include "core/net/quota.h"
#include "core/net/ref.h"
#include "core/net/stack_inside.h"

#define STACK_EVENTS   256
#define STACK_TICK_MS  250
#define STACK_SWEEP_MS 2000
#define STACK_TELL_MS  60000
#define STACK_LOOK_NS  40000
#define STACK_WORTH_NS 100000
#define STACK_LONG_NS  200000

/* --- the loop
 * ---------------------------------------------------------------------------- */

static void stack_held(void *arg, const struct packet *p, const struct hold_link *from)
{
	struct stack *s = arg;

	if (tenant_gateway(&s->tenants, &p->dst))
		return;
	switch (p->kind) {
	case PACKET_SYN:
		tcp_syn(&s->tcp, p, from);
		break;
	case PACKET_ECHO:
		ping_request(&s->pings, p, from);
		break;
	case PACKET_DATAGRAM:
		udp_packet(&s->udp, p);
		break;
	}
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

/* long: a case for each kind of owner. */
static int stack_event(struct stack *s, struct ref r, uint32_t events)
{
	struct tenant *t;
	struct inlet *i;
	struct door *d;
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
		return porter_event(&s->porter);
	case REF_HOLD:
		hold_receive(&s->hold, r.side, stack_held, s);
		break;
	case REF_OUTLET:
		tcp_accept(&s->tcp, s->tcp.outlet[r.side]);
		break;
	case REF_DOOR:
		d = door_get(&s->tcp.doors, r.index, r.gen);
		if (d)
			tcp_accept(&s->tcp, d->fd);
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
	case REF_UDP_RING:
		udp_ring_event(&s->udp, r.index);
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

/* Past the table connections are refused (tcp_place.c), which those who make them see;
 * the log says why, once for as long as it goes on, and a minute at least. */
static void stack_tell(struct stack *s)
{
	uint16_t limit = s->flows.limit;

	if (!s->tcp.refused)
		return;
	if (!s->told || s->tcp.now - s->told >= STACK_TELL_MS)
		log_warn("network stack: all %u places for TCP connections%s are taken: "
			 "further ones are refused%s",
			 limit,
			 s->tcp.reserved
				 ? ", but those kept for containers that hold few,"
				 : "",
			 limit < FLOW_MAX ? "; a higher limit of open files (ulimit -Hn) "
					    "gives more places"
					  : "");
	s->told = s->tcp.now;
	s->tcp.refused = 0;
	s->tcp.reserved = false;
}

/* How long it may sleep: for ever when no time is running anywhere. */
static int stack_timeout(const struct stack *s, bool more)
{
	if (more)
		return 0;
	if (s->idle_since || s->queries.live || s->streams.live || s->pings.live ||
	    s->flows.offered_first != FLOW_NONE || s->tcp.doors.live)
		return STACK_TICK_MS;
	return s->udp.live || s->flows.live ? STACK_SWEEP_MS : -1;
}

/* Sleeps; while a ring fills, no longer than until the next look at it. */
static int stack_doze(const struct stack *s, struct epoll_event *ev, int timeout)
{
	const struct __kernel_timespec look = { .tv_nsec = UDP_RING_LOOK_NS };

	if (!s->filling || !timeout || !s->udp.looks)
		return epoll_wait(s->epfd, ev, STACK_EVENTS, timeout);
	return (int)syscall(SYS_epoll_pwait2, s->epfd, ev, STACK_EVENTS, &look, NULL, 0);
}

/* Waits for events. Two who ask and answer through us are mostly back within some 10 us,
 * and to be put to sleep and woken (on an idle CPU, in a VM) takes as long: so while
 * waits are that short, it goes on looking for a moment before it sleeps. Not while much
 * is moved: then those who send and receive have better use for the CPU. */
static int stack_wait(struct stack *s, struct epoll_event *ev, int timeout)
{
	int64_t start = time_monotonic(), now = start;
	bool look = timeout && !s->alone && !s->filling && !s->tcp.relay.bulk &&
		    s->waited < STACK_WORTH_NS;
	int n = 0;

	if (s->tcp.relay.bulk)
		s->tcp.relay.bulk--;
	while (look && n == 0 && now - start < STACK_LOOK_NS) {
		n = epoll_wait(s->epfd, ev, STACK_EVENTS, 0);
		now = time_monotonic();
	}
	if (n == 0 && timeout)
		tcp_ack(&s->tcp);
	if (n == 0) {
		n = stack_doze(s, ev, timeout);
		now = time_monotonic();
	}
	if (now - start > STACK_LONG_NS)
		now = start + STACK_LONG_NS;
	s->waited += (now - start - s->waited) / 8;
	return n;
}

/* 0 when it leaves for want of work, or -errno. */
static int stack_loop(struct stack *s)
{
	struct epoll_event ev[STACK_EVENTS];
	bool more = false;
	int rc = 0;

	while (!rc) {
		int n = stack_wait(s, ev, stack_timeout(s, more));

		if (n < 0 && errno != EINTR)
			return -errno;
		stack_tick(s);
		for (int i = 0; i < n && !rc; i++)
			rc = stack_event(s, ref_of(ev[i].data.u64), ev[i].events);
		s->filling = udp_ring_turn(&s->udp);
		more = tcp_turn(&s->tcp, n == 0);
		stack_expire(s);
		flow_rest(&s->flows);
		stack_tell(s);
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
	s->alone = sysconf(_SC_NPROCESSORS_ONLN) < 2;
	s->waited = STACK_LONG_NS;
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
	s->tcp.porter = s->tcp.doors.porter = &s->porter;
	s->tcp.doors.epfd = s->epfd;
	s->tenants.faceless = s->hold.path == BRIDGE_DOORS;
	s->tcp.tenants = &s->tenants;
	s->resolver.epfd = s->wickets.epfd = s->epfd;
	s->resolver.porter = s->wickets.porter = &s->porter;
	s->resolver.tenants = &s->tenants;
	s->queries.resolver = s->streams.resolver = &s->resolver;
	s->queries.wickets = &s->wickets;
	s->streams.spare = &s->tcp.spare;
	s->udp.epfd = s->pings.epfd = s->epfd;
	s->udp.porter = &s->porter;
	s->udp.hold = s->pings.hold = &s->hold;
	s->udp.tenants = s->pings.tenants = &s->tenants;
	ping_open(&s->pings);
	rc = tcp_open(&s->tcp, e);
	if (!rc)
		rc = udp_open(&s->udp, limits.udp, e);
	return rc ? rc : stack_watch(s, e);
}

/* Where the host gives huge pages to all who do not decline (Debian's default), the
 * tables would be there as a whole with their first use. Their memory is taken after
 * this. */
static struct stack *stack_new(void)
{
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	return mem_new(struct stack);
}

int stack_main(const struct stack_options *o)
{
	struct stack *s = stack_new();
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
