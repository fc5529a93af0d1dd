/* SPDX-License-Identifier: Apache-2.0 */
/* docker inspect's object of a container. The record holds most of it in docker's own
 * shape; what changes with the run comes from state.json. */
#include "core/engine/inspect.h"

#include <errno.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/health.h"
#include "core/store/layer.h"

static yyjson_val *root_of(const struct container *c)
{
	return yyjson_doc_get_root(c->record);
}

static bool is_alive(const struct container *c)
{
	return c->state.status == STATE_RUNNING || c->state.status == STATE_PAUSED;
}

/* A copy of the record's member, or null. */
static void copy_member(const struct container *c, const char *key, yyjson_mut_doc *doc,
			yyjson_mut_val *obj)
{
	yyjson_val *v = yyjson_obj_get(root_of(c), key);

	yyjson_mut_obj_add_val(doc, obj, key,
			       v ? yyjson_val_mut_copy(doc, v) : yyjson_mut_null(doc));
}

static void add_state(const struct container *c, yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
	yyjson_mut_val *st = json_add_obj(doc, obj, "State");
	const struct state *s = &c->state;
	char stamp[TIME_STAMP_MAX];

	json_add_str(doc, st, "Status", state_name(s->status));
	/* As docker has it: between two runs it counts as running. */
	yyjson_mut_obj_add_bool(doc, st, "Running",
				is_alive(c) || s->status == STATE_RESTARTING);
	yyjson_mut_obj_add_bool(doc, st, "Paused", s->status == STATE_PAUSED);
	yyjson_mut_obj_add_bool(doc, st, "Restarting", s->status == STATE_RESTARTING);
	yyjson_mut_obj_add_bool(doc, st, "OOMKilled", s->oom_killed);
	yyjson_mut_obj_add_bool(doc, st, "Dead", s->status == STATE_DEAD);
	yyjson_mut_obj_add_int(doc, st, "Pid", is_alive(c) ? s->pid : 0);
	yyjson_mut_obj_add_int(doc, st, "ExitCode", s->exit_code);
	json_add_str(doc, st, "Error", s->error);
	json_add_str(doc, st, "StartedAt", time_stamp(stamp, s->started));
	json_add_str(doc, st, "FinishedAt", time_stamp(stamp, s->finished));
	yyjson_mut_val *health = health_state(c, doc);
	if (health)
		yyjson_mut_obj_add_val(doc, st, "Health", health);
}

static void add_path(const struct store *s, const struct container *c, const char *key,
		     const char *name, yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
	autofree char *path = str_fmt("%s/containers/%s/%s", s->data, c->id, name);

	json_add_str(doc, obj, key, path);
}

static const char *log_driver(const struct container *c)
{
	yyjson_val *host = yyjson_obj_get(yyjson_doc_get_root(c->record), "HostConfig");
	const char *driver = "";

	json_get_str(yyjson_obj_get(host, "LogConfig"), "Type", &driver, NULL);
	return driver;
}

static void add_paths(const struct store *s, const struct container *c,
		      yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
	autofree char *log = str_fmt("log/%s-json.log", c->id);

	add_path(s, c, "ResolvConfPath", "resolv.conf", doc, obj);
	add_path(s, c, "HostnamePath", "hostname", doc, obj);
	add_path(s, c, "HostsPath", "hosts", doc, obj);
	/* Docker tells the place of this driver's files alone. */
	if (str_eq(log_driver(c), "json-file"))
		add_path(s, c, "LogPath", log, doc, obj);
	else
		json_add_str(doc, obj, "LogPath", "");
}

