/* SPDX-License-Identifier: Apache-2.0 */
/* record.json: Config and the whole. */
#include "core/engine/describe.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/describe_host.h"
#include "core/engine/health.h"
#include "core/engine/network.h"
#include "core/engine/signame.h"

static void add_bool(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key, bool v)
{
	yyjson_mut_obj_add_bool(doc, o, key, v);
}

/* {"a":{},"b":{}} as Go's map[string]struct{}. */
static yyjson_mut_val *key_set(yyjson_mut_doc *doc, const struct strv *keys)
{
	yyjson_mut_val *o = yyjson_mut_obj(doc);

	for (size_t i = 0; i < keys->len; i++)
		yyjson_mut_obj_add(o, yyjson_mut_strcpy(doc, keys->v[i]),
				   yyjson_mut_obj(doc));
	return o;
}

static void add_volumes(const struct plan *p, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	autostrv all = { 0 };

	strv_addv(&all, strv_view(&p->image.config.volumes));
	for (size_t i = 0; i < p->spec->mounts_len; i++) {
		const struct spec_mount *m = &p->spec->mounts[i];
		if (m->type == SPEC_VOLUME && !m->source && !strv_has(&all, m->target))
			strv_add(&all, m->target);
	}
	if (all.len)
		yyjson_mut_obj_add_val(doc, o, "Volumes", key_set(doc, &all));
	else
		yyjson_mut_obj_add_null(doc, o, "Volumes");
}

static void add_config(const struct plan *p, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	const struct spec *s = p->spec;
	yyjson_mut_val *o = json_add_obj(doc, root, "Config");
	int64_t timeout =
		s->stop_timeout >= 0 ? s->stop_timeout : p->image.config.stop_timeout;

	json_add_str(doc, o, "Hostname", p->hostname);
	json_add_str(doc, o, "Domainname", s->domainname ? s->domainname : "");
	json_add_str(doc, o, "User", p->user ? p->user : "");
	add_bool(doc, o, "AttachStdin", s->attach_stdin);
	add_bool(doc, o, "AttachStdout", s->attach_stdout);
	add_bool(doc, o, "AttachStderr", s->attach_stderr);
	if (p->exposed.len)
		yyjson_mut_obj_add_val(doc, o, "ExposedPorts", key_set(doc, &p->exposed));
	add_bool(doc, o, "Tty", s->tty);
	add_bool(doc, o, "OpenStdin", s->open_stdin);
	add_bool(doc, o, "StdinOnce", s->stdin_once);
	json_add_strv(doc, o, "Env", &p->env);
	json_add_strv_or_null(doc, o, "Cmd", &p->cmd);
	json_add_str(doc, o, "Image", s->image);
	add_volumes(p, doc, o);
	json_add_str(doc, o, "WorkingDir", p->workdir);
	json_add_strv_or_null(doc, o, "Entrypoint", &p->entrypoint);
	yyjson_mut_obj_add_null(doc, o, "OnBuild");
	json_add_map(doc, o, "Labels", &p->labels);
	if (s->stop_signal || p->image.config.stop_signal)
		json_add_str(doc, o, "StopSignal",
			     s->stop_signal ? s->stop_signal
					    : p->image.config.stop_signal);
	health_describe(&p->image.config.health, doc, o);
	if (timeout >= 0)
		yyjson_mut_obj_add_int(doc, o, "StopTimeout", timeout);
}

yyjson_mut_doc *describe_plan(const struct plan *p, const struct strv *warnings)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	char stamp[TIME_STAMP_MAX], image[DIGEST_TEXT_MAX];
	autostrv args = { 0 }, rest = { 0 };

	plan_args(p, &args);
	strv_addv(&rest, strv_view(&args) + 1);
	yyjson_mut_doc_set_root(doc, root);
	json_add_str(doc, root, "Id", p->id);
	json_add_str(doc, root, "Name", p->name);
	json_add_str(doc, root, "Created", time_stamp(stamp, time_now()));
	json_add_str(doc, root, "Image", digest_text(image, &p->image.id));
	json_add_str(doc, root, "ImageRef", p->spec->image);
	json_add_str(doc, root, "Path", args.v[0]);
	json_add_strv(doc, root, "Args", &rest);
	add_config(p, doc, root);
	describe_host(p, doc, root);
	mounts_describe(&p->mounts, doc, json_add_arr(doc, root, "Mounts"));
	describe_network(&p->net, p->id, doc, root);
	if (p->spec->rootfs)
		json_add_str(doc, root, "Rootfs", p->spec->rootfs);
	json_add_strv(doc, root, "LayerChain", &p->chain);
	if (p->mounts.chain.len)
		json_add_strv(doc, root, "MountChain", &p->mounts.chain);
	json_add_str(doc, root, "Platform", "linux");
	json_add_strv(doc, root, "Warnings", warnings);
	return doc;
}

/* The addresses that were asked for. */
static void add_fixed(const struct netplan_end *end, yyjson_mut_doc *doc,
		      yyjson_mut_val *o)
{
	char text[IPAM_TEXT_MAX];
	yyjson_mut_val *conf;

	if (end->fixed.family == AF_UNSPEC && end->fixed6.family == AF_UNSPEC) {
		yyjson_mut_obj_add_null(doc, o, "IPAMConfig");
		return;
	}
	conf = json_add_obj(doc, o, "IPAMConfig");
	if (end->fixed.family != AF_UNSPEC)
		json_add_str(doc, conf, "IPv4Address", ipam_addr_text(text, &end->fixed));
	if (end->fixed6.family != AF_UNSPEC)
		json_add_str(doc, conf, "IPv6Address",
			     ipam_addr_text(text, &end->fixed6));
}

