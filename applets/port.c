/* SPDX-License-Identifier: Apache-2.0 */
/* rootless port */
#include <errno.h>
#include <string.h>

#include "applets/host.h"
#include "core/base/str.h"
#include "core/cli/applet.h"

static const struct opt opts[] = {
	OPT_END,
};

/* Each binding as docker writes it: "0.0.0.0:8080", "[::]:8080"; prefix before it. */
static void show(const char *prefix, yyjson_val *bindings)
{
	yyjson_val *b;
	size_t i, max;

	yyjson_arr_foreach (bindings, i, max, b) {
		const char *ip = "", *port = "";

		if (json_get_str(b, "HostIp", &ip, NULL) < 0 ||
		    json_get_str(b, "HostPort", &port, NULL) < 0)
			continue;
		printf(strchr(ip, ':') ? "%s[%s]:%s\n" : "%s%s:%s\n", prefix, ip, port);
	}
}

static int show_one(yyjson_val *ports, const char *container, const char *wanted,
		    struct err *e)
{
	const char *slash = strchr(wanted, '/');
	autofree char *key = slash ? str_dup(wanted) : str_fmt("%s/tcp", wanted);
	yyjson_val *bindings = yyjson_obj_get(ports, key);

	if (!yyjson_arr_size(bindings))
		return err_set(e, -ENOENT, "No public port '%s' published for %s", key,
			       container);
	show("", bindings);
	return 0;
}

static int port_main(void *opts_, char **args)
{
	autodone(container_done) struct container c = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	yyjson_val *key, *bindings;
	size_t i, max;

	if (host_open(&h, &e) < 0 || container_open(&h.store, args[0], &c, &e) < 0)
		return host_fail(&e, 1);
	yyjson_val *settings =
		yyjson_obj_get(yyjson_doc_get_root(c.record), "NetworkSettings");
	yyjson_val *ports = yyjson_obj_get(settings, "Ports");
	/* Of one that does not run nothing is open, whatever its last run had. */
	if (c.state.status != STATE_RUNNING && c.state.status != STATE_PAUSED)
		ports = NULL;
	if (args[1])
		return show_one(ports, args[0], args[1], &e) < 0 ? host_fail(&e, 1) : 0;
	yyjson_obj_foreach (ports, i, max, key, bindings) {
		autofree char *prefix = str_fmt("%s -> ", yyjson_get_str(key));

		show(prefix, bindings);
	}
	return 0;
}

const struct applet port_applet = {
	.name = "port",
	.args = "CONTAINER [PRIVATE_PORT[/PROTO]]",
	.summary = "List port mappings or a specific mapping for the container",
	.group = GROUP_COMMAND,
	.opts = opts,
	.min_args = 1,
	.max_args = 2,
	.main = port_main,
};
