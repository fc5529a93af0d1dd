/* SPDX-License-Identifier: Apache-2.0 */
/* Doors.
 *
 * Without TPROXY a packet finds a listener only where its own destination and port are
 * bound: so each destination that a container has been promised gets one (IP_TRANSPARENT
 * lets it be bound), and a routing rule that delivers what goes there. The rule says
 * protocol and port too, else another port of the same host would seem closed: its SYNs
 * must go on being dropped (the realm does not forward), for the stack holds them.
 *
 * While a door stands, a further SYN to it is accepted by the kernel before the host has
 * been asked: such a connection may end with a reset instead of the true error. */
#include "core/net/door.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/net/ref.h"
#include "core/net/relay.h"
#include "core/net/sockaddr.h"

#define DOOR_BACKLOG 1024
#define DOOR_IDLE_MS 5000

struct door *door_get(struct doors *ds, uint32_t index, uint16_t gen)
{
	if (index >= ds->used || ds->v[index].fd < 0 || ds->v[index].gen != gen)
		return NULL;
	return &ds->v[index];
}

static void door_close(struct doors *ds, struct door *d)
{
	porter_rule(ds->porter, false, &d->addr, d->port);
	d->fd = fd_close(d->fd);
	d->gen++;
	ds->live--;
}

static struct door *door_slot(struct doors *ds)
{
	for (uint16_t i = 0; i < ds->used; i++)
		if (ds->v[i].fd < 0)
			return &ds->v[i];
	if (ds->used < DOOR_MAX)
		return &ds->v[ds->used++];
	for (uint16_t i = 0; i < ds->used; i++) {
		if (ds->v[i].users)
			continue;
		door_close(ds, &ds->v[i]);
		return &ds->v[i];
	}
	return NULL;
}

static int door_listen(struct doors *ds, struct door *d)
{
	bool six = d->addr.family == AF_INET6;
	autoclose int fd = porter_take(ds->porter, six ? PORTER_TCP6 : PORTER_TCP4);
	struct ref r = { REF_DOOR, 0, d->gen, (uint32_t)(d - ds->v) };
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_set(&ss, &d->addr, d->port);
	int rc;

	if (fd < 0)
		return fd;
	if (bind(fd, (struct sockaddr *)&ss, len) != 0)
		return -errno;
	relay_guard(fd);
	if (listen(fd, DOOR_BACKLOG) != 0)
		return -errno;
	rc = ref_add(ds->epfd, fd, EPOLLIN, r);
	if (!rc)
		rc = porter_rule(ds->porter, true, &d->addr, d->port);
	return rc ? rc : TAKE_FD(fd);
}

int door_enter(struct doors *ds, const struct ip_addr *addr, uint16_t port)
{
	struct door *d = NULL;

	for (uint16_t i = 0; i < ds->used && !d; i++)
		if (ds->v[i].fd >= 0 && ds->v[i].port == port &&
		    ipam_addr_eq(&ds->v[i].addr, addr))
			d = &ds->v[i];
	if (!d) {
		d = door_slot(ds);
		if (!d)
			return -ENOSPC;
		*d = (struct door){ .fd = -1,
				    .gen = (uint16_t)(d->gen + 1),
				    .port = port,
				    .addr = *addr };
		d->fd = door_listen(ds, d);
		if (d->fd < 0) {
			int rc = d->fd;

			d->fd = -1;
			return rc;
		}
		ds->live++;
	}
	d->users++;
	return (int)(d - ds->v);
}

void door_leave(struct doors *ds, uint16_t index)
{
	if (index != DOOR_NONE && --ds->v[index].users == 0)
		ds->v[index].idle = ds->now;
}

void door_expire(struct doors *ds)
{
	for (uint16_t i = 0; ds->live && i < ds->used; i++) {
		struct door *d = &ds->v[i];

		if (d->fd >= 0 && !d->users && ds->now - d->idle >= DOOR_IDLE_MS)
			door_close(ds, d);
	}
}
