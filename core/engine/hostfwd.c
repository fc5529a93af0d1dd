/* SPDX-License-Identifier: Apache-2.0 */
/* slirp4netns' API socket. */
#include "core/engine/hostfwd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/net/sockaddr.h"
#include "core/wire/json.h"

#define WAIT_S 2 /* for a client that is slow to send or read */

static int get_addr(yyjson_val *args, const char *key, struct ip_addr *ret, struct err *e)
{
	const char *text = NULL;
	int r = json_get_str(args, key, &text, e);

	/* Podman sends "" for what it does not care for. */
	if (r == 0 && !str_empty(text) && ipam_parse_addr(text, ret) != 0)
		r = err_set(e, -EINVAL, "'%s' is not an address: '%s'", key, text);
	return r;
}

static int get_port(yyjson_val *args, const char *key, uint16_t *ret, struct err *e)
{
	uint32_t port = 0;
	int r = json_get_u32(args, key, &port, e);

	if (r == 0 && (port < 1 || port > UINT16_MAX))
		r = err_set(e, -EINVAL, "'%s' is not a port", key);
	*ret = (uint16_t)port;
	return r;
}

static int parse_add(yyjson_val *args, struct hostfwd_request *q, struct err *e)
{
	const char *proto = NULL;
	int r;

	q->map.host_ip = (struct ip_addr){ .family = AF_INET };
	if ((r = json_get_str(args, "proto", &proto, e)) < 0 ||
	    (r = get_addr(args, "host_addr", &q->map.host_ip, e)) < 0 ||
	    (r = get_port(args, "host_port", &q->map.host_port, e)) < 0 ||
	    (r = get_addr(args, "guest_addr", &q->guest, e)) < 0 ||
	    (r = get_port(args, "guest_port", &q->map.port, e)) < 0)
		return r;
	q->map.host_port_end = q->map.host_port;
	q->map.proto = str_eq(proto, "udp") ? PUBLISH_UDP : PUBLISH_TCP;
	if (!str_eq(proto, "udp") && !str_eq(proto, "tcp"))
		return err_set(e, -EINVAL, "'proto' is neither tcp nor udp");
	return 0;
}

int hostfwd_parse(const char *text, size_t n, struct hostfwd_request *ret, struct err *e)
{
	autojson *doc = NULL;
	yyjson_val *root, *args = NULL;
	const char *verb = NULL;
	int r = json_parse(text, n, "request", &doc, e);

	*ret = (struct hostfwd_request){ .id = -1 };
	if (r < 0)
		return r;
	root = yyjson_doc_get_root(doc);
	if ((r = json_get_str(root, "execute", &verb, e)) < 0 ||
	    (r = json_get_obj(root, "arguments", &args, e)) < 0)
		return r;
	if (str_eq(verb, "list_hostfwd")) {
		ret->verb = HOSTFWD_LIST;
		return 0;
	}
	if (str_eq(verb, "add_hostfwd"))
		return parse_add(args, ret, e);
	if (!str_eq(verb, "remove_hostfwd"))
		return err_set(e, -EINVAL, "unknown request");
	ret->verb = HOSTFWD_REMOVE;
	r = json_get_i64(args, "id", &ret->id, e);
	return r == 0 && ret->id < 0 ? err_set(e, -EINVAL, "'id' is missing") : r;
}

/* --- what they do ---------------------------------------------------------------------
 */

static struct hostfwd *append(struct hostfwds *f, const struct hostfwd *one)
{
	f->v = mem_resize(f->v, f->len + 1, sizeof(*f->v));
	f->v[f->len] = *one;
	f->v[f->len].id = ++f->last;
	return &f->v[f->len++];
}

/* Where a port leads that says nothing of it. */
static struct ip_addr inside(const struct hostfwds *f, const struct publish *p)
{
	const struct stack_attachment *place = &f->hookup->place;

	return p->host_ip.family == AF_INET6 && place->addr6.family == AF_INET6
		       ? place->addr6
		       : place->addr;
}

void hostfwd_first(struct hostfwds *f, const struct publish *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct hostfwd one = { .sock = -1,
					     .map = p[i],
					     .guest = inside(f, &p[i]) };

		if (!p[i].outward)
			append(f, &one);
	}
}

/* Is it a socket for that request? */
static int check_listener(int fd, const struct publish *p, struct err *e)
{
	struct ip_addr at;
	uint16_t port;
	int type = 0;
	socklen_t len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 ||
	    type != (p->proto == PUBLISH_UDP ? SOCK_DGRAM : SOCK_STREAM) ||
	    sockaddr_local(fd, &at, &port) != 0 || port != p->host_port)
		return err_set(e, -EINVAL, "the socket is not of that port");
	return 0;
}

