/* SPDX-License-Identifier: Apache-2.0 */
/* Leases of addresses: one small file each, taken under the network's lock. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/network.h"
#include "core/runtime/state.h"

static int open_leases(const struct store *s, const char *network_id)
{
	autofree char *path = str_fmt("networks/%s/leases", network_id);

	return file_open_dir(s->data_fd, path, true, 0700);
}

/* Who removes a network has this lock meanwhile. But what he removes goes file by file,
 * the lock's before the folder: so whoever was late may have locked a new one. -ENOENT:
 * the network is no more. */
static int lock_leases(const struct store *s, const char *network_id, int leases)
{
	autoclose int lock = leases < 0 ? leases : file_lock(leases, ".lock", true, true);
	autoclose int still = lock < 0 ? lock : open_leases(s, network_id);

	return still < 0 ? still : TAKE_FD(lock);
}

static bool holds(int leases, const char *addr, const char *id)
{
	char text[80] = "";

	return file_read_small(leases, addr, text, sizeof(text)) >= 0 && str_eq(text, id);
}

static int list(int leases, struct ip_addr **ret, size_t *ret_len)
{
	autoclose int fd = openat(leases, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct ip_addr *v = NULL;
	size_t n = 0, room = 0;

	if (!d)
		return -errno;
	fd = -1;
	for (struct dirent *de; (de = readdir(d));) {
		struct ip_addr a;
		if (ipam_parse_addr(de->d_name, &a) < 0)
			continue;
		if (n == room)
			v = mem_resize(v, room = room ? 2 * room : 16, sizeof(*v));
		v[n++] = a;
	}
	closedir(d);
	*ret = v;
	*ret_len = n;
	return 0;
}

/* Does the container run, or start? Its folder's lock is held by whoever starts it. */
static bool is_alive(const struct store *s, const char *id)
{
	autoclose int dir = openat(s->containers_fd, id,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return dir >= 0 && (state_monitored(dir) || flock(dir, LOCK_SH | LOCK_NB));
}

/* Those whose container is gone, or neither runs nor starts. */
static void drop_stale(const struct store *s, int leases, const struct ip_addr *v,
		       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char addr[IPAM_TEXT_MAX], id[80] = "";
		ipam_addr_text(addr, &v[i]);
		if (file_read_small(leases, addr, id, sizeof(id)) < 0)
			continue;
		if (!is_alive(s, id))
			unlinkat(leases, addr, 0);
	}
}

static int pick(const struct store *s, int leases, const struct network *n,
		const struct ipam_pool *pool, struct ip_addr *ret, struct err *e)
{
	for (int round = 0;; round++) {
		autofree struct ip_addr *used = NULL;
		size_t len = 0;
		int r = list(leases, &used, &len);
		if (r < 0)
			return err_code(e, r, "leases of network '%s'", n->name);
		size_t all = len;
		used = mem_resize(used, len + 2 + n->aux_len, sizeof(*used));
		used[all++] = n->bridge.gateway;
		used[all++] = n->bridge.gateway6;
		for (size_t i = 0; i < n->aux_len; i++)
			used[all++] = n->aux[i].addr;
		r = ipam_pick_addr(pool, used, all, ret, e);
		if (r == 0 || round)
			return r;
		err_clear(e);
		drop_stale(s, leases, used, len);
	}
}

static bool is_any(const struct ip_addr *a)
{
	static const struct ip_addr any;

	return memcmp(a->bytes, any.bytes, sizeof(any.bytes)) == 0;
}

int network_lease(const struct store *s, const struct network *n, const char *id,
		  struct ip_addr want, struct ip_addr *ret, struct err *e)
{
	bool six = want.family == AF_INET6;
	const struct ipam_pool pool = { six ? n->bridge.subnet6 : n->bridge.subnet,
					n->range[six] };
	const struct ipam_pool one = { pool.subnet, { want, six ? 128 : 32 } };
	char addr[IPAM_TEXT_MAX];
	autoclose int leases = open_leases(s, n->id);
	autoclose int lock = lock_leases(s, n->id, leases);
	int r = -EADDRNOTAVAIL;

	if (lock == -ENOENT)
		return err_set(e, lock, "network %s not found", n->name);
	if (lock < 0)
		return err_code(e, lock, "leases of network '%s'", n->name);
	if (!is_any(&want) && ipam_contains(&pool.subnet, &want)) {
		*ret = want;
		r = holds(leases, ipam_addr_text(addr, &want), id)
			    ? 0
			    : pick(s, leases, n, &one, ret, NULL);
	}
	if (r < 0 && (r = pick(s, leases, n, &pool, ret, e)) < 0)
		return r;
	ipam_addr_text(addr, ret);
	r = file_replace_nosync(leases, addr, id, strlen(id), 0600);
	return r < 0 ? err_code(e, r, "lease of %s", addr) : 0;
}

int network_leased(const struct store *s, const char *network_id, struct strv *ret,
		   struct err *e)
{
	autofree struct ip_addr *v = NULL;
	size_t n = 0;
	autoclose int leases = open_leases(s, network_id);
	autoclose int lock = lock_leases(s, network_id, leases);
	int r = lock < 0 ? lock : list(leases, &v, &n);

	if (r < 0)
		return err_code(e, r, "leases of network %.12s", network_id);
	for (size_t i = 0; i < n; i++) {
		char addr[IPAM_TEXT_MAX], id[80] = "";

		ipam_addr_text(addr, &v[i]);
		if (file_read_small(leases, addr, id, sizeof(id)) >= 0 &&
		    is_alive(s, id) && !strv_has(ret, id))
			strv_add(ret, id);
	}
	return TAKE_FD(lock);
}

void network_release(const struct store *s, const char *network_id, const char *id,
		     const struct ip_addr *addr)
{
	char text[IPAM_TEXT_MAX];
	autoclose int leases = open_leases(s, network_id);
	autoclose int lock = lock_leases(s, network_id, leases);

	if (lock < 0)
		return;
	ipam_addr_text(text, addr);
	if (holds(leases, text, id))
		unlinkat(leases, text, 0);
}
