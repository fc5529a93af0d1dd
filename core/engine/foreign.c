/* SPDX-License-Identifier: Apache-2.0 */
/* Published ports of a network namespace that is no container's.
 *
 * The listeners are opened here, by the caller: what it was handed (LISTEN_FDS) and what
 * it may do counts, and a port that is taken is known before anything is changed. */
#include "core/engine/foreign.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/engine/attended.h"
#include "core/engine/desk.h"
#include "core/net/sockaddr.h"
#include "core/net/stack.h"
#include "core/wire/json.h"

/* The device of a namespace that is served for its ports alone. The addresses are of
 * those that no network has: link-local. */
#define IFNAME "ports0"
#define MTU    65520

struct target {
	struct nstarget ns;
	struct desk desk;
};

static void target_done(struct target *t)
{
	nstarget_done(&t->ns);
	desk_done(&t->desk);
}

#define TARGET_NONE \
	{ \
		{ -1, -1 }, \
		{ \
			.dir = -1 \
		} \
	}

static int open_target(const char *pid, struct target *ret, struct err *e)
{
	autofree char *net = NULL;
	struct stat theirs, own;
	int r;

	if ((r = nstarget_of_pid(pid, &net, e)) < 0 ||
	    (r = nstarget_open(net, NULL, &ret->ns, e)) < 0)
		return r;
	if (fstat(ret->ns.net_fd, &theirs) == 0 && stat("/proc/self/ns/net", &own) == 0 &&
	    theirs.st_ino == own.st_ino)
		return err_set(e, -EINVAL,
			       "process %s is in the network namespace of this command: "
			       "its ports are the host's already",
			       pid);
	return desk_find(ret->ns.net_fd, &ret->desk, e);
}

static int parse_all(char *const specs[], struct publish **ret, size_t *n, struct err *e)
{
	int r = specs[0] ? 0 : err_set(e, -EINVAL, "no port is given");

	for (; r == 0 && *specs; specs++)
		r = publish_parse(*specs, ret, n, e);
	return r;
}

/* --- add ------------------------------------------------------------------------------
 */

static const struct ip_addr inside = { .family = AF_INET, .bytes = { 169, 254, 113, 2 } };
static const struct ip_addr router = { .family = AF_INET, .bytes = { 169, 254, 113, 1 } };

/* Nobody serves the namespace: the ports are served from the start of who does now. */
static int start(struct target *t, struct publish *v, size_t n, struct err *e)
{
	struct attended how = { .background = true };
	struct standalone s = { .visits = true,
				.closed = 1u << STACK_OUT,
				.exit_fd = -1,
				.ports = v,
				.ports_len = n };

	str_copy(s.plan.ifname, sizeof(s.plan.ifname), IFNAME);
	standalone_mac(s.plan.mac);
	s.plan.mtu = MTU;
	s.plan.configure = s.plan.visits = true;
	s.plan.side[0] =
		(struct annex_side){ .addr = inside, .prefix = 32, .router = router };
	return attended_run(&how, &s, &t->ns, e);
}

struct opened {
	int fd;
	enum publish_proto proto;
	uint16_t port;
	int64_t id; /* once it is served; else 0 */
};

static int add_one(const struct target *t, struct opened *o, struct err *e)
{
	char at[IPAM_TEXT_MAX];
	struct ip_addr addr;
	uint16_t port;
	autobuf reply = { 0 };
	autojson *doc = NULL;
	yyjson_val *ret = NULL;
	int r = sockaddr_local(o->fd, &addr, &port);

	if (r < 0)
		return err_code(e, r, "read the published port");
	autofree char *text = str_fmt(
		"{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"%s\","
		"\"host_addr\":\"%s\",\"host_port\":%u,\"guest_port\":%u}}",
		publish_proto_name(o->proto), ipam_addr_text(at, &addr), port, o->port);
	if ((r = desk_ask(&t->desk, text, o->fd, &reply, e)) < 0 ||
	    (r = json_parse(buf_str(&reply), reply.len, "reply", &doc, e)) < 0 ||
	    (r = json_get_obj(yyjson_doc_get_root(doc), "return", &ret, e)) < 0)
		return r;
	return json_get_i64(ret, "id", &o->id, e);
}

static int remove_one(const struct target *t, int64_t id, struct err *e)
{
	autobuf reply = { 0 };
	autofree char *text =
		str_fmt("{\"execute\":\"remove_hostfwd\",\"arguments\":{\"id\":%lld}}",
			(long long)id);

	return desk_ask(&t->desk, text, -1, &reply, e);
}

static int open_all(const struct publish *v, size_t n, struct opened *ret, size_t *ret_n,
		    struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		int fds[2];
		size_t got = 0;
		uint16_t port;

		r = publish_listen(&v[i], fds, &got, &port, e);
		for (size_t k = 0; r == 0 && k < got; k++)
			ret[(*ret_n)++] =
				(struct opened){ fds[k], v[i].proto, v[i].port, 0 };
	}
	return r;
}

static int hand_over(const struct target *t, const struct publish *v, size_t n,
		     struct err *e)
{
	autofree struct opened *o = mem_array(2 * n + 1, sizeof(*o));
	size_t len = 0;
	int r = open_all(v, n, o, &len, e);

	for (size_t i = 0; r == 0 && i < len; i++)
		r = add_one(t, &o[i], e);
	for (size_t i = 0; i < len; i++) {
		if (r < 0 && o[i].id)
			remove_one(t, o[i].id, NULL);
		fd_close(o[i].fd);
	}
	return r;
}