/* What it is found by there; on the default network docker has no names. */
static void add_names(const struct netplan *n, const struct netplan_end *end,
		      const char *id, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	autofree char *brief = str_ndup(id, 12);
	const char *const last[] = { brief, n->hostname };
	autostrv names = { 0 };

	if (!str_eq(end->name, NETWORK_DEFAULT) && end->ep.bridge[0]) {
		strv_add(&names, n->name);
		strv_addv(&names, strv_view(&end->aliases));
		for (size_t i = 0; i < ARRAY_LEN(last); i++)
			if (last[i] && !strv_has(&names, last[i]))
				strv_add(&names, last[i]);
	}
	json_add_strv_or_null(doc, o, "DNSNames", &names);
}

static void add_end(const struct netplan *n, const struct netplan_end *end,
		    const char *id, yyjson_mut_doc *doc, yyjson_mut_val *networks)
{
	yyjson_mut_val *o = json_add_obj(doc, networks, end->name);
	const struct endpoint *ep = &end->ep;
	const uint8_t *m = ep->mac;
	char addr[IPAM_TEXT_MAX] = "", gateway[IPAM_TEXT_MAX] = "", mac[18] = "";
	char addr6[IPAM_TEXT_MAX] = "", gateway6[IPAM_TEXT_MAX] = "";
	const struct ip_addr none = { 0 };
	bool leased = ep->bridge[0];
	/* The endpoint lives and dies with the container's place on this network. */
	autofree char *endpoint =
		leased && end->id ? str_fmt("%.32s%.32s", end->id, id) : NULL;

	if (leased) {
		ipam_addr_text(addr, &ep->addr);
		ipam_addr_text(gateway, end->internal ? &none : &end->resolver);
		ipam_addr_text(addr6, &ep->addr6);
		ipam_addr_text(gateway6, end->internal ? &none : &end->resolver6);
		str_print(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1],
			  m[2], m[3], m[4], m[5]);
	}
	add_fixed(end, doc, o);
	yyjson_mut_obj_add_null(doc, o, "Links");
	json_add_strv_or_null(doc, o, "Aliases", &end->aliases);
	json_add_str(doc, o, "MacAddress", mac);
	if (end->wanted_if)
		json_add_str(doc, json_add_obj(doc, o, "DriverOpts"),
			     "com.docker.network.endpoint.ifname", end->wanted_if);
	else
		yyjson_mut_obj_add_null(doc, o, "DriverOpts");
	yyjson_mut_obj_add_int(doc, o, "GwPriority", end->priority);
	json_add_str(doc, o, "NetworkID", end->id ? end->id : "");
	json_add_str(doc, o, "EndpointID", endpoint ? endpoint : "");
	json_add_str(doc, o, "Gateway", gateway);
	json_add_str(doc, o, "IPAddress", addr);
	yyjson_mut_obj_add_uint(doc, o, "IPPrefixLen", ep->prefix);
	json_add_str(doc, o, "IPv6Gateway", gateway6);
	json_add_str(doc, o, "GlobalIPv6Address", addr6);
	yyjson_mut_obj_add_uint(doc, o, "GlobalIPv6PrefixLen",
				addr6[0] ? ep->prefix6 : 0);
	add_names(n, end, id, doc, o);
}

static void add_binding(const struct publish *map, const char *ip, yyjson_mut_doc *doc,
			yyjson_mut_val *list)
{
	autofree char *port = str_fmt("%u", map->host_port);
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, list);

	json_add_str(doc, o, "HostIp", ip);
	json_add_str(doc, o, "HostPort", port);
}

static void add_port(const struct netplan_port *p, yyjson_mut_doc *doc,
		     yyjson_mut_val *ports)
{
	autofree char *key =
		str_fmt("%u/%s", p->map.port, publish_proto_name(p->map.proto));
	yyjson_mut_val *list = yyjson_mut_obj_get(ports, key);
	char ip[IPAM_TEXT_MAX];

	if (!p->fds || p->change == NETPLAN_REMOVED)
		return; /* not open: the container does not run, or is without it */
	if (!list)
		list = json_add_arr(doc, ports, key);
	if (p->map.host_ip.family != AF_UNSPEC) {
		add_binding(&p->map, ipam_addr_text(ip, &p->map.host_ip), doc, list);
		return;
	}
	if (p->families & PUBLISH_FOUR)
		add_binding(&p->map, "0.0.0.0", doc, list);
	if (p->families & PUBLISH_SIX)
		add_binding(&p->map, "::", doc, list);
}

void describe_network(const struct netplan *n, const char *id, yyjson_mut_doc *doc,
		      yyjson_mut_val *record)
{
	yyjson_mut_val *o = yyjson_mut_obj(doc);

	yyjson_mut_obj_remove_key(record, "NetworkSettings");
	yyjson_mut_obj_add_val(doc, record, "NetworkSettings", o);
	yyjson_mut_val *networks = json_add_obj(doc, o, "Networks");
	for (size_t i = 0; i < n->ends_len; i++)
		add_end(n, &n->ends[i], id, doc, networks);
	if (n->mode == NETPLAN_NONE || n->mode == NETPLAN_HOST) {
		struct netplan_end plain = { .name = n->mode == NETPLAN_NONE
							     ? (char *)"none"
							     : (char *)"host" };
		add_end(n, &plain, id, doc, networks);
	}
	yyjson_mut_val *ports = json_add_obj(doc, o, "Ports");
	for (size_t i = 0; i < n->ports_len; i++)
		add_port(&n->ports[i], doc, ports);
}
