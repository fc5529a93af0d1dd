/* SPDX-License-Identifier: Apache-2.0 */
/* The three files. */
#include "core/engine/hostfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/network.h"
#include "core/net/resolvconf.h"

#define HOSTS_MAX   (1u << 20)
#define SERVERS_MAX 3 /* of a libc's resolver */

static const char loopback[] = "127.0.0.1\tlocalhost\n"
			       "::1\tlocalhost ip6-localhost ip6-loopback\n"
			       "fe00::\tip6-localnet\n"
			       "ff00::\tip6-mcastprefix\n"
			       "ff02::1\tip6-allnodes\n"
			       "ff02::2\tip6-allrouters\n";

int hostfiles_add_host(const char *text, struct strv *ret, struct err *e)
{
	size_t len = strcspn(text, "=:");
	struct ip_addr a;
	char shown[IPAM_TEXT_MAX];

	if (!len || !text[len])
		return err_set(e, -EINVAL, "bad format for add-host: \"%s\"", text);
	const char *addr = text + len + 1;
	size_t n = strlen(addr);
	bool bracketed = n > 2 && addr[0] == '[' && addr[n - 1] == ']';
	autofree char *bare = bracketed ? str_ndup(addr + 1, n - 2) : str_dup(addr);
	if (str_eq(bare, "host-gateway")) {
		if (network_host_address(&a) < 0)
			return err_set(
				e, -ENOENT,
				"add-host \"%s\": this host has no address but loopback",
				text);
	} else if (ipam_parse_addr(bare, &a)) {
		return err_set(e, -EINVAL, "invalid IP address in add-host: \"%s\"",
			       addr);
	}
	strv_addf(ret, "%.*s=%s", (int)len, text, ipam_addr_text(shown, &a));
	return 0;
}

static void add_own_names(const struct netplan *n, struct buf *out)
{
	char addr[IPAM_TEXT_MAX];
	autofree char *full = n->domainname
				      ? str_fmt("%s.%s ", n->hostname, n->domainname)
				      : str_dup("");

	for (size_t i = 0; i < n->ends_len; i++) {
		const struct endpoint *ep = &n->ends[i].ep;
		const struct ip_addr *addrs[] = { &ep->addr, &ep->addr6 };

		for (size_t k = 0; k < ARRAY_LEN(addrs); k++)
			if (addrs[k]->family != AF_UNSPEC)
				buf_addf(out, "%s\t%s%s\n",
					 ipam_addr_text(addr, addrs[k]), full,
					 n->hostname);
	}
}

/* All that depends on its networks. */
static void add_names(const struct netplan *n, struct buf *out)
{
	add_own_names(n, out);
	for (size_t i = 0; i < n->link_hosts.len; i++)
		buf_addf(out, "%s\n", n->link_hosts.v[i]);
}

static int write_hosts(int dirfd, const struct netplan *n, struct err *e)
{
	autobuf out = { 0 };
	autostrv extra = { 0 };
	int r;

	/* On the host's network the host's own names hold too. */
	if (n->mode != NETPLAN_HOST ||
	    file_read(AT_FDCWD, "/etc/hosts", HOSTS_MAX, &out) < 0) {
		buf_reset(&out);
		buf_adds(&out, loopback);
	}
	for (size_t i = 0; i < n->add_host.len; i++)
		if ((r = hostfiles_add_host(n->add_host.v[i], &extra, e)) < 0)
			return r;
	for (size_t i = 0; i < extra.len; i++) {
		char *eq = strchr(extra.v[i], '=');
		buf_addf(&out, "%s\t%.*s\n", eq + 1, (int)(eq - extra.v[i]), extra.v[i]);
	}
	add_names(n, &out);
	r = file_replace_nosync(dirfd, "hosts", out.data, out.len, 0644);
	return r < 0 ? err_code(e, r, "write the container's hosts file") : 0;
}

static bool has_keyword(const char *line, const char *keyword)
{
	size_t len = strlen(keyword);

	return str_starts(line, keyword) && (line[len] == ' ' || line[len] == '\t');
}

/* The host's lines that begin with the keyword. "domain" is a search list of one. */
static void add_host_lines(const char *text, const char *keyword, struct buf *out)
{
	autostrv lines = { 0 };
	bool search = str_eq(keyword, "search");

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.len; i++)
		if (has_keyword(lines.v[i], keyword) ||
		    (search && has_keyword(lines.v[i], "domain")))
			buf_addf(out, "%s\n", lines.v[i]);
}

