/* SPDX-License-Identifier: Apache-2.0 */
/* Published ports: docker's -p syntax, and the host's listeners. */
#include "core/net/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/strv.h"
#include "core/net/sockaddr.h"

#define PUBLISH_TEXT_MAX 256
#define PUBLISH_BACKLOG  4096
#define LISTEN_FDS_START 3
#define LISTEN_FDS_MAX   64

/* Both ends are in it. */
struct publish_range {
	uint16_t low, high;
};

const char *publish_proto_name(enum publish_proto p)
{
	static const char *const names[] = { "tcp", "udp", "sctp" };

	return names[p];
}

static int publish_range(const char *text, struct publish_range *ret)
{
	char low[PUBLISH_TEXT_MAX];
	const char *dash = strchr(text, '-');
	uint64_t a, b;

	if (str_copy(low, sizeof(low), text) != 0)
		return -EINVAL;
	if (dash)
		low[dash - text] = 0;
	if (str_u64(low, UINT16_MAX, &a) != 0)
		return -EINVAL;
	b = a;
	if (dash && str_u64(dash + 1, UINT16_MAX, &b) != 0)
		return -EINVAL;
	if (b < a)
		return -EINVAL;
	*ret = (struct publish_range){ (uint16_t)a, (uint16_t)b };
	return 0;
}

static int publish_proto(const char *text, enum publish_proto *ret)
{
	static const enum publish_proto all[] = { PUBLISH_TCP, PUBLISH_UDP,
						  PUBLISH_SCTP };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (strcasecmp(text, publish_proto_name(all[i])) == 0) {
			*ret = all[i];
			return 0;
		}
	}
	return -EINVAL;
}

/* "ip:host:port", "[v6]:host:port", "ip::port", "host:port", "port" cut into its pieces,
 * in place. Absent pieces are "". */
struct publish_pieces {
	const char *ip, *host, *port;
};

static int publish_cut(char *text, struct publish_pieces *ret)
{
	struct publish_pieces p = { "", "", text };
	char *colon = strrchr(text, ':');

	if (colon) {
		*colon = 0;
		p.port = colon + 1;
		p.host = text;
		colon = strrchr(text, ':');
		if (colon) {
			*colon = 0;
			p.host = colon + 1;
			p.ip = text;
		}
	}
	if (p.ip[0] == '[') {
		size_t n = strlen(p.ip);

		if (p.ip[n - 1] != ']')
			return -EINVAL;
		text[n - 1] = 0;
		p.ip++;
	}
	*ret = p;
	return 0;
}

/* A range of host ports goes with a range of the same length, or is what one container
 * port picks from. */
static int publish_expand(const struct publish *first, const struct publish_range *inside,
			  struct publish **list, size_t *len)
{
	unsigned int n = inside->high - inside->low + 1u;
	unsigned int hosts = first->host_port_end - first->host_port + 1u;
	bool pick = first->host_port == 0 || (n == 1 && hosts > 1);

	if (!pick && hosts != n)
		return -EINVAL;
	*list = mem_resize(*list, *len + n, sizeof(**list));
	for (unsigned int i = 0; i < n; i++) {
		struct publish *p = &(*list)[(*len)++];

		*p = *first;
		p->port = (uint16_t)(inside->low + i);
		if (!pick) {
			p->host_port = (uint16_t)(first->host_port + i);
			p->host_port_end = p->host_port;
		}
	}
	return 0;
}

/* buf has PUBLISH_TEXT_MAX bytes. */
static int publish_short(const char *text, char *buf, struct err *e)
{
	if (str_copy(buf, PUBLISH_TEXT_MAX, text) == 0)
		return 0;
	return err_set(e, -EINVAL, "invalid port specification: \"%.64s…\"", text);
}

