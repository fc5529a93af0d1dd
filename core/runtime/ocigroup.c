/* SPDX-License-Identifier: Apache-2.0 */
/* The control group of an OCI container. */
#include "core/runtime/ocigroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/ns/cgroup.h"
#include "core/oci/resources.h"
#include "core/runtime/scope.h"
#include "core/runtime/subtree.h"
#include "core/runtime/usermanager.h"

#define MOUNT "/sys/fs/cgroup"
#define INNER ".scope/container" /* scope.h */

/* --- what can be had -----------------------------------------------------------------
 */

/* The path of a group below the mount. */
static char *path_of(int group)
{
	char link[64], text[PATH_MAX];
	ssize_t n;

	str_print(link, sizeof(link), "/proc/self/fd/%d", group);
	n = readlink(link, text, sizeof(text) - 1);
	if (n <= 0)
		return NULL;
	text[n] = 0;
	return str_starts(text, MOUNT) ? str_dup(text + strlen(MOUNT)) : NULL;
}

/* The nearest one that exists: an O_PATH descriptor; *ret_rest: what is below it. */
static int nearest(const char *path, const char **ret_rest)
{
	autofree char *at = str_dup(path);

	for (;;) {
		int fd = cgroup_open(at);
		char *slash = strrchr(at, '/');

		*ret_rest = path + strlen(at);
		if (fd != -ENOENT || !slash)
			return fd;
		*slash = 0;
	}
}

static const char *lacking(int group, const struct strv *limits)
{
	for (size_t i = 0; i < limits->len; i++) {
		autofree char *controller =
			str_ndup(limits->v[i], strcspn(limits->v[i], "."));

		if (!str_eq(controller, "cgroup") &&
		    !cgroup_has(group, "cgroup.controllers", controller))
			return "the control group that was delegated to you has no such "
			       "controller";
	}
	return NULL;
}

static char *plan_folder(const struct ocigroup_want *w, const char **why)
{
	const char *given = str_empty(w->path) ? w->id : w->path, *rest;
	autoclose int base = path_is_abs(given) ? -1 : subtree_open(), fd = -1;
	autofree char *above = base >= 0 ? path_of(base) : NULL;
	autofree char *whole = NULL, *path = NULL;

	if (!path_is_abs(given) && !above) {
		*why = "no control group was delegated to you";
		return NULL;
	}
	whole = above ? str_fmt("%s/%s", above, given) : str_dup(given);
	path = path_clean(whole);
	fd = nearest(path, &rest);
	if (fd < 0 || !cgroup_is_ours(fd)) {
		*why = "that part of the tree of control groups is not yours";
		return NULL;
	}
	*why = lacking(fd, w->limits);
	return *why || str_eq(path, "/") ? NULL : TAKE_PTR(path);
}

static int plan_scope(const struct ocigroup_want *w, char **ret, const char **why,
		      struct err *e)
{
	autostrv parts = { 0 };

	strv_split(&parts, str_empty(w->path) ? "::" : w->path, ':');
	if (parts.len != 3 || strchr(w->path ? w->path : "", '/'))
		return err_set(e, -EINVAL,
			       "'linux.cgroupsPath' is '%s': with --systemd-cgroup it is "
			       "'slice:prefix:name'",
			       w->path);
	if (scope_driver() != SCOPE_SYSTEMD) {
		*why = "there is no systemd user manager here to give you a control "
		       "group";
		return 0;
	}
	for (size_t i = 0; i < w->limits->len; i++) {
		autofree char *controller =
			str_ndup(w->limits->v[i], strcspn(w->limits->v[i], "."));

		if (!scope_available(controller, why))
			return 0;
	}
	*ret = str_fmt("%s:%s%s%s", parts.v[0], parts.v[1], *parts.v[1] ? "-" : "",
		       *parts.v[2] ? parts.v[2] : w->id);
	return 0;
}

