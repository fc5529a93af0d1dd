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
#include "core/engine/netoption.h"
#include "core/engine/netpool.h"
#include "core/engine/network.h"
#include "core/store/journal.h"
#include "core/store/record.h"

/* Subnets and bridges of the other networks. */
struct others {
	struct ip_subnet *v;
	size_t len;
	struct strv bridges;
};

static void others_done(struct others *o)
{
	free(o->v);
	strv_done(&o->bridges);
}

static void add_subnet(struct others *o, const struct ip_subnet *s)
{
	o->v = mem_resize(o->v, o->len + 1, sizeof(*o->v));
	o->v[o->len++] = *s;
}

static int list_others(int parent, struct others *o, struct err *e)
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
		add_subnet(o, &n.bridge.subnet);
		if (n.bridge.subnet6.addr.family == AF_INET6)
			add_subnet(o, &n.bridge.subnet6);
		strv_add(&o->bridges, n.bridge.ifname);
	}
	return r;
}

/* The pools of a new network, that collide with nothing. bip: NULL or the default one's.
 */
static int fill_pools(int parent, const struct network_want *w, const char *bip,
		      struct network *n, struct err *e)
{
	autodone(others_done) struct others o = { 0 };
	autofree struct ip_subnet *routes = NULL;
	struct netpool_taken taken = { 0 };
	int r = list_others(parent, &o, e);

	if (r < 0 || (r = ipam_host_routes(&routes, &taken.routes_len, e)) < 0)
		return r;
	if (strv_has(&o.bridges, n->bridge.ifname))
		return err_set(e, -EEXIST,
			       "bridge name '%s' is another network's already",
			       n->bridge.ifname);
	taken.networks = o.v;
	taken.networks_len = o.len;
	taken.routes = routes;
	if (bip && (r = netpool_bip(bip, n, e)) < 0)
		return r;
	return netpool_fill(w, &taken, n, e);
}

static void add_pool(const struct network *n, sa_family_t family, yyjson_mut_doc *doc,
		     yyjson_mut_val *list)
{
	bool six = family == AF_INET6;
	const struct bridge *b = &n->bridge;
	yyjson_mut_val *conf = yyjson_mut_arr_add_obj(doc, list), *aux = NULL;
	char text[IPAM_TEXT_MAX];

	json_add_str(doc, conf, "Subnet",
		     ipam_subnet_text(text, six ? &b->subnet6 : &b->subnet));
	json_add_str(doc, conf, "IPRange", ipam_subnet_text(text, &n->range[six]));
	json_add_str(doc, conf, "Gateway",
		     ipam_addr_text(text, six ? &b->gateway6 : &b->gateway));
	for (size_t i = 0; i < n->aux_len; i++) {
		if (n->aux[i].addr.family != family)
			continue;
		if (!aux)
			aux = json_add_obj(doc, conf, "AuxiliaryAddresses");
		json_add_str(doc, aux, n->aux[i].name,
			     ipam_addr_text(text, &n->aux[i].addr));
	}
}

