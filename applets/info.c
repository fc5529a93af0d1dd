/* SPDX-License-Identifier: Apache-2.0 */
/* rootless info */
#include "core/engine/info.h"

#include <inttypes.h>

#include "applets/host.h"
#include "applets/inspect.h"
#include "core/base/str.h"
#include "core/cli/applet.h"

struct info {
	char *format;
	bool idmap;
};

static const struct opt opts[] = {
	OPT_STRING(struct info, format, 'f', "format", "string", INSPECT_FORMAT_HELP),
	OPT_BOOL(struct info, idmap, 0, "idmap",
		 "Only print the ID map: container ID, host ID, count"),
	OPT_END,
};

static const char *str_of(yyjson_mut_val *obj, const char *key)
{
	const char *v = yyjson_mut_get_str(yyjson_mut_obj_get(obj, key));

	return v ? v : "";
}

/* " Label: value" for a string or a number of the object. */
static void line(yyjson_mut_val *obj, const char *label, const char *key)
{
	yyjson_mut_val *v = yyjson_mut_obj_get(obj, key);

	if (yyjson_mut_is_str(v))
		printf(" %s: %s\n", label, yyjson_mut_get_str(v));
	else if (yyjson_mut_is_bool(v))
		printf(" %s: %s\n", label, yyjson_mut_get_bool(v) ? "true" : "false");
	else if (yyjson_mut_is_num(v))
		printf(" %s: %" PRIu64 "\n", label, yyjson_mut_get_uint(v));
}

/* "  Label: a b c", or one a line below the label. */
static void list(yyjson_mut_val *arr, const char *label, bool below)
{
	yyjson_mut_val *v;
	size_t i, max;

	if (!yyjson_mut_arr_size(arr))
		return;
	printf("%s:", label);
	yyjson_mut_arr_foreach(arr, i, max, v)
	{
		printf(below ? "\n  %s" : " %s", yyjson_mut_get_str(v));
	}
	printf("\n");
}

static void print_head(yyjson_mut_val *o)
{
	yyjson_mut_val *pair, *plugins = yyjson_mut_obj_get(o, "Plugins");
	size_t i, max;

	line(o, "Containers", "Containers");
	line(o, " Running", "ContainersRunning");
	line(o, " Paused", "ContainersPaused");
	line(o, " Stopped", "ContainersStopped");
	line(o, "Images", "Images");
	line(o, "Server Version", "ServerVersion");
	line(o, "Storage Driver", "Driver");
	yyjson_mut_arr_foreach(yyjson_mut_obj_get(o, "DriverStatus"), i, max, pair)
	{
		printf("  %s: %s\n", yyjson_mut_get_str(yyjson_mut_arr_get(pair, 0)),
		       yyjson_mut_get_str(yyjson_mut_arr_get(pair, 1)));
	}
	line(o, "Logging Driver", "LoggingDriver");
	line(o, "Cgroup Driver", "CgroupDriver");
	line(o, "Cgroup Version", "CgroupVersion");
	printf(" Plugins:\n");
	list(yyjson_mut_obj_get(plugins, "Volume"), "  Volume", false);
	list(yyjson_mut_obj_get(plugins, "Network"), "  Network", false);
	list(yyjson_mut_obj_get(plugins, "Log"), "  Log", false);
	printf(" Swarm: inactive\n Runtimes: rootless\n");
	line(o, "Default Runtime", "DefaultRuntime");
	line(o, "Init Binary", "InitBinary");
}

/* "name=seccomp,profile=builtin" as docker unfolds it. */
static void print_security(yyjson_mut_val *o)
{
	yyjson_mut_val *v;
	size_t i, max;

	printf(" Security Options:\n");
	yyjson_mut_arr_foreach(yyjson_mut_obj_get(o, "SecurityOptions"), i, max, v)
	{
		autostrv parts = { 0 };

		strv_split(&parts, yyjson_mut_get_str(v), ',');
		for (size_t n = 0; n < parts.len; n++) {
			const char *p = parts.v[n];

			if (str_starts(p, "name="))
				printf("  %s\n", p + 5);
			else if (str_starts(p, "profile="))
				printf("   Profile: %s\n", p + 8);
		}
	}
}

