/* SPDX-License-Identifier: Apache-2.0 */
/* Overlays of a build step. An empty folder lies below all layers: so an image without
 * any is a tree too, and one layer alone can be looked at. */
#include "core/engine/buildview.h"

#include <errno.h>
#include <sched.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/runtime/rootfs.h"

int buildview_prepare(const char *scratch, struct err *e)
{
	static const char *const names[] = { "", "/upper", "/work", "/hook", "/empty" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		autofree char *path = str_fmt("%s%s", scratch, names[i]);
		/* upper becomes the root of what is built: its mode must be right */
		if ((mkdir(path, 0755) && errno != EEXIST) || chmod(path, 0755))
			return err_sys(e, "make '%s'", path);
	}
	return 0;
}

int buildview_enter(struct err *e)
{
	return unshare(CLONE_NEWNS) ? err_sys(e, "make a mount namespace") : 0;
}

static int attach(const struct buildview *v, bool writable, struct err *e)
{
	autofree char *upper = str_fmt("%s/upper", v->scratch),
		      *work = str_fmt("%s/work", v->scratch),
		      *hook = str_fmt("%s/hook", v->scratch);
	autostrv layers = { 0 };
	struct rootfs r = { .layers = &layers, .folder = hook };

	strv_addv(&layers, strv_view(v->layers));
	strv_addf(&layers, "%s/empty", v->scratch);
	/* A view needs two folders, the second as empty as the first. */
	if (layers.len == 1 && !writable)
		strv_addf(&layers, "%s/hook", v->scratch);
	if (writable) {
		r.upper = upper;
		r.work = work;
	}
	return rootfs_attach(&r, 0, e);
}

int buildview_open(const struct buildview *v, struct err *e)
{
	return attach(v, true, e);
}

int buildview_look(const struct buildview *v, struct err *e)
{
	return attach(v, false, e);
}
