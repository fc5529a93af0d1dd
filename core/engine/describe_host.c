/* SPDX-License-Identifier: Apache-2.0 */
/* HostConfig. */
#include "core/engine/describe_host.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/runtime/restart.h"

static const char *text(const char *s)
{
	return s ? s : "";
}

void describe_host_paths(struct strv *masked, struct strv *readonly)
{
	static const char *const hidden[] = {
		"/proc/acpi",
		"/proc/asound",
		"/proc/interrupts",
		"/proc/kcore",
		"/proc/keys",
		"/proc/latency_stats",
		"/proc/sched_debug",
		"/proc/scsi",
		"/proc/timer_list",
		"/proc/timer_stats",
		"/sys/devices/virtual/powercap",
		"/sys/firmware",
		"/sys/fs/selinux",
		"/sys/devices/system/cpu/*/thermal_throttle",
	};
	static const char *const fixed[] = { "/proc/bus", "/proc/fs", "/proc/irq",
					     "/proc/sys", "/proc/sysrq-trigger" };

	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		strv_add(masked, hidden[i]);
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		strv_add(readonly, fixed[i]);
}

static void add_binds(const struct spec *s, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	autostrv binds = { 0 };

	for (size_t i = 0; i < s->mounts_len; i++) {
		const struct spec_mount *m = &s->mounts[i];
		if (m->long_form || m->type == SPEC_TMPFS || !m->source)
			continue;
		strv_addf(&binds, "%s:%s%s%s", m->source, m->target,
			  m->read_only ? ":ro" : "",
			  m->no_copy ? (m->read_only ? ",nocopy" : ":nocopy") : "");
	}
	json_add_strv_or_null(doc, o, "Binds", &binds);
}

static void add_tmpfs(const struct plan *p, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	yyjson_mut_val *map = NULL;

	for (size_t i = 0; i < p->mounts.len; i++) {
		const struct mounts_item *it = &p->mounts.v[i];
		if (it->type != SPEC_TMPFS || !it->quiet)
			continue;
		if (!map)
			map = json_add_obj(doc, o, "Tmpfs");
		json_add_str(doc, map, it->target, it->options);
	}
}

static void add_volume_options(const struct spec_mount *m, yyjson_mut_doc *doc,
			       yyjson_mut_val *mount)
{
	if (m->type != SPEC_VOLUME ||
	    (!m->no_copy && !m->subpath && !m->labels.len && !m->driver_opts.len))
		return;
	yyjson_mut_val *o = json_add_obj(doc, mount, "VolumeOptions");
	if (m->no_copy)
		yyjson_mut_obj_add_bool(doc, o, "NoCopy", true);
	if (m->labels.len)
		json_add_map(doc, o, "Labels", &m->labels);
	json_add_str(doc, o, "Subpath", m->subpath);
	if (m->driver_opts.len) {
		yyjson_mut_val *driver = json_add_obj(doc, o, "DriverConfig");
		json_add_str(doc, driver, "Name", "local");
		json_add_map(doc, driver, "Options", &m->driver_opts);
	}
}

static void add_bind_options(const struct spec_mount *m, yyjson_mut_doc *doc,
			     yyjson_mut_val *mount)
{
	if (m->type != SPEC_BIND ||
	    (!m->propagation && !m->non_recursive && !m->create_source))
		return;
	yyjson_mut_val *o = json_add_obj(doc, mount, "BindOptions");
	json_add_str(doc, o, "Propagation", m->propagation);
	if (m->non_recursive)
		yyjson_mut_obj_add_bool(doc, o, "NonRecursive", true);
	if (m->create_source)
		yyjson_mut_obj_add_bool(doc, o, "CreateMountpoint", true);
}

static void add_tmpfs_options(const struct spec_mount *m, yyjson_mut_doc *doc,
			      yyjson_mut_val *mount)
{
	if (m->type != SPEC_TMPFS || (!m->tmpfs_size && m->tmpfs_mode < 0))
		return;
	yyjson_mut_val *o = json_add_obj(doc, mount, "TmpfsOptions");
	if (m->tmpfs_size)
		yyjson_mut_obj_add_uint(doc, o, "SizeBytes", m->tmpfs_size);
	if (m->tmpfs_mode >= 0)
		yyjson_mut_obj_add_int(doc, o, "Mode", m->tmpfs_mode);
}