static void add_servers(const struct netplan *n, const char *host, struct buf *out)
{
	size_t gateways = n->dns.len ? 1 : SERVERS_MAX;
	char addr[IPAM_TEXT_MAX];

	/* The stack answers on the gateways' addresses. With resolvers of its own that is
	 * for the names on its networks alone: it refuses all others (own_dns), and then
	 * libc asks the next. */
	for (size_t i = 0; i < n->ends_len && gateways; i++) {
		const struct netplan_end *end = &n->ends[i];

		if (end->resolver.family != AF_INET ||
		    (n->dns.len && str_eq(end->name, NETWORK_DEFAULT)))
			continue;
		buf_addf(out, "nameserver %s\n", ipam_addr_text(addr, &end->resolver));
		gateways--;
	}
	for (size_t i = 0; i < n->dns.len; i++)
		buf_addf(out, "nameserver %s\n", n->dns.v[i]);
	if (n->dns.len)
		return;
	if (!n->ends_len)
		add_host_lines(host, "nameserver", out);
}

static void add_list(const struct strv *own, const char *keyword, const char *host,
		     struct buf *out)
{
	autofree char *all = strv_join(own, " ");

	if (!own->len)
		add_host_lines(host, keyword, out);
	else if (!str_eq(all, ".") && !str_empty(all)) /* "." : no search list */
		buf_addf(out, "%s %s\n", keyword, all);
}

void hostfiles_resolv(const struct netplan *n, const char *host, struct buf *out)
{
	add_servers(n, host, out);
	add_list(&n->dns_search, "search", host, out);
	add_list(&n->dns_option, "options", host, out);
}

static void make_resolv(const struct netplan *n, struct buf *out)
{
	autobuf host = { 0 };

	/* No file, or one that cannot be read, is as an empty one. */
	if (file_read(AT_FDCWD, "/etc/resolv.conf", RESOLVCONF_SIZE_MAX, &host) < 0)
		buf_reset(&host);
	hostfiles_resolv(n, buf_str(&host), out);
}

static int write_resolv(int dirfd, const struct netplan *n, struct err *e)
{
	autobuf out = { 0 };

	make_resolv(n, &out);
	int r = file_replace_nosync(dirfd, "resolv.conf", buf_str(&out), out.len, 0644);
	return r < 0 ? err_code(e, r, "write the container's resolv.conf") : 0;
}

int hostfiles_write(int dirfd, const struct netplan *n, struct err *e)
{
	autofree char *hostname = str_fmt("%s\n", n->hostname);
	int r = file_replace_nosync(dirfd, "hostname", hostname, strlen(hostname), 0644);

	if (r < 0)
		return err_code(e, r, "write the container's hostname file");
	if ((r = write_hosts(dirfd, n, e)) < 0)
		return r;
	return write_resolv(dirfd, n, e);
}

static int rewrite(int dirfd, const char *name, const struct buf *text, struct err *e)
{
	autoclose int fd = openat(dirfd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	int r = fd < 0 ? -errno : fd_write_all(fd, text->data, text->len);

	if (r == 0 && ftruncate(fd, (off_t)text->len) < 0)
		r = -errno;
	return r < 0 ? err_code(e, r, "write the container's '%s'", name) : 0;
}

static int update_hosts(int dirfd, const struct netplan *before, const struct netplan *n,
			struct err *e)
{
	autobuf text = { .max = HOSTS_MAX }, gone = { 0 }, come = { 0 }, out = { 0 };
	autostrv lines = { 0 }, old = { 0 }, new = { 0 };
	int r = file_read(dirfd, "hosts", HOSTS_MAX, &text);

	if (r < 0)
		return err_code(e, r, "read the container's hosts file");
	add_names(before, &gone);
	add_names(n, &come);
	strv_split(&lines, buf_str(&text), '\n');
	strv_split(&old, buf_str(&gone), '\n');
	strv_split(&new, buf_str(&come), '\n');
	for (size_t i = 0; i < lines.len; i++)
		if (*lines.v[i] && !strv_has(&old, lines.v[i]))
			buf_addf(&out, "%s\n", lines.v[i]);
	for (size_t i = 0; i < new.len; i++)
		if (*new.v[i])
			buf_addf(&out, "%s\n", new.v[i]);
	return rewrite(dirfd, "hosts", &out, e);
}

int hostfiles_update(int dirfd, const struct netplan *before, const struct netplan *n,
		     struct err *e)
{
	autobuf text = { .max = RESOLVCONF_SIZE_MAX }, old = { 0 }, new = { 0 };
	int r = update_hosts(dirfd, before, n, e);

	if (r < 0)
		return r;
	make_resolv(before, &old);
	make_resolv(n, &new);
	r = file_read(dirfd, "resolv.conf", RESOLVCONF_SIZE_MAX, &text);
	if (r < 0 || !str_eq(buf_str(&text), buf_str(&old)))
		return 0;
	return rewrite(dirfd, "resolv.conf", &new, e);
}