static void print_memory(yyjson_mut_val *o)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double v = (double)yyjson_mut_get_uint(yyjson_mut_obj_get(o, "MemTotal"));
	size_t n = 0;

	for (; v >= 1024 && n + 1 < ARRAY_LEN(units); n++)
		v /= 1024;
	printf(" Total Memory: %.4g%s\n", v, units[n]);
}

static void print_map(yyjson_mut_val *own, const char *key, const char *indent)
{
	yyjson_mut_val *map = yyjson_mut_obj_get(yyjson_mut_obj_get(own, "IDMap"), key);
	yyjson_mut_val *m;
	size_t i, max;

	printf("%s%s Map:", indent, key);
	yyjson_mut_arr_foreach(map, i, max, m)
	{
		printf("%s %" PRIu64 " %" PRIu64 " %" PRIu64, i ? "," : "",
		       yyjson_mut_get_uint(yyjson_mut_obj_get(m, "ContainerID")),
		       yyjson_mut_get_uint(yyjson_mut_obj_get(m, "HostID")),
		       yyjson_mut_get_uint(yyjson_mut_obj_get(m, "Size")));
	}
	printf("\n");
}

static void print_maps(yyjson_mut_val *own, const char *indent)
{
	print_map(own, "UID", indent);
	print_map(own, "GID", indent);
}

static void print_rootless(yyjson_mut_val *o)
{
	yyjson_mut_val *own = yyjson_mut_obj_get(o, "Rootless");

	printf(" Rootless:\n");
	printf("  Version: %s (%s)\n", str_of(own, "Version"), str_of(own, "GitCommit"));
	printf("  User: %s (%" PRIu64 ")\n", str_of(own, "User"),
	       yyjson_mut_get_uint(yyjson_mut_obj_get(own, "UID")));
	print_maps(own, "  ");
	printf("  Network Path: %s\n", str_of(own, "Network"));
	printf("  Runtime Dir: %s\n", str_of(own, "RuntimeDir"));
}

static void print_text(yyjson_mut_val *o)
{
	yyjson_mut_val *reg = yyjson_mut_obj_get(o, "RegistryConfig"), *v;
	size_t i, max;

	printf("Client: rootless\n Version:    %s\n Context:    default\n"
	       " Debug Mode: false\n\nServer:\n",
	       str_of(o, "ServerVersion"));
	print_head(o);
	print_security(o);
	line(o, "Kernel Version", "KernelVersion");
	line(o, "Operating System", "OperatingSystem");
	line(o, "OSType", "OSType");
	line(o, "Architecture", "Architecture");
	line(o, "CPUs", "NCPU");
	print_memory(o);
	line(o, "Name", "Name");
	line(o, "ID", "ID");
	line(o, "Docker Root Dir", "DockerRootDir");
	line(o, "Debug Mode", "Debug");
	list(yyjson_mut_obj_get(o, "Labels"), " Labels", true);
	line(o, "Experimental", "ExperimentalBuild");
	list(yyjson_mut_obj_get(reg, "InsecureRegistryCIDRs"), " Insecure Registries",
	     true);
	list(yyjson_mut_obj_get(reg, "Mirrors"), " Registry Mirrors", true);
	line(o, "Live Restore Enabled", "LiveRestoreEnabled");
	print_rootless(o);
	printf("\n");
	fflush(stdout);
	yyjson_mut_arr_foreach(yyjson_mut_obj_get(o, "Warnings"), i, max, v)
	{
		log_warn("%s", yyjson_mut_get_str(v));
	}
}

static int info_main(void *opts_, char **args)
{
	const struct info *o = opts_;
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *v;
	autohost h = { 0 };
	struct err e = { 0 };
	int r = 0;

	if (host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	v = info_system(&h.store, &h.config, doc, &e);
	if (o->idmap)
		print_maps(yyjson_mut_obj_get(v, "Rootless"), "");
	else if (o->format)
		r = inspect_show(o->format, doc, v, &e);
	else
		print_text(v);
	return r < 0 ? host_fail(&e, 1) : 0;
}

const struct applet info_applet = {
	.name = "info",
	.args = "[OPTIONS]",
	.summary = "Display system-wide information",
	.group = GROUP_COMMON,
	.opts = opts,
	.opts_size = sizeof(struct info),
	.max_args = 0,
	.main = info_main,
};
