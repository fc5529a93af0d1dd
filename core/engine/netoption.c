/* SPDX-License-Identifier: Apache-2.0 */
/* A network's driver options. */
#include "core/engine/netoption.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define MTU_MIN 1280 /* the least that IPv6 asks for */
#define PREFIX  "com.docker.network.bridge."

static int read_mtu(const char *value, struct network *n, struct err *e)
{
	uint64_t mtu;

	if (str_u64(value, UINT16_MAX, &mtu) || mtu < MTU_MIN)
		return err_set(e, -EINVAL, "invalid MTU: '%s'", value);
	n->bridge.mtu = (uint32_t)mtu;
	return 0;
}

static int read_truth(const char *key, const char *value, bool *ret, struct err *e)
{
	if (!str_eq(value, "true") && !str_eq(value, "false"))
		return err_set(e, -EINVAL, "invalid value of '%s': '%s'", key, value);
	*ret = str_eq(value, "true");
	return 0;
}

static int read_icc(const char *value, struct network *n, struct err *e)
{
	bool icc;
	int r = read_truth(PREFIX "enable_icc", value, &icc, e);

	if (r == 0)
		n->bridge.isolated = !icc;
	return r;
}

/* Whatever leaves the realm leaves it from a socket of the host's. */
static int read_masquerade(const char *value, struct network *n, struct err *e)
{
	bool masquerade;
	int r = read_truth(PREFIX "enable_ip_masquerade", value, &masquerade, e);

	(void)n;
	if (r == 0 && !masquerade)
		r = err_set(e, -EOPNOTSUPP,
			    "%senable_ip_masquerade=false: an ordinary user's containers "
			    "reach the outside with the host's address only",
			    PREFIX);
	return r;
}

/* A name of the realm's own links would be in the way. */
static int read_name(const char *value, struct network *n, struct err *e)
{
	static const char *const own[] = { "lo",   "all",  "default", "hold", "door",
					   "bare", "wire", "veth",    "rl-" };
	bool bad = !value[0] || strlen(value) >= sizeof(n->bridge.ifname);

	for (const char *p = value; *p; p++)
		bad |= *p <= ' ' || *p > '~' || *p == '/' || *p == ':' || *p == '%';
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		bad |= i < 3 ? str_eq(value, own[i]) : str_starts(value, own[i]);
	if (bad || str_eq(value, ".") || str_eq(value, ".."))
		return err_set(e, -EINVAL,
			       "invalid bridge name: '%s': up to 15 visible characters, "
			       "none of '/:%%', and not lo, hold…, door…, bare…, wire…, "
			       "veth… or rl-…",
			       value);
	return str_copy(n->bridge.ifname, sizeof(n->bridge.ifname), value);
}

static int read_source(const char *value, struct network *n, struct err *e)
{
	bool check;
	int r = read_truth(NETOPTION_SOURCE, value, &check, e);

	if (r == 0)
		n->source = check ? NETWORK_SOURCE_CHECKED : NETWORK_SOURCE_ANY;
	return r;
}

static int read_binding(const char *value, struct network *n, struct err *e)
{
	struct ip_addr a;

	if (ipam_parse_addr(value, &a) || a.family != AF_INET)
		return err_set(e, -EINVAL, "invalid host_binding_ipv4: '%s'", value);
	n->binding = a;
	return 0;
}

static const struct {
	const char *key;
	int (*read)(const char *value, struct network *n, struct err *e);
} options[] = {
	{ NETOPTION_MTU, read_mtu },
	{ PREFIX "name", read_name },
	{ PREFIX "enable_icc", read_icc },
	{ PREFIX "enable_ip_masquerade", read_masquerade },
	{ PREFIX "host_binding_ipv4", read_binding },
	{ NETOPTION_SOURCE, read_source },
};

int netoption_apply(const char *text, struct network *n, struct err *e)
{
	const char *eq = strchr(text, '=');
	autofree char *key = str_ndup(text, eq ? (size_t)(eq - text) : strlen(text));
	autobuf known = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (str_eq(key, options[i].key))
			return options[i].read(eq ? eq + 1 : "", n, e);
		buf_addf(&known, "%s%s", i ? ", " : "", options[i].key);
	}
	return err_set(e, -EOPNOTSUPP,
		       "network option '%s' is not known here: there are %s", key,
		       buf_str(&known));
}
