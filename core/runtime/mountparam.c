/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a file system. */
#include "core/runtime/mountparam.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/str.h"

/* false: the ID is not mapped. */
static bool translate(const struct idmap *map, const char *key, char **param)
{
	uint64_t id;
	int64_t out;

	if (!str_starts(*param, key))
		return true;
	if (str_u64(*param + strlen(key), UINT32_MAX, &id) < 0)
		return true; /* the kernel refuses it in its own words */
	out = idmap_out(map, (uint32_t)id);
	if (out < 0)
		return false;
	free(*param);
	*param = str_fmt("%s%lld", key, (long long)out);
	return true;
}

void mountparam_translate(struct strv *params, const struct idmap *uid,
			  const struct idmap *gid)
{
	for (size_t i = 0; i < params->len;) {
		if (translate(uid, "uid=", &params->v[i]) &&
		    translate(gid, "gid=", &params->v[i]))
			i++;
		else
			strv_remove(params, i);
	}
}

bool mountparam_has(const struct strv *params, const char *prefix)
{
	for (size_t i = 0; i < params->len; i++) {
		if (str_starts(params->v[i], prefix))
			return true;
	}
	return false;
}

bool mountparam_take(struct strv *params, const char *word)
{
	for (size_t i = 0; i < params->len; i++) {
		if (str_eq(params->v[i], word)) {
			strv_remove(params, i);
			return true;
		}
	}
	return false;
}
