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
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/way.h"
#include "core/ns/userns.h"
#include "core/runtime/launch.h"
#include "core/store/record.h"

#define UP_LOCK     "network.lock"
#define STACK_LOCK  "stack.lock"
#define STACK_LOG   "stack.log"
#define LOG_MAX     (64 << 10)
#define TRIES       5

#define GUARD_SHIFT 8
#define GUARD_MARK  "net-%s-guard"

void network_done(struct network *n)
{
	for (size_t i = 0; i < n->aux_len; i++)
		free(n->aux[i].name);
	free(n->aux);
	free(n->name);
	*n = (struct network){ 0 };
}

int network_folder(const struct store *s, struct err *e)
{
	int fd = file_open_dir(s->data_fd, "networks", true, 0700);

	return fd < 0 ? err_code(e, fd, "open '%s/networks'", s->data) : fd;
}

int network_open(const struct store *s, const struct config *cfg, const char *what,
		 struct network *ret, struct err *e)
{
	autodone(network_done) struct network n = { 0 };
	autojson *doc = NULL;
	autofree char *id = NULL;
	autoclose int parent = network_folder(s, e);

	if (parent < 0)
		return parent;
	int r = record_find(parent, what, &id, NULL);
	if (r == -ENOENT && cfg && str_eq(what, NETWORK_DEFAULT)) {
		if ((r = network_predefine(s, cfg, e)) < 0)
			return r;
		r = record_find(parent, what, &id, NULL);
	}
	if (r < 0)
		return err_set(e, r, "network %s %s", what,
			       r == -ENOTUNIQ ? "is ambiguous" : "not found");
	if ((r = record_read(parent, id, &doc, e)) < 0 ||
	    (r = network_parse(yyjson_doc_get_root(doc), id, &n, e)) < 0)
		return err_wrap(e, "network '%s'", what);
	*ret = n;
	n = (struct network){ 0 };
	return 0;
}

static int guard_of(int path, int fabric)
{
	const char *only = getenv("ROOTLESS_NETWORK_GUARD");

	if (fabric == BRIDGE_MACVLAN)
		return GUARD_NONE;
	if (fabric == BRIDGE_TAPS)
		return GUARD_FILTER;
	return only && str_eq(only, guard_way_name(GUARD_LOCK))
		       ? GUARD_LOCK
		       : bridge_guard((enum bridge_path)path);
}

/* The way, and the guard of its ports. */
static int up(void *arg, struct err *e)
{
	/* For who wants to know how another kernel would do: one way and no other. */
	int r = bridge_realm_take(getenv("ROOTLESS_NETWORK_PATH"), e);

	if (r < 0)
		return r;
	int up = bridge_up(arg, e);
	if (up < 0)
		return up;
	return way_number(&(struct way){ r, up }) | guard_of(r, up) << GUARD_SHIFT;
}

/* Its lock is held for as long as the patchbay lives. */
static int ensure_patchbay(const struct store *s, const struct realm *r, struct err *e)
{
	char *const argv[] = { (char *)"rootless", (char *)"patchbay", (char *)r->id,
			       NULL };
	autofree char *name = str_fmt(REALM_MARK "%s-patchbay", r->id);
	autoclose int lock = file_lock(s->run_fd, name, true, false);
	int fds[] = { r->pidfd, lock, -1 };

	if (lock == -EWOULDBLOCK)
		return 0;
	if (lock < 0)
		return err_code(e, lock, "lock '%s/%s'", s->run, name);
	pid_t pid = launch_serving(r->inner_fd, argv, fds, ARRAY_LEN(fds), e);
	return pid < 0 ? pid : 0;
}

static int raise_network(const struct store *s, const struct realm *r,
			 const struct network *n, const char *mark, struct err *e)
{
	int c = userns_call(r->pidfd, CLONE_NEWUSER | CLONE_NEWNET, up,
			    (void *)&n->bridge, e);

	if (c < 0)
		return err_wrap(e, "network '%s'", n->name);
	autofree char *guard = str_fmt(GUARD_MARK, r->id);
	const char *ports = guard_way_name((enum guard_way)(c >> GUARD_SHIFT));
	int way = c & ((1 << GUARD_SHIFT) - 1);
	c = file_replace_nosync(s->run_fd, guard, ports, strlen(ports), 0600);
	if (c == 0)
		c = file_replace_nosync(s->run_fd, mark, way_name(way),
					strlen(way_name(way)), 0600);
	return c < 0 ? c : way;
}

