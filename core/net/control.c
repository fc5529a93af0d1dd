/* SPDX-License-Identifier: Apache-2.0 */
/* The registration protocol. */
#include "core/net/control.h"

#include <errno.h>
#include <string.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/net/link.h"

#define CONTROL_OUTWARD 0x80ull /* beside a published port's protocol */
/* Of a place, in one byte. */
#define CONTROL_INTERNAL 1
#define CONTROL_OWN_DNS  2

/* Bytes not yet read; bad once anything did not fit, and every later read is empty. */
struct control_in {
	const uint8_t *p;
	size_t n;
	bool bad;
};

static uint64_t control_get(struct control_in *in, size_t size)
{
	uint64_t v = 0;

	if (in->bad || in->n < size) {
		in->bad = true;
		return 0;
	}
	for (size_t i = 0; i < size; i++)
		v = v << 8 | in->p[i];
	in->p += size;
	in->n -= size;
	return v;
}

/* A string without NUL that fits, into dst. */
static void control_get_str(struct control_in *in, char *dst, size_t size)
{
	size_t n = control_get(in, 2);

	dst[0] = 0;
	if (in->bad || n > in->n || n >= size || memchr(in->p, 0, n)) {
		in->bad = true;
		return;
	}
	memcpy(dst, in->p, n);
	dst[n] = 0;
	in->p += n;
	in->n -= n;
}

static struct ip_addr control_get_addr(struct control_in *in)
{
	struct ip_addr a = { 0 };
	uint64_t version = control_get(in, 1);
	size_t size = version == 4 ? 4 : version == 6 ? 16 : 0;

	if (version && !size)
		in->bad = true;
	if (in->bad || !size)
		return a;
	a.family = version == 4 ? AF_INET : AF_INET6;
	for (size_t i = 0; i < size; i++)
		a.bytes[i] = (uint8_t)control_get(in, 1);
	return a;
}

static void control_get_portal(struct control_in *in, struct stack_attachment *a)
{
	uint64_t n = control_get(in, 1);

	a->portal = true;
	if (n > STACK_PORTAL_MAX)
		in->bad = true;
	for (uint64_t i = 0; i < n && !in->bad; i++)
		a->portal_ports[a->portal_len++] = (uint16_t)control_get(in, 2);
}

static void control_get_place(struct control_in *in, struct stack_attachment *a)
{
	char name[TENANT_NAME_MAX];
	uint64_t names, bits;

	control_get_str(in, a->network, sizeof(a->network));
	control_get_str(in, a->bridge, sizeof(a->bridge));
	a->subnet.addr = control_get_addr(in);
	a->subnet.prefix = (uint8_t)control_get(in, 1);
	a->gateway = control_get_addr(in);
	a->addr = control_get_addr(in);
	a->addr6 = control_get_addr(in);
	a->gateway6 = control_get_addr(in);
	bits = control_get(in, 1);
	a->internal = bits & CONTROL_INTERNAL;
	a->own_dns = bits & CONTROL_OWN_DNS;
	names = control_get(in, 1);
	if (names > STACK_NAMES_MAX)
		in->bad = true;
	for (uint64_t i = 0; i < names && !in->bad; i++) {
		control_get_str(in, name, sizeof(name));
		if (!in->bad)
			strv_add(&a->names, name);
	}
	/* Monitors of before end here. */
	if (!in->bad && in->n) {
		a->subnet6.addr = control_get_addr(in);
		a->subnet6.prefix = (uint8_t)control_get(in, 1);
	}
	if (!in->bad && in->n)
		control_get_portal(in, a);
	if (a->subnet.prefix > (a->subnet.addr.family == AF_INET ? 32 : 128) ||
	    a->subnet6.prefix > (a->subnet6.addr.family == AF_INET ? 32 : 128) ||
	    !a->network[0] || !a->bridge[0])
		in->bad = true;
}