static void add_graph(const struct store *s, const struct container *c,
		      yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
	yyjson_mut_val *graph = json_add_obj(doc, obj, "GraphDriver");
	yyjson_mut_val *data = json_add_obj(doc, graph, "Data");
	autostrv chain = { 0 }, paths = { 0 };
	autofree char *lower = NULL;

	json_get_strv(root_of(c), "LayerChain", &chain, NULL);
	for (size_t n = chain.len; n > 0; n--)
		strv_addf(&paths, "%s/layers/%s/diff", s->data, chain.v[n - 1]);
	lower = strv_join(&paths, ":");
	json_add_str(doc, data, "ID", c->id);
	json_add_str(doc, data, "LowerDir", lower);
	add_path(s, c, "UpperDir", "upper", doc, data);
	add_path(s, c, "WorkDir", "work", doc, data);
	json_add_str(doc, graph, "Name", "overlay2");
}

void inspect_sizes(const struct store *s, const struct container *c, uint64_t *rw,
		   uint64_t *rootfs)
{
	autostrv chain = { 0 };
	uint64_t sum = 0;

	*rw = 0;
	file_tree_size(c->dirfd, "upper", rw);
	json_get_strv(root_of(c), "LayerChain", &chain, NULL);
	for (size_t n = 0; n < chain.len; n++) {
		autofree char *text = str_fmt("sha256:%s", chain.v[n]);
		struct layer l = { 0 };
		struct digest d;

		if (!digest_parse(text, &d) && layer_read(s, &d, &l, NULL) >= 0)
			sum += l.size;
	}
	*rootfs = *rw + sum;
}

/* --- NetworkSettings ----------------------------------------------------------- */

static const struct {
	const char *key;
	bool number;
} volatile_keys[] = {
	/* Of an endpoint, and gone while the container does not run; the record keeps
	 * them for the next start. */
	{ "EndpointID", false },        { "Gateway", false },
	{ "GlobalIPv6Address", false }, { "GlobalIPv6PrefixLen", true },
	{ "IPAddress", false },         { "IPPrefixLen", true },
	{ "IPv6Gateway", false },       { "MacAddress", false },
};

static bool is_volatile(const char *key)
{
	for (size_t n = 0; n < ARRAY_LEN(volatile_keys); n++)
		if (str_eq(key, volatile_keys[n].key))
			return true;
	return false;
}

/* The volatile members: from the endpoint, or emptied. */
static void add_volatile(yyjson_val *endpoint, bool alive, yyjson_mut_doc *doc,
			 yyjson_mut_val *obj)
{
	for (size_t n = 0; n < ARRAY_LEN(volatile_keys); n++) {
		const char *key = volatile_keys[n].key;
		yyjson_val *v = alive ? yyjson_obj_get(endpoint, key) : NULL;
		yyjson_mut_val *copy;

		if (v && !yyjson_is_null(v))
			copy = yyjson_val_mut_copy(doc, v);
		else if (volatile_keys[n].number)
			copy = yyjson_mut_int(doc, 0);
		else
			copy = yyjson_mut_str(doc, "");
		yyjson_mut_obj_add_val(doc, obj, key, copy);
	}
}

static void add_networks(yyjson_val *networks, bool alive, yyjson_mut_doc *doc,
			 yyjson_mut_val *obj)
{
	yyjson_mut_val *out = json_add_obj(doc, obj, "Networks");
	yyjson_val *key, *val, *k, *v;
	size_t i, max, j, len;

	yyjson_obj_foreach (networks, i, max, key, val) {
		yyjson_mut_val *one = json_add_obj(doc, out, yyjson_get_str(key));

		yyjson_obj_foreach (val, j, len, k, v) {
			if (!is_volatile(yyjson_get_str(k)))
				yyjson_mut_obj_add(one, yyjson_val_mut_copy(doc, k),
						   yyjson_val_mut_copy(doc, v));
		}
		add_volatile(val, alive, doc, one);
	}
}

