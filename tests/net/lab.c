/* SPDX-License-Identifier: Apache-2.0 */
/* A laboratory for the network room: its functions as verbs, for tests that make a realm
 * and containers of namespaces by unshare(1) and nsenter(1).
 *
 *   lab realm [PATH]                                 in the realm: bridge_realm_take
 *   lab without nothing|netfilter|packet|both COMMAND…   that kernel ability hidden
 *   lab without bridge|veth|macvlan|tun[,…] COMMAND… those kinds of links hidden
 *   lab bridge NAME SUBNET GATEWAY [SUBNET6 GATEWAY6] [mtu=N] in the realm: bridge_up;
 *                                                    "veth", "macvlan" or "taps"
 *   lab unbridge NAME                                in the realm: bridge_down
 *   lab attach PID BRIDGE VETH ADDR/PREFIX GATEWAY [ADDR6/PREFIX GATEWAY6] [mtu=N]
 *       [lock]
 *                                                    in the realm: endpoint_attach
 *   lab patchbay KEEPER-PID                          on the host: patchbay_main
 *   lab stack SOCKET KEEPER-PID RESOLV.CONF LINGER-MS   on the host: stack_main
 *   lab register SOCKET ID [net=… bridge=… subnet=… gateway=… addr=… addr6=… gateway6=…
 *       port=… internal dns name=…]… [-p SPEC]… [host=NAME=ADDR]…  on the host; holds on
 *       until killed
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/net/bridge.h"
#include "core/net/endpoint.h"
#include "core/net/patchbay.h"
#include "core/net/stack.h"
#include "core/net/way.h"

static int lab_fail(const char *what)
{
	fprintf(stderr, "lab: %s\n", what);
	return 1;
}

static int lab_end(int rc, const struct err *e)
{
	return rc ? lab_fail(e->text) : 0;
}

static int lab_number(const char *text, uint32_t *ret)
{
	uint64_t v;
	int rc = str_u64(text, UINT32_MAX, &v);

	if (!rc)
		*ret = (uint32_t)v;
	return rc;
}

static int lab_realm(const char *path)
{
	struct err e = { 0 };
	int rc = bridge_realm_take(path, &e);

	if (rc < 0)
		return lab_fail(e.text);
	printf("%s\n", way_name(rc));
	return 0;
}

#define LAB_LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LAB_IF(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), (yes), (no))

/* socket(2) of that kind fails as in a kernel that has been built without it. */
static int lab_without(const char *what, char **command)
{
	bool both = str_eq(what, "both");
	uint32_t packet = both || str_eq(what, "packet") ? AF_PACKET : UINT32_MAX;
	uint32_t netlink = both || str_eq(what, "netfilter") ? AF_NETLINK : UINT32_MAX;
	struct sock_filter code[] = {
		LAB_LOAD(nr),
		LAB_IF(__NR_socket, 0, 6),
		LAB_LOAD(args[0]),
		LAB_IF(packet, 3, 0),
		LAB_IF(netlink, 0, 3),
		LAB_LOAD(args[2]),
		LAB_IF(NETLINK_NETFILTER, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_LEN(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return lab_fail("set the filter");
	execvp(command[0], command);
	return lab_fail("run the command");
}

/* In the child: every sendto(2) is put before the one who holds the descriptor. */
static int lab_ask_first(int sock, const char *kinds, char **command)
{
	uint32_t tap = strstr(kinds, "tun") ? TUNSETIFF : UINT32_MAX;
	struct sock_filter code[] = {
		LAB_LOAD(nr),
		LAB_IF(__NR_sendto, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		LAB_IF(__NR_ioctl, 0, 3),
		LAB_LOAD(args[1]),
		LAB_IF(tap, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_LEN(code), code };
	int fd = -1;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				  SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (fd < 0 || fd_send(sock, "", 1, &fd, 1) != 0)
		return lab_fail("set the filter");
	close(fd);
	close(sock);
	execvp(command[0], command);
	return lab_fail("run the command");
}

/* Does the netlink message ask for a link of one of the kinds? */
static bool lab_names_kind(const char *kinds, const uint8_t *message, size_t len)
{
	while (*kinds) {
		uint8_t attr[4 + 16] = { 0, 0, IFLA_INFO_KIND };
		size_t n = strcspn(kinds, ",");

		if (n > 15)
			return false;
		memcpy(attr + 4, kinds, n);
		memcpy(attr, &(uint16_t){ (uint16_t)(4 + n + 1) }, 2);
		if (memmem(message, len, attr, 4 + n + 1))
			return true;
		kinds += n + (kinds[n] == ',');
	}
	return false;
}

/* Refuses such links as a kernel that has been built without them. */
static void lab_refuse(int fd, const char *kinds)
{
	static uint8_t message[65536];
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, -1) > 0 && (p.revents & POLLIN)) {
		struct seccomp_notif ask = { 0 };
		struct seccomp_notif_resp answer = { 0 };

		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &ask) != 0)
			continue;
		struct iovec to = { message, sizeof(message) }, from;
		from.iov_base = (void *)(uintptr_t)ask.data.args[1];
		from.iov_len = ask.data.args[2] < sizeof(message) ? ask.data.args[2]
								  : sizeof(message);
		ssize_t n = process_vm_readv((pid_t)ask.pid, &to, 1, &from, 1, 0);

		answer.id = ask.id;
		if (n > 0 && lab_names_kind(kinds, message, (size_t)n))
			answer.error = -EOPNOTSUPP;
		else
			answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

static int lab_without_links(const char *kinds, char **command)
{
	int pair[2], fd = -1, status = 0;
	size_t n = 1;
	char byte;

	if (fd_socketpair(SOCK_SEQPACKET, pair) != 0)
		return lab_fail("make a socket pair");
	pid_t pid = fork();
	if (pid == 0) {
		close(pair[0]);
		_exit(lab_ask_first(pair[1], kinds, command));
	}
	close(pair[1]);
	if (fd_recv(pair[0], &byte, 1, &fd, &n) == 1 && n == 1)
		lab_refuse(fd, kinds);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int lab_bridge(int argc, char **argv)
{
	struct bridge b = { .mtu = 1500 };
	struct err e = { 0 };
	int rc;

	if (argc > 0 && str_starts(argv[argc - 1], "mtu=") &&
	    lab_number(argv[--argc] + 4, &b.mtu) != 0)
		return lab_fail("mtu");
	if (argc < 3 || ipam_parse_subnet(argv[1], &b.subnet) != 0 ||
	    ipam_parse_addr(argv[2], &b.gateway) != 0)
		return lab_fail("bridge NAME SUBNET GATEWAY");
	if (argc == 5 && (ipam_parse_subnet(argv[3], &b.subnet6) != 0 ||
			  ipam_parse_addr(argv[4], &b.gateway6) != 0))
		return lab_fail("bridge … SUBNET6 GATEWAY6");
	str_copy(b.ifname, sizeof(b.ifname), argv[0]);
	rc = bridge_up(&b, &e);
	if (rc >= 0)
		printf("%s\n", rc == BRIDGE_TAPS      ? "taps"
			       : rc == BRIDGE_MACVLAN ? "macvlan"
						      : "veth");
	return rc < 0 ? lab_fail(e.text) : 0;
}

static int lab_attach(int argc, char **argv)
{
	struct endpoint ep = { .ifname = "eth0", .mtu = 1500 };
	struct ip_subnet at, at6 = { 0 };
	struct err e = { 0 };
	char path[64];
	autoclose int ns = -1;

	if (argc > 0 && str_eq(argv[argc - 1], "lock")) {
		ep.guard = GUARD_LOCK;
		argc--;
	}
	if (argc > 0 && str_starts(argv[argc - 1], "mtu=") &&
	    lab_number(argv[--argc] + 4, &ep.mtu) != 0)
		return lab_fail("mtu");
	if (argc < 5 || ipam_parse_subnet(argv[3], &at) != 0 ||
	    ipam_parse_addr(argv[4], &ep.gateway) != 0)
		return lab_fail("attach PID BRIDGE VETH ADDR/PREFIX GATEWAY");
	if (argc == 7 && (ipam_parse_subnet(argv[5], &at6) != 0 ||
			  ipam_parse_addr(argv[6], &ep.gateway6) != 0))
		return lab_fail("attach … ADDR6/PREFIX GATEWAY6");
	str_print(path, sizeof(path), "/proc/%s/ns/net", argv[0]);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0)
		return lab_fail("open the container's namespace");
	str_copy(ep.bridge, sizeof(ep.bridge), argv[1]);
	str_copy(ep.host_ifname, sizeof(ep.host_ifname), argv[2]);
	ep.addr = at.addr;
	ep.prefix = at.prefix;
	ep.addr6 = at6.addr;
	ep.prefix6 = at6.prefix;
	ipam_mac(&ep.addr, ep.mac);
	return lab_end(endpoint_attach(&ep, ns, &e), &e);
}

static int lab_socket(const char *path, bool listening)
{
	autofree char *dir = path_dir(path);
	autoclose int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0)
		return -errno;
	return listening ? fd_unix_listen(dirfd, path_base(path), SOCK_SEQPACKET)
			 : fd_unix_connect(dirfd, path_base(path), SOCK_SEQPACKET);
}

static int lab_stack(int argc, char **argv)
{
	struct stack_options o = { .ready_fd = 1 };
	uint32_t pid;

	if (argc != 4 || lab_number(argv[1], &pid) != 0 ||
	    lab_number(argv[3], &o.linger_ms) != 0)
		return lab_fail("stack SOCKET KEEPER-PID RESOLV.CONF LINGER-MS");
	o.listen_fd = lab_socket(argv[0], true);
	o.realm_pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	o.resolv_conf = argv[2];
	if (o.listen_fd < 0 || o.realm_pidfd < 0)
		return lab_fail("listen, or find the keeper");
	return stack_main(&o);
}

static int lab_patchbay(const char *keeper)
{
	uint32_t pid;
	int realm = -1;

	if (lab_number(keeper, &pid) == 0)
		realm = (int)syscall(SYS_pidfd_open, pid, 0);
	return realm < 0 ? lab_fail("find the keeper")
			 : patchbay_main(realm, realm, -1, 1);
}

static int lab_place(struct stack_attachment *a, const char *word)
{
	struct {
		const char *key;
		struct ip_addr *addr;
	} addrs[] = { { "gateway=", &a->gateway },
		      { "addr=", &a->addr },
		      { "addr6=", &a->addr6 },
		      { "gateway6=", &a->gateway6 } };

	for (size_t i = 0; i < ARRAY_LEN(addrs); i++)
		if (str_starts(word, addrs[i].key))
			return ipam_parse_addr(word + strlen(addrs[i].key),
					       addrs[i].addr);
	if (str_starts(word, "bridge="))
		return str_copy(a->bridge, sizeof(a->bridge), word + 7);
	if (str_starts(word, "port="))
		return str_copy(a->port, sizeof(a->port), word + 5);
	if (str_starts(word, "subnet="))
		return ipam_parse_subnet(word + 7, &a->subnet);
	if (str_starts(word, "name=")) {
		strv_add(&a->names, word + 5);
		return 0;
	}
	if (str_eq(word, "dns")) {
		a->own_dns = true;
		return 0;
	}
	if (str_eq(word, "internal")) {
		a->internal = true;
		return 0;
	}
	return -EINVAL;
}

static int lab_publish(struct stack_registration *r, const char *spec, struct err *e)
{
	struct publish *maps = NULL;
	size_t n = 0;
	int rc = publish_parse(spec, &maps, &n, e);

	for (size_t i = 0; i < n && !rc; i++) {
		struct stack_published p = { .map = maps[i] };

		rc = publish_listen(&maps[i], p.fds, &p.fds_len, &p.map.host_port, e);
		p.map.host_port_end = p.map.host_port;
		r->published = mem_resize(r->published, r->published_len + 1,
					  sizeof(*r->published));
		r->published[r->published_len++] = p;
		if (!rc)
			printf("%u\n", p.map.host_port);
	}
	free(maps);
	return rc;
}

static int lab_word(struct stack_registration *r, const char *word)
{
	if (str_starts(word, "host=")) {
		strv_add(&r->hosts, word + 5);
		return 0;
	}
	if (str_starts(word, "net=")) {
		struct stack_attachment a = { 0 };

		r->attachments =
			mem_resize(r->attachments, r->attachments_len + 1, sizeof(a));
		r->attachments[r->attachments_len++] = a;
		return str_copy(r->attachments[r->attachments_len - 1].network,
				sizeof(a.network), word + 4);
	}
	if (!r->attachments_len)
		return -EINVAL;
	return lab_place(&r->attachments[r->attachments_len - 1], word);
}

static int lab_register(int argc, char **argv)
{
	struct stack_registration r = { 0 };
	struct err e = { 0 };
	char byte;
	int sock, rc = 0;

	if (argc < 2)
		return lab_fail("register SOCKET ID …");
	str_copy(r.id, sizeof(r.id), argv[1]);
	for (int i = 2; i < argc && !rc; i++) {
		if (str_eq(argv[i], "-p") && i + 1 < argc)
			rc = lab_publish(&r, argv[++i], &e);
		else if (lab_word(&r, argv[i]) != 0)
			return lab_fail(argv[i]);
	}
	if (rc)
		return lab_fail(e.text);
	sock = lab_socket(argv[0], false);
	if (sock < 0)
		return lab_fail("connect to the stack");
	rc = stack_register(sock, &r, &e);
	if (rc)
		return lab_fail(e.text);
	printf("ready\n");
	fflush(stdout);
	/* Until the stack goes, or this process is killed. */
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ 0 },
		   sizeof(struct timeval));
	while (fd_read(sock, &byte, 1) > 0)
		;
	return 3;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };

	if (argc < 2)
		return lab_fail("no verb");
	if (str_eq(argv[1], "realm"))
		return lab_realm(argc > 2 ? argv[2] : NULL);
	if (str_eq(argv[1], "without") && argc > 3)
		return strstr("nothing netfilter packet both", argv[2])
			       ? lab_without(argv[2], argv + 3)
			       : lab_without_links(argv[2], argv + 3);
	if (str_eq(argv[1], "bridge"))
		return lab_bridge(argc - 2, argv + 2);
	if (str_eq(argv[1], "unbridge") && argc == 3)
		return lab_end(bridge_down(argv[2], &e), &e);
	if (str_eq(argv[1], "attach"))
		return lab_attach(argc - 2, argv + 2);
	if (str_eq(argv[1], "stack"))
		return lab_stack(argc - 2, argv + 2);
	if (str_eq(argv[1], "patchbay") && argc == 3)
		return lab_patchbay(argv[2]);
	if (str_eq(argv[1], "register"))
		return lab_register(argc - 2, argv + 2);
	return lab_fail("unknown verb");
}