static int marked(const struct store *s, const char *mark)
{
	char text[16] = "";
	int r = file_read_small(s->run_fd, mark, text, sizeof(text));

	return r < 0 ? r : way_find(text);
}

/* A mark in the runtime folder, with the realm's ID in its name, spares the look into the
 * realm at each start. */
int network_ensure(const struct store *s, const struct realm *r, const struct network *n,
		   struct err *e)
{
	autofree char *mark = str_fmt(REALM_MARK "%s-%.12s", r->id, n->id);
	int way = marked(s, mark);

	if (way >= 0 && way / BRIDGE_PATHS != BRIDGE_TAPS)
		return 0;
	autoclose int lock = file_lock(s->run_fd, UP_LOCK, true, true);
	if (lock < 0)
		return err_code(e, lock, "lock '%s/%s'", s->run, UP_LOCK);
	way = marked(s, mark);
	if (way < 0)
		way = raise_network(s, r, n, mark, e);
	return way < 0 || way / BRIDGE_PATHS != BRIDGE_TAPS ? (way < 0 ? way : 0)
							    : ensure_patchbay(s, r, e);
}

enum guard_way network_guard(const struct store *s, const struct realm *r)
{
	autofree char *mark = str_fmt(GUARD_MARK, r->id);
	char text[16] = "";

	file_read_small(s->run_fd, mark, text, sizeof(text));
	for (int i = 0; i < GUARD_WAYS; i++)
		if (str_eq(text, guard_way_name((enum guard_way)i)))
			return (enum guard_way)i;
	return GUARD_FILTER;
}

const char *network_guard_lack(enum guard_way way)
{
	static const char *const lacks[GUARD_WAYS] = {
		[GUARD_LOCK] = "sch_ingress or cls_bpf",
		[GUARD_NONE] = "bridge or veth",
	};

	return lacks[way];
}

/* Every network of a realm goes the same way: any mark says which. */
int network_way(const struct store *s)
{
	autodone(realm_done) struct realm realm = { 0 };
	autoclose int fd = openat(s->run_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 || realm_find(s, &realm, NULL) < 0 ? NULL : fdopendir(fd);
	autofree char *begin = d ? str_fmt(REALM_MARK "%s-", realm.id) : NULL;
	int r = -ENOENT;

	if (!d)
		return r;
	fd = -1;
	for (struct dirent *de; r < 0 && (de = readdir(d));)
		if (str_starts(de->d_name, begin))
			r = marked(s, de->d_name);
	closedir(d);
	return r;
}

/* What stacks have had to say, the latest of it. -1: nowhere to. */
static int open_log(const struct store *s)
{
	autoclose int fd =
		openat(s->run_fd, STACK_LOG,
		       O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > LOG_MAX &&
	    ftruncate(fd, 0) != 0)
		return -1;
	return TAKE_FD(fd);
}

static int start_stack(const struct store *s, const struct realm *r, const char *name,
		       struct err *e)
{
	/* The realm's ID is for who looks at a list of processes. */
	char *const argv[] = { (char *)"rootless", (char *)"stack", (char *)r->id, NULL };

	autoclose int listener = fd_unix_listen(s->run_fd, name, SOCK_SEQPACKET);
	if (listener < 0)
		return err_code(e, listener, "listen on '%s/%s'", s->run, name);
	autoclose int log = open_log(s);
	int fds[] = { listener, r->pidfd, -1, log };
	return launch_serving(r->inner_fd, argv, fds, ARRAY_LEN(fds) - (log < 0), e);
}

int network_stack(const struct store *s, const struct realm *r, struct err *e)
{
	autofree char *name = str_fmt(REALM_STACK "%s.sock", r->id);
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
