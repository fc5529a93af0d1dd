/* SPDX-License-Identifier: Apache-2.0 */
/* rootless network */
#include "core/engine/network.h"

#include <errno.h>

#include "applets/confirm.h"
#include "applets/exists.h"
#include "applets/host.h"
#include "applets/inspect.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/cli/table.h"
#include "core/engine/pick.h"
#include "core/engine/row.h"

/* --- create --------------------------------------------------------------------- */

struct network_create {
	char *driver, *scope, *ipam_driver, *config_from;
	struct strv label, opt, subnet, gateway, ip_range, aux, ipam_opt;
	bool attachable, internal, ipv4, ipv6, ipv6_given, ingress, config_only;
};

static const struct opt create_opts[] = {
	OPT_BOOL(struct network_create, attachable, 0, "attachable",
		 "Enable manual container attachment"),
	OPT_LIST(struct network_create, aux, 0, "aux-address", "map",
		 "Auxiliary IPv4 or IPv6 addresses used by Network driver"),
	OPT_STRING(struct network_create, config_from, 0, "config-from", "string",
		   "The network from which to copy the configuration (refused: there is "
		   "no swarm)"),
	OPT_BOOL(struct network_create, config_only, 0, "config-only",
		 "Create a configuration only network (refused: there is no swarm)"),
	OPT_STRING_DEF(struct network_create, driver, 'd', "driver", "string",
		       "Driver to manage the Network", "bridge"),
	OPT_LIST(struct network_create, gateway, 0, "gateway", "strings",
		 "IPv4 or IPv6 Gateway for the master subnet"),
	OPT_BOOL(struct network_create, ingress, 0, "ingress",
		 "Create swarm routing-mesh network (refused: there is no swarm)"),
	OPT_BOOL(struct network_create, internal, 0, "internal",
		 "Restrict external access to the network"),
	OPT_LIST(struct network_create, ip_range, 0, "ip-range", "strings",
		 "Allocate container ip from a sub-range"),
	OPT_STRING_DEF(struct network_create, ipam_driver, 0, "ipam-driver", "string",
		       "IP Address Management Driver", "default"),
	OPT_LIST(struct network_create, ipam_opt, 0, "ipam-opt", "map",
		 "Set IPAM driver specific options"),
	OPT_BOOL_DEF(struct network_create, ipv4, 0, "ipv4",
		     "Enable or disable IPv4 address assignment", "true"),
	OPT_GIVEN(struct network_create, ipv6_given, OPT_TYPE_BOOL, 0, "ipv6", NULL,
		  "Enable or disable IPv6 address assignment (default: without --subnet, "
		  "as the host has it)",
		  NULL, offsetof(struct network_create, ipv6)),
	OPT_LIST(struct network_create, label, 0, "label", "list",
		 "Set metadata on a network"),
	OPT_LIST(struct network_create, opt, 'o', "opt", "map",
		 "Set driver specific options (docker's, and source_check=false for "
		 "networks with routers)"),
	OPT_STRING_DEF(struct network_create, scope, 0, "scope", "string",
		       "Control the network's scope", "local"),
	OPT_LIST(struct network_create, subnet, 0, "subnet", "strings",
		 "Subnet in CIDR format that represents a network segment"),
	OPT_END,
};

/* What needs a cluster, or a plugin. */
static int check_create(const struct network_create *o, struct err *e)
{
	if (o->ingress || o->config_only || o->config_from)
		return err_set(e, -EOPNOTSUPP,
			       "--%s is for a swarm's networks: there is none here",
			       o->ingress       ? "ingress"
			       : o->config_only ? "config-only"
						: "config-from");
	if (!str_eq(o->scope, "local"))
		return err_set(e, -EOPNOTSUPP,
			       "--scope %s: networks here are of this host (scope local)",
			       o->scope);
	if (!str_eq(o->ipam_driver, "default") || o->ipam_opt.len)
		return err_set(e, -EOPNOTSUPP,
			       "--ipam-driver and --ipam-opt: there is the default one "
			       "only, without options");
	if (!o->ipv4)
		return err_set(e, -EOPNOTSUPP,
			       "--ipv4=false: a network here always has IPv4, and IPv6 "
			       "beside it if you like");
	return 0;
}

