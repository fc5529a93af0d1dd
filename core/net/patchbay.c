/* SPDX-License-Identifier: Apache-2.0 */
/* The patchbay.
 *
 * What a bridge does, for taps: each packet, with the header that says what the kernel
 * has left undone of it (checksum, segments), is read from one and written to another.
 * The last resort: of what a kernel can lack, /dev/net/tun is the rarest, since every VPN
 * wants it; but each packet is copied twice more, in one process for all.
 *
 * Nothing is learnt from traffic: a port's address is what the container was given, a
 * packet from another is dropped, and one to an address that no port has too.
 *
 * The devices of containers go with the last descriptor, and these are nowhere but here.
 * So there are two processes: one works, the other waits with the same descriptors, and
 * takes the work over (and makes itself a successor) when the first has died. Both end
 * with the realm's keeper, or with the outpost whose annex they stand in.
 *
 * Holds: the taps, a listening socket of the realm, the socket between the two. */
#include "core/net/patchbay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/bridge.h"
#include "core/net/confine.h"
#include "core/net/porter.h"
#include "core/net/tap.h"

#define PATCHBAY_NAME     "rootless-patchbay" /* in the realm's abstract namespace */
#define PATCHBAY_BATCH    64
#define PATCHBAY_FRAME    (TAP_HEADER + 14 + 65535 + 4)
#define PATCHBAY_WAIT_S   5
#define PATCHBAY_ALONE_MS 200 /* until there is another process to be had */

enum { PATCHBAY_LISTEN, PATCHBAY_TWIN, PATCHBAY_END, PATCHBAY_FIRST };

struct patchbay {
	int listen_fd, end_fd, keep_fd;
	int twin_fd;
	size_t len; /* of ports */
	struct patchbay_port ports[PATCHBAY_PORTS];
	struct pollfd polls[PATCHBAY_FIRST + PATCHBAY_PORTS];
	uint8_t frame[PATCHBAY_FRAME];
};

static int *patchbay_tap(struct patchbay *b, size_t i)
{
	return &b->polls[PATCHBAY_FIRST + i].fd;
}

static int patchbay_add(struct patchbay *b, const struct patchbay_port *p, int tap_fd)
{
	struct ifreq r;

	if (b->len == PATCHBAY_PORTS)
		return -ENOSPC;
	b->ports[b->len] = *p;
	if (p->uplink && ioctl(tap_fd, SIOCGIFHWADDR, &r) == 0)
		memcpy(b->ports[b->len].mac, r.ifr_hwaddr.sa_data, sizeof(p->mac));
	b->polls[PATCHBAY_FIRST + b->len] =
		(struct pollfd){ .fd = tap_fd, .events = POLLIN };
	b->len++;
	return 0;
}

static void patchbay_drop(struct patchbay *b, size_t i)
{
	fd_close(*patchbay_tap(b, i));
	b->len--;
	b->ports[i] = b->ports[b->len];
	b->polls[PATCHBAY_FIRST + i] = b->polls[PATCHBAY_FIRST + b->len];
}

/* --- packets ------------------------------------------------------------------------ */

static bool patchbay_joined(const struct patchbay_port *a, const struct patchbay_port *b)
{
	return !(a->isolated && b->isolated) && str_eq(a->bridge, b->bridge);
}

static void patchbay_forward(struct patchbay *b, size_t from, size_t n)
{
	const struct patchbay_port *p = &b->ports[from];
	const uint8_t *to = b->frame + TAP_HEADER, *source = to + sizeof(p->mac);
	bool many = to[0] & 1;

	if (n < TAP_HEADER + 14 || (!p->uplink && memcmp(source, p->mac, 6) != 0))
		return;
	for (size_t i = 0; i < b->len; i++) {
		if (i == from || (!many && memcmp(to, b->ports[i].mac, 6) != 0) ||
		    !patchbay_joined(p, &b->ports[i]))
			continue;
		/* A full queue loses packets, as on any link. */
		if (write(*patchbay_tap(b, i), b->frame, n) < 0)
			continue;
	}
}

/* false: the device is gone. */
static bool patchbay_read(struct patchbay *b, size_t from)
{
	for (int i = 0; i < PATCHBAY_BATCH; i++) {
		ssize_t n = read(*patchbay_tap(b, from), b->frame, sizeof(b->frame));

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		patchbay_forward(b, from, (size_t)n);
	}
	return true;
}

/* --- ports ---------------------------------------------------------------------------
 */

