/* SPDX-License-Identifier: Apache-2.0 */
/* A stack of its own for one foreign network namespace.
 *
 * The stack's control socket has a name that the kernel picks in the abstract namespace:
 * no file is left behind by a crash, and the stack talks to its own user only. */
#include "core/engine/hookup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/engine/sealed.h"
#include "core/runtime/launch.h"

#define BACKLOG 64

static int open_listener(struct hookup *h)
{
	autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr *at = (struct sockaddr *)&h->at;

	h->at.sun_family = AF_UNIX;
	h->at_len = sizeof(h->at);
	if (fd < 0 || bind(fd, at, offsetof(struct sockaddr_un, sun_path)) != 0 ||
	    getsockname(fd, at, &h->at_len) != 0 || listen(fd, BACKLOG) != 0)
		return -errno;
	return TAKE_FD(fd);
}

static int start(struct hookup *h, const struct annex *a, struct err *e)
{
	char *const argv[] = { (char *)"rootless", (char *)"stack", NULL };
	autoclose int listener = open_listener(h);

	h->inner = sealed_open(e);
	if (h->inner < 0)
		return h->inner;
	if (listener < 0)
		return err_code(e, listener, "listen for the network process");
	int fds[] = { listener, a->pidfd, -1, h->log_fd };
	h->stack =
		launch_serving(h->inner, argv, fds, ARRAY_LEN(fds) - (h->log_fd < 0), e);
	return h->stack < 0 ? h->stack : 0;
}

int hookup_open(struct hookup *h, const struct annex_plan *p, const struct annex *a,
		struct err *e)
{
	struct stack_attachment *place = &h->place;

	str_copy(place->network, sizeof(place->network), "standalone");
	str_copy(place->bridge, sizeof(place->bridge), ANNEX_BRIDGE);
	str_copy(place->port, sizeof(place->port), ANNEX_PORT);
	place->addr = p->side[0].addr;
	place->addr6 = p->side[1].addr;
	place->gateway = p->side[0].resolver;
	place->gateway6 = p->side[1].resolver;
	place->router = p->side[0].router;
	place->router6 = p->side[1].router;
	place->subnet.addr = place->addr;
	/* What is inside cannot be reached by way of the host; in a subnet that is the
	 * host's that is this one address. */
	place->subnet.prefix = p->own_subnet ? p->side[0].prefix : 32;
	return start(h, a, e);
}

/* --- ports ----------------------------------------------------------------------------
 */

static int listen_inside(void *arg)
{
	struct publish *p = arg;
	struct err e = { 0 };
	int fds[2];
	size_t n;

	return publish_listen(p, fds, &n, &p->host_port, &e) == 0 ? fds[0] : e.code;
}

static int open_inside(const struct hookup *h, struct stack_published *sp, struct err *e)
{
	char ip[IPAM_TEXT_MAX];
	int fd = nstarget_socket(h->target, listen_inside, &sp->map);

	if (fd < 0)
		return err_code(e, fd, "listen on %s port %u inside",
				ipam_addr_text(ip, &sp->map.host_ip), sp->map.host_port);
	sp->fds[0] = fd;
	sp->fds_len = 1;
	return 0;
}

static int reach(const struct hookup *h, struct err *e)
{
	autoclose int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (sock < 0 || connect(sock, (const struct sockaddr *)&h->at, h->at_len) != 0)
		return err_sys(e, "connect to the network process");
	return TAKE_FD(sock);
}

static int register_at(const struct hookup *h, const struct stack_registration *r,
		       struct err *e)
{
	autoclose int sock = reach(h, e);
	int rc = sock < 0 ? sock : stack_register(sock, r, e);

	return rc < 0 ? rc : TAKE_FD(sock);
}

static int open_ports(const struct hookup *h, struct publish *p, size_t n,
		      struct stack_published *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		ret[i].map = p[i];
		r = p[i].outward ? open_inside(h, &ret[i], e)
				 : publish_listen(&p[i], ret[i].fds, &ret[i].fds_len,
						  &ret[i].map.host_port, e);
		ret[i].map.host_port_end = ret[i].map.host_port;
		if (r == 0)
			p[i] = ret[i].map;
	}
	return r;
}

int hookup_hand(const struct hookup *h, const char *id, const struct stack_published *p,
		size_t n, const struct ip_addr *guest, struct err *e)
{
	struct stack_attachment place = h->place;
	struct stack_registration r = { .attachments = &place,
					.attachments_len = 1,
					.published = (struct stack_published *)p,
					.published_len = n };

	str_copy(r.id, sizeof(r.id), id);
	if (guest && guest->family == AF_INET)
		place.addr = *guest;
	else if (guest && guest->family == AF_INET6)
		place.addr6 = *guest;
	return register_at(h, &r, e);
}

int hookup_add(const struct hookup *h, const char *id, struct publish *p, size_t n,
	       const struct ip_addr *guest, struct err *e)
{
	autofree struct stack_published *ports = mem_array(n + 1, sizeof(*ports));
	int rc = open_ports(h, p, n, ports, e);

	if (rc == 0)
		rc = hookup_hand(h, id, ports, n, guest, e);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ports[i].fds_len; k++)
			fd_close(ports[i].fds[k]);
	return rc;
}

static int amend(const struct hookup *h, const char *id, const struct stack_amendment *a,
		 struct err *e)
{
	autoclose int sock = reach(h, e);

	return sock < 0 ? sock : stack_amend(sock, id, a, e);
}

int hookup_publish(const struct hookup *h, const char *id, const struct publish *p,
		   struct err *e)
{
	struct publish own = *p;
	struct stack_published opened = { 0 };
	const struct stack_amendment a = { .publish = &opened };
	int rc = open_ports(h, &own, 1, &opened, e);

	if (rc == 0)
		rc = amend(h, id, &a, e);
	for (size_t k = 0; k < opened.fds_len; k++)
		fd_close(opened.fds[k]);
	return rc;
}

int hookup_withdraw(const struct hookup *h, const char *id, const struct publish *p,
		    struct err *e)
{
	const struct stack_amendment a = { .withdraw = p };

	return amend(h, id, &a, e);
}

void hookup_done(struct hookup *h)
{
	h->inner = fd_close(h->inner);
	if (h->stack <= 0)
		return;
	kill(h->stack, SIGKILL);
	spawn_wait(h->stack);
	h->stack = 0;
}