static int create_main(void *opts, char **args)
{
	const struct network_create *o = opts;
	const struct network_want w = { .name = args[0],
					.driver = o->driver,
					.subnets = &o->subnet,
					.gateways = &o->gateway,
					.ranges = &o->ip_range,
					.aux = &o->aux,
					.ipv6 = !o->ipv6_given ? NETWORK_IPV6_AUTO
						: o->ipv6      ? NETWORK_IPV6_ON
							       : NETWORK_IPV6_OFF,
					.labels = &o->label,
					.options = &o->opt,
					.internal = o->internal,
					.attachable = o->attachable };
	autohost h = { 0 };
	struct err e = { 0 };
	char id[65];

	if (check_create(o, &e) < 0 || host_open(&h, &e) < 0 ||
	    network_create(&h.store, &h.config, &w, id, &e) < 0)
		return host_fail(&e, 1);
	printf("%s\n", id);
	return 0;
}

static const struct applet create = {
	.name = "create",
	.args = "[OPTIONS] NETWORK",
	.summary = "Create a network",
	.group = GROUP_COMMAND,
	.opts = create_opts,
	.opts_size = sizeof(struct network_create),
	.min_args = 1,
	.max_args = 1,
	.main = create_main,
};

/* --- ls ------------------------------------------------------------------------- */

struct network_ls {
	struct strv filter;
	char *format;
	bool no_trunc, quiet;
};

static const struct opt ls_opts[] = {
	OPT_LIST(struct network_ls, filter, 'f', "filter", "filter",
		 "Provide filter values (e.g. \"driver=bridge\")"),
	OPT_STRING(struct network_ls, format, 0, "format", "string", TABLE_FORMAT_HELP),
	OPT_BOOL(struct network_ls, no_trunc, 0, "no-trunc",
		 "Do not truncate the output"),
	OPT_BOOL(struct network_ls, quiet, 'q', "quiet", "Only display network IDs"),
	OPT_END,
};

static const struct table_column columns[] = {
	{ "CreatedAt", "CREATED AT" },
	{ "Driver", "DRIVER" },
	{ "ID", "NETWORK ID" },
	{ "IPv4", "IPV4" },
	{ "IPv6", "IPV6" },
	{ "Internal", "INTERNAL" },
	{ "Labels", "LABELS" },
	{ "Name", "NAME" },
	{ "Scope", "SCOPE" },
	{ NULL, NULL },
};

static int show(struct host *h, const struct pick *p, bool no_trunc, struct table *t,
		struct err *e)
{
	yyjson_doc **v = NULL;
	autostrv used = { 0 };
	size_t len = 0;
	int r = pick_has(p, "dangling") ? network_used(&h->store, &used, e) : 0;

	if (r >= 0)
		r = network_list(&h->store, &h->config, &v, &len, e);
	for (size_t i = 0; r >= 0 && i < len; i++) {
		autojson_mut *doc = yyjson_mut_doc_new(NULL);
		autojson *row = NULL;

		if (!network_matches(p, yyjson_doc_get_root(v[i]), &used))
			continue;
		yyjson_mut_doc_set_root(
			doc, row_network(yyjson_doc_get_root(v[i]), no_trunc, doc));
		row = yyjson_mut_doc_imut_copy(doc, NULL);
		r = table_row(t, yyjson_doc_get_root(row), e);
	}
	network_list_done(v, len);
	return r < 0 ? r : table_print(t, e);
}

