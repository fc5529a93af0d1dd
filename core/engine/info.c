/* SPDX-License-Identifier: Apache-2.0 */
/* docker info and docker version. */
#include "core/engine/info.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/container.h"
#include "core/engine/logplan.h"
#include "core/engine/network.h"
#include "core/ns/cgroup.h"
#include "core/ns/idmap.h"
#include "core/runtime/scope.h"
#include "core/store/tag.h"
#include "version.inc"

#define OS_RELEASE_MAX 65536

static void add_counts(const struct store *s, yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
	autodone(tags_done) struct tags tags = { 0 };
	struct container *v = NULL;
	size_t len = 0, running = 0, paused = 0, images = 0;

	container_list(s, &v, &len, NULL);
	for (size_t n = 0; n < len; n++) {
		running += v[n].state.status == STATE_RUNNING;
		paused += v[n].state.status == STATE_PAUSED;
		container_done(&v[n]);
	}
	free(v);
	tag_list(s, &tags, NULL);
	for (size_t n = 0; n < tags.len; n++) {
		bool seen = false;

		for (size_t k = 0; k < n && !seen; k++)
			seen = digest_eq(&tags.v[k].image_id, &tags.v[n].image_id);
		images += !seen;
	}
	yyjson_mut_obj_add_uint(doc, obj, "Containers", len);
	yyjson_mut_obj_add_uint(doc, obj, "ContainersRunning", running);
	yyjson_mut_obj_add_uint(doc, obj, "ContainersPaused", paused);
	yyjson_mut_obj_add_uint(doc, obj, "ContainersStopped", len - running - paused);
	yyjson_mut_obj_add_uint(doc, obj, "Images", images);
}

static const char *file_system(const char *path)
{
	static const struct {
		uint32_t magic;
		const char *name;
	} known[] = {
		{ 0xef53, "extfs" },         { 0x58465342, "xfs" },
		{ 0x9123683e, "btrfs" },     { 0x01021994, "tmpfs" },
		{ 0x794c7630, "overlayfs" }, { 0x6969, "nfs" },
		{ 0x2fc12fc1, "zfs" },       { 0xf2f52010, "f2fs" },
		{ 0x65735546, "fuse" },      { 0xca451a4e, "bcachefs" },
	};
	struct statfs st;

	if (statfs(path, &st))
		return "<unknown>";
	for (size_t n = 0; n < ARRAY_LEN(known); n++)
		if (known[n].magic == (uint32_t)st.f_type)
			return known[n].name;
	return "<unknown>";
}

static void add_pair(yyjson_mut_doc *doc, yyjson_mut_val *arr, const char *key,
		     const char *value)
{
	yyjson_mut_val *pair = yyjson_mut_arr_add_arr(doc, arr);

	yyjson_mut_arr_add_strcpy(doc, pair, key);
	yyjson_mut_arr_add_strcpy(doc, pair, value);
}

static void add_driver(const struct store *s, yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
	yyjson_mut_val *status;

	json_add_str(doc, obj, "Driver", "overlay2");
	status = json_add_arr(doc, obj, "DriverStatus");
	add_pair(doc, status, "Backing Filesystem", file_system(s->data));
	add_pair(doc, status, "Supports d_type", "true");
	add_pair(doc, status, "Using metacopy", "false");
	add_pair(doc, status, "Native Overlay Diff", "false");
	add_pair(doc, status, "userxattr", "true");
}

/* NULL-terminated names as an array of strings. */
static void add_names(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key,
		      const char *const *names)
{
	yyjson_mut_val *arr = json_add_arr(doc, obj, key);

	for (; *names; names++)
		yyjson_mut_arr_add_strcpy(doc, arr, *names);
}

static void add_plugins(yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
	static const char *const volume[] = { "local", NULL };
	static const char *const network[] = { "bridge", "host", "null", NULL };
	static const char *const log[] = { "journald", "json-file", "local", "none",
					   NULL };
	yyjson_mut_val *plugins = json_add_obj(doc, obj, "Plugins");

	add_names(doc, plugins, "Volume", volume);
	add_names(doc, plugins, "Network", network);
	yyjson_mut_obj_add_null(doc, plugins, "Authorization");
	add_names(doc, plugins, "Log", &log[logplan_has_journal() ? 0 : 1]);
}

