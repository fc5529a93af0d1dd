/* SPDX-License-Identifier: Apache-2.0 */
/* Origins: where an image may come from, and by which scheme. */
#include "core/image/origin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define HOST_MAX 300

/* "[::1]:5000" → "::1"; "a:5000" → "a". -EINVAL when it does not fit. */
static int name_of(char dst[HOST_MAX], const char *host)
{
	size_t n;

	if (host[0] == '[') {
		host++;
		n = strcspn(host, "]");
	} else {
		n = strcspn(host, ":");
	}
	if (n == 0 || n >= HOST_MAX)
		return -EINVAL;
	memcpy(dst, host, n);
	dst[n] = 0;
	return 0;
}

/* 4 or 16 bytes, or 0. */
static size_t address_of(const char *name, uint8_t dst[16])
{
	if (inet_pton(AF_INET, name, dst) == 1)
		return 4;
	return inet_pton(AF_INET6, name, dst) == 1 ? 16 : 0;
}

bool origin_is_loopback(const char *host)
{
	static const uint8_t one[16] = { [15] = 1 };
	char name[HOST_MAX];
	uint8_t a[16];

	if (name_of(name, host) < 0)
		return false;
	if (!strcasecmp(name, "localhost"))
		return true;
	size_t n = address_of(name, a);
	return n == 4 ? a[0] == 127 : n == 16 && !memcmp(a, one, 16);
}

static bool in_cidr(const char *cidr, const uint8_t *a, size_t n)
{
	char net[HOST_MAX];
	uint8_t b[16];
	uint64_t bits;
	const char *slash = strchr(cidr, '/');

	if (!slash || (size_t)(slash - cidr) >= sizeof(net))
		return false;
	memcpy(net, cidr, (size_t)(slash - cidr));
	net[slash - cidr] = 0;
	if (address_of(net, b) != n || str_u64(slash + 1, n * 8, &bits) < 0)
		return false;
	for (size_t i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

bool origin_listed(const char *host, const struct strv *list)
{
	char name[HOST_MAX];
	uint8_t a[16];

	if (!list || name_of(name, host) < 0)
		return false;
	size_t n = address_of(name, a);
	for (size_t i = 0; i < list->len; i++) {
		const char *item = list->v[i];
		if (!strcasecmp(item, host) || !strcasecmp(item, name))
			return true;
		if (n && in_cidr(item, a, n))
			return true;
	}
	return false;
}

void origin_init(struct origin *o, const char *host, const char *keyname,
		 const struct strv *insecure)
{
	*o = (struct origin){ 0 };
	o->scheme = str_dup("https");
	o->host = str_dup(host);
	o->base = str_dup("");
	o->keyname = str_dup(keyname);
	o->unverified = origin_listed(host, insecure);
	o->plain_ok = o->unverified || origin_is_loopback(host);
	o->settled = !o->plain_ok;
}

/* What may stand in a host: no user part, no escapes. */
static bool host_ok(const char *host)
{
	char name[HOST_MAX];
	const char *port = host[0] == '[' ? strchr(host, ']') : host;
	uint64_t n;

	if (name_of(name, host) < 0 || !port)
		return false;
	if (host[0] != '[' &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz"
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") != strlen(name))
		return false;
	port += host[0] == '[' ? 1 : strlen(name);
	return !*port || (*port == ':' && str_u64(port + 1, 65535, &n) == 0);
}

int origin_mirror(struct origin *o, const char *url, const struct strv *insecure,
		  struct err *e)
{
	bool plain = str_starts(url, "http://");

	if (!plain && !str_starts(url, "https://"))
		return err_set(e, -EINVAL, "registry mirror '%s' is not an http(s) URL",
			       url);
	const char *from = strchr(url, ':') + 3;
	autofree char *host = str_ndup(from, strcspn(from, "/"));
	const char *path = from + strlen(host);
	if (!host_ok(host) || strpbrk(path, "?#@ "))
		return err_set(e, -EINVAL, "registry mirror '%s' is not a plain URL",
			       url);
	origin_init(o, host, host, insecure);
	o->mirror = true;
	o->settled = true; /* the URL says it */
	str_set(&o->base, path);
	for (size_t n = strlen(o->base); n > 0 && o->base[n - 1] == '/'; n--)
		o->base[n - 1] = 0;
	if (!plain)
		return 0;
	str_set(&o->scheme, "http");
	if (o->plain_ok)
		return 0;
	origin_done(o);
	return err_set(
		e, -EPERM,
		"registry mirror '%s' is not HTTPS, and neither on loopback nor listed "
		"in insecure-registries",
		url);
}

char *origin_url(const struct origin *o, const char *rest)
{
	return str_fmt("%s://%s%s/v2/%s", o->scheme, o->host, o->base, rest);
}

static bool same_host(const char *a, size_t n, const char *b, const char *default_port)
{
	autofree char *x = str_ndup(a, n), *y = str_dup(b);

	if (str_ends(x, default_port))
		x[strlen(x) - strlen(default_port)] = 0;
	if (str_ends(y, default_port))
		y[strlen(y) - strlen(default_port)] = 0;
	return !strcasecmp(x, y);
}

bool origin_owns(const struct origin *o, const char *url)
{
	size_t n = strlen(o->scheme);

	if (strncasecmp(url, o->scheme, n) || strncmp(url + n, "://", 3))
		return false;
	const char *host = url + n + 3;
	return same_host(host, strcspn(host, "/?#"), o->host,
			 str_eq(o->scheme, "https") ? ":443" : ":80");
}

void origin_done(struct origin *o)
{
	char **all[] = { &o->scheme, &o->host, &o->base, &o->keyname, &o->last_scope };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		str_set(all[i], NULL);
	if (o->authorization)
		explicit_bzero(o->authorization, strlen(o->authorization));
	str_set(&o->authorization, NULL);
	auth_done(&o->auth);
}