static void control_get_publish(struct control_in *in, struct publish *p)
{
	uint64_t proto = control_get(in, 1);

	p->outward = proto & CONTROL_OUTWARD;
	proto &= ~CONTROL_OUTWARD;
	if (proto != PUBLISH_TCP && proto != PUBLISH_UDP)
		in->bad = true;
	p->proto = (enum publish_proto)proto;
	p->host_ip = control_get_addr(in);
	p->host_port = p->host_port_end = (uint16_t)control_get(in, 2);
	p->port = (uint16_t)control_get(in, 2);
	if (!p->port)
		in->bad = true;
}

/* "ID:ALIAS" each. */
static void control_get_links(struct control_in *in, struct control *c)
{
	char link[sizeof(c->id) + TENANT_NAME_MAX];
	uint64_t n = control_get(in, 2);

	c->linked = true;
	if (n > TENANT_LINKS_MAX)
		in->bad = true;
	for (uint64_t i = 0; i < n && !in->bad; i++) {
		control_get_str(in, link, sizeof(link));
		size_t id = strcspn(link, ":");
		if (!id || id >= sizeof(c->id) || !link[id] || !link[id + 1] ||
		    strlen(link + id + 1) >= TENANT_NAME_MAX)
			in->bad = true;
		else
			strv_add(&c->links, link);
	}
}

/* Behind the places, since a place of before ends with its portal or without: what
 * followed one without would be taken for a portal by a stack of before. */
static void control_get_commit(struct control_in *in, struct control *c)
{
	uint64_t n = in->n ? control_get(in, 1) : 0;

	if (n > STACK_NETWORKS_MAX)
		in->bad = true;
	while (c->ports_len < n && !in->bad) {
		char *port = c->ports[c->ports_len++];

		control_get_str(in, port, IFNAMSIZ);
		if (port[0] && !link_is_name(port))
			in->bad = true;
	}
	/* A stack of before passes them over. */
	if (!in->bad && in->n)
		control_get_links(in, c);
}

static void control_get_body(struct control_in *in, struct control *c)
{
	switch (c->type) {
	case CONTROL_HELLO:
		c->version = (uint8_t)control_get(in, 1);
		control_get_str(in, c->id, sizeof(c->id));
		break;
	case CONTROL_PLACE:
		control_get_place(in, &c->place);
		break;
	case CONTROL_PUBLISH:
	case CONTROL_WITHDRAW:
		control_get_publish(in, &c->map);
		break;
	case CONTROL_HOST:
		control_get_str(in, c->host.name, sizeof(c->host.name));
		c->host.addr = control_get_addr(in);
		break;
	case CONTROL_COMMIT:
		control_get_commit(in, c);
		break;
	case CONTROL_AMEND:
		break;
	case CONTROL_LEAVE:
		control_get_str(in, c->place.network, sizeof(c->place.network));
		break;
	case CONTROL_ROUTER:
		c->place.router = control_get_addr(in);
		c->place.router6 = control_get_addr(in);
		c->place.loopback = control_get(in, 1) != 0;
		c->place.closed = (uint8_t)control_get(in, 1);
		break;
	case CONTROL_ANSWER:
		c->code = (int32_t)(uint32_t)control_get(in, 4);
		control_get_str(in, c->text, sizeof(c->text));
		break;
	default:
		in->bad = true;
	}
}

int control_parse(const uint8_t *p, size_t n, struct control *ret)
{
	struct control_in in = { p, n, false };

	memset(ret, 0, sizeof(*ret));
	ret->type = (enum control_type)control_get(&in, 1);
	control_get_body(&in, ret);
	if (!in.bad)
		return 0;
	control_done(ret);
	return -EINVAL;
}

void control_done(struct control *c)
{
	strv_done(&c->place.names);
	strv_done(&c->links);
}

static int control_put(struct buf *b, uint64_t v, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(v >> (8 * (size - 1 - i)));
	return buf_add(b, bytes, size);
}

static int control_put_str(struct buf *b, const char *s)
{
	size_t n = strlen(s);
	int rc = n > UINT16_MAX ? -E2BIG : control_put(b, n, 2);

	return rc ? rc : buf_add(b, s, n);
}