/* What limits hold; a warning for each that does not. */
static void add_limits(yyjson_mut_doc *doc, yyjson_mut_val *obj, yyjson_mut_val *warnings)
{
	static const struct {
		const char *key, *controller, *warning;
	} limits[] = {
		{ "MemoryLimit", "memory", "No memory limit support" },
		{ "SwapLimit", "memory", "No swap limit support" },
		{ "CpuCfsPeriod", "cpu", NULL },
		{ "CpuCfsQuota", "cpu", "No cpu cfs quota support" },
		{ "CPUShares", "cpu", "No cpu shares support" },
		{ "CPUSet", "cpuset", "No cpuset support" },
	};
	static const char *const drivers[] = { [SCOPE_NONE] = "none",
					       [SCOPE_SYSTEMD] = "systemd",
					       [SCOPE_SUBTREE] = "cgroupfs" };

	for (size_t n = 0; n < ARRAY_LEN(limits); n++) {
		bool holds = scope_available(limits[n].controller, NULL);

		yyjson_mut_obj_add_bool(doc, obj, limits[n].key, holds);
		if (!holds && limits[n].warning)
			yyjson_mut_arr_add_str(doc, warnings, limits[n].warning);
	}
	yyjson_mut_obj_add_bool(doc, obj, "OomKillDisable", false);
	yyjson_mut_obj_add_bool(doc, obj, "PidsLimit", true);
	json_add_str(doc, obj, "CgroupDriver", drivers[scope_driver()]);
	json_add_str(doc, obj, "CgroupVersion", cgroup_unified() ? "2" : "1");
}

/* A value of /etc/os-release, malloc'd, without its quotes; NULL when there is none. */
static char *os_release(const char *key)
{
	autobuf text = { .max = OS_RELEASE_MAX };
	autostrv lines = { 0 };
	const char *v;
	size_t n;

	if (file_read(AT_FDCWD, "/etc/os-release", OS_RELEASE_MAX, &text) < 0 &&
	    file_read(AT_FDCWD, "/usr/lib/os-release", OS_RELEASE_MAX, &text) < 0)
		return NULL;
	strv_split(&lines, buf_str(&text), '\n');
	v = strv_getenv(&lines, key);
	if (!v)
		return NULL;
	n = strlen(v);
	if (n >= 2 && (*v == '"' || *v == '\'') && v[n - 1] == *v)
		return str_ndup(v + 1, n - 2);
	return str_dup(v);
}

static void add_machine(yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
	autofree char *name = os_release("PRETTY_NAME");
	autofree char *version = os_release("VERSION_ID");
	struct sysinfo mem = { 0 };
	struct utsname u;

	uname(&u);
	sysinfo(&mem);
	json_add_str(doc, obj, "KernelVersion", u.release);
	json_add_str(doc, obj, "OperatingSystem", name ? name : "Linux");
	json_add_str(doc, obj, "OSVersion", version ? version : "");
	json_add_str(doc, obj, "OSType", "linux");
	json_add_str(doc, obj, "Architecture", u.machine);
	yyjson_mut_obj_add_int(doc, obj, "NCPU", sysconf(_SC_NPROCESSORS_ONLN));
	yyjson_mut_obj_add_uint(doc, obj, "MemTotal",
				(uint64_t)mem.totalram * mem.mem_unit);
	json_add_str(doc, obj, "Name", u.nodename);
}

/* A name for this user's store, made once. */
static void add_id(const struct store *s, yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
	char text[64] = "", hex[ID_LEN + 1];

	if (file_read_small(s->data_fd, "id", text, sizeof(text)) < 0 ||
	    strlen(text) != 36) {
		id_new(hex);
		str_print(text, sizeof(text), "%.8s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 8,
			  hex + 12, hex + 15, hex + 18);
		file_replace(s->data_fd, "id", text, strlen(text), 0600);
	}
	json_add_str(doc, obj, "ID", text);
}

static void add_security(const struct config *cfg, yyjson_mut_doc *doc,
			 yyjson_mut_val *obj)
{
	yyjson_mut_val *arr = json_add_arr(doc, obj, "SecurityOptions");
	autofree char *seccomp =
		str_fmt("name=seccomp,profile=%s",
			cfg->seccomp_profile ? cfg->seccomp_profile : "builtin");

	if (prctl(PR_GET_SECCOMP) >= 0)
		yyjson_mut_arr_add_strcpy(doc, arr, seccomp);
	yyjson_mut_arr_add_str(doc, arr, "name=rootless");
	if (access("/proc/self/ns/cgroup", F_OK) == 0)
		yyjson_mut_arr_add_str(doc, arr, "name=cgroupns");
	if (cfg->no_new_privileges)
		yyjson_mut_arr_add_str(doc, arr, "name=no-new-privileges");
}