/* docker's long form, "published=8080,target=80,protocol=udp", made the short one. */
static int publish_long(const char *text, char *buf, struct err *e)
{
	const char *host = "", *port = "", *proto = "tcp";
	autostrv params = { 0 };

	strv_split(&params, text, ',');
	for (size_t i = 0; i < params.len; i++) {
		char *value = strchr(params.v[i], '=');

		if (!value || value == params.v[i])
			return err_set(e, -EINVAL,
				       "invalid publish opts format (should be "
				       "name=value but got '%s')",
				       params.v[i]);
		*value++ = 0;
		if (str_eq(params.v[i], "published"))
			host = value;
		else if (str_eq(params.v[i], "target"))
			port = value;
		else if (str_eq(params.v[i], "protocol"))
			proto = value;
		else
			return err_set(e, -EINVAL,
				       "publish: there is no '%s': published, target "
				       "and protocol are known",
				       params.v[i]);
	}
	if (str_print(buf, PUBLISH_TEXT_MAX, "%s:%s/%s", host, port, proto) == 0)
		return 0;
	return publish_short(text, buf, e);
}

int publish_parse(const char *text, struct publish **list, size_t *len, struct err *e)
{
	struct publish p = { .proto = PUBLISH_TCP };
	struct publish_range inside, outside = { 0, 0 };
	struct publish_pieces pieces;
	char buf[PUBLISH_TEXT_MAX];
	char *slash;
	int rc = strchr(text, '=') ? publish_long(text, buf, e)
				   : publish_short(text, buf, e);

	if (rc)
		return rc;
	slash = strrchr(buf, '/');
	if (slash)
		*slash++ = 0;
	if (slash && publish_proto(slash, &p.proto) != 0)
		return err_set(e, -EINVAL, "invalid proto: %s", slash);
	if (publish_cut(buf, &pieces) != 0)
		return err_set(e, -EINVAL, "invalid port specification: \"%s\"", text);
	if (!pieces.port[0])
		return err_set(e, -EINVAL, "no port specified: %s<empty>", text);
	if (publish_range(pieces.port, &inside) != 0 || inside.low == 0)
		return err_set(e, -EINVAL, "invalid containerPort: %s", pieces.port);
	if (pieces.host[0] && publish_range(pieces.host, &outside) != 0)
		return err_set(e, -EINVAL, "invalid hostPort: %s", pieces.host);
	if (pieces.ip[0] && ipam_parse_addr(pieces.ip, &p.host_ip) != 0)
		return err_set(e, -EINVAL, "invalid IP address: %s", pieces.ip);
	p.host_port = outside.low;
	p.host_port_end = outside.high;
	if (publish_expand(&p, &inside, list, len) != 0)
		return err_set(e, -EINVAL,
			       "invalid ranges specified for container and "
			       "host Ports: %s and %s",
			       pieces.port, pieces.host);
	return 0;
}

static int publish_type(const struct publish *p)
{
	return p->proto == PUBLISH_TCP ? SOCK_STREAM : SOCK_DGRAM;
}

/* How many descriptors a service manager has handed over (sd_listen_fds(3)). */
static int publish_given(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t of, n;

	if (!pid || !fds || str_u64(pid, INT32_MAX, &of) != 0 || of != (uint64_t)getpid())
		return 0;
	return str_u64(fds, LISTEN_FDS_MAX, &n) == 0 ? (int)n : 0;
}

static int publish_option(int fd, int level, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, level, name, &value, &len) == 0 ? value : -1;
}

bool publish_is(const struct publish *p, int fd)
{
	static const struct ip_addr all[] = { { .family = AF_INET },
					      { .family = AF_INET6 } };
	struct ip_addr at;
	uint16_t port;

	if (publish_option(fd, SOL_SOCKET, SO_TYPE) != publish_type(p) ||
	    sockaddr_local(fd, &at, &port) != 0 || port != p->host_port)
		return false;
	return p->host_ip.family == AF_UNSPEC
		       ? ipam_addr_eq(&at, &all[0]) || ipam_addr_eq(&at, &all[1])
		       : ipam_addr_eq(&at, &p->host_ip);
}

