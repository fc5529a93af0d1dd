/* SPDX-License-Identifier: Apache-2.0 */
/* A network's record: made from what was asked for, and read. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/network.h"
#include "core/store/journal.h"
#include "core/store/record.h"

#define MTU_DEFAULT 1500
#define MTU_MIN     1280
#define MTU_OPTION  "com.docker.network.driver.mtu"
#define ICC_OPTION  "com.docker.network.bridge.enable_icc"

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

/* Subnets of the other networks, appended. */
static int add_taken(int parent, struct ip_subnet **v, size_t *len, struct err *e)
{
	autostrv ids = { 0 };
	int r = record_list(parent, &ids, e);

	for (size_t i = 0; r == 0 && i < ids.len; i++) {
		autodone(network_done) struct network n = { 0 };
		autojson *doc = NULL;

		if (record_read(parent, ids.v[i], &doc, NULL) < 0 ||
		    network_parse(yyjson_doc_get_root(doc), ids.v[i], &n, NULL) < 0 ||
		    n.plain)
			continue;
		*v = mem_resize(*v, *len + 1, sizeof(**v));
		(*v)[(*len)++] = n.bridge.subnet;
	}
	return r;
}

/* One that collides with no route of the host and with no other network. */
static int pick_subnet(int parent, struct bridge *b, struct err *e)
{
	autofree struct ip_subnet *used = NULL;
	size_t n = 0;
	int r;

	if ((r = ipam_host_routes(&used, &n, e)) < 0 ||
	    (r = add_taken(parent, &used, &n, e)) < 0 ||
	    (r = ipam_pick_subnet(used, n, &b->subnet, e)) < 0)
		return r;
	return ipam_nth(&b->subnet, 1, &b->gateway);
}

static int check_subnet(const char *text, struct ip_subnet *s, struct err *e)
{
	char shown[IPAM_TEXT_MAX];
	struct ip_subnet masked;

	if (ipam_parse_subnet(text, s))
		return err_set(e, -EINVAL, "invalid subnet %s: invalid CIDR address",
			       text);
	if (s->addr.family != AF_INET)
		return err_set(e, -EAFNOSUPPORT,
			       "subnet %s: user-defined networks have IPv4 only", text);
	if (s->prefix < 8 || s->prefix > 30)
		return err_set(e, -EINVAL,
			       "invalid subnet %s: its length has to be from 8 to 30",
			       text);
	masked = *s;
	mask(&masked.addr, s->prefix);
	if (!ipam_addr_eq(&masked.addr, &s->addr))
		return err_set(e, -EINVAL,
			       "invalid network config: invalid subnet %s: it should be "
			       "%s",
			       text, ipam_subnet_text(shown, &masked));
	return 0;
}

static int given_subnet(int parent, const struct network_want *w, struct bridge *b,
			struct err *e)
{
	autofree struct ip_subnet *used = NULL;
	size_t n = 0;
	int r = check_subnet(w->subnet, &b->subnet, e);

	if (r == 0)
		r = add_taken(parent, &used, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (ipam_overlap(&used[i], &b->subnet))
			r = err_set(e, -EEXIST,
				    "invalid pool request: Pool overlaps with other one "
				    "on this address space");
	if (r < 0 || !w->gateway)
		return r < 0 ? r : ipam_nth(&b->subnet, 1, &b->gateway);
	if (ipam_parse_addr(w->gateway, &b->gateway))
		return err_set(e, -EINVAL, "invalid gateway address: %s", w->gateway);
	if (!ipam_contains(&b->subnet, &b->gateway) ||
	    ipam_addr_eq(&b->subnet.addr, &b->gateway))
		return err_set(e, -EINVAL, "no matching subnet for gateway %s",
			       w->gateway);
	return 0;
}

static int read_option(const char *text, struct bridge *b, struct err *e)
{
	const char *eq = strchr(text, '=');
	autofree char *key = str_ndup(text, eq ? (size_t)(eq - text) : strlen(text));
	const char *value = eq ? eq + 1 : "";
	uint64_t mtu;

	if (str_eq(key, MTU_OPTION)) {
		if (str_u64(value, UINT16_MAX, &mtu) || mtu < MTU_MIN)
			return err_set(e, -EINVAL, "invalid MTU: '%s'", value);
		b->mtu = (uint32_t)mtu;
		return 0;
	}
	if (!str_eq(key, ICC_OPTION))
		return err_set(e, -EOPNOTSUPP,
			       "network option '%s' is not known here: there are %s and "
			       "%s",
			       key, MTU_OPTION, ICC_OPTION);
	if (!str_eq(value, "true") && !str_eq(value, "false"))
		return err_set(e, -EINVAL, "invalid value of '%s': '%s'", key, value);
	b->isolated = str_eq(value, "false");
	return 0;
}

static void add_ipam(const struct network *n, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	char text[IPAM_TEXT_MAX];
	yyjson_mut_val *ipam = json_add_obj(doc, root, "IPAM");

	json_add_str(doc, ipam, "Driver", "default");
	yyjson_mut_obj_add_null(doc, ipam, "Options");
	yyjson_mut_val *list = json_add_arr(doc, ipam, "Config");
	if (n->plain)
		return;
	yyjson_mut_val *conf = yyjson_mut_arr_add_obj(doc, list);
	json_add_str(doc, conf, "Subnet", ipam_subnet_text(text, &n->bridge.subnet));
	json_add_str(doc, conf, "Gateway", ipam_addr_text(text, &n->bridge.gateway));
}

static yyjson_mut_doc *describe(const struct network *n, const struct network_want *w)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	char stamp[TIME_STAMP_MAX];