static void add_registry(const struct config *cfg, yyjson_mut_doc *doc,
			 yyjson_mut_val *obj)
{
	yyjson_mut_val *reg = json_add_obj(doc, obj, "RegistryConfig");
	autostrv cidrs = { 0 };

	strv_add(&cidrs, "::1/128");
	strv_add(&cidrs, "127.0.0.0/8");
	for (size_t n = 0; n < cfg->registry.insecure.len; n++)
		strv_add(&cidrs, cfg->registry.insecure.v[n]);
	json_add_strv(doc, reg, "InsecureRegistryCIDRs", &cidrs);
	json_add_strv(doc, reg, "Mirrors", &cfg->registry.mirrors);
}

static void add_map(const struct idmap *m, const char *key, yyjson_mut_doc *doc,
		    yyjson_mut_val *obj)
{
	yyjson_mut_val *arr = json_add_arr(doc, obj, key);

	for (size_t n = 0; n < m->len; n++) {
		yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, arr);

		yyjson_mut_obj_add_uint(doc, one, "ContainerID", m->extents[n].inside);
		yyjson_mut_obj_add_uint(doc, one, "HostID", m->extents[n].outside);
		yyjson_mut_obj_add_uint(doc, one, "Size", m->extents[n].count);
	}
}

static char *network_words(const struct store *s)
{
	static const char *const paths[BRIDGE_PATHS] = {
		[BRIDGE_TPROXY] = "TPROXY and splice",
		[BRIDGE_DOORS] = "a listener and a routing rule for each destination "
				 "(this kernel has no nf_tables with tproxy)",
		[BRIDGE_BARE] = "TPROXY without held connections (this kernel has no "
				"AF_PACKET)",
	};
	static const char *const fabrics[BRIDGE_FABRICS] = {
		[BRIDGE_VETH] = "bridge and veth",
		[BRIDGE_MACVLAN] = "macvlan ports (this kernel lacks bridge or "
				   "veth)",
		[BRIDGE_TAPS] = "taps and a process that hands packets on (this kernel "
				"lacks bridge or veth, and macvlan)",
	};
	int way = network_way(s);

	if (way < 0)
		return str_dup("none in use (rootless doctor says which this kernel "
			       "has)");
	return str_fmt("%s in the realm, %s", fabrics[way / BRIDGE_PATHS],
		       paths[way % BRIDGE_PATHS]);
}

/* What a container with raw sockets could do here, if anything. */
static char *guard_words(const struct store *s)
{
	autodone(realm_done) struct realm realm = { 0 };
	const char *what = realm_find(s, &realm, NULL) < 0
				   ? NULL
				   : network_guard_lack(network_guard(s, &realm));

	return !what ? NULL
		     : str_fmt("WARNING: a container with CAP_NET_RAW or CAP_NET_ADMIN "
			       "can take the address of a neighbour on its network (this "
			       "kernel has no %s)",
			       what);
}

/* Our own: who runs this, with which IDs, over which network. */
static void add_rootless(const struct store *s, yyjson_mut_doc *doc, yyjson_mut_val *obj,
			 yyjson_mut_val *warnings)
{
	yyjson_mut_val *own = json_add_obj(doc, obj, "Rootless"), *maps;
	struct idmap uid = { 0 }, gid = { 0 };
	autofree char *why = NULL;
	struct passwd *pw = getpwuid(geteuid());
	struct err e = { 0 };

	json_add_str(doc, own, "Version", ROOTLESS_VERSION);
	json_add_str(doc, own, "GitCommit", ROOTLESS_COMMIT);
	json_add_str(doc, own, "User", pw ? pw->pw_name : "");
	yyjson_mut_obj_add_uint(doc, own, "UID", geteuid());
	json_add_str(doc, own, "RuntimeDir", s->run);
	autofree char *network = network_words(s);
	json_add_str(doc, own, "Network", network);
	autofree char *guard = guard_words(s);
	if (guard)
		yyjson_mut_arr_add_strcpy(doc, warnings, guard);
	maps = json_add_obj(doc, own, "IDMap");
	if (idmap_host(&uid, &gid, &why, &e) < 0)
		yyjson_mut_arr_add_strcpy(doc, warnings, e.text);
	add_map(&uid, "UID", doc, maps);
	add_map(&gid, "GID", doc, maps);
	idmap_done(&uid);
	idmap_done(&gid);
	if (why)
		yyjson_mut_arr_add_strcpy(doc, warnings, why);
	if (s->run_why)
		yyjson_mut_arr_add_strcpy(doc, warnings, s->run_why);
}