static int control_put_addr(struct buf *b, const struct ip_addr *a)
{
	size_t size = a->family == AF_INET ? 4 : a->family == AF_INET6 ? 16 : 0;
	int rc = control_put(b, size == 4 ? 4 : size ? 6 : 0, 1);

	return rc ? rc : buf_add(b, a->bytes, size);
}

int control_put_hello(struct buf *b, const char *id)
{
	int rc = control_put(b, CONTROL_HELLO << 8 | CONTROL_VERSION, 2);

	return rc ? rc : control_put_str(b, id);
}

/* A stack of before passes it over, and the portal is closed. */
static int control_put_portal(struct buf *b, const struct stack_attachment *a)
{
	int rc = a->portal ? control_put(b, a->portal_len, 1) : 0;

	for (size_t i = 0; i < a->portal_len && a->portal && !rc; i++)
		rc = control_put(b, a->portal_ports[i], 2);
	return rc;
}

int control_put_place(struct buf *b, const struct stack_attachment *a)
{
	const struct ip_addr *addrs[] = { &a->gateway, &a->addr, &a->addr6,
					  &a->gateway6 };
	uint64_t bits =
		(a->internal ? CONTROL_INTERNAL : 0) | (a->own_dns ? CONTROL_OWN_DNS : 0);
	int rc = control_put(b, CONTROL_PLACE, 1);

	rc = rc ? rc : control_put_str(b, a->network);
	rc = rc ? rc : control_put_str(b, a->bridge);
	rc = rc ? rc : control_put_addr(b, &a->subnet.addr);
	rc = rc ? rc : control_put(b, a->subnet.prefix, 1);
	for (size_t i = 0; i < ARRAY_LEN(addrs) && !rc; i++)
		rc = control_put_addr(b, addrs[i]);
	rc = rc ? rc : control_put(b, bits, 1);
	if (a->names.len > STACK_NAMES_MAX)
		return -E2BIG;
	rc = rc ? rc : control_put(b, a->names.len, 1);
	for (size_t i = 0; i < a->names.len && !rc; i++)
		rc = control_put_str(b, a->names.v[i]);
	rc = rc ? rc : control_put_addr(b, &a->subnet6.addr);
	rc = rc ? rc : control_put(b, a->subnet6.prefix, 1);
	return rc ? rc : control_put_portal(b, a);
}

int control_put_router(struct buf *b, const struct stack_attachment *a)
{
	int rc = control_put(b, CONTROL_ROUTER, 1);

	rc = rc ? rc : control_put_addr(b, &a->router);
	rc = rc ? rc : control_put_addr(b, &a->router6);
	rc = rc ? rc : control_put(b, a->loopback, 1);
	return rc ? rc : control_put(b, a->closed, 1);
}

static int control_put_port(struct buf *b, uint64_t type, const struct publish *p)
{
	uint64_t proto = (uint64_t)p->proto | (p->outward ? CONTROL_OUTWARD : 0);
	int rc = control_put(b, type << 8 | proto, 2);

	rc = rc ? rc : control_put_addr(b, &p->host_ip);
	rc = rc ? rc : control_put(b, p->host_port, 2);
	return rc ? rc : control_put(b, p->port, 2);
}

int control_put_publish(struct buf *b, const struct publish *p)
{
	return control_put_port(b, CONTROL_PUBLISH, p);
}

int control_put_withdraw(struct buf *b, const struct publish *p)
{
	return control_put_port(b, CONTROL_WITHDRAW, p);
}

int control_put_host(struct buf *b, const char *name, const struct ip_addr *addr)
{
	int rc = control_put(b, CONTROL_HOST, 1);

	rc = rc ? rc : control_put_str(b, name);
	return rc ? rc : control_put_addr(b, addr);
}

static int control_put_links(struct buf *b, const struct strv *links)
{
	int rc = links->len > TENANT_LINKS_MAX ? -E2BIG : control_put(b, links->len, 2);

	for (size_t i = 0; i < links->len && !rc; i++)
		rc = control_put_str(b, links->v[i]);
	return rc;
}