	yyjson_mut_doc_set_root(doc, root);
	json_add_str(doc, root, "Name", n->name);
	json_add_str(doc, root, "Id", n->id);
	json_add_str(doc, root, "Created", time_stamp(stamp, time_now()));
	json_add_str(doc, root, "Scope", "local");
	json_add_str(doc, root, "Driver", w->driver ? w->driver : "bridge");
	yyjson_mut_obj_add_bool(doc, root, "EnableIPv4", true);
	yyjson_mut_obj_add_bool(doc, root, "EnableIPv6", false);
	add_ipam(n, doc, root);
	yyjson_mut_obj_add_bool(doc, root, "Internal", n->bridge.internal);
	yyjson_mut_obj_add_bool(doc, root, "Attachable", w->attachable);
	yyjson_mut_obj_add_bool(doc, root, "Ingress", false);
	yyjson_mut_val *from = json_add_obj(doc, root, "ConfigFrom");
	json_add_str(doc, from, "Network", "");
	yyjson_mut_obj_add_bool(doc, root, "ConfigOnly", false);
	json_add_obj(doc, root, "Containers");
	if (w->options)
		json_add_map(doc, root, "Options", w->options);
	else
		json_add_obj(doc, root, "Options");
	if (w->labels)
		json_add_map(doc, root, "Labels", w->labels);
	else
		json_add_obj(doc, root, "Labels");
	return doc;
}

int network_parse(yyjson_val *root, const char *folder, struct network *n, struct err *e)
{
	yyjson_val *ipam = yyjson_obj_get(yyjson_obj_get(root, "IPAM"), "Config");
	yyjson_val *conf = yyjson_arr_get_first(ipam);
	yyjson_val *options = yyjson_obj_get(root, "Options");
	const char *name = NULL, *id = NULL, *subnet = "", *gateway = "", *mtu = "";
	const char *driver = "", *icc = "";
	uint64_t bytes;
	int r;

	if ((r = json_get_str(root, "Name", &name, e)) < 0 ||
	    (r = json_get_str(root, "Id", &id, e)) < 0 ||
	    (r = json_get_str(root, "Driver", &driver, e)) < 0 ||
	    (r = json_get_bool(root, "Internal", &n->bridge.internal, e)) < 0 ||
	    (r = json_get_str(conf, "Subnet", &subnet, e)) < 0 ||
	    (r = json_get_str(conf, "Gateway", &gateway, e)) < 0 ||
	    (r = json_get_str(options, MTU_OPTION, &mtu, e)) < 0 ||
	    (r = json_get_str(options, ICC_OPTION, &icc, e)) < 0)
		return r;
	n->plain = !str_eq(driver, "bridge");
	n->bridge.isolated = str_eq(icc, "false");
	n->bridge.mtu = str_u64(mtu, UINT16_MAX, &bytes) ? MTU_DEFAULT : (uint32_t)bytes;
	if (!name || !str_eq(id, folder) || str_copy(n->id, sizeof(n->id), id) ||
	    strlen(id) < 12 ||
	    (!n->plain && (ipam_parse_subnet(subnet, &n->bridge.subnet) ||
			   ipam_parse_addr(gateway, &n->bridge.gateway) ||
			   !ipam_contains(&n->bridge.subnet, &n->bridge.gateway))))
		return err_set(e, -EINVAL, "record is damaged");
	str_set(&n->name, name);
	return str_print(n->bridge.ifname, sizeof(n->bridge.ifname), "rl-%.12s", n->id);
}

/* The caller holds the lock. */
static int make(int parent, struct network *n, const struct network_want *w,
		struct err *e)
{
	int r;

