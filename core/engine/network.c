/* SPDX-License-Identifier: Apache-2.0 */
/* Networks on disk and in the realm. */
#include "core/engine/network.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/ns/userns.h"
#include "core/runtime/launch.h"
#include "core/store/record.h"

#define MTU_DEFAULT 1500
#define MTU_OPTION  "com.docker.network.driver.mtu"
#define UP_LOCK     "network.lock"
#define STACK_LOCK  "stack.lock"
#define TRIES       5

void network_done(struct network *n)
{
	str_set(&n->name, NULL);
}

static int open_parent(const struct store *s, struct err *e)
{
	int fd = file_open_dir(s->data_fd, "networks", true, 0700);

	return fd < 0 ? err_code(e, fd, "open '%s/networks'", s->data) : fd;
}

/* prefix: 1 to 32 */
static void mask(struct ip_addr *a, uint8_t prefix)
{
	uint32_t bits;

	memcpy(&bits, a->bytes, sizeof(bits));
	bits &= htonl(UINT32_MAX << (32 - prefix));
	memcpy(a->bytes, &bits, sizeof(bits));
}

/* "172.30.0.1/24": the bridge's own address with the subnet's length. */
static int read_bip(const char *text, struct bridge *b, struct err *e)
{
	const char *slash = strchr(text, '/');
	uint64_t prefix = 0;
	autofree char *addr =
		str_ndup(text, slash ? (size_t)(slash - text) : strlen(text));

	if (!slash || ipam_parse_addr(addr, &b->gateway) ||
	    b->gateway.family != AF_INET || str_u64(slash + 1, 30, &prefix) || prefix < 8)
		return err_set(e, -EINVAL, "'bip': '%s' is not an IPv4 address/prefix",
			       text);
	b->subnet = (struct ip_subnet){ .addr = b->gateway, .prefix = (uint8_t)prefix };
	mask(&b->subnet.addr, b->subnet.prefix);
	return 0;
}

static int choose_subnet(const struct config *cfg, struct bridge *b, struct err *e)
{
	size_t n = 0;
	int r;

	if (cfg->bip)
		return read_bip(cfg->bip, b, e);
	autofree struct ip_subnet *used = NULL;
	if ((r = ipam_host_routes(&used, &n, e)) < 0 ||
	    (r = ipam_pick_subnet(used, n, &b->subnet, e)) < 0)
		return r;
	return ipam_nth(&b->subnet, 1, &b->gateway);
}

static yyjson_mut_doc *describe(const struct network *n)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	char stamp[TIME_STAMP_MAX], text[IPAM_TEXT_MAX];
	autofree char *mtu = str_fmt("%u", n->bridge.mtu);

	yyjson_mut_doc_set_root(doc, root);
	json_add_str(doc, root, "Name", n->name);
	json_add_str(doc, root, "Id", n->id);
	json_add_str(doc, root, "Created", time_stamp(stamp, time_now()));
	json_add_str(doc, root, "Scope", "local");
	json_add_str(doc, root, "Driver", "bridge");
	yyjson_mut_obj_add_bool(doc, root, "EnableIPv4", true);
	yyjson_mut_obj_add_bool(doc, root, "EnableIPv6", false);
	yyjson_mut_val *ipam = json_add_obj(doc, root, "IPAM");
	json_add_str(doc, ipam, "Driver", "default");
	yyjson_mut_obj_add_null(doc, ipam, "Options");
	yyjson_mut_val *conf =
		yyjson_mut_arr_add_obj(doc, json_add_arr(doc, ipam, "Config"));
	json_add_str(doc, conf, "Subnet", ipam_subnet_text(text, &n->bridge.subnet));
	json_add_str(doc, conf, "Gateway", ipam_addr_text(text, &n->bridge.gateway));
	yyjson_mut_obj_add_bool(doc, root, "Internal", n->bridge.internal);
	yyjson_mut_obj_add_bool(doc, root, "Attachable", false);
	yyjson_mut_obj_add_bool(doc, root, "Ingress", false);
	json_add_str(doc, json_add_obj(doc, root, "Options"), MTU_OPTION, mtu);
	json_add_obj(doc, root, "Labels");
	return doc;
}

