/* SPDX-License-Identifier: Apache-2.0 */
/* rootless net.
 *
 * Three processes: the outpost, which opens and closes ports and knows when it is over;
 * the stack; and the stack's porter, which alone stands in the annex. When the first is
 * killed its connections to the stack close, the ports with them, and the stack follows
 * after a moment; with the porter goes the annex, and with that the target's device. */
#include "core/engine/standalone.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/id.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/desk.h"
#include "core/engine/hostfwd.h"
#include "core/engine/outpost.h"

void standalone_mac(uint8_t ret[6])
{
	id_random(ret, 6);
	ret[0] = (uint8_t)((ret[0] & 0xfc) | 2);
}

int standalone_parse_mac(const char *text, uint8_t ret[6], struct err *e)
{
	uint8_t mac[6];

	if (strlen(text) != 3 * sizeof(mac) - 1)
		return err_set(e, -EINVAL, "'%s' is not a hardware address", text);
	for (size_t i = 0; i < sizeof(mac); i++) {
		char hex[2] = { (char)tolower(text[3 * i]),
				(char)tolower(text[3 * i + 1]) };
		char sep = text[3 * i + 2];

		if (str_unhex(&mac[i], 1, hex, 2) != 0 || (sep && sep != ':'))
			return err_set(e, -EINVAL, "'%s' is not a hardware address",
				       text);
	}
	if (mac[0] & 1)
		return err_set(e, -EINVAL, "'%s' is a multicast address", text);
	memcpy(ret, mac, sizeof(mac));
	return 0;
}

/* --- the start ------------------------------------------------------------------------
 */

/* All of it, while it is made. */
struct run {
	const struct standalone *s;
	struct nstarget *target;
	struct annex annex;
	struct outpost o;
	struct autoports autos;
};

static int open_api(struct run *r, struct err *e)
{
	struct outpost_door *d = &r->o.api;
	autofree char *dir = NULL;

	if (!r->s->api)
		return 0;
	dir = path_dir(r->s->api);
	if (str_copy(d->name, sizeof(d->name), path_base(r->s->api)) < 0)
		return err_set(e, -ENAMETOOLONG, "listen on '%s'", r->s->api);
	d->dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (d->dir < 0)
		return err_sys(e, "open folder '%s'", dir);
	d->fd = fd_unix_listen(AT_FDCWD, r->s->api, SOCK_STREAM);
	return d->fd < 0 ? err_code(e, d->fd, "listen on '%s'", r->s->api) : 0;
}

/* Without a runtime folder, or beside another that serves the namespace, there is none:
 * then its ports are those it starts with. */
static void open_desk(struct run *r)
{
	struct outpost_door *d = &r->o.desk;
	struct desk desk = { .dir = -1 };

	if (desk_find(r->target->net_fd, &desk, NULL) < 0)
		return;
	d->fd = desk_listen(&desk);
	if (d->fd < 0) {
		desk_done(&desk);
		return;
	}
	d->dir = desk.dir;
	str_copy(d->name, sizeof(d->name), desk.name);
}

static int raise_all(struct run *r, struct err *e)
{
	const struct standalone *s = r->s;
	struct hookup *h = &r->o.hookup;
	int c = annex_open(&s->plan, r->target, &r->annex, e);

	if (c < 0)
		return c;
	r->o.watch = r->annex.watch;
	r->o.links = r->annex.links;
	h->target = r->target;
	h->log_fd = s->log_fd;
	h->place.loopback = s->loopback;
	/* Of its ports none leads to the loopback but the one there is not. */
	h->place.portal = s->portal != STANDALONE_NOWHERE;
	h->place.portal_len = s->portal == STANDALONE_HOST;
	h->place.closed =
		(uint8_t)(s->closed | (r->annex.faceless ? 1u << STACK_FACES : 0));
	c = hookup_open(h, &s->plan, &r->annex, e);
	annex_leave(&r->annex);
	if (c < 0)
		return c;
	r->o.first = hookup_add(h, HOSTFWD_FIRST, s->ports, s->ports_len, NULL, e);
	if (r->o.first < 0)
		return r->o.first;
	if ((c = open_api(r, e)) < 0)
		return c;
	open_desk(r);
	return autoport_open(&r->autos, s, h, HOSTFWD_FIRST, e);
}

static int hand_over(struct run *r, struct err *e)
{
	const struct standalone *s = r->s;
	struct outpost *o = &r->o;
	int c;

	o->exit_fd = s->exit_fd;
	o->child = s->child;
	o->visits = s->visits;
	o->ports_len = s->ports_len;
	if (s->alive && str_copy(o->alive, sizeof(o->alive), s->alive) < 0)
		return err_set(e, -ENAMETOOLONG, "watch '%s'", s->alive);
	/* Its last process gone, the namespace is to end, whoever looks on. */
	if (r->autos.out[0])
		o->target = *r->target;
	outpost_hold_signals();
	c = s->ready ? s->ready(s->arg, e) : 0;
	return c < 0 ? c : outpost_become(o, s->ports, &r->autos, e);
}

static void close_door(struct outpost_door *d)
{
	if (d->fd >= 0)
		unlinkat(d->dir, d->name, 0);
	d->fd = fd_close(d->fd);
	d->dir = fd_close(d->dir);
}

int standalone_run(const struct standalone *s, struct nstarget *t, struct err *e)
{
	autofree struct run *r = mem_new(struct run);
	int c;

	r->s = s;
	r->target = t;
	r->annex = (struct annex){ .pidfd = -1, .watch = -1, .links = -1, .sock = -1 };
	r->o.first = r->o.watch = r->o.links = -1;
	r->o.api.fd = r->o.api.dir = r->o.desk.fd = r->o.desk.dir = -1;
	r->o.target = (struct nstarget){ -1, -1 };
	r->o.hookup.inner = -1;
	c = raise_all(r, e);
	if (c == 0)
		c = hand_over(r, e);
	/* It was not to be. */
	autoport_done(&r->autos);
	close_door(&r->o.api);
	close_door(&r->o.desk);
	fd_close(r->o.first);
	hookup_done(&r->o.hookup);
	annex_done(&r->annex);
	return c;
}