	id_new(n->id);
	autojson_mut *doc = describe(n, w);
	autoclose int dir = record_begin(parent, n->id, e);
	if (dir < 0)
		return dir;
	if (mkdirat(dir, "leases", 0700))
		return err_sys(e, "make the leases folder");
	if ((r = record_write_nosync(parent, n->id, doc, e)) < 0 ||
	    (r = record_name_take(parent, n->name, n->id, NULL, e)) < 0)
		return r;
	return record_publish(parent, n->id, e);
}

static int make_plain(int parent, const char *name, const char *driver, struct err *e)
{
	struct network n = { .name = (char *)name, .plain = true };
	const struct network_want w = { .name = name, .driver = driver };
	autofree char *id = NULL;

	return record_find(parent, name, &id, NULL) == 0 ? 0 : make(parent, &n, &w, e);
}

static int make_default(int parent, const struct config *cfg, struct err *e)
{
	autofree char *id = NULL;
	autofree char *mtu =
		str_fmt(MTU_OPTION "=%u", cfg->mtu ? (unsigned)cfg->mtu : MTU_DEFAULT);
	struct strv options = { 0 };
	struct network n = { .name = (char *)NETWORK_DEFAULT };
	const struct network_want w = { .name = n.name, .options = &options };
	int r;

	if (record_find(parent, NETWORK_DEFAULT, &id, NULL) == 0)
		return 0;
	strv_add(&options, mtu);
	r = cfg->bip ? read_bip(cfg->bip, &n.bridge, e)
		     : pick_subnet(parent, &n.bridge, e);
	if (r == 0)
		r = make(parent, &n, &w, e);
	strv_done(&options);
	return r < 0 ? err_wrap(e, "make network '%s'", NETWORK_DEFAULT) : 0;
}

/* Two first users at once: the second finds what the first made. */
int network_predefine(const struct store *s, const struct config *cfg, struct err *e)
{
	autoclose int parent = network_folder(s, e);
	autoclose int lock = parent < 0 ? parent : file_lock(parent, ".lock", true, true);
	int r;

	if (lock < 0)
		return err_code(e, lock, "lock the networks");
	if ((r = make_default(parent, cfg, e)) < 0 ||
	    (r = make_plain(parent, "host", "host", e)) < 0)
		return r;
	return make_plain(parent, "none", "null", e);
}

static int check_want(const struct network_want *w, struct bridge *b, struct err *e)
{
	int r = 0;

	if (w->driver && !str_eq(w->driver, "bridge"))
		return err_set(e, -EOPNOTSUPP,
			       "network driver '%s' is not there: an ordinary user's "
			       "networks are bridges (driver bridge)",
			       w->driver);
	if (!id_name_valid(w->name))
		return err_set(e, -EINVAL,
			       "invalid network name: \"%s\": only "
			       "[a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
			       w->name);
	if (w->gateway && !w->subnet)
		return err_set(e, -EINVAL, "no matching subnet for gateway %s",
			       w->gateway);
	for (size_t i = 0; r == 0 && w->options && i < w->options->len; i++)
		r = read_option(w->options->v[i], b, e);
	return r;
}

int network_create(const struct store *s, const struct config *cfg,
		   const struct network_want *w, char ret_id[65], struct err *e)
{
	struct network n = { .name = (char *)w->name, .bridge.internal = w->internal };
	autofree char *old = NULL;
	int r;

	if ((r = check_want(w, &n.bridge, e)) < 0 ||
	    (r = network_predefine(s, cfg, e)) < 0)
		return r;
	autoclose int parent = network_folder(s, e);
	autoclose int lock = parent < 0 ? parent : file_lock(parent, ".lock", true, true);
	if (lock < 0)
		return err_code(e, lock, "lock the networks");
	autojson *doc = NULL;
	if (record_find(parent, w->name, &old, NULL) == 0 &&
	    record_read(parent, old, &doc, NULL) == 0 &&
	    str_eq(yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "Name")),
		   w->name))
		return err_set(e, -EEXIST, "network with name %s already exists",
			       w->name);
	r = w->subnet ? given_subnet(parent, w, &n.bridge, e)
		      : pick_subnet(parent, &n.bridge, e);
	if (r < 0 || (r = make(parent, &n, w, e)) < 0)
		return r;
	network_tell(s, &n, "create", NULL);
	memcpy(ret_id, n.id, sizeof(n.id));
	return 0;
}

void network_tell(const struct store *s, const struct network *n, const char *action,
		  const char *container)
{
	autostrv attributes = { 0 };

	strv_addf(&attributes, "name=%s", n->name);
	strv_addf(&attributes, "type=%s", n->plain ? n->name : "bridge");
	if (container)
		strv_addf(&attributes, "container=%s", container);
	journal_add(s, "network", action, n->id, &attributes);
}