static void add_mounts(const struct spec *s, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	yyjson_mut_val *arr = NULL;

	for (size_t i = 0; i < s->mounts_len; i++) {
		const struct spec_mount *m = &s->mounts[i];
		if (!m->long_form)
			continue;
		if (!arr)
			arr = json_add_arr(doc, o, "Mounts");
		yyjson_mut_val *v = yyjson_mut_arr_add_obj(doc, arr);
		json_add_str(doc, v, "Type", spec_mount_type_name(m->type));
		json_add_str(doc, v, "Source", m->source);
		json_add_str(doc, v, "Target", m->target);
		if (m->read_only)
			yyjson_mut_obj_add_bool(doc, v, "ReadOnly", true);
		add_bind_options(m, doc, v);
		add_volume_options(m, doc, v);
		add_tmpfs_options(m, doc, v);
		if (m->type == SPEC_IMAGE && m->subpath)
			json_add_str(doc, json_add_obj(doc, v, "ImageOptions"), "Subpath",
				     m->subpath);
	}
}

void describe_host_binding(const struct publish *p, yyjson_mut_doc *doc,
			   yyjson_mut_val *map)
{
	autofree char *key = str_fmt("%u/%s", p->port, publish_proto_name(p->proto));
	yyjson_mut_val *list = yyjson_mut_obj_get(map, key);
	char ip[IPAM_TEXT_MAX] = "", port[16] = "";

	if (!list)
		list = json_add_arr(doc, map, key);
	if (p->host_ip.family != AF_UNSPEC)
		ipam_addr_text(ip, &p->host_ip);
	if (p->host_port && p->host_port_end > p->host_port)
		str_print(port, sizeof(port), "%u-%u", p->host_port, p->host_port_end);
	else if (p->host_port)
		str_print(port, sizeof(port), "%u", p->host_port);
	yyjson_mut_val *b = yyjson_mut_arr_add_obj(doc, list);
	json_add_str(doc, b, "HostIp", ip);
	json_add_str(doc, b, "HostPort", port);
}

static void add_bindings(const struct spec *s, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	yyjson_mut_val *map = json_add_obj(doc, o, "PortBindings");

	for (size_t i = 0; i < s->publish_len; i++)
		describe_host_binding(&s->publish[i], doc, map);
}

static void add_log(const struct plan *p, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	yyjson_mut_val *log = json_add_obj(doc, o, "LogConfig");

	json_add_str(doc, log, "Type", p->log.driver);
	json_add_map(doc, log, "Config", &p->log.opts);
}

static void add_restart(const struct spec *s, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	yyjson_mut_val *r = json_add_obj(doc, o, "RestartPolicy");
	struct restart policy = { .kind = RESTART_NO };

	restart_parse(s->restart, &policy, NULL); /* checked by the plan */
	json_add_str(doc, r, "Name", restart_name(policy.kind));
	yyjson_mut_obj_add_int(doc, r, "MaximumRetryCount", policy.max);
}

static void put_int(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key, int64_t n)
{
	yyjson_mut_obj_put(o, yyjson_mut_str(doc, key), yyjson_mut_sint(doc, n));
}

static void put_str(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key,
		    const char *v)
{
	yyjson_mut_obj_put(o, yyjson_mut_str(doc, key), yyjson_mut_strcpy(doc, text(v)));
}

void describe_host_limits(const struct spec *s, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	/* docker's default. */
	int64_t swap = s->memory_swap ? s->memory_swap : 2 * (int64_t)s->memory;

	put_int(doc, o, "BlkioWeight", s->blkio_weight);
	put_int(doc, o, "CpuShares", s->cpu_shares);
	put_int(doc, o, "CpuPeriod", s->cpu_period);
	put_int(doc, o, "CpuQuota", s->cpu_quota);
	put_int(doc, o, "Memory", (int64_t)s->memory);
	put_int(doc, o, "MemoryReservation", (int64_t)s->memory_reservation);
	put_int(doc, o, "MemorySwap", swap);
	put_int(doc, o, "NanoCpus", (int64_t)(s->cpus * 1e9 + 0.5));
	put_str(doc, o, "CpusetCpus", s->cpuset_cpus);
	put_str(doc, o, "CpusetMems", s->cpuset_mems);
	if (s->pids_limit)
		put_int(doc, o, "PidsLimit", s->pids_limit);
	else
		yyjson_mut_obj_put(o, yyjson_mut_str(doc, "PidsLimit"),
				   yyjson_mut_null(doc));
}