int control_put_commit(struct buf *b, const struct stack_attachment *a, size_t n,
		       const struct strv *links)
{
	int rc = n > STACK_NETWORKS_MAX ? -E2BIG : control_put(b, CONTROL_COMMIT, 1);

	rc = rc ? rc : control_put(b, n, 1);
	for (size_t i = 0; i < n && !rc; i++)
		rc = control_put_str(b, a[i].port);
	return rc || !links ? rc : control_put_links(b, links);
}

int control_put_amend(struct buf *b)
{
	return control_put(b, CONTROL_AMEND, 1);
}

int control_put_leave(struct buf *b, const char *network)
{
	int rc = control_put(b, CONTROL_LEAVE, 1);

	return rc ? rc : control_put_str(b, network);
}

int control_put_answer(struct buf *b, int code, const char *text)
{
	int rc = control_put(b, CONTROL_ANSWER, 1);

	rc = rc ? rc : control_put(b, (uint32_t)code, 4);
	return rc ? rc : control_put_str(b, text);
}

static int control_send_one(int sock, struct buf *b, int rc, const int *fds, size_t n)
{
	if (!rc)
		rc = fd_send(sock, b->data, b->len, fds, n);
	buf_reset(b);
	return rc;
}

static int control_send_host(int sock, struct buf *b, const char *item)
{
	char name[TENANT_NAME_MAX];
	const char *eq = strchr(item, '=');
	struct ip_addr addr;

	if (!eq || (size_t)(eq - item) >= sizeof(name) ||
	    ipam_parse_addr(eq + 1, &addr) != 0)
		return -EINVAL;
	memcpy(name, item, (size_t)(eq - item));
	name[eq - item] = 0;
	return control_send_one(sock, b, control_put_host(b, name, &addr), NULL, 0);
}

int control_send(int sock, const struct stack_registration *r)
{
	autobuf b = { .max = CONTROL_MESSAGE_MAX };
	int rc = control_send_one(sock, &b, control_put_hello(&b, r->id), NULL, 0);

	for (size_t i = 0; i < r->attachments_len && !rc; i++) {
		const struct stack_attachment *a = &r->attachments[i];

		rc = control_send_one(sock, &b, control_put_place(&b, a), NULL, 0);
		if (!rc && (a->router.family || a->router6.family || a->closed))
			rc = control_send_one(sock, &b, control_put_router(&b, a), NULL,
					      0);
	}
	for (size_t i = 0; i < r->published_len && !rc; i++)
		rc = control_send_one(sock, &b,
				      control_put_publish(&b, &r->published[i].map),
				      r->published[i].fds, r->published[i].fds_len);
	for (size_t i = 0; i < r->hosts.len && !rc; i++)
		rc = control_send_host(sock, &b, r->hosts.v[i]);
	if (!rc)
		rc = control_put_commit(&b, r->attachments, r->attachments_len, r->links);
	return control_send_one(sock, &b, rc, NULL, 0);
}

int control_send_amend(int sock, const char *id, const struct stack_amendment *a)
{
	autobuf b = { .max = CONTROL_MESSAGE_MAX };
	int rc = control_send_one(sock, &b, control_put_hello(&b, id), NULL, 0);

	if (!rc)
		rc = control_send_one(sock, &b, control_put_amend(&b), NULL, 0);
	if (!rc && a->join)
		rc = control_send_one(sock, &b, control_put_place(&b, a->join), NULL, 0);
	if (!rc && a->leave)
		rc = control_send_one(sock, &b, control_put_leave(&b, a->leave), NULL, 0);
	if (!rc && a->publish)
		rc = control_send_one(sock, &b, control_put_publish(&b, &a->publish->map),
				      a->publish->fds, a->publish->fds_len);
	if (!rc && a->withdraw)
		rc = control_send_one(sock, &b, control_put_withdraw(&b, a->withdraw),
				      NULL, 0);
	if (!rc)
		rc = control_put_commit(&b, a->join, a->join ? 1 : 0, a->links);
	return control_send_one(sock, &b, rc, NULL, 0);
}
