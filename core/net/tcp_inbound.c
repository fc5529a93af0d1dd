/* SPDX-License-Identifier: Apache-2.0 */
/* TCP in: clients of published ports. */
#include "core/net/tcp_inside.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/net/border.h"
#include "core/net/sockaddr.h"

/* A realm socket bound to the source, connecting to the container: fd or -errno. With a
 * port of 0 the kernel picks one. */
static int tcp_realm_connect(struct tcp *t, const struct packet_path *path)
{
	bool six = path->src.family == AF_INET6;
	autoclose int fd = porter_take(t->porter, six ? PORTER_TCP6 : PORTER_TCP4);
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_set(&ss, &path->src, path->src_port);
	int on = 1;

	if (fd < 0)
		return fd;
	relay_guard(fd);
	if (!path->src_port)
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&ss, len) != 0)
		return -errno;
	len = sockaddr_set(&ss, &path->dst, path->dst_port);
	if (connect(fd, (struct sockaddr *)&ss, len) != 0 && errno != EINPROGRESS)
		return -errno;
	return TAKE_FD(fd);
}

static int tcp_inbound_path(struct tcp *t, uint32_t tenant, int fd, uint16_t port,
			    struct packet_path *ret)
{
	const struct stack_attachment *at = tenant_entrance(&t->tenants->v[tenant]);
	struct packet_path path = { .dst_port = port };
	struct sockaddr_storage ss;
	struct ip_addr client;
	socklen_t len = sizeof(ss);
	int rc;

	if (getpeername(fd, (struct sockaddr *)&ss, &len) != 0)
		return -errno;
	rc = sockaddr_get(&ss, &client, &path.src_port);
	if (!rc)
		rc = at ? border_in(t->tenants, at, &client, &path.src, &path.dst)
			: -ENETUNREACH;
	if (rc)
		return rc;
	pace_far(&t->pace, fd, &client);
	if (!ipam_addr_eq(&client, &path.src))
		path.src_port = 0;
	*ret = path;
	return 0;
}

/* Which side is the host's is nothing to the relay: a caller's socket stands first. */
static int tcp_reach(int caller, uint16_t port)
{
	struct ip_addr at = { 0 };
	struct sockaddr_storage ss;
	uint16_t own;
	int rc = sockaddr_local(caller, &at, &own);
	autoclose int fd =
		socket(at.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (rc || fd < 0)
		return rc ? rc : -errno;
	relay_guard(fd);
	at = border_loopback(at.family);
	if (connect(fd, (struct sockaddr *)&ss, sockaddr_set(&ss, &at, port)) != 0 &&
	    errno != EINPROGRESS)
		return -errno;
	return TAKE_FD(fd);
}

static int tcp_visit(struct tcp *t, struct flow *f, uint16_t port)
{
	int rc = tcp_inbound_path(t, f->tenant, f->fd[FLOW_HOST], port, &f->path);

	if (rc)
		return rc;
	rc = tcp_realm_connect(t, &f->path);
	if (rc != -EADDRINUSE && rc != -EADDRNOTAVAIL)
		return rc;
	/* The client's port can be in use here, by its connection to another published
	 * port; its address is kept all the same. */
	f->path.src_port = 0;
	return tcp_realm_connect(t, &f->path);
}

void tcp_dial(struct tcp *t, uint32_t tenant, int fd, uint16_t port, bool outward)
{
	struct flow *f = tcp_place(t, tenant);
	int on = 1, rc;

	if (!f) {
		fd_close(fd);
		return;
	}
	flow_enter(t->flows, f, FLOW_DIALLING);
	f->fd[FLOW_HOST] = fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	rc = outward ? tcp_reach(fd, port) : tcp_visit(t, f, port);
	if (rc >= 0) {
		f->fd[FLOW_REALM] = rc;
		setsockopt(rc, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		rc = tcp_watch(t, f, FLOW_HOST);
		f->room |= 1u << FLOW_REALM;
	}
	if (!rc)
		rc = tcp_watch(t, f, FLOW_REALM);
	if (rc)
		tcp_end(t, f, true);
}
