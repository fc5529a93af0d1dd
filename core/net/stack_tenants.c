/* SPDX-License-Identifier: Apache-2.0 */
/* The stack's registrations: containers come, change and go. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/control.h"
#include "core/net/ref.h"
#include "core/net/stack_inside.h"

#define STACK_FDS_MESSAGE 2

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

void stack_accept(struct stack *s)
{
	int sock = spare_accept(&s->tcp.spare, s->listen_fd, NULL);
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

	for (size_t i = 0; i < n && !rc; i++) {
		if (map->proto == PUBLISH_TCP)
			pace_off(&s->tcp.pace, fds[i]);
		rc = inlet_add(&s->inlets, s->epfd, tenant_index(&s->tenants, t), map,
			       TAKE_FD(fds[i]));
	}
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

static int stack_withdraw(struct stack *s, const struct tenant *of,
			  const struct publish *p)
{
	uint32_t index = tenant_index(&s->tenants, of);

	if (p->proto == PUBLISH_UDP)
		udp_withdraw(&s->udp, index, p->port);
	return inlet_withdraw(&s->inlets, s->epfd, index, p) ? 0 : -ENOENT;
}

static int stack_commit(int sock, struct tenant *t, struct control *c)
{
	int rc = tenant_set_ports(t, c->ports, c->ports_len);

	if (!rc && c->linked) {
		strv_done(&t->links);
		t->links = c->links;
		c->links = (struct strv){ 0 };
	}
	return rc ? rc : stack_answer(sock, 0, "");
}

static int stack_amend_message(struct stack *s, struct tenant *t, struct control *c,
			       int *fds, size_t n)
{
	struct tenant *of = tenant_get(&s->tenants, t->of, t->of_gen);

	if (!of)
		return -ENOENT;
	switch (c->type) {
	case CONTROL_PLACE:
		/* Who was killed before it wrote down that it has joined does it again.
		 */
		stack_leave(s, of, c->place.network);
		return stack_add_place(s, of, &c->place);
	case CONTROL_LEAVE:
		return stack_leave(s, of, c->place.network);
	case CONTROL_PUBLISH:
		/* Its monitor, which has it already, may have been faster. */
		inlet_withdraw(&s->inlets, s->epfd, t->of, &c->map);
		return stack_add_inlets(s, of, &c->map, fds, n);
	case CONTROL_WITHDRAW:
		return stack_withdraw(s, of, &c->map);
	case CONTROL_COMMIT:
		return stack_commit(t->sock, of, c);
	default:
		return -EPROTO;
	}
}

/* 0 to go on with the connection. */
static int stack_message(struct stack *s, struct tenant *t, struct control *c, int *fds,
			 size_t n)
{
	if (t->amends)
		return stack_amend_message(s, t, c, fds, n);
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
		tenant_commit(&s->tenants, t);
		return stack_commit(t->sock, t, c);
	default:
		return -EPROTO;
	}
}

static void stack_refuse(struct stack *s, struct tenant *t, int code)
{
	stack_answer(t->sock, code, "the registration was refused");
	stack_evict(s, t);
}

void stack_tenant(struct stack *s, struct tenant *t)
{
	uint8_t data[CONTROL_MESSAGE_MAX];
	int fds[STACK_FDS_MESSAGE] = { -1, -1 };
	size_t nfds = STACK_FDS_MESSAGE;
	struct control c;
	ssize_t n = fd_recv(t->sock, data, sizeof(data), fds, &nfds);
	int rc;

	if (n == -EAGAIN)
		return;
	/* There was no room for the listeners that came with it. */
	if (n == -EMSGSIZE) {
		stack_refuse(s, t, -EMFILE);
		return;
	}
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
	if (rc)
		stack_refuse(s, t, rc);
}