/* folder: its name, which the record repeats. */
static int read_record(yyjson_val *root, const char *folder, struct network *n,
		       struct err *e)
{
	yyjson_val *ipam = yyjson_obj_get(yyjson_obj_get(root, "IPAM"), "Config");
	yyjson_val *conf = yyjson_arr_get_first(ipam);
	const char *name = NULL, *id = NULL, *subnet = "", *gateway = "", *mtu = "";
	uint64_t bytes;
	int r;

	if ((r = json_get_str(root, "Name", &name, e)) < 0 ||
	    (r = json_get_str(root, "Id", &id, e)) < 0 ||
	    (r = json_get_bool(root, "Internal", &n->bridge.internal, e)) < 0 ||
	    (r = json_get_str(conf, "Subnet", &subnet, e)) < 0 ||
	    (r = json_get_str(conf, "Gateway", &gateway, e)) < 0 ||
	    (r = json_get_str(yyjson_obj_get(root, "Options"), MTU_OPTION, &mtu, e)) < 0)
		return r;
	n->bridge.mtu = str_u64(mtu, UINT16_MAX, &bytes) ? MTU_DEFAULT : (uint32_t)bytes;
	if (!name || !str_eq(id, folder) || str_copy(n->id, sizeof(n->id), id) ||
	    strlen(id) < 12 || ipam_parse_subnet(subnet, &n->bridge.subnet) ||
	    ipam_parse_addr(gateway, &n->bridge.gateway) ||
	    !ipam_contains(&n->bridge.subnet, &n->bridge.gateway))
		return err_set(e, -EINVAL, "record is damaged");
	n->name = str_dup(name);
	return str_print(n->bridge.ifname, sizeof(n->bridge.ifname), "rl-%.12s", n->id);
}

static int make_default(int parent, const struct config *cfg, struct err *e)
{
	struct network n = { .name = (char *)NETWORK_DEFAULT };
	int r;

	id_new(n.id);
	n.bridge.mtu = cfg->mtu ? (uint32_t)cfg->mtu : MTU_DEFAULT;
	if ((r = choose_subnet(cfg, &n.bridge, e)) < 0)
		return r;
	autojson_mut *doc = describe(&n);
	autoclose int dir = record_begin(parent, n.id, e);
	if (dir < 0)
		return dir;
	if (mkdirat(dir, "leases", 0700))
		return err_sys(e, "make the leases folder");
	if ((r = record_write_nosync(parent, n.id, doc, e)) < 0 ||
	    (r = record_name_take(parent, n.name, n.id, NULL, e)) < 0)
		return r;
	return record_publish(parent, n.id, e);
}

/* Two first users at once: the second finds what the first made. */
static int ensure_default(int parent, const struct config *cfg, struct err *e)
{
	autofree char *id = NULL;
	autoclose int lock = file_lock(parent, ".lock", true, true);

	if (lock < 0)
		return err_code(e, lock, "lock the networks");
	if (record_find(parent, NETWORK_DEFAULT, &id, NULL) == 0)
		return 0;
	int r = make_default(parent, cfg, e);
	return r < 0 ? err_wrap(e, "make network '%s'", NETWORK_DEFAULT) : 0;
}

int network_open(const struct store *s, const struct config *cfg, const char *what,
		 struct network *ret, struct err *e)
{
	autodone(network_done) struct network n = { 0 };
	autojson *doc = NULL;
	autofree char *id = NULL;
	autoclose int parent = open_parent(s, e);

	if (parent < 0)
		return parent;
	int r = record_find(parent, what, &id, NULL);
	if (r == -ENOENT && cfg && str_eq(what, NETWORK_DEFAULT)) {
		if ((r = ensure_default(parent, cfg, e)) < 0)
			return r;
		r = record_find(parent, what, &id, NULL);
	}
	if (r < 0)
		return err_set(e, r, "network %s %s", what,
			       r == -ENOTUNIQ ? "is ambiguous" : "not found");
	if ((r = record_read(parent, id, &doc, e)) < 0 ||
	    (r = read_record(yyjson_doc_get_root(doc), id, &n, e)) < 0)
		return err_wrap(e, "network '%s'", what);
	*ret = n;
	n = (struct network){ 0 };
	return 0;
}