unsigned int publish_families(const int *fds, size_t n)
{
	static const struct ip_addr six = { .family = AF_INET6 };
	unsigned int families = 0;
	struct ip_addr at;
	uint16_t port;

	for (size_t i = 0; i < n; i++) {
		if (sockaddr_local(fds[i], &at, &port) != 0)
			continue;
		families |= at.family == AF_INET6 ? PUBLISH_SIX : PUBLISH_FOUR;
		if (ipam_addr_eq(&at, &six) &&
		    publish_option(fds[i], IPPROTO_IPV6, IPV6_V6ONLY) == 0)
			families |= PUBLISH_FOUR;
	}
	return families;
}

/* Is the descriptor a socket of that kind, without a peer, at that address? both: and
 * one that serves IPv4 besides IPv6. */
static bool publish_fits(const struct publish *p, int fd, const struct ip_addr *ip,
			 uint16_t port, bool both)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	struct ip_addr at;
	uint16_t at_port;

	return publish_option(fd, SOL_SOCKET, SO_TYPE) == publish_type(p) &&
	       sockaddr_local(fd, &at, &at_port) == 0 && at_port == port &&
	       ipam_addr_eq(&at, ip) &&
	       getpeername(fd, (struct sockaddr *)&peer, &len) != 0 &&
	       (!both || publish_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0);
}

/* The socket that was handed over for that address, a descriptor of our own; -ENOENT. */
static int publish_inherited(const struct publish *p, const struct ip_addr *ip,
			     uint16_t port, bool both)
{
	int n = publish_given();

	for (int fd = LISTEN_FDS_START; fd < LISTEN_FDS_START + n; fd++) {
		if (!publish_fits(p, fd, ip, port, both))
			continue;
		if (p->proto == PUBLISH_TCP &&
		    !publish_option(fd, SOL_SOCKET, SO_ACCEPTCONN) &&
		    listen(fd, PUBLISH_BACKLOG) != 0)
			return -errno;
		fd = fcntl(fd, F_DUPFD_CLOEXEC, LISTEN_FDS_START + n);
		if (fd < 0)
			return -errno;
		fd_nonblock(fd, true);
		return fd;
	}
	return -ENOENT;
}

