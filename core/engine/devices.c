/* SPDX-License-Identifier: Apache-2.0 */
/* Devices as bind mounts. */
#include "core/engine/devices.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"

#define DEPTH_MAX 4
#define NODES_MAX 256

static bool is_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
}

static void bind_node(struct runtimeconfig *c, const char *host, const char *inside)
{
	runtimeconfig_add_mount(c, inside, "bind", host, "bind,rprivate,nosuid,noexec");
}

/* Nodes that the user may open; others are left out, as docker leaves out what is no
 * device. */
static int bind_folder(struct runtimeconfig *c, const char *host, const char *inside,
		       int deep, struct err *e)
{
	autostrv names = { 0 };
	DIR *d = opendir(host);
	int r = 0;

	if (!d)
		return err_sys(e, "device folder '%s'", host);
	for (struct dirent *de; (de = readdir(d));)
		if (de->d_name[0] != '.')
			strv_add(&names, de->d_name);
	closedir(d);
	strv_sort(&names);
	for (size_t i = 0; r == 0 && i < names.len; i++) {
		autofree char *from = path_join(host, names.v[i]);
		autofree char *to = path_join(inside, names.v[i]);
		struct stat st;
		if (lstat(from, &st))
			continue;
		if (c->mounts_len > NODES_MAX)
			return err_set(e, -E2BIG, "device folder '%s' has too many nodes",
				       host);
		if (S_ISDIR(st.st_mode) && deep < DEPTH_MAX)
			r = bind_folder(c, from, to, deep + 1, e);
		else if (is_device(&st) && !access(from, R_OK))
			bind_node(c, from, to);
	}
	return r;
}

int devices_add(const struct spec_device *d, struct runtimeconfig *c,
		struct strv *warnings, struct err *e)
{
	struct stat st;

	if (stat(d->host, &st))
		return err_sys(
			e,
			"error gathering device information while adding custom device "
			"\"%s\"",
			d->host);
	if (S_ISDIR(st.st_mode))
		return bind_folder(c, d->host, d->container, 0, e);
	if (!is_device(&st))
		return err_set(
			e, -EINVAL,
			"error gathering device information while adding custom device "
			"\"%s\": not a device node",
			d->host);
	if (access(d->host, R_OK) && access(d->host, W_OK))
		return err_set(
			e, -EACCES,
			"device '%s': you may not open it yourself (mode %03o, uid %u, "
			"gid %u), so no container of yours may",
			d->host, st.st_mode & 0777, st.st_uid, st.st_gid);
	if (!strchr(d->permissions, 'r') || !strchr(d->permissions, 'w'))
		strv_addf(warnings,
			  "permissions '%s' of device '%s' discarded: this host gives "
			  "you no "
			  "device cgroup, what you may open the container may open",
			  d->permissions, d->host);
	bind_node(c, d->host, d->container);
	return 0;
}

bool devices_by_group(const char *path)
{
	struct stat st;

	/* What the user's own ID, group or anybody opens needs no other. */
	return !stat(path, &st) && is_device(&st) && st.st_uid != geteuid() &&
	       st.st_gid != getegid() && !(st.st_mode & S_IROTH) && !access(path, R_OK);
}