static int up(void *arg, struct err *e)
{
	int r = bridge_realm_up(e);

	return r < 0 ? r : bridge_up(arg, e);
}

/* Marks of realms that are gone. */
static void drop_old_marks(const struct store *s, const char *realm)
{
	autoclose int fd = openat(s->run_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d)
		return;
	fd = -1;
	for (struct dirent *de; (de = readdir(d));)
		if (str_starts(de->d_name, "net-") && !str_starts(de->d_name + 4, realm))
			unlinkat(s->run_fd, de->d_name, 0);
	closedir(d);
}

/* A mark in the runtime folder, with the realm's ID in its name, spares the look into the
 * realm at each start. */
int network_ensure(const struct store *s, const struct realm *r, const struct network *n,
		   struct err *e)
{
	autofree char *mark = str_fmt("net-%s-%.12s", r->id, n->id);

	if (!faccessat(s->run_fd, mark, F_OK, 0))
		return 0;
	autoclose int lock = file_lock(s->run_fd, UP_LOCK, true, true);
	if (lock < 0)
		return err_code(e, lock, "lock '%s/%s'", s->run, UP_LOCK);
	if (!faccessat(s->run_fd, mark, F_OK, 0))
		return 0;
	int c = userns_call(r->pidfd, CLONE_NEWUSER | CLONE_NEWNET, up,
			    (void *)&n->bridge, e);
	if (c < 0)
		return err_wrap(e, "network '%s'", n->name);
	drop_old_marks(s, r->id);
	return file_replace_nosync(s->run_fd, mark, "", 0, 0600);
}

/* Waits for its byte: it serves, or has died. */
static int start_stack(const struct store *s, const struct realm *r, const char *name,
		       struct err *e)
{
	/* The realm's ID is for who looks at a list of processes. */
	char *const argv[] = { (char *)"rootless", (char *)"stack", (char *)r->id, NULL };
	int ends[2];
	char byte;

	autoclose int listener = fd_unix_listen(s->run_fd, name, SOCK_SEQPACKET);
	if (listener < 0)
		return err_code(e, listener, "listen on '%s/%s'", s->run, name);
	if (pipe2(ends, O_CLOEXEC))
		return err_sys(e, "pipe");
	autoclose int ready = ends[0];
	int fds[] = { listener, r->pidfd, ends[1] };
	pid_t pid = launch(r->inner_fd, argv, fds, ARRAY_LEN(fds), e);
	fd_close(ends[1]);
	if (pid < 0)
		return pid;
	return fd_read(ready, &byte, 1) == 1
		       ? 0
		       : err_set(e, -EIO, "the network process died while it started");
}

int network_stack(const struct store *s, const struct realm *r, struct err *e)
{
	autofree char *name = str_fmt("stack-%s.sock", r->id);
	int fd = -1;

	for (int i = 0; i < TRIES; i++) {
		fd = fd_unix_connect(s->run_fd, name, SOCK_SEQPACKET);
		if (fd != -ENOENT && fd != -ECONNREFUSED)
			break;
		autoclose int lock = file_lock(s->run_fd, STACK_LOCK, true, true);
		if (lock < 0)
			return err_code(e, lock, "lock '%s/%s'", s->run, STACK_LOCK);
		fd = fd_unix_connect(s->run_fd, name, SOCK_SEQPACKET);
		if (fd != -ENOENT && fd != -ECONNREFUSED)
			break;
		int c = start_stack(s, r, name, e);
		if (c < 0)
			return c;
	}
	return fd < 0 ? err_code(e, fd, "connect to '%s/%s'", s->run, name) : fd;
}

int network_host_address(struct ip_addr *ret)
{
	struct ifaddrs *all, *i;
	int r = -ENOENT;

	if (getifaddrs(&all))
		return -errno;
	for (i = all; i && r; i = i->ifa_next) {
		const struct sockaddr_in *in = (const void *)i->ifa_addr;
		if (!in || in->sin_family != AF_INET || !(i->ifa_flags & IFF_UP) ||
		    (i->ifa_flags & IFF_LOOPBACK))
			continue;
		*ret = (struct ip_addr){ .family = AF_INET };
		memcpy(ret->bytes, &in->sin_addr, 4);
		r = 0;
	}
	freeifaddrs(all);
	return r;
}
