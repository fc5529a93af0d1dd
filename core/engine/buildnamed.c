/* SPDX-License-Identifier: Apache-2.0 */
/* Named contexts. */
#include "core/engine/buildnamed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/imagefile.h"
#include "core/oci/reference.h"

#define IMAGE  "docker-image://"
#define LAYOUT "oci-layout://"

void buildnamed_done(struct buildnamed *n)
{
	free(n->name);
	free(n->value);
	free(n->image);
	if (n->opened)
		buildcontext_done(&n->context);
}

int buildnamed_read(struct buildjob *j, struct err *e)
{
	const struct strv *all = &j->o->contexts;

	j->named = mem_array(all->len, sizeof(*j->named));
	for (size_t i = 0; i < all->len; i++) {
		const char *eq = strchr(all->v[i], '=');
		if (!eq || eq == all->v[i] || !eq[1])
			return err_set(e, -EINVAL,
				       "invalid context value: %s, expected key=value",
				       all->v[i]);
		struct buildnamed *n = &j->named[j->named_len++];
		n->name = str_ndup(all->v[i], (size_t)(eq - all->v[i]));
		n->value = str_dup(eq + 1);
	}
	return 0;
}

/* Malloc'd; NULL for what is no reference. */
static char *full_name(const char *text)
{
	autodone(reference_done) struct reference ref = { 0 };

	return reference_parse(text, &ref, NULL) < 0 ? NULL : reference_full(&ref);
}

struct buildnamed *buildnamed_find(const struct buildjob *j, const char *what)
{
	autofree char *full = j->named_len ? full_name(what) : NULL;

	for (size_t i = j->named_len; i > 0; i--) {
		struct buildnamed *n = &j->named[i - 1];
		autofree char *other = full_name(n->name);
		if (!strcasecmp(n->name, what) || (full && str_eq(full, other)))
			return n;
	}
	return NULL;
}

/* "oci-layout://DIR:TAG" is "oci:DIR:TAG" elsewhere. */
static int take_layout(struct buildjob *j, struct buildnamed *n, struct err *e)
{
	autofree char *what = str_fmt("oci:%s", n->value + strlen(LAYOUT));

	return imagefile_take(j->store, j->cfg, what, &n->image, e);
}

int buildnamed_open(struct buildjob *j, struct buildnamed *n, struct err *e)
{
	int r;

	if (n->opened)
		return 0;
	if (str_starts(n->value, IMAGE)) {
		n->image = str_dup(n->value + strlen(IMAGE));
		r = 0;
	} else if (str_starts(n->value, LAYOUT)) {
		r = take_layout(j, n, e);
	} else {
		autofree char *dir = buildjob_scratch(j, e);
		const struct buildcontext_want want = { .context = n->value,
							.cfg = j->cfg,
							.dir = dir,
							.input = -1,
							.place = buildjob_place(j) };
		r = dir ? buildcontext_open_named(&want, &n->context, e) : e->code;
		n->opened = true;
		return r < 0 ? err_wrap(e, "build context '%s'", n->name) : 0;
	}
	n->context.fd = -1;
	n->opened = r >= 0;
	return r < 0 ? err_wrap(e, "build context '%s'", n->name) : 0;
}