/* "/dev/x:VALUE" items as docker's objects; null when there are none. */
static void add_rates(const struct strv *list, const char *key, const char *value_key,
		      yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	yyjson_mut_val *arr;

	if (!list->len) {
		yyjson_mut_obj_add_null(doc, o, key);
		return;
	}
	arr = yyjson_mut_obj_add_arr(doc, o, key);
	for (size_t i = 0; i < list->len; i++) {
		const char *colon = strrchr(list->v[i], ':');
		yyjson_mut_val *v = yyjson_mut_arr_add_obj(doc, arr);
		uint64_t n = 0;

		if (!colon)
			continue;
		autofree char *path = str_ndup(list->v[i], (size_t)(colon - list->v[i]));
		str_size(colon + 1, &n); /* checked by limits_resources */
		json_add_str(doc, v, "Path", path);
		yyjson_mut_obj_add_uint(doc, v, value_key, n);
	}
}

static void add_limits(const struct spec *s, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	static const char *const zero[] = { "CpuRealtimePeriod", "CpuRealtimeRuntime",
					    "CpuCount",          "CpuPercent",
					    "IOMaximumIOps",     "IOMaximumBandwidth" };
	static const char *const null[] = { "DeviceCgroupRules", "MemorySwappiness",
					    "OomKillDisable" };

	for (size_t i = 0; i < ARRAY_LEN(zero); i++)
		yyjson_mut_obj_add_int(doc, o, zero[i], 0);
	for (size_t i = 0; i < ARRAY_LEN(null); i++)
		yyjson_mut_obj_add_null(doc, o, null[i]);
	add_rates(&s->blkio_weight_device, "BlkioWeightDevice", "Weight", doc, o);
	add_rates(&s->device_read_bps, "BlkioDeviceReadBps", "Rate", doc, o);
	add_rates(&s->device_write_bps, "BlkioDeviceWriteBps", "Rate", doc, o);
	add_rates(&s->device_read_iops, "BlkioDeviceReadIOps", "Rate", doc, o);
	add_rates(&s->device_write_iops, "BlkioDeviceWriteIOps", "Rate", doc, o);
	json_add_str(doc, o, "CgroupParent", text(s->cgroup_parent));
	describe_host_limits(s, doc, o);
}

static void add_ulimits(const struct spec *s, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	yyjson_mut_val *arr = json_add_arr(doc, o, "Ulimits");

	for (size_t i = 0; i < s->ulimits.len; i++) {
		const char *eq = strchr(s->ulimits.v[i], '=');
		if (!eq)
			continue;
		const char *colon = strchr(eq, ':');
		autofree char *name =
			str_ndup(s->ulimits.v[i], (size_t)(eq - s->ulimits.v[i]));
		yyjson_mut_val *u = yyjson_mut_arr_add_obj(doc, arr);
		json_add_str(doc, u, "Name", name);
		yyjson_mut_obj_add_int(doc, u, "Hard",
				       strtoll((colon ? colon : eq) + 1, NULL, 10));
		yyjson_mut_obj_add_int(doc, u, "Soft", strtoll(eq + 1, NULL, 10));
	}
}

static void add_devices(const struct spec *s, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	yyjson_mut_val *arr = json_add_arr(doc, o, "Devices");

	for (size_t i = 0; i < s->devices_len; i++) {
		yyjson_mut_val *d = yyjson_mut_arr_add_obj(doc, arr);
		json_add_str(doc, d, "PathOnHost", s->devices[i].host);
		json_add_str(doc, d, "PathInContainer", s->devices[i].container);
		json_add_str(doc, d, "CgroupPermissions", s->devices[i].permissions);
	}
}

static void add_gpus(const struct spec *s, yyjson_mut_doc *doc, yyjson_mut_val *arr)
{
	yyjson_mut_val *d = yyjson_mut_arr_add_obj(doc, arr), *all;

	json_add_str(doc, d, "Driver", "");
	yyjson_mut_obj_add_int(doc, d, "Count", s->gpu_count);
	json_add_strv_or_null(doc, d, "DeviceIDs", &s->gpu_ids);
	/* Any of these lists would do. */
	all = yyjson_mut_arr_add_arr(doc, json_add_arr(doc, d, "Capabilities"));
	for (size_t i = 0; i < s->gpu_capabilities.len; i++)
		yyjson_mut_arr_add_strcpy(doc, all, s->gpu_capabilities.v[i]);
	json_add_obj(doc, d, "Options");
}

static void add_requests(const struct spec *s, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	yyjson_mut_val *arr, *d;

	if (!s->gpus && !s->cdi.len) {
		yyjson_mut_obj_add_null(doc, o, "DeviceRequests");
		return;
	}
	arr = json_add_arr(doc, o, "DeviceRequests");
	if (s->gpus)
		add_gpus(s, doc, arr);
	if (!s->cdi.len)
		return;
	d = yyjson_mut_arr_add_obj(doc, arr);
	json_add_str(doc, d, "Driver", "cdi");
	yyjson_mut_obj_add_int(doc, d, "Count", 0);
	json_add_strv(doc, d, "DeviceIDs", &s->cdi);
	yyjson_mut_obj_add_null(doc, d, "Capabilities");
	yyjson_mut_obj_add_null(doc, d, "Options");
}

