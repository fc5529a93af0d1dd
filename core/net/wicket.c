/* SPDX-License-Identifier: Apache-2.0 */
/* Wickets: the resolver's sockets on each network's gateway. */
#include "core/net/wicket.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/net/ref.h"
#include "core/net/sockaddr.h"

#define GATE_PORT    53
#define GATE_BACKLOG 128

static struct wicket *wicket_find(struct wickets *gs,
				  const struct stack_attachment *place)
{
	for (uint32_t i = 0; i < gs->used; i++)
		if (gs->v[i].users && str_eq(gs->v[i].bridge, place->bridge))
			return &gs->v[i];
	return NULL;
}

struct wicket *wicket_get(struct wickets *gs, uint32_t index, uint16_t gen)
{
	if (index >= gs->used || !gs->v[index].users || gs->v[index].gen != gen)
		return NULL;
	return &gs->v[index];
}

static void wicket_close(struct wicket *g)
{
	for (int six = 0; six < 2; six++) {
		g->udp[six] = fd_close(g->udp[six]);
		g->tcp[six] = fd_close(g->tcp[six]);
	}
	g->users = 0;
	g->gen++;
}

/* One socket on the gateway's port 53, heard by its own bridge only: another network's
 * containers have no business with this gateway. */
static int wicket_socket(struct wickets *gs, struct wicket *g, unsigned int six, bool tcp)
{
	enum porter_kind kind = tcp ? (six ? PORTER_TCP6 : PORTER_TCP4)
				    : (six ? PORTER_UDP6 : PORTER_UDP4);
	autoclose int fd = porter_take(gs->porter, kind);
	struct ref r = { .kind = tcp ? REF_WICKET_TCP : REF_WICKET_UDP,
			 .side = (uint8_t)six };
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_set(&ss, &g->addr[six], GATE_PORT);
	int rc;

	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, g->bridge,
		       (socklen_t)strlen(g->bridge) + 1) != 0 ||
	    bind(fd, (struct sockaddr *)&ss, len) != 0 ||
	    (tcp && listen(fd, GATE_BACKLOG) != 0))
		return -errno;
	r.gen = g->gen;
	r.index = (uint32_t)(g - gs->v);
	rc = ref_add(gs->epfd, fd, EPOLLIN, r);
	return rc ? rc : TAKE_FD(fd);
}

static int wicket_open(struct wickets *gs, struct wicket *g)
{
	for (unsigned int six = 0; six < 2; six++) {
		if (g->addr[six].family == AF_UNSPEC)
			continue;
		g->udp[six] = wicket_socket(gs, g, six, false);
		if (g->udp[six] < 0)
			return g->udp[six];
		g->tcp[six] = wicket_socket(gs, g, six, true);
		if (g->tcp[six] < 0)
			return g->tcp[six];
	}
	return 0;
}

int wicket_enter(struct wickets *gs, const struct stack_attachment *place)
{
	struct wicket *g = wicket_find(gs, place);
	uint16_t gen;
	int rc;

	if (g) {
		g->users++;
		return 0;
	}
	for (uint32_t i = 0; i < gs->used && !g; i++)
		if (!gs->v[i].users)
			g = &gs->v[i];
	if (!g && gs->used < WICKET_MAX)
		g = &gs->v[gs->used++];
	if (!g)
		return -ENOSPC;
	gen = (uint16_t)(g->gen + 1);
	*g = (struct wicket){ .users = 1,
			      .gen = gen,
			      .addr = { place->gateway, place->gateway6 },
			      .udp = { -1, -1 },
			      .tcp = { -1, -1 } };
	memcpy(g->bridge, place->bridge, sizeof(g->bridge));
	rc = wicket_open(gs, g);
	if (rc)
		wicket_close(g);
	return rc;
}

void wicket_leave(struct wickets *gs, const struct stack_attachment *place)
{
	struct wicket *g = wicket_find(gs, place);

	if (g && --g->users == 0)
		wicket_close(g);
}
