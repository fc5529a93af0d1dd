/* SPDX-License-Identifier: Apache-2.0 */
/* keep-id maps. */
#include "core/engine/keepid.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/strv.h"

#define NAME "keep-id"
#define AUTO "auto-user"

bool keepid_is_auto(const char *userns)
{
	return str_eq(userns, AUTO);
}

bool keepid_is(const char *userns)
{
	return keepid_is_auto(userns) ||
	       (userns && str_starts(userns, NAME) &&
		(!userns[strlen(NAME)] || userns[strlen(NAME)] == ':'));
}

int keepid_parse(const char *userns, uint32_t *ret_uid, uint32_t *ret_gid, struct err *e)
{
	autostrv part = { 0 };
	uint64_t n;

	*ret_uid = geteuid();
	*ret_gid = getegid();
	if (!userns[strlen(NAME)])
		return 0;
	strv_split(&part, userns + strlen(NAME) + 1, ',');
	for (size_t i = 0; i < part.len; i++) {
		const char *p = part.v[i];
		bool uid = str_starts(p, "uid="), gid = str_starts(p, "gid=");
		if ((!uid && !gid) || str_u64(p + 4, INT32_MAX, &n))
			return err_set(e, -EINVAL, "invalid mode for --userns: '%s'",
				       userns);
		*(uid ? ret_uid : ret_gid) = (uint32_t)n;
	}
	return 0;
}

static void add(struct idmap *m, uint32_t inside, uint32_t outside, uint32_t count)
{
	if (!count)
		return;
	m->extents = mem_resize(m->extents, m->len + 1, sizeof(*m->extents));
	m->extents[m->len++] = (struct idmap_extent){ inside, outside, count };
}

/* The realm's map is 0, then 1.. without a gap (idmap_make), so its length is all that
 * counts. */
void keepid_map(const struct idmap *realm, uint32_t own, struct idmap *ret)
{
	uint32_t total = 0;

	*ret = (struct idmap){ 0 };
	for (size_t i = 0; i < realm->len; i++)
		total += realm->extents[i].count;
	uint32_t below = total && own < total - 1 ? own : total - 1;
	add(ret, 0, 1, below);
	add(ret, own, 0, 1);
	if (own < total)
		add(ret, own + 1, own + 1, total - 1 - below);
}