static bool is_served(const struct target *t)
{
	autobuf reply = { 0 };

	return desk_ask(&t->desk, "{\"execute\":\"list_hostfwd\"}", -1, &reply, NULL) !=
	       -ENOENT;
}

int foreign_add(const char *pid, char *const specs[], struct err *e)
{
	autodone(target_done) struct target t = TARGET_NONE;
	autofree struct publish *v = NULL;
	autoclose int lock = -1;
	size_t n = 0;
	int r;

	if ((r = parse_all(specs, &v, &n, e)) < 0 || (r = open_target(pid, &t, e)) < 0)
		return r;
	lock = desk_lock(&t.desk, e);
	if (lock < 0)
		return lock;
	return is_served(&t) ? hand_over(&t, v, n, e) : start(&t, v, n, e);
}

/* --- list and remove ------------------------------------------------------------------
 */

struct entry {
	int64_t id;
	struct publish map;
};

static int read_entry(yyjson_val *o, struct entry *ret, struct err *e)
{
	const char *proto = NULL, *host = NULL;
	uint32_t port = 0, inner = 0;
	int r;

	*ret = (struct entry){ 0 };
	if ((r = json_get_i64(o, "id", &ret->id, e)) < 0 ||
	    (r = json_get_str(o, "proto", &proto, e)) < 0 ||
	    (r = json_get_str(o, "host_addr", &host, e)) < 0 ||
	    (r = json_get_u32(o, "host_port", &port, e)) < 0 ||
	    (r = json_get_u32(o, "guest_port", &inner, e)) < 0)
		return r;
	if (!str_empty(host) && ipam_parse_addr(host, &ret->map.host_ip) != 0)
		return err_set(e, -EPROTO, "'%s' is not an address", host);
	ret->map.proto = str_eq(proto, "udp") ? PUBLISH_UDP : PUBLISH_TCP;
	ret->map.host_port = (uint16_t)port;
	ret->map.port = (uint16_t)inner;
	return 0;
}

static int read_entries(const struct target *t, struct entry **ret, size_t *ret_n,
			struct err *e)
{
	autobuf reply = { 0 };
	autojson *doc = NULL;
	yyjson_val *list = NULL, *all = NULL, *one;
	size_t i, max;
	int r = desk_ask(&t->desk, "{\"execute\":\"list_hostfwd\"}", -1, &reply, e);

	if (r == -ENOENT) /* nobody serves it: nothing is published */
		return 0;
	if (r < 0 || (r = json_parse(buf_str(&reply), reply.len, "reply", &doc, e)) < 0 ||
	    (r = json_get_obj(yyjson_doc_get_root(doc), "return", &list, e)) < 0 ||
	    (r = json_get_arr(list, "entries", &all, e)) < 0)
		return r;
	*ret = mem_array(yyjson_arr_size(all) + 1, sizeof(**ret));
	yyjson_arr_foreach (all, i, max, one) {
		if ((r = read_entry(one, &(*ret)[*ret_n], e)) < 0)
			return r;
		(*ret_n)++;
	}
	return 0;
}

static int remove_like(const struct target *t, const struct publish *want,
		       struct entry *v, size_t n, struct err *e)
{
	bool found = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct publish *p = &v[i].map;

		if (!v[i].id || p->proto != want->proto || p->port != want->port ||
		    (want->host_port && want->host_port != p->host_port) ||
		    (want->host_ip.family != AF_UNSPEC &&
		     !ipam_addr_eq(&want->host_ip, &p->host_ip)))
			continue;
		r = remove_one(t, v[i].id, e);
		v[i].id = 0;
		found = true;
	}
	if (r == 0 && !found)
		r = err_set(e, -ENOENT, "no port '%u/%s'%s is published there",
			    want->port, publish_proto_name(want->proto),
			    want->host_port ? " of that host port" : "");
	return r;
}

int foreign_remove(const char *pid, char *const specs[], struct err *e)
{
	autodone(target_done) struct target t = TARGET_NONE;
	autofree struct publish *want = NULL;
	autofree struct entry *v = NULL;
	autoclose int lock = -1;
	size_t n = 0, len = 0;
	int r;

	if ((r = parse_all(specs, &want, &n, e)) < 0 || (r = open_target(pid, &t, e)) < 0)
		return r;
	lock = desk_lock(&t.desk, e);
	if (lock < 0)
		return lock;
	r = read_entries(&t, &v, &len, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = remove_like(&t, &want[i], v, len, e);
	return r;
}

static void describe(const struct publish *p, struct strv *ret)
{
	char ip[IPAM_TEXT_MAX] = "0.0.0.0";
	const char *proto = publish_proto_name(p->proto);

	if (p->host_ip.family != AF_UNSPEC)
		ipam_addr_text(ip, &p->host_ip);
	strv_addf(ret,
		  p->host_ip.family == AF_INET6 ? "%u/%s -> [%s]:%u" : "%u/%s -> %s:%u",
		  p->port, proto, ip, p->host_port);
	if (p->host_ip.family == AF_UNSPEC)
		strv_addf(ret, "%u/%s -> [::]:%u", p->port, proto, p->host_port);
}

int foreign_list(const char *pid, struct strv *ret, struct err *e)
{
	autodone(target_done) struct target t = TARGET_NONE;
	autofree struct entry *v = NULL;
	size_t n = 0;
	int r = open_target(pid, &t, e);

	if (r == 0)
		r = read_entries(&t, &v, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		describe(&v[i].map, ret);
	strv_sort(ret);
	return r;
}