/* Published ports, and the exposed ones with null. */
static yyjson_mut_val *build_ports(const struct container *c, yyjson_mut_doc *doc)
{
	yyjson_val *net = yyjson_obj_get(root_of(c), "NetworkSettings");
	yyjson_val *exposed =
		yyjson_obj_get(yyjson_obj_get(root_of(c), "Config"), "ExposedPorts");
	yyjson_val *ports = yyjson_obj_get(net, "Ports"), *key, *val;
	yyjson_mut_val *out = yyjson_mut_obj(doc);
	size_t i, max;

	if (!is_alive(c))
		return out;
	yyjson_obj_foreach (ports, i, max, key, val) {
		yyjson_mut_obj_add(out, yyjson_val_mut_copy(doc, key),
				   yyjson_val_mut_copy(doc, val));
	}
	yyjson_obj_foreach (exposed, i, max, key, val) {
		if (!yyjson_obj_get(ports, yyjson_get_str(key)))
			yyjson_mut_obj_add(out, yyjson_val_mut_copy(doc, key),
					   yyjson_mut_null(doc));
	}
	return out;
}

static void add_network_settings(const struct container *c, yyjson_mut_doc *doc,
				 yyjson_mut_val *obj)
{
	yyjson_val *net = yyjson_obj_get(root_of(c), "NetworkSettings");
	yyjson_val *networks = yyjson_obj_get(net, "Networks");
	yyjson_mut_val *out = json_add_obj(doc, obj, "NetworkSettings");
	bool alive = is_alive(c);
	autofree char *key =
		alive ? str_fmt("/proc/%d/ns/net", (int)c->state.pid) : str_dup("");

	json_add_str(doc, out, "Bridge", "");
	json_add_str(doc, out, "SandboxID", alive ? c->id : "");
	json_add_str(doc, out, "SandboxKey", key);
	yyjson_mut_obj_add_val(doc, out, "Ports", build_ports(c, doc));
	yyjson_mut_obj_add_bool(doc, out, "HairpinMode", false);
	json_add_str(doc, out, "LinkLocalIPv6Address", "");
	yyjson_mut_obj_add_int(doc, out, "LinkLocalIPv6PrefixLen", 0);
	yyjson_mut_obj_add_null(doc, out, "SecondaryIPAddresses");
	yyjson_mut_obj_add_null(doc, out, "SecondaryIPv6Addresses");
	/* Of the default network, as docker showed until 28. */
	add_volatile(yyjson_obj_get(networks, "bridge"), alive, doc, out);
	add_networks(networks, alive, doc, out);
}

yyjson_mut_val *inspect_container(const struct store *s, const struct container *c,
				  bool size, yyjson_mut_doc *doc, struct err *e)
{
	yyjson_mut_val *obj = yyjson_mut_obj(doc);
	autofree char *name = str_fmt("/%s", c->name);
	uint64_t rw, rootfs;

	copy_member(c, "Id", doc, obj);
	copy_member(c, "Created", doc, obj);
	copy_member(c, "Path", doc, obj);
	copy_member(c, "Args", doc, obj);
	add_state(c, doc, obj);
	copy_member(c, "Image", doc, obj);
	add_paths(s, c, doc, obj);
	json_add_str(doc, obj, "Name", name);
	yyjson_mut_obj_add_int(doc, obj, "RestartCount", c->state.restart_count);
	json_add_str(doc, obj, "Driver", "overlay2");
	copy_member(c, "Platform", doc, obj);
	json_add_str(doc, obj, "MountLabel", "");
	json_add_str(doc, obj, "ProcessLabel", "");
	json_add_str(doc, obj, "AppArmorProfile", "");
	yyjson_mut_obj_add_null(doc, obj, "ExecIDs");
	copy_member(c, "HostConfig", doc, obj);
	add_graph(s, c, doc, obj);
	if (size) {
		inspect_sizes(s, c, &rw, &rootfs);
		yyjson_mut_obj_add_uint(doc, obj, "SizeRw", rw);
		yyjson_mut_obj_add_uint(doc, obj, "SizeRootFs", rootfs);
	}
	copy_member(c, "Mounts", doc, obj);
	copy_member(c, "Config", doc, obj);
	add_network_settings(c, doc, obj);
	return obj;
}