static int open_one(struct hostfwds *f, struct hostfwd *one, int listener, struct err *e)
{
	struct stack_published p = { .map = one->map, .fds = { listener }, .fds_len = 1 };
	int r;

	if (listener < 0)
		return hookup_add(f->hookup, "one", &one->map, 1, &one->guest, e);
	r = check_listener(listener, &one->map, e);
	return r < 0 ? r : hookup_hand(f->hookup, "one", &p, 1, &one->guest, e);
}

static int add(struct hostfwds *f, struct hostfwd_request *q, int listener, struct err *e)
{
	struct hostfwd one = { .map = q->map, .guest = q->guest };

	/* One that serves both families is listed, and led on, as those of the start. */
	if (listener >= 0 &&
	    publish_families(&listener, 1) == (PUBLISH_FOUR | PUBLISH_SIX))
		one.map.host_ip = (struct ip_addr){ 0 };
	if (one.guest.family == AF_UNSPEC)
		one.guest = inside(f, &one.map);
	one.sock = open_one(f, &one, listener, e);
	if (one.sock < 0)
		return one.sock;
	append(f, &one);
	return 0;
}

static int take(struct hostfwds *f, int64_t id, struct err *e)
{
	for (size_t i = 0; i < f->len; i++) {
		int r = 0;

		if (f->v[i].id != id)
			continue;
		if (f->v[i].sock < 0)
			r = hookup_withdraw(f->hookup, HOSTFWD_FIRST, &f->v[i].map, e);
		if (r < 0)
			return r;
		fd_close(f->v[i].sock);
		memmove(&f->v[i], &f->v[i + 1], (f->len - i - 1) * sizeof(*f->v));
		f->len--;
		return 0;
	}
	return err_set(e, -ENOENT, "there is no id %lld", (long long)id);
}

static void list(const struct hostfwds *f, yyjson_mut_doc *d, yyjson_mut_val *ret)
{
	yyjson_mut_val *all = json_add_arr(d, ret, "entries");

	for (size_t i = 0; i < f->len; i++) {
		const struct hostfwd *h = &f->v[i];
		yyjson_mut_val *o = yyjson_mut_arr_add_obj(d, all);
		char text[IPAM_TEXT_MAX];

		yyjson_mut_obj_add_int(d, o, "id", h->id);
		json_add_str(d, o, "proto", publish_proto_name(h->map.proto));
		json_add_str(d, o, "host_addr", ipam_addr_text(text, &h->map.host_ip));
		yyjson_mut_obj_add_int(d, o, "host_port", h->map.host_port);
		json_add_str(d, o, "guest_addr", ipam_addr_text(text, &h->guest));
		yyjson_mut_obj_add_int(d, o, "guest_port", h->map.port);
	}
}

int hostfwd_answer(struct hostfwds *f, const char *text, size_t n, int listener,
		   struct buf *out)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *ret;
	struct hostfwd_request q;
	struct err e = { 0 };
	int r = hostfwd_parse(text, n, &q, &e);

	yyjson_mut_doc_set_root(doc, root);
	if (r == 0 && q.verb == HOSTFWD_ADD)
		r = add(f, &q, listener, &e);
	if (r == 0 && q.verb == HOSTFWD_REMOVE)
		r = take(f, q.id, &e);
	ret = json_add_obj(doc, root, r < 0 ? "error" : "return");
	if (r < 0)
		json_add_str(doc, ret, "desc", e.text);
	else if (q.verb == HOSTFWD_ADD)
		yyjson_mut_obj_add_int(doc, ret, "id", f->last);
	else if (q.verb == HOSTFWD_LIST)
		list(f, doc, ret);
	/* Its manual has "return"; slirp4netns 1.2.0 sends the entries without. */
	if (r == 0 && q.verb == HOSTFWD_LIST)
		list(f, doc, root);
	return json_print(out, doc, false);
}

static bool is_whole(const char *text, size_t n)
{
	autojson *doc = NULL;

	return json_parse(text, n, "request", &doc, NULL) == 0;
}

void hostfwd_serve(struct hostfwds *f, int conn)
{
	struct timeval wait = { .tv_sec = WAIT_S };
	char text[HOSTFWD_REQUEST_MAX];
	autobuf out = { 0 };
	size_t n = 0, fds = 1;
	int listener = -1;
	ssize_t got;

	setsockopt(conn, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(conn, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	/* To the end that the client sets by shutdown(2), or that of the request: nc sets
	 * none. */
	got = fd_recv(conn, text, sizeof(text), &listener, &fds);
	while (got > 0) {
		n += (size_t)got;
		got = is_whole(text, n) ? 0 : fd_read(conn, text + n, sizeof(text) - n);
	}
	if (hostfwd_answer(f, text, n, listener, &out) == 0)
		send(conn, out.data, out.len, MSG_NOSIGNAL);
	fd_close(listener);
}

void hostfwd_done(struct hostfwds *f)
{
	for (size_t i = 0; i < f->len; i++)
		fd_close(f->v[i].sock);
	free(f->v);
	f->v = NULL;
	f->len = 0;
}