static void add_lists(const struct plan *p, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	const struct spec *s = p->spec;

	json_add_strv_or_null(doc, o, "CapAdd", &s->cap_add);
	json_add_strv_or_null(doc, o, "CapDrop", &s->cap_drop);
	json_add_strv(doc, o, "Dns", &s->dns);
	json_add_strv(doc, o, "DnsOptions", &s->dns_option);
	json_add_strv(doc, o, "DnsSearch", &s->dns_search);
	json_add_strv_or_null(doc, o, "ExtraHosts", &s->add_host);
	json_add_strv_or_null(doc, o, "GroupAdd", &s->group_add);
	json_add_strv_or_null(doc, o, "SecurityOpt", &s->security_opt);
	if (s->sysctls.len)
		json_add_map(doc, o, "Sysctls", &s->sysctls);
	if (s->annotations.len)
		json_add_map(doc, o, "Annotations", &s->annotations);
	json_add_strv_or_null(doc, o, "VolumesFrom", &s->volumes_from);
	json_add_strv_or_null(doc, o, "Links", &s->links);
}

static void add_modes(const struct plan *p, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	const struct spec *s = p->spec;
	uint64_t shm = s->shm_size ? s->shm_size : (uint64_t)p->cfg->shm_size;

	autofree char *peer = p->net.mode == NETPLAN_CONTAINER
				      ? str_fmt("container:%s", p->net.peer)
				      : NULL;

	json_add_str(doc, o, "NetworkMode",
		     peer                    ? peer
		     : str_empty(s->network) ? "bridge"
					     : s->network);
	json_add_str(doc, o, "CgroupnsMode",
		     str_empty(s->cgroupns) ? "private" : s->cgroupns);
	json_add_str(doc, o, "IpcMode", str_empty(p->ipc) ? "private" : p->ipc);
	json_add_str(doc, o, "Cgroup", "");
	yyjson_mut_obj_add_int(doc, o, "OomScoreAdj",
			       s->has_oom_score_adj ? s->oom_score_adj : 0);
	json_add_str(doc, o, "PidMode", text(p->pid));
	json_add_str(doc, o, "UTSMode", text(s->uts));
	json_add_str(doc, o, "UsernsMode", text(s->userns));
	yyjson_mut_obj_add_uint(doc, o, "ShmSize", shm);
	json_add_str(doc, o, "Runtime", "runc");
	json_add_str(doc, o, "Isolation", "");
	json_add_str(doc, o, "VolumeDriver", "");
	json_add_str(doc, o, "ContainerIDFile", "");
	yyjson_mut_val *size = json_add_arr(doc, o, "ConsoleSize");
	yyjson_mut_arr_add_int(doc, size, 0);
	yyjson_mut_arr_add_int(doc, size, 0);
	yyjson_mut_obj_add_bool(doc, o, "AutoRemove", s->auto_remove);
	yyjson_mut_obj_add_bool(doc, o, "Privileged", s->privileged);
	yyjson_mut_obj_add_bool(doc, o, "PublishAllPorts", s->publish_all);
	yyjson_mut_obj_add_bool(doc, o, "ReadonlyRootfs", s->read_only);
	/* Ours alone; docker's has no such field. */
	if (s->host_loopback)
		json_add_str(doc, o, "HostLoopback",
			     *s->host_loopback ? s->host_loopback : "all");
	if (s->has_init)
		yyjson_mut_obj_add_bool(doc, o, "Init", s->init);
}

void describe_host(const struct plan *p, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	yyjson_mut_val *o = json_add_obj(doc, root, "HostConfig");
	autostrv masked = { 0 }, readonly = { 0 };

	add_binds(p->spec, doc, o);
	add_log(p, doc, o);
	add_bindings(p->spec, doc, o);
	add_restart(p->spec, doc, o);
	add_modes(p, doc, o);
	add_lists(p, doc, o);
	add_limits(p->spec, doc, o);
	add_ulimits(p->spec, doc, o);
	add_devices(p->spec, doc, o);
	add_requests(p->spec, doc, o);
	add_tmpfs(p, doc, o);
	add_mounts(p->spec, doc, o);
	if (!p->security.systempaths_unconfined)
		describe_host_paths(&masked, &readonly);
	json_add_strv_or_null(doc, o, "MaskedPaths", &masked);
	json_add_strv_or_null(doc, o, "ReadonlyPaths", &readonly);
}