static void add_fixed(const struct store *s, const struct config *cfg,
		      yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
	yyjson_mut_val *sub;

	json_add_str(doc, obj, "LoggingDriver",
		     cfg->log_driver ? cfg->log_driver : "json-file");
	json_add_str(doc, obj, "DockerRootDir", s->data);
	json_add_strv(doc, obj, "Labels", &cfg->labels);
	yyjson_mut_obj_add_bool(doc, obj, "Debug", false);
	yyjson_mut_obj_add_bool(doc, obj, "ExperimentalBuild", false);
	json_add_str(doc, obj, "ServerVersion", ROOTLESS_VERSION);
	sub = json_add_obj(doc, json_add_obj(doc, obj, "Runtimes"), "rootless");
	json_add_str(doc, sub, "path", "rootless");
	json_add_str(doc, obj, "DefaultRuntime", "rootless");
	sub = json_add_obj(doc, obj, "Swarm");
	json_add_str(doc, sub, "LocalNodeState", "inactive");
	/* Containers outlive everything but the host: there is no daemon to lose. */
	yyjson_mut_obj_add_bool(doc, obj, "LiveRestoreEnabled", true);
	json_add_str(doc, obj, "Isolation", "");
	json_add_str(doc, obj, "InitBinary", "rootless");
	sub = json_add_obj(doc, obj, "RuncCommit");
	json_add_str(doc, sub, "ID", ROOTLESS_COMMIT);
}

yyjson_mut_val *info_system(const struct store *s, const struct config *cfg,
			    yyjson_mut_doc *doc, struct err *e)
{
	yyjson_mut_val *obj = yyjson_mut_obj(doc), *warnings = yyjson_mut_arr(doc);
	char stamp[TIME_STAMP_MAX];

	add_id(s, doc, obj);
	add_counts(s, doc, obj);
	add_driver(s, doc, obj);
	add_plugins(doc, obj);
	add_limits(doc, obj, warnings);
	json_add_str(doc, obj, "SystemTime", time_stamp(stamp, time_now()));
	add_machine(doc, obj);
	add_fixed(s, cfg, doc, obj);
	add_security(cfg, doc, obj);
	add_registry(cfg, doc, obj);
	add_rootless(s, doc, obj, warnings);
	yyjson_mut_obj_add_val(doc, obj, "Warnings", warnings);
	return obj;
}

/* --- version ------------------------------------------------------------------- */

/* Go's names of machines, as docker prints them. */
static void add_platform(yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
	struct platform p = { 0 };

	platform_host(&p);
	json_add_str(doc, obj, "Os", p.os);
	json_add_str(doc, obj, "Arch", p.architecture);
}

static void add_component(yyjson_mut_doc *doc, yyjson_mut_val *arr, const char *name,
			  const char *version)
{
	yyjson_mut_val *c = yyjson_mut_arr_add_obj(doc, arr), *details;

	json_add_str(doc, c, "Name", name);
	json_add_str(doc, c, "Version", version);
	details = json_add_obj(doc, c, "Details");
	json_add_str(doc, details, "ApiVersion", INFO_API_VERSION);
	json_add_str(doc, details, "MinAPIVersion", INFO_API_VERSION_MIN);
	json_add_str(doc, details, "GitCommit", ROOTLESS_COMMIT);
}

yyjson_mut_val *info_version(yyjson_mut_doc *doc)
{
	yyjson_mut_val *obj = yyjson_mut_obj(doc), *side;
	struct utsname u;

	uname(&u);
	side = json_add_obj(doc, obj, "Client");
	json_add_str(doc, json_add_obj(doc, side, "Platform"), "Name", "rootless");
	json_add_str(doc, side, "Version", ROOTLESS_VERSION);
	json_add_str(doc, side, "ApiVersion", INFO_API_VERSION);
	json_add_str(doc, side, "DefaultAPIVersion", INFO_API_VERSION);
	json_add_str(doc, side, "GitCommit", ROOTLESS_COMMIT);
	add_platform(doc, side);
	json_add_str(doc, side, "Context", "default");
	side = json_add_obj(doc, obj, "Server");
	json_add_str(doc, json_add_obj(doc, side, "Platform"), "Name", "rootless");
	add_component(doc, json_add_arr(doc, side, "Components"), "Engine",
		      ROOTLESS_VERSION);
	json_add_str(doc, side, "Version", ROOTLESS_VERSION);
	json_add_str(doc, side, "ApiVersion", INFO_API_VERSION);
	json_add_str(doc, side, "MinAPIVersion", INFO_API_VERSION_MIN);
	json_add_str(doc, side, "GitCommit", ROOTLESS_COMMIT);
	add_platform(doc, side);
	json_add_str(doc, side, "KernelVersion", u.release);
	return obj;
}