static int publish_open(const struct publish *p, const struct ip_addr *ip, uint16_t port)
{
	int given = port ? publish_inherited(p, ip, port, false) : -ENOENT;
	autoclose int fd = -1;
	struct sockaddr_storage ss;
	socklen_t len;
	int on = 1;

	if (given != -ENOENT)
		return given;
	fd = socket(ip->family, publish_type(p) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* On a datagram socket it would let two containers share one port. */
	if (p->proto == PUBLISH_TCP)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (ip->family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	/* Since Linux 5.7 without privilege. */
	if (p->device[0] && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, p->device,
				       (socklen_t)strlen(p->device)) != 0)
		return -errno;
	len = sockaddr_set(&ss, ip, port);
	if (bind(fd, (struct sockaddr *)&ss, len) != 0)
		return -errno;
	if (p->proto == PUBLISH_TCP && listen(fd, PUBLISH_BACKLOG) != 0)
		return -errno;
	return TAKE_FD(fd);
}

/* Of what was handed over for every address: one socket that serves both families
 * (systemd's ListenStream=80), or what there is of one each; nobody who has been given
 * one of a privileged port could open the other. 0: nothing was. */
static size_t publish_take_given(const struct publish *p, uint16_t port, int ret_fds[2])
{
	struct ip_addr four = { .family = AF_INET }, six = { .family = AF_INET6 };
	int fd = publish_inherited(p, &six, port, true);
	size_t n = 0;

	if (fd >= 0) {
		ret_fds[0] = fd;
		return 1;
	}
	if ((fd = publish_inherited(p, &four, port, false)) >= 0)
		ret_fds[n++] = fd;
	if ((fd = publish_inherited(p, &six, port, false)) >= 0)
		ret_fds[n++] = fd;
	return n;
}

/* The second family must get the first one's port; where the host has no IPv6 it is left
 * out. */
static int publish_open_both(const struct publish *p, uint16_t port, int ret_fds[2],
			     size_t *ret_n)
{
	struct ip_addr four = { .family = AF_INET }, six = { .family = AF_INET6 };
	struct ip_addr at;
	int b;

	*ret_n = port ? publish_take_given(p, port, ret_fds) : 0;
	if (*ret_n)
		return 0;
	autoclose int a = publish_open(p, &four, port);
	if (a < 0)
		return a;
	if (sockaddr_local(a, &at, &port) != 0)
		return -EIO;
	b = publish_open(p, &six, port);
	if (b < 0 && b != -EAFNOSUPPORT && b != -EADDRNOTAVAIL)
		return b;
	ret_fds[0] = TAKE_FD(a);
	ret_fds[1] = b;
	*ret_n = b < 0 ? 1 : 2;
	return 0;
}

static int publish_open_at(const struct publish *p, uint16_t port, int ret_fds[2],
			   size_t *ret_n)
{
	int fd;

	if (p->host_ip.family == AF_UNSPEC)
		return publish_open_both(p, port, ret_fds, ret_n);
	fd = publish_open(p, &p->host_ip, port);
	if (fd < 0)
		return fd;
	ret_fds[0] = fd;
	*ret_n = 1;
	return 0;
}

static unsigned int publish_privileged_below(void)
{
	char text[16];
	uint64_t v;
	size_t n;

	if (file_read_small(AT_FDCWD, "/proc/sys/net/ipv4/ip_unprivileged_port_start",
			    text, sizeof(text)) != 0)
		return 1024;
	n = strcspn(text, "\n");
	text[n] = 0;
	return str_u64(text, UINT16_MAX + 1, &v) == 0 ? (unsigned int)v : 1024;
}

static int publish_refused(const struct publish *p, uint16_t port, int rc, struct err *e)
{
	char ip[IPAM_TEXT_MAX];
	bool six = p->host_ip.family == AF_INET6;

	if (p->host_ip.family == AF_UNSPEC)
		str_copy(ip, sizeof(ip), "0.0.0.0");
	else
		ipam_addr_text(ip, &p->host_ip);
	if (rc == -EADDRINUSE)
		return err_set(e, rc,
			       "bind for %s%s%s:%u failed: port is already allocated",
			       six ? "[" : "", ip, six ? "]" : "", port);
	if (rc == -EACCES)
		return err_set(
			e, rc,
			"bind for %s%s%s:%u failed: ports below %u need a privilege: "
			"publish a higher port, have root run 'sysctl "
			"net.ipv4.ip_unprivileged_port_start=%u' or 'setcap "
			"cap_net_bind_service=ep' on this executable, or pass the "
			"listening socket in (LISTEN_FDS, as systemd's socket units do)",
			six ? "[" : "", ip, six ? "]" : "", port,
			publish_privileged_below(), port);
	return err_code(e, rc, "bind for %s%s%s:%u failed", six ? "[" : "", ip,
			six ? "]" : "", port);
}

int publish_listen(const struct publish *p, int ret_fds[2], size_t *ret_n,
		   uint16_t *ret_port, struct err *e)
{
	/* With port 0 the kernel picks for one family; the other's may be taken. */
	unsigned int tries = p->host_port ? p->host_port_end - p->host_port + 1u : 16;
	struct ip_addr at;
	int fds[2], rc = -EADDRINUSE;
	size_t n = 0;

	if (p->proto == PUBLISH_SCTP)
		return err_set(e, -EPROTONOSUPPORT,
			       "publish port %u: SCTP cannot be published", p->port);
	for (unsigned int i = 0; i < tries && rc == -EADDRINUSE; i++)
		rc = publish_open_at(p, (uint16_t)(p->host_port ? p->host_port + i : 0),
				     fds, &n);
	if (rc == -EADDRINUSE && tries > 1 && p->host_port)
		return err_set(e, rc,
			       "bind for ports %u-%u failed: all ports are allocated",
			       p->host_port, p->host_port_end);
	if (rc)
		return publish_refused(p, p->host_port, rc, e);
	rc = sockaddr_local(fds[0], &at, ret_port);
	if (rc) {
		for (size_t i = 0; i < n; i++)
			fd_close(fds[i]);
		return err_code(e, rc, "read the published port");
	}
	memcpy(ret_fds, fds, n * sizeof(*fds));
	*ret_n = n;
	return 0;
}
