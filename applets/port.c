/* SPDX-License-Identifier: Apache-2.0 */
/* rootless port */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "applets/host.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/engine/foreign.h"
#include "core/engine/portchange.h"

struct port {
	char *netns;
	struct strv publish;
};

static const struct opt opts[] = {
	OPT_STRING(
		struct port, netns, 0, "netns", "pid",
		"Ports of this process's network namespace, in place of a container's"),
	OPT_LIST(struct port, publish, 'p', "publish", "list",
		 "With add and rm: a port, as by an operand"),
	OPT_END,
};

/* Each binding as docker writes it: "0.0.0.0:8080", "[::]:8080"; prefix before it. */
static void add(struct strv *out, const char *prefix, yyjson_val *bindings)
{
	yyjson_val *b;
	size_t i, max;

	yyjson_arr_foreach (bindings, i, max, b) {
		const char *ip = "", *port = "";

		if (json_get_str(b, "HostIp", &ip, NULL) < 0 ||
		    json_get_str(b, "HostPort", &port, NULL) < 0)
			continue;
		strv_addf(out, strchr(ip, ':') ? "%s[%s]:%s" : "%s%s:%s", prefix, ip,
			  port);
	}
}

/* In docker's order. */
static void show(struct strv *lines)
{
	strv_sort_numbers(lines);
	for (size_t i = 0; i < lines->len; i++)
		puts(lines->v[i]);
}

static int show_one(yyjson_val *ports, const char *container, const char *wanted,
		    struct err *e)
{
	const char *slash = strchr(wanted, '/');
	autofree char *key = slash ? str_dup(wanted) : str_fmt("%s/tcp", wanted);
	yyjson_val *bindings = yyjson_obj_get(ports, key);
	autostrv lines = { 0 };

	if (!yyjson_arr_size(bindings))
		return err_set(e, -ENOENT, "No public port '%s' published for %s", key,
			       container);
	add(&lines, "", bindings);
	show(&lines);
	return 0;
}

/* All that is open of one container. */
static void show_all(const struct container *c, const char *prefix)
{
	yyjson_val *settings =
		yyjson_obj_get(yyjson_doc_get_root(c->record), "NetworkSettings");
	yyjson_val *key, *bindings;
	autostrv lines = { 0 };
	size_t i, max;

	/* Of one that does not run nothing is open, whatever its last run had. */
	if (c->state.status != STATE_RUNNING && c->state.status != STATE_PAUSED)
		return;
	yyjson_obj_foreach (yyjson_obj_get(settings, "Ports"), i, max, key, bindings) {
		autofree char *text = str_fmt("%s%s -> ", prefix, yyjson_get_str(key));

		add(&lines, text, bindings);
	}
	show(&lines);
}

static int show_every(struct host *h, struct err *e)
{
	struct container *v = NULL;
	size_t n = 0;
	int r = container_list(&h->store, &v, &n, e);

	for (size_t i = 0; i < n; i++) {
		autofree char *prefix = str_fmt("%s ", v[i].name);

		show_all(&v[i], prefix);
		container_done(&v[i]);
	}
	free(v);
	return r < 0 ? r : 0;
}

/* Each specification in turn; the first that cannot be ends it. */
static int change(struct host *h, char **args, bool add, struct err *e)
{
	int r = 0;

	for (char **spec = args + 1; r == 0 && *spec; spec++) {
		autodone(container_done) struct container c = { 0 };

		r = container_open(&h->store, args[0], &c, e);
		if (r >= 0)
			r = add ? portchange_add(&h->store, &h->config, &c, *spec, e)
				: portchange_remove(&h->store, &h->config, &c, *spec, e);
	}
	return r < 0 ? r : 0;
}

/* A container may have a verb's name: what docker's form can mean, it means. */
static bool is_verb(char **args, const char *verb)
{
	if (!str_eq(args[0], verb))
		return false;
	if (str_eq(verb, "ls"))
		return !args[1] || (!args[2] && (args[1][0] < '0' || args[1][0] > '9'));
	return args[1] && args[2];
}

static int show_some(struct host *h, char **args, struct err *e)
{
	autodone(container_done) struct container c = { 0 };
	int r = container_open(&h->store, args[0], &c, e);

	if (r < 0)
		return r;
	if (!args[1]) {
		show_all(&c, "");
		return 0;
	}
	bool open = c.state.status == STATE_RUNNING || c.state.status == STATE_PAUSED;
	yyjson_val *settings =
		yyjson_obj_get(yyjson_doc_get_root(c.record), "NetworkSettings");
	return show_one(open ? yyjson_obj_get(settings, "Ports") : NULL, args[0], args[1],
			e);
}

/* Those of a namespace: add and rm take ports alone, ls nothing. */
static int port_netns(const struct port *o, char **args, struct err *e)
{
	bool add = str_eq(args[0], "add");
	autostrv lines = { 0 };
	int r;

	if (add || str_eq(args[0], "rm"))
		return add ? foreign_add(o->netns, args + 1, e)
			   : foreign_remove(o->netns, args + 1, e);
	if (!str_eq(args[0], "ls") || args[1])
		return err_set(e, -EINVAL, "--netns goes with add, rm or ls");
	r = foreign_list(o->netns, &lines, e);
	for (size_t i = 0; r == 0 && i < lines.len; i++)
		puts(lines.v[i]);
	return r;
}

static int port_verb(struct host *h, const struct port *o, char **args, struct err *e)
{
	bool add = is_verb(args, "add");

	if (add || is_verb(args, "rm"))
		return change(h, args + 1, add, e);
	if (o->publish.len)
		return err_set(e, -EINVAL, "--publish goes with add or rm");
	if (is_verb(args, "ls"))
		return args[1] ? show_some(h, args + 1, e) : show_every(h, e);
	if (args[1] && args[2])
		return err_set(
			e, -EINVAL,
			"'port' takes CONTAINER [PRIVATE_PORT[/PROTO]], or add, rm or "
			"ls first");
	return show_some(h, args, e);
}

static int port_main(void *opts_, char **args)
{
	const struct port *o = opts_;
	autostrv all = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	int r;

	strv_addv(&all, args);
	strv_addv(&all, strv_view(&o->publish));
	if (o->netns)
		r = port_netns(o, all.v, &e);
	else if ((r = host_open(&h, &e)) == 0)
		r = port_verb(&h, o, all.v, &e);
	return r < 0 ? host_fail(&e, 1) : 0;
}

const struct applet port_applet = {
	.name = "port",
	.args = "CONTAINER [PRIVATE_PORT[/PROTO]] | add CONTAINER "
		"[IP:][HOST:]PORT[/PROTO]... "
		"| rm CONTAINER [IP:][HOST:]PORT[/PROTO]... | ls [CONTAINER] "
		"| add|rm --netns PID [IP:][HOST:]PORT[/PROTO]... | ls --netns PID",
	.summary = "List port mappings or a specific mapping for the container; publish "
		   "ports of a running one, and withdraw them",
	.details = "With --netns any network namespace of the user's has its ports "
		   "published. If `rootless net`\nserves it, by that; else it is given a "
		   "device `ports0` for its visitors, and no way out, until\nits last "
		   "process or the last of the ports is gone.",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct port),
	.min_args = 1,
	.max_args = -1,
	.main = port_main,
};
