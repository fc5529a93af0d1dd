/* SPDX-License-Identifier: Apache-2.0 */
/* From the driver's options to a mount. */
#include "core/engine/volumeopt.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/tmpfsopt.h"

static int check_keys(const struct strv *opts, struct err *e)
{
	static const char *const keys[] = { "type", "device", "o", "size" };

	for (size_t i = 0; i < opts->len; i++) {
		size_t n = strcspn(opts->v[i], "="), k = 0;

		while (k < ARRAY_LEN(keys) &&
		       (strlen(keys[k]) != n || strncmp(keys[k], opts->v[i], n) != 0))
			k++;
		if (k == ARRAY_LEN(keys))
			return err_set(e, -EINVAL, "invalid option: \"%.*s\"", (int)n,
				       opts->v[i]);
	}
	return 0;
}

static int need(const struct strv *opts, const char *key, struct err *e)
{
	return str_empty(strv_getenv(opts, key))
		       ? err_set(e, -EINVAL, "missing required option: \"%s\"", key)
		       : 0;
}

static bool is_bind(const struct strv *o)
{
	return strv_has(o, "bind") || strv_has(o, "rbind");
}

static int bind_option(struct spec_mount *m, const char *o, struct err *e)
{
	static const char *const flags[] = { "nosuid",  "nodev",      "noexec",
					     "noatime", "nodiratime", "relatime" };

	if (str_eq(o, "bind") || str_eq(o, "rbind") || str_eq(o, "rw"))
		return 0;
	if (str_eq(o, "ro")) {
		m->read_only = true;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (str_eq(o, flags[i])) {
			strv_add(&m->options, o);
			return 0;
		}
	}
	return spec_set_propagation(m, o, e);
}

static int parse_bind(const char *device, const struct strv *o, struct spec_mount *ret,
		      struct err *e)
{
	int r = 0;

	if (!path_is_abs(device))
		return err_set(e, -EINVAL, "device '%s' is no absolute path", device);
	ret->type = SPEC_BIND;
	ret->source = path_clean(device);
	ret->non_recursive = !strv_has(o, "rbind");
	for (size_t i = 0; r == 0 && i < o->len; i++)
		r = bind_option(ret, o->v[i], e);
	return r;
}

static int parse_tmpfs(const struct strv *o, struct spec_mount *ret, struct err *e)
{
	int r = 0;

	ret->type = SPEC_TMPFS;
	ret->tmpfs_mode = -1;
	for (size_t i = 0; r == 0 && i < o->len; i++)
		r = tmpfsopt_add(ret, o->v[i], e);
	return r;
}

int volumeopt_parse(const struct strv *opts, struct spec_mount *ret, struct err *e)
{
	const char *type = strv_getenv(opts, "type"), *o = strv_getenv(opts, "o");
	autostrv words = { 0 };
	int r = check_keys(opts, e);

	ret->type = SPEC_VOLUME;
	ret->tmpfs_mode = -1;
	if (r < 0 || opts->len == 0)
		return r;
	if (strv_getenv(opts, "size"))
		return err_set(e, -EOPNOTSUPP,
			       "quota size requested but no quota support: only root can "
			       "set a quota (a tmpfs has --opt o=size=…)");
	if ((r = need(opts, "device", e)) < 0 || (r = need(opts, "type", e)) < 0)
		return r;
	if (!str_empty(o))
		strv_split(&words, o, ',');
	if (is_bind(&words))
		return parse_bind(strv_getenv(opts, "device"), &words, ret, e);
	if (str_eq(type, "tmpfs"))
		return parse_tmpfs(&words, ret, e);
	return err_set(
		e, -EOPNOTSUPP,
		"volume option 'type=%s' is not possible without root's mount: let "
		"root mount it, and take its folder (--opt type=none --opt o=bind "
		"--opt device=/folder)",
		type);
}

int volumeopt_read(yyjson_val *record, struct spec_mount *ret, struct err *e)
{
	autostrv opts = { 0 };
	int r = json_get_map(record, "Options", &opts, e);

	return r < 0 ? r : volumeopt_parse(&opts, ret, e);
}
