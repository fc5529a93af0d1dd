/* SPDX-License-Identifier: Apache-2.0 */
/* The spec's life, and docker's forms of -e and --env-file. */
#include "core/engine/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/buf.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"

#define ENV_FILE_MAX (1u << 20)

void spec_init(struct spec *s)
{
	*s = (struct spec){
		.stop_timeout = -1,
		.umask = -1,
		.attach_stdout = false,
	};
}

const char *spec_mount_type_name(enum spec_mount_type type)
{
	static const char *const names[] = { "bind", "volume", "tmpfs", "image" };

	return names[type];
}

void spec_mount_done(struct spec_mount *m)
{
	free(m->source);
	free(m->target);
	free(m->propagation);
	free(m->subpath);
	strv_done(&m->options);
	strv_done(&m->labels);
	strv_done(&m->driver_opts);
}

void spec_done(struct spec *s)
{
	struct strv *lists[] = { &s->cmd,
				 &s->entrypoint,
				 &s->env,
				 &s->labels,
				 &s->expose,
				 &s->cap_add,
				 &s->cap_drop,
				 &s->security_opt,
				 &s->group_add,
				 &s->add_host,
				 &s->dns,
				 &s->dns_search,
				 &s->dns_option,
				 &s->ulimits,
				 &s->sysctls,
				 &s->annotations,
				 &s->network_aliases,
				 &s->log_opts,
				 &s->links,
				 &s->unsetenv,
				 &s->volumes_from,
				 &s->blkio_weight_device,
				 &s->device_read_bps,
				 &s->device_write_bps,
				 &s->device_read_iops,
				 &s->device_write_iops,
				 &s->cdi,
				 &s->gpu_ids,
				 &s->gpu_capabilities };
	char *strings[] = { s->name,        s->image,         s->platform,
			    s->pull,        s->hostname,      s->domainname,
			    s->user,        s->workdir,       s->network,
			    s->ip,          s->ip6,           s->mac,
			    s->userns,      s->pid,           s->ipc,
			    s->uts,         s->cgroupns,      s->cpuset_cpus,
			    s->cpuset_mems, s->cgroup_parent, s->restart,
			    s->health_cmd,  s->stop_signal,   s->log_driver,
			    s->rootfs,      s->host_loopback };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		strv_done(lists[i]);
	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		free(strings[i]);
	for (size_t i = 0; i < s->mounts_len; i++)
		spec_mount_done(&s->mounts[i]);
	for (size_t i = 0; i < s->devices_len; i++) {
		free(s->devices[i].host);
		free(s->devices[i].container);
		free(s->devices[i].permissions);
	}
	free(s->mounts);
	free(s->devices);
	for (size_t i = 0; i < s->networks_len; i++)
		netwish_done(&s->networks[i]);
	free(s->networks);
	free(s->publish);
	spec_init(s);
}

int spec_set_rootfs(struct spec *s, const char *text, struct err *e)
{
	size_t n = strlen(text);
	bool overlaid = n > 2 && str_eq(text + n - 2, ":O");
	autofree char *given = str_ndup(text, overlaid ? n - 2 : n);
	char *path = realpath(given, NULL);
	struct stat st;

	if (!path || stat(path, &st) < 0) {
		free(path);
		return err_sys(e, "folder '%s'", given);
	}
	free(s->rootfs);
	s->rootfs = path;
	s->rootfs_overlaid = overlaid;
	str_set(&s->image, path);
	return S_ISDIR(st.st_mode) ? 0 : err_set(e, -ENOTDIR, "'%s' is no folder", given);
}

int spec_add_env(struct spec *s, const char *text, struct err *e)
{
	const char *eq = strchr(text, '=');
	const char *value;

	if (!*text || eq == text)
		return err_set(e, -EINVAL, "invalid environment variable: %s", text);
	if (eq)
		strv_add(&s->env, text);
	else if ((value = getenv(text)))
		strv_addf(&s->env, "%s=%s", text, value);
	return 0;
}

static int add_env_line(struct spec *s, char *line, struct err *e)
{
	line += strspn(line, " \t\v\f");
	if (!*line || *line == '#')
		return 0;
	char *eq = strchr(line, '=');
	size_t len = eq ? (size_t)(eq - line) : strlen(line);
	if (!len)
		return err_set(e, -EINVAL, "no variable name on line '%s'", line);
	if (strcspn(line, " \t\v\f") < len)
		return err_set(e, -EINVAL, "variable '%.*s' contains whitespaces",
			       (int)len, line);
	return spec_add_env(s, line, e);
}

int spec_add_env_file(struct spec *s, const char *path, struct err *e)
{
	autobuf text = { .max = ENV_FILE_MAX };
	autostrv lines = { 0 };
	int r = file_read_named(path, ENV_FILE_MAX, &text);

	if (r < 0)
		return err_code(e, r, "env file '%s'", path);
	if (strlen(buf_str(&text)) != text.len)
		return err_set(e, -EINVAL, "env file '%s': holds a NUL byte", path);
	const char *from = buf_str(&text);
	strv_split(&lines, str_starts(from, "\xef\xbb\xbf") ? from + 3 : from, '\n');
	for (size_t i = 0; i < lines.len; i++) {
		char *line = lines.v[i];
		size_t len = strlen(line);
		if (len && line[len - 1] == '\r')
			line[len - 1] = 0;
		if ((r = add_env_line(s, line, e)) < 0)
			return err_wrap(e, "env file '%s', line %zu", path, i + 1);
	}
	return 0;
}

int spec_add_network(struct spec *s, const char *text, struct err *e)
{
	struct netwish w = { 0 };
	int r = netwish_parse(text, &w, e);

	if (r < 0)
		return err_wrap(e, "invalid argument \"%s\" for \"--network\" flag",
				text);
	s->networks = mem_resize(s->networks, s->networks_len + 1, sizeof(*s->networks));
	s->networks[s->networks_len++] = w;
	str_set(&s->network, s->networks[0].name);
	return 0;
}

int spec_set_timezone(struct spec *s, const char *zone, struct err *e)
{
	bool local = str_eq(zone, "local");
	autofree char *path = local ? str_dup("/etc/localtime")
				    : str_fmt("/usr/share/zoneinfo/%s", zone);
	autofree char *found = strstr(zone, "..") ? NULL : realpath(path, NULL);
	autobuf data = { 0 };

	if (str_empty(zone) || !found ||
	    file_read(AT_FDCWD, found, ENV_FILE_MAX, &data) < 0 ||
	    !str_starts(buf_str(&data), "TZif"))
		return err_set(e, -ENOENT, "invalid timezone '%s': this host has no '%s'",
			       zone, path);
	s->mounts = mem_resize(s->mounts, s->mounts_len + 1, sizeof(*s->mounts));
	s->mounts[s->mounts_len++] = (struct spec_mount){
		.type = SPEC_BIND,
		.source = TAKE_PTR(found),
		.target = str_dup("/etc/localtime"),
		.read_only = true,
		.long_form = true,
		.tmpfs_mode = -1,
	};
	return 0;
}