int ocigroup_plan(const struct ocigroup_want *w, char **ret, const char **why,
		  struct err *e)
{
	*ret = NULL;
	*why = NULL;
	if (w->systemd)
		return cgroup_unified() || !w->path ? plan_scope(w, ret, why, e)
						    : (scope_available("memory", why), 0);
	if (!cgroup_unified())
		scope_available("memory", why);
	else
		*ret = plan_folder(w, why);
	return 0;
}

/* --- making it -----------------------------------------------------------------------
 */

static int enable_all(int group, bool first, const struct strv *limits, struct err *e)
{
	for (size_t i = 0; i < limits->len; i++) {
		autofree char *controller =
			str_ndup(limits->v[i], strcspn(limits->v[i], "."));
		int r = str_eq(controller, "cgroup") ? 0
			: first                      ? subtree_enable(group, controller)
						     : cgroup_enable(group, controller);

		if (r < 0)
			return err_code(e, r, "control '%s'", controller);
	}
	return 0;
}

/* Each folder of rest below group; the last one's descriptor. Groups in between have no
 * processes, and give on what the limits need. */
static int make_folders(int group, const char *rest, const struct strv *limits,
			struct err *e)
{
	autoclose int at = dup(group);
	autostrv names = { 0 };
	bool first = true;

	strv_split(&names, rest, '/');
	for (size_t i = 0; i < names.len; i++) {
		int next;

		if (!*names.v[i])
			continue;
		if (enable_all(at, first, limits, e) < 0)
			return e->code;
		next = cgroup_ensure(at, names.v[i]);
		if (next < 0)
			return err_code(e, next, "make the control group '%s'",
					names.v[i]);
		fd_close(at);
		at = next;
		first = false;
	}
	return TAKE_FD(at);
}

static int enter_folder(const char *path, const struct strv *limits, struct err *e)
{
	const char *rest;
	autoclose int base = nearest(path, &rest), group = -1;
	int r;

	if (base < 0)
		return err_code(e, base, "open the control group '%s'", path);
	group = make_folders(base, rest, limits, e);
	if (group < 0)
		return group;
	for (size_t i = 0; i < limits->len; i++) {
		if (cgroup_set(group, limits->v[i], e) < 0)
			return e->code;
	}
	r = cgroup_put(group, 0);
	return r < 0 ? err_code(e, r, "enter the control group '%s'", path) : 0;
}

static int enter_scope(const char *plan, const struct strv *limits, struct err *e)
{
	autofree char *slice = str_ndup(plan, strcspn(plan, ":"));
	const struct scope_want w = { .name = strchr(plan, ':') + 1,
				      .slice = slice,
				      .limits = limits };

	return scope_enter(&w, e);
}

int ocigroup_enter(const char *plan, yyjson_val *resources, struct err *e)
{
	autostrv limits = { 0 };

	if (!*plan)
		return 0;
	if (resources_limits(resources, &limits, e) < 0)
		return e->code;
	return path_is_abs(plan) ? enter_folder(plan, &limits, e)
				 : enter_scope(plan, &limits, e);
}

/* --- one that is there ---------------------------------------------------------------
 */

int ocigroup_join(const char *path, struct err *e)
{
	autoclose int group = cgroup_open(path);
	const char *end = strstr(path, INNER);
	int r = group < 0 ? group : cgroup_put(group, 0);

	/* From a login session's group only systemd can move us. */
	if (r == -EACCES && end) {
		autofree char *scope =
			str_ndup(path, (size_t)(end - path) + strlen(".scope"));

		return usermanager_attach(path_base(scope), "/container", e);
	}
	return r < 0 ? err_code(e, r, "enter the control group '%s'", path) : 0;
}

int ocigroup_change(const char *path, const struct strv *limits, struct err *e)
{
	autoclose int group = cgroup_open(path);

	if (group < 0)
		return err_code(e, group, "open the control group '%s'", path);
	return scope_change(group, limits, e);
}

void ocigroup_remove(const char *path)
{
	autofree char *parent = path_dir(path);
	autoclose int group = cgroup_open(path), above = cgroup_open(parent);

	if (group >= 0 && str_ends(path, INNER))
		scope_remove(group);
	else if (above >= 0)
		cgroup_remove(above, path_base(path));
}
