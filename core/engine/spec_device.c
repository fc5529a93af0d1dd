/* SPDX-License-Identifier: Apache-2.0 */
/* docker's forms of --device and --gpus. */
#include "core/engine/spec.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/oci/cdi.h"

#define GPUS_MAX 1024

/* Each of r, w, m at most once. */
static bool is_permissions(const char *text)
{
	unsigned seen = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		const char *at = strchr("rwm", *text);
		unsigned bit = at ? 1u << (at - "rwm") : 0;
		if (!bit || (seen & bit))
			return false;
		seen |= bit;
	}
	return true;
}

int spec_add_device(struct spec *s, const char *text, struct err *e)
{
	autostrv part = { 0 };
	const char *permissions = "rwm", *inside;

	if (cdi_is_name(text)) {
		strv_add(&s->cdi, text);
		return 0;
	}
	strv_split(&part, text, ':');
	if (part.len > 3 || !*part.v[0])
		return err_set(e, -EINVAL, "invalid device specification: %s", text);
	inside = part.v[0];
	if (part.len == 2 && is_permissions(part.v[1]))
		permissions = part.v[1];
	else if (part.len > 1 && *part.v[1])
		inside = part.v[1];
	if (part.len == 3)
		permissions = part.v[2];
	if (!is_permissions(permissions))
		return err_set(e, -EINVAL, "bad mode specified: %s", permissions);
	if (!path_is_abs(part.v[0]))
		return err_set(e, -EINVAL, "%s is not an absolute path", part.v[0]);
	if (!path_is_abs(inside))
		return err_set(e, -EINVAL, "%s is not an absolute path", inside);
	s->devices = mem_resize(s->devices, s->devices_len + 1, sizeof(*s->devices));
	s->devices[s->devices_len++] = (struct spec_device){
		.host = path_clean(part.v[0]),
		.container = path_clean(inside),
		.permissions = str_dup(permissions),
	};
	return 0;
}

/* --- --gpus --------------------------------------------------------------------------
 */

static int gpu_count(struct spec *s, const char *value, struct err *e)
{
	uint64_t n = 0;

	if (str_eq(value, "all") || str_eq(value, "-1")) {
		s->gpu_count = -1;
		return 0;
	}
	if (str_u64(value, GPUS_MAX, &n) || n == 0)
		return err_set(e, -EINVAL,
			       "invalid count (%s): value must be either \"all\" or a "
			       "whole number from 1 to %d",
			       value, GPUS_MAX);
	s->gpu_count = (int64_t)n;
	return 0;
}

static int gpu_ids(struct spec *s, const char *value, struct err *e)
{
	strv_split(&s->gpu_ids, value, ',');
	for (size_t i = 0; i < s->gpu_ids.len; i++) {
		autofree char *name = str_fmt(SPEC_GPU_KIND "=%s", s->gpu_ids.v[i]);

		if (!cdi_is_name(name))
			return err_set(e, -EINVAL, "invalid device '%s'",
				       s->gpu_ids.v[i]);
	}
	return 0;
}

static int gpu_field(struct spec *s, const char *key, const char *value, struct err *e)
{
	if (str_eq(key, "count"))
		return gpu_count(s, value, e);
	if (str_eq(key, "device"))
		return gpu_ids(s, value, e);
	if (str_eq(key, "capabilities")) {
		/* The device's spec brings what the driver has. */
		strv_split(&s->gpu_capabilities, value, ',');
		return 0;
	}
	if (str_eq(key, "driver") && (str_eq(value, "nvidia") || str_eq(value, "cdi")))
		return 0;
	if (str_eq(key, "driver"))
		return err_set(e, -EOPNOTSUPP,
			       "driver '%s' is not supported: name its devices by "
			       "--device vendor/class=name",
			       value);
	if (str_eq(key, "options"))
		return err_set(e, -EOPNOTSUPP,
			       "options are not supported: a CDI device has none");
	return err_set(e, -EINVAL, "unexpected key '%s'", key);
}

static int parse_gpus(struct spec *s, const char *text, struct err *e)
{
	autostrv fields = { 0 }, seen = { 0 };
	int r = spec_split_csv(text, &fields, e);

	for (size_t i = 0; r == 0 && i < fields.len; i++) {
		const char *eq = strchr(fields.v[i], '=');
		autofree char *key =
			eq ? str_ndup(fields.v[i], (size_t)(eq - fields.v[i]))
			   : str_dup("count");

		if (strv_has(&seen, key))
			return err_set(e, -EINVAL,
				       "gpu request key '%s' can be specified only once",
				       key);
		strv_add(&seen, key);
		r = gpu_field(s, key, eq ? eq + 1 : fields.v[i], e);
	}
	return r;
}

int spec_set_gpus(struct spec *s, const char *text, struct err *e)
{
	int r = parse_gpus(s, text, e);

	if (r == 0 && s->gpu_count && s->gpu_ids.len)
		r = err_set(e, -EINVAL,
			    "cannot set both Count and DeviceIDs on device request");
	if (r < 0)
		return err_wrap(e, "invalid argument \"%s\" for \"--gpus\" flag", text);
	if (!s->gpu_count && !s->gpu_ids.len)
		s->gpu_count = 1;
	if (!strv_has(&s->gpu_capabilities, "gpu"))
		strv_add(&s->gpu_capabilities, "gpu");
	s->gpus = true;
	return 0;
}