static void patchbay_serve(struct patchbay *b)
{
	const struct timeval wait = { .tv_sec = PATCHBAY_WAIT_S };
	autoclose int conn = accept4(b->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	struct patchbay_port p;
	int32_t answer = -EPROTO;
	size_t n = 1;
	int fd;

	if (conn < 0)
		return;
	setsockopt(conn, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (fd_recv(conn, &p, sizeof(p), &fd, &n) == sizeof(p) && n == 1) {
		p.bridge[sizeof(p.bridge) - 1] = 0;
		answer = patchbay_add(b, &p, fd);
		if (answer)
			fd_close(fd);
		/* Should that fail, the other is dying. */
		else if (b->twin_fd >= 0)
			fd_send(b->twin_fd, &p, sizeof(p), &fd, 1);
	}
	fd_write_all(conn, &answer, sizeof(answer));
}

/* Waits until the one at work has died, taking note of its ports. */
static void patchbay_wait(struct patchbay *b)
{
	struct patchbay_port p;
	int fd;

	for (;;) {
		size_t n = 1;
		ssize_t got = fd_recv(b->twin_fd, &p, sizeof(p), &fd, &n);

		if (got != sizeof(p))
			return;
		if (n == 1 && patchbay_add(b, &p, fd) != 0)
			fd_close(fd);
		/* Now is the time to look which have gone. */
		poll(&b->polls[PATCHBAY_FIRST], b->len, 0);
		for (size_t i = b->len; i-- > 0;)
			if (b->polls[PATCHBAY_FIRST + i].revents & POLLERR)
				patchbay_drop(b, i);
	}
}

/* --- the two -------------------------------------------------------------------------
 */

static bool patchbay_over(const struct patchbay *b)
{
	struct pollfd end = { .fd = b->end_fd, .events = POLLIN };

	return poll(&end, 1, 0) > 0;
}

/* Gets one that waits, and returns in the one that works: which may be the one that has
 * waited. Without one, twin_fd is -1: another time. */
static void patchbay_split(struct patchbay *b)
{
	int pair[2];

	do {
		b->twin_fd = fd_close(b->twin_fd);
		if (patchbay_over(b) || fd_socketpair(SOCK_SEQPACKET, pair) != 0)
			return;
		pid_t pid = fork();
		if (pid == 0) {
			fd_close(pair[0]);
			b->twin_fd = pair[1];
			patchbay_wait(b);
			continue;
		}
		fd_close(pair[1]);
		b->twin_fd = pid < 0 ? fd_close(pair[0]) : pair[0];
		return;
	} while (true);
}

static void patchbay_work(struct patchbay *b)
{
	patchbay_split(b);
	while (!patchbay_over(b)) {
		b->polls[PATCHBAY_LISTEN] =
			(struct pollfd){ .fd = b->listen_fd, .events = POLLIN };
		b->polls[PATCHBAY_TWIN] =
			(struct pollfd){ .fd = b->twin_fd, .events = POLLIN };
		b->polls[PATCHBAY_END] =
			(struct pollfd){ .fd = b->end_fd, .events = POLLIN };
		poll(b->polls, PATCHBAY_FIRST + b->len,
		     b->twin_fd < 0 ? PATCHBAY_ALONE_MS : -1);
		for (size_t i = b->len; i-- > 0;)
			if (b->polls[PATCHBAY_FIRST + i].revents && !patchbay_read(b, i))
				patchbay_drop(b, i);
		if (b->polls[PATCHBAY_LISTEN].revents)
			patchbay_serve(b);
		if (b->twin_fd < 0 || b->polls[PATCHBAY_TWIN].revents)
			patchbay_split(b);
	}
}

/* --- the start ---------------------------------------------------------------------- */

static socklen_t patchbay_address(struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret->sun_path + 1, PATCHBAY_NAME, strlen(PATCHBAY_NAME));
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   strlen(PATCHBAY_NAME));
}

/* Which bridge a device of the realm belongs to: the two ends of its pair are one's. */
static const char *patchbay_bridge(const char *ifname)
{
	for (int i = 0; i < BRIDGE_PATHS; i++)
		if (str_eq(ifname, bridge_pair((enum bridge_path)i, true)))
			return bridge_pair((enum bridge_path)i, false);
	return ifname;
}

/* The taps that the realm has already. Others are no taps, and refused. */
static void patchbay_find(struct patchbay *b)
{
	struct if_nameindex *all = if_nameindex();

	for (size_t i = 0; all && all[i].if_index; i++) {
		struct patchbay_port p = { .uplink = true };
		int fd = str_eq(all[i].if_name, "lo") ? -1
						      : tap_open(all[i].if_name, NULL);

		str_copy(p.bridge, sizeof(p.bridge), patchbay_bridge(all[i].if_name));
		if (fd >= 0 && patchbay_add(b, &p, fd) != 0)
			fd_close(fd);
	}
	if_freenameindex(all);
}

static int patchbay_open(struct patchbay *b, int realm_pidfd, struct err *e)
{
	struct sockaddr_un un;
	socklen_t len = patchbay_address(&un);
	int rc = porter_join(realm_pidfd);

	if (rc)
		return err_code(e, rc, "join the realm");
	b->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (b->listen_fd < 0 || bind(b->listen_fd, (struct sockaddr *)&un, len) != 0 ||
	    listen(b->listen_fd, PATCHBAY_BATCH) != 0)
		return err_sys(e, "listen in the realm");
	patchbay_find(b);
	return confine_patchbay(e);
}

int patchbay_main(int realm_pidfd, int end_fd, int keep_fd, int ready_fd)
{
	struct patchbay *b = mem_new(struct patchbay);
	struct err e = { 0 };
	struct rlimit files;

	*b = (struct patchbay){ .end_fd = end_fd, .keep_fd = keep_fd, .twin_fd = -1 };
	prctl(PR_SET_NAME, "rootless-patchbay");
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (patchbay_open(b, realm_pidfd, &e) != 0 || fd_write_all(ready_fd, "1", 1) != 0)
		return 1;
	fd_close(ready_fd);
	patchbay_work(b);
	return 0;
}

/* --- the caller's side -------------------------------------------------------------- */

int patchbay_plug(const struct patchbay_port *p, int tap_fd, struct err *e)
{
	autoclose int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un un;
	socklen_t len = patchbay_address(&un);
	int32_t answer;
	int rc;

	if (sock < 0 || connect(sock, (struct sockaddr *)&un, len) != 0)
		return err_sys(e, "connect to the process that hands packets on");
	rc = fd_send(sock, p, sizeof(*p), &tap_fd, 1);
	if (!rc && fd_read(sock, &answer, sizeof(answer)) != sizeof(answer))
		rc = -EPIPE;
	if (!rc)
		rc = answer;
	return rc ? err_code(e, rc, "hand a tap to the process that hands packets on")
		  : 0;
}