static void add_ipam(const struct network *n, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	yyjson_mut_val *ipam = json_add_obj(doc, root, "IPAM");

	json_add_str(doc, ipam, "Driver", "default");
	yyjson_mut_obj_add_null(doc, ipam, "Options");
	yyjson_mut_val *list = json_add_arr(doc, ipam, "Config");
	if (n->plain)
		return;
	add_pool(n, AF_INET, doc, list);
	if (n->bridge.subnet6.addr.family == AF_INET6)
		add_pool(n, AF_INET6, doc, list);
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
	yyjson_mut_obj_add_bool(doc, root, "EnableIPv6",
				n->bridge.subnet6.addr.family == AF_INET6);
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

/* One pool of the record. */
static int parse_pool(yyjson_val *conf, struct network *n)
{
	const char *subnet = "", *gateway = "", *range = NULL;
	yyjson_val *key, *val;
	struct ip_subnet s;
	struct ip_addr g;
	size_t i, max;

	if (json_get_str(conf, "Subnet", &subnet, NULL) < 0 ||
	    json_get_str(conf, "Gateway", &gateway, NULL) < 0 ||
	    json_get_str(conf, "IPRange", &range, NULL) < 0 ||
	    ipam_parse_subnet(subnet, &s) || ipam_parse_addr(gateway, &g) ||
	    !ipam_contains(&s, &g))
		return -EINVAL;
	bool six = s.addr.family == AF_INET6;
	*(six ? &n->bridge.subnet6 : &n->bridge.subnet) = s;
	*(six ? &n->bridge.gateway6 : &n->bridge.gateway) = g;
	if (!str_empty(range) && (ipam_parse_subnet(range, &n->range[six]) ||
				  !ipam_contains(&s, &n->range[six].addr)))
		return -EINVAL;
	yyjson_obj_foreach (yyjson_obj_get(conf, "AuxiliaryAddresses"), i, max, key,
			    val) {
		struct network_aux aux = { 0 };

		if (!yyjson_is_str(val) ||
		    ipam_parse_addr(yyjson_get_str(val), &aux.addr))
			return -EINVAL;
		aux.name = str_dup(yyjson_get_str(key));
		n->aux = mem_resize(n->aux, n->aux_len + 1, sizeof(*n->aux));
		n->aux[n->aux_len++] = aux;
	}
	return 0;
}

static int parse_bridge(yyjson_val *root, struct network *n, struct err *e)
{
	yyjson_val *ipam = yyjson_obj_get(yyjson_obj_get(root, "IPAM"), "Config");
	autostrv options = { 0 };
	yyjson_val *conf;
	size_t i, max;
	int r;

	n->bridge.mtu = NETOPTION_MTU_DEFAULT;
	r = str_print(n->bridge.ifname, sizeof(n->bridge.ifname), "rl-%.12s", n->id);
	if (r < 0 || (r = json_get_map(root, "Options", &options, e)) < 0)
		return r;
	for (i = 0; r == 0 && i < options.len; i++)
		r = netoption_apply(options.v[i], n, e);
	if (r < 0)
		return r;
	yyjson_arr_foreach (ipam, i, max, conf) {
		if (parse_pool(conf, n) < 0)
			return err_set(e, -EINVAL, "record is damaged");
	}
	/* IPv4 is always there. */
	return n->bridge.subnet.addr.family == AF_INET
		       ? 0
		       : err_set(e, -EINVAL, "record is damaged");
}

int network_parse(yyjson_val *root, const char *folder, struct network *n, struct err *e)
{
	const char *name = NULL, *id = NULL, *driver = "";
	int r;

	if ((r = json_get_str(root, "Name", &name, e)) < 0 ||
	    (r = json_get_str(root, "Id", &id, e)) < 0 ||
	    (r = json_get_str(root, "Driver", &driver, e)) < 0 ||
	    (r = json_get_bool(root, "Internal", &n->bridge.internal, e)) < 0)
		return r;
	n->plain = !str_eq(driver, "bridge");
	if (n->plain && !str_eq(driver, "host") && !str_eq(driver, "null"))
		return err_set(e, -EINVAL, "record is damaged");
	if (!name || !str_eq(id, folder) || str_copy(n->id, sizeof(n->id), id) ||
	    strlen(id) < 12)
		return err_set(e, -EINVAL, "record is damaged");
	str_set(&n->name, name);
	return n->plain ? 0 : parse_bridge(root, n, e);
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
		str_fmt(NETOPTION_MTU "=%u",
			cfg->mtu ? (unsigned)cfg->mtu : NETOPTION_MTU_DEFAULT);
	struct strv options = { 0 };
	struct network n = { .name = (char *)NETWORK_DEFAULT };
	const struct network_want w = { .name = n.name, .options = &options };
	int r;

	if (record_find(parent, NETWORK_DEFAULT, &id, NULL) == 0)
		return 0;
	strv_add(&options, mtu);
	if (!cfg->source_check)
		strv_add(&options, NETOPTION_SOURCE "=false");
	r = fill_pools(parent, &w, cfg->bip, &n, e);
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

static int check_want(const struct network_want *w, struct network *n, struct err *e)
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
	for (size_t i = 0; r == 0 && w->options && i < w->options->len; i++)
		r = netoption_apply(w->options->v[i], n, e);
	return r;
}

int network_create(const struct store *s, const struct config *cfg,
		   const struct network_want *w, char ret_id[65], struct err *e)
{
	autodone(network_done) struct network n = { .name = str_dup(w->name),
						    .bridge.internal = w->internal };
	autofree char *old = NULL;
	int r;

	if ((r = check_want(w, &n, e)) < 0 || (r = network_predefine(s, cfg, e)) < 0)
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
	if ((r = fill_pools(parent, w, NULL, &n, e)) < 0 ||
	    (r = make(parent, &n, w, e)) < 0)
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
