/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of an OCI container. */
#include "core/engine/ocilimit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/ns/cgroup.h"
#include "core/oci/resources.h"
#include "core/runtime/ocigroup.h"

#define GROUP_FILE "cgroup"

/* "memory.max=1" → "memory", the member of linux.resources. */
static const char *member_of(const char *limit)
{
	return str_starts(limit, "memory.")    ? "memory"
	       : str_starts(limit, "cpu")      ? "cpu"
	       : str_starts(limit, "io.")      ? "blockIO"
	       : str_starts(limit, "pids.")    ? "pids"
	       : str_starts(limit, "hugetlb.") ? "hugepageLimits"
	       : str_starts(limit, "rdma.")    ? "rdma"
					       : "unified";
}

static void warn(const struct ocibox *b, const struct ocibox_options *o, const char *why)
{
	const struct runtimeconfig *c = &b->config;

	if (!str_empty(c->cgroups_path))
		strv_addf(o->warnings, "'linux.cgroupsPath' is not used: %s", why);
	if (c->pids_limit > 0 && !(c->namespaces & RT_NS_USER))
		strv_addf(o->warnings,
			  "'linux.resources.pids' is not enforced: %s, and the container "
			  "has no user namespace of its own",
			  why);
}

static int keep(struct ocibox *b, const char *path, struct err *e)
{
	int r;

	str_set(&b->group, path);
	r = file_replace_nosync(b->dirfd, GROUP_FILE, path, strlen(path), 0600);
	return r < 0 ? err_code(e, r, "keep the path of the control group") : 0;
}

int ocilimit_plan(struct ocibox *b, const struct ocibox_options *o, char **ret,
		  struct err *e)
{
	autostrv limits = { 0 };
	const struct ocigroup_want w = { .path = b->config.cgroups_path,
					 .id = b->id,
					 .systemd = o->systemd,
					 .limits = &limits };
	const char *why = NULL, *asked;
	int r = resources_limits(b->config.resources, &limits, e);

	*ret = NULL;
	if (r < 0)
		return err_wrap(e, "linux");
	asked = resources_asked(&limits);
	/* Nothing to hold, and no place given. */
	if (!asked && str_empty(w.path)) {
		warn(b, o, "there is no 'linux.cgroupsPath'");
		return 0;
	}
	r = ocigroup_plan(&w, ret, &why, e);
	/* Known before it is made, so that what is given up, or killed, is cleaned up. */
	if (r == 0 && *ret && **ret == '/')
		r = keep(b, *ret, e);
	if (r < 0 || *ret)
		return r;
	if (asked)
		return err_set(e, -ENOTSUP,
			       "'linux.resources.%s' (%s) cannot be enforced: %s",
			       member_of(asked), asked, why);
	warn(b, o, why);
	return 0;
}

int ocilimit_note(struct ocibox *b, struct err *e)
{
	char path[CGROUP_PATH_MAX], own[CGROUP_PATH_MAX];

	if (cgroup_of(b->state.pid, path, sizeof(path)) < 0)
		return 0;
	if (cgroup_of(getpid(), own, sizeof(own)) == 0 && str_eq(path, own))
		return 0;
	return keep(b, path, e);
}

void ocilimit_find(struct ocibox *b)
{
	char path[CGROUP_PATH_MAX];

	if (file_read_small(b->dirfd, GROUP_FILE, path, sizeof(path)) == 0 &&
	    path[0] == '/')
		str_set(&b->group, path);
}

int ocilimit_change(const struct ocibox *b, yyjson_val *resources, struct err *e)
{
	autostrv limits = { 0 };
	int r = resources_limits(resources, &limits, e);

	if (r < 0 || limits.len == 0)
		return r;
	if (b->init < 0)
		return err_set(e, -ESRCH, "container not running");
	if (!b->group)
		return err_set(
			e, -ENOTSUP,
			"container '%s' has no control group of its own, which "
			"'resources.%s' (%s) needs: this host gives its user none, "
			"or 'linux.cgroupsPath' named no place",
			b->id, member_of(limits.v[0]), limits.v[0]);
	return ocigroup_change(b->group, &limits, e);
}

int ocilimit_freeze(const struct ocibox *b, bool on)
{
	autoclose int group = b->group ? cgroup_open(b->group) : -ENOENT;

	return group < 0 ? -ENOENT : cgroup_freeze(group, on);
}

void ocilimit_end(const struct ocibox *b)
{
	if (b->group)
		ocigroup_remove(b->group);
}