static int ls_main(void *opts, char **args)
{
	const struct network_ls *o = opts;
	autodone(pick_done) struct pick p = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	struct table *t;
	int r;

	if (network_pick(&p, &o->filter, &e) < 0 || host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	t = table_new(columns, o->format,
		      "table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
		      o->quiet ? "ID" : NULL, &e);
	if (!t)
		return host_fail(&e, 1);
	r = show(&h, &p, o->no_trunc, t, &e);
	table_free(t);
	return r < 0 ? host_fail(&e, 1) : 0;
}

static const struct applet ls = {
	.name = "ls",
	.args = "[OPTIONS]",
	.summary = "List networks",
	.group = GROUP_COMMAND,
	.opts = ls_opts,
	.opts_size = sizeof(struct network_ls),
	.max_args = 0,
	.main = ls_main,
};

/* --- inspect -------------------------------------------------------------------- */

struct network_inspect {
	char *format;
	bool verbose;
};

static const struct opt inspect_opts[] = {
	OPT_STRING(struct network_inspect, format, 'f', "format", "string",
		   INSPECT_FORMAT_HELP),
	OPT_BOOL(struct network_inspect, verbose, 'v', "verbose",
		 "Swarm services too: there are none, so the same"),
	OPT_END,
};

static int inspect_main(void *opts, char **args)
{
	const struct network_inspect *o = opts;

	return inspect_names(args, INSPECT_NETWORK, o->format, false);
}

static const struct applet inspect = {
	.name = "inspect",
	.args = "[OPTIONS] NETWORK [NETWORK...]",
	.summary = "Display detailed information on one or more networks",
	.group = GROUP_COMMAND,
	.opts = inspect_opts,
	.opts_size = sizeof(struct network_inspect),
	.min_args = 1,
	.max_args = -1,
	.main = inspect_main,
};

/* --- rm ------------------------------------------------------------------------- */

struct network_rm {
	bool force;
};

static const struct opt rm_opts[] = {
	OPT_BOOL(struct network_rm, force, 'f', "force",
		 "Do not error if the network does not exist"),
	OPT_END,
};

static int rm_one(struct host *h, const char *name, void *arg, struct err *e)
{
	const struct network_rm *o = arg;
	int r = network_delete(&h->store, name, e);

	if (r == -ENOENT && o->force)
		return 0;
	if (r >= 0)
		printf("%s\n", name);
	return r;
}

static int rm_main(void *opts, char **args)
{
	return host_each_name(args, rm_one, opts);
}

static const struct applet rm = {
	.name = "rm",
	.args = "NETWORK [NETWORK...]",
	.summary = "Remove one or more networks",
	.group = GROUP_COMMAND,
	.opts = rm_opts,
	.opts_size = sizeof(struct network_rm),
	.min_args = 1,
	.max_args = -1,
	.main = rm_main,
};

/* --- prune ---------------------------------------------------------------------- */

struct network_prune {
	struct strv filter;
	bool force;
};

static const struct opt prune_opts[] = {
	OPT_LIST(struct network_prune, filter, 0, "filter", "filter",
		 "Provide filter values (e.g. \"until=<timestamp>\")"),
	OPT_BOOL(struct network_prune, force, 'f', "force",
		 "Do not prompt for confirmation"),
	OPT_END,
};

static int prune_main(void *opts, char **args)
{
	static const char *const keys[] = { "label", "label!", "until", NULL };
	const struct network_prune *o = opts;
	autodone(pick_done) struct pick p = { 0 };
	autostrv gone = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	int r;

	if (pick_parse(&p, &o->filter, keys, &e) < 0 || host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	if (!o->force &&
	    !confirm_ask("WARNING! This will remove all custom networks not used by at "
			 "least one container."))
		return 0;
	r = network_prune(&h.store, &h.config, &p, &gone, &e);
	if (gone.len)
		printf("Deleted Networks:\n");
	for (size_t i = 0; i < gone.len; i++)
		printf("%s\n", gone.v[i]);
	if (gone.len)
		printf("\n");
	return r < 0 ? host_fail(&e, 1) : 0;
}

static const struct applet prune = {
	.name = "prune",
	.args = "[OPTIONS]",
	.summary = "Remove all unused networks",
	.group = GROUP_COMMAND,
	.opts = prune_opts,
	.opts_size = sizeof(struct network_prune),
	.max_args = 0,
	.main = prune_main,
};

/* --- connect, disconnect ---------------------------------------------------------- */

struct network_connect {
	struct strv alias, driver_opt, link;
	char *ip, *ip6, *mac;
	int64_t gw_priority;
};

static const struct opt connect_opts[] = {
	OPT_LIST(struct network_connect, alias, 0, "alias", "strings",
		 "Add network-scoped alias for the container"),
	OPT_LIST(struct network_connect, driver_opt, 0, "driver-opt", "strings",
		 "driver options for the network"),
	OPT_INT(struct network_connect, gw_priority, 0, "gw-priority",
		"Highest gw-priority provides the default gateway. Accepts positive and "
		"negative values.",
		NULL),
	OPT_STRING(struct network_connect, ip, 0, "ip", "string",
		   "IPv4 address (e.g., \"172.30.100.104\")"),
	OPT_STRING(struct network_connect, ip6, 0, "ip6", "string",
		   "IPv6 address (e.g., \"2001:db8::33\")"),
	OPT_LIST(struct network_connect, link, 0, "link", "list",
		 "Add link to another container"),
	OPT_STRING(struct network_connect, mac, 0, "mac-address", "string",
		   "MAC address (e.g., \"92:d0:c6:0a:29:33\")"),
	OPT_REFUSED("link-local-ip",
		    "addresses are leased from the network's subnet; use --ip"),
	OPT_END,
};

static int connect_main(void *opts, char **args)
{
	const struct network_connect *o = opts;
	struct netwish w = { .name = args[0],
			     .ip = o->ip,
			     .ip6 = o->ip6,
			     .mac = o->mac,
			     .aliases = o->alias,
			     .priority = o->gw_priority };
	const struct network_join j = { .wish = &w, .links = &o->link };
	autodone(container_done) struct container c = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };

	autofree char *ifname = NULL;
	for (size_t i = 0; i < o->driver_opt.len; i++) {
		int r = netwish_driver_option(&w, o->driver_opt.v[i], &e);

		ifname = w.ifname;
		if (r < 0)
			return host_fail(&e, 1);
	}
	if ((w.mac && netwish_check_mac(w.mac, &e) < 0) || host_open(&h, &e) < 0 ||
	    container_open(&h.store, args[1], &c, &e) < 0 ||
	    network_connect(&h.store, &h.config, &c, &j, &e) < 0)
		return host_fail(&e, 1);
	return 0;
}

static const struct applet join = {
	.name = "connect",
	.args = "[OPTIONS] NETWORK CONTAINER",
	.summary = "Connect a container to a network",
	.group = GROUP_COMMAND,
	.opts = connect_opts,
	.opts_size = sizeof(struct network_connect),
	.min_args = 2,
	.max_args = 2,
	.main = connect_main,
};

struct network_disconnect {
	bool force;
};

static int disconnect_main(void *opts, char **args)
{
	const struct network_disconnect *o = opts;
	autodone(container_done) struct container c = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };

	if (host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	/* What is gone is on no network. */
	if (container_open(&h.store, args[1], &c, &e) == -ENOENT && o->force)
		return 0;
	if (e.text[0] || network_disconnect(&h.store, &h.config, &c, args[0], &e) < 0)
		return host_fail(&e, 1);
	return 0;
}

static const struct opt disconnect_opts[] = {
	OPT_BOOL(struct network_disconnect, force, 'f', "force",
		 "Force the container to disconnect from a network"),
	OPT_END,
};

static const struct applet leave = {
	.name = "disconnect",
	.args = "NETWORK CONTAINER",
	.summary = "Disconnect a container from a network",
	.group = GROUP_COMMAND,
	.opts = disconnect_opts,
	.opts_size = sizeof(struct network_disconnect),
	.min_args = 2,
	.max_args = 2,
	.main = disconnect_main,
};

static int find(struct host *h, const char *name, struct err *e)
{
	autodone(network_done) struct network n = { 0 };

	return network_open(&h->store, &h->config, name, &n, e);
}

EXISTS_APPLET(find, "NETWORK", "a network");

static const struct applet_verb verbs[] = {
	{ "connect", &join },  { "create", &create },   { "disconnect", &leave },
	{ "exists", &exists }, { "inspect", &inspect }, { "ls", &ls },
	{ "list", &ls },       { "prune", &prune },     { "rm", &rm },
	{ "remove", &rm },     { NULL, NULL },
};

const struct applet network_applet = {
	.name = "network",
	.args = "COMMAND",
	.summary = "Manage networks",
	.group = GROUP_MANAGEMENT,
	.verbs = verbs,
	.max_args = -1,
};
