/* SPDX-License-Identifier: Apache-2.0 */
/* docker's forms of -v, --mount and --tmpfs. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/spec.h"
#include "core/engine/tmpfsopt.h"
#include "core/engine/volume.h"
#include "core/engine/volumeopt.h"

static struct spec_mount *add(struct spec *s, enum spec_mount_type type)
{
	s->mounts = mem_resize(s->mounts, s->mounts_len + 1, sizeof(*s->mounts));
	struct spec_mount *m = &s->mounts[s->mounts_len++];
	*m = (struct spec_mount){ .type = type, .tmpfs_mode = -1 };
	return m;
}

static int check_target(struct spec_mount *m, const char *text, struct err *e)
{
	const char *type = spec_mount_type_name(m->type);

	if (!path_is_abs(m->target))
		return err_set(
			e, -EINVAL,
			"invalid volume specification: '%s': invalid mount config for "
			"type \"%s\": invalid mount path: '%s' mount path must be "
			"absolute",
			text, type, m->target);
	autofree char *clean = path_clean(m->target);
	if (str_eq(clean, "/"))
		return err_set(
			e, -EINVAL,
			"invalid volume specification: '%s': invalid mount config for "
			"type \"%s\": invalid specification: destination can't be '/'",
			text, type);
	str_set(&m->target, clean);
	return 0;
}

/* What mount(8) calls shared would have to carry mounts out of the realm, which no user
 * may. */
int spec_set_propagation(struct spec_mount *m, const char *value, struct err *e)
{
	static const char *const known[] = { "private", "rprivate", "slave", "rslave" };

	if (str_eq(value, "shared") || str_eq(value, "rshared"))
		return err_set(
			e, -EOPNOTSUPP,
			"bind propagation '%s' is not possible: mounts made in a user "
			"namespace never reach the host",
			value);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (str_eq(value, known[i])) {
			str_set(&m->propagation, value);
			return 0;
		}
	}
	return err_set(e, -EINVAL, "invalid propagation: %s", value);
}

static int volume_option(struct spec_mount *m, const char *o, struct err *e)
{
	static const char *const nothing[] = { "rw", "consistent", "cached",
					       "delegated" };

	if (str_eq(o, "ro")) {
		m->read_only = true;
		return 0;
	}
	if (str_eq(o, "nocopy")) {
		m->no_copy = true;
		return m->type == SPEC_VOLUME
			       ? 0
			       : err_set(e, -EINVAL, "invalid mode: %s", o);
	}
	if (str_eq(o, "z") || str_eq(o, "Z")) {
		m->relabel = true; /* for SELinux, which a user cannot */
		return 0;
	}
	/* What is for other systems. */
	for (size_t i = 0; i < ARRAY_LEN(nothing); i++)
		if (str_eq(o, nothing[i]))
			return 0;
	if (str_eq(o, "U"))
		return err_set(e, -EOPNOTSUPP,
			       "mode U would give the folder to the container's user for "
			       "good: use --userns keep-id, or rootless unshare chown");
	if (str_eq(o, "O"))
		return err_set(
			e, -EOPNOTSUPP,
			"mode O has no layer of its own here: mount it ro, or copy "
			"it to a volume");
	if (str_ends(o, "shared") || str_ends(o, "slave") || str_ends(o, "private"))
		return m->type == SPEC_BIND ? spec_set_propagation(m, o, e)
					    : err_set(e, -EINVAL, "invalid mode: %s", o);
	return err_set(e, -EINVAL, "invalid mode: %s", o);
}

/* "./x" and "../x" are the caller's folders, as docker's command line reads them. */
static char *host_path(const char *text)
{
	autofree char *cwd = NULL;

	if (path_is_abs(text))
		return path_clean(text);
	cwd = getcwd(NULL, 0);
	autofree char *joined = path_join(cwd ? cwd : "/", text);
	return path_clean(joined);
}

static bool is_relative_path(const char *text)
{
	return str_eq(text, ".") || str_eq(text, "..") || str_starts(text, "./") ||
	       str_starts(text, "../");
}

static int volume_source(struct spec_mount *m, const char *source, struct err *e)
{
	if (path_is_abs(source) || is_relative_path(source)) {
		m->type = SPEC_BIND;
		m->create_source = true;
		m->source = host_path(source);
		return 0;
	}
	int r = volume_check_name(source, e);
	if (r == 0)
		m->source = str_dup(source);
	return r;
}

int spec_add_volume(struct spec *s, const char *text, struct err *e)
{
	autostrv part = { 0 }, opts = { 0 };
	int r;

	strv_split(&part, text, ':');
	for (size_t i = 0; i < part.len; i++)
		if (!*part.v[i])
			return err_set(e, -EINVAL,
				       "invalid spec: %s: empty section between colons",
				       text);
	if (part.len > 3)
		return err_set(e, -EINVAL, "invalid volume specification: '%s'", text);
	struct spec_mount *m = add(s, SPEC_VOLUME);
	m->target = str_dup(part.v[part.len > 1 ? 1 : 0]);
	if (part.len > 1 && (r = volume_source(m, part.v[0], e)) < 0)
		return r;
	if ((r = check_target(m, text, e)) < 0)
		return r;
	if (part.len == 3)
		strv_split(&opts, part.v[2], ',');
	for (size_t i = 0; i < opts.len; i++)
		if ((r = volume_option(m, opts.v[i], e)) < 0)
			return err_wrap(e, "invalid volume specification: '%s'", text);
	return 0;
}

/* One record of Go's encoding/csv: fields that begin with a quote end at the next single
 * one. */
int spec_split_csv(const char *text, struct strv *ret, struct err *e)
{
	for (const char *p = text;; p++) {
		autobuf field = { 0 };
		bool quoted = *p == '"';
		for (p += quoted; *p && (quoted || *p != ','); p++) {
			if (*p == '"' && !quoted)
				return err_set(e, -EINVAL, "bare \" in non-quoted field");
			if (*p == '"' && p[1] != '"') {
				quoted = false;
				p++;
				break;
			}
			p += *p == '"';
			buf_addc(&field, *p);
		}
		if (quoted || (*p && *p != ','))
			return err_set(e, -EINVAL,
				       "extraneous or missing \" in quoted-field");
		strv_push(ret, buf_take(&field));
		if (!*p)
			return 0;
	}
}

static int key_bool(const char *key, const char *value, bool *ret, struct err *e)
{
	*ret = true;
	if (!value || !str_bool(value, ret))
		return 0;
	return err_set(e, -EINVAL, "invalid value for %s: %s", key, value);
}

static int bind_recursive(struct spec_mount *m, const char *value, struct err *e)
{
	/* Read-only binds are made so recursively where the kernel can: "enabled" and
	 * "readonly" ask for what is done anyway. */
	if (str_eq(value, "disabled"))
		m->non_recursive = true;
	else if (str_eq(value, "writable"))
		return err_set(e, -EOPNOTSUPP,
			       "bind-recursive=writable is not supported: mounts below a "
			       "read-only one are read-only too");
	else if (!str_eq(value, "enabled") && !str_eq(value, "readonly"))
		return err_set(
			e, -EINVAL,
			"invalid value for bind-recursive: %s (must be \"enabled\", "
			"\"disabled\", \"writable\", or \"readonly\")",
			value);
	return 0;
}

/* It is looked up in the volume or image at each start, where links stay inside. */
static int set_subpath(struct spec_mount *m, const char *value, struct err *e)
{
	if (path_is_abs(value) || str_eq(value, "..") || str_starts(value, "../"))
		return err_set(e, -EINVAL,
			       "subpath must be a relative path within the %s: '%s'",
			       spec_mount_type_name(m->type), value);
	if (strchr(value, ','))
		return err_set(e, -EINVAL, "%s-subpath '%s': no comma is possible",
			       spec_mount_type_name(m->type), value);
	str_set(&m->subpath, value);
	return 0;
}

static bool is_flag(const char *key)
{
	static const char *const flags[] = { "volume-nocopy", "bind-nonrecursive",
					     "bind-create-src" };

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (str_eq(key, flags[i]))
			return true;
	return false;
}

static int key_pair(struct strv *to, const char *key, const char *value, struct err *e)
{
	const char *eq = strchr(value, '=');

	if (!eq || eq == value)
		return err_set(e, -EINVAL, "invalid value for %s: %s (key=value)", key,
			       value);
	strv_add(to, value);
	return 0;
}

static int typed_key(struct spec_mount *m, const char *key, const char *value,
		     struct err *e)
{
	uint64_t mode;

	if (str_eq(key, "bind-propagation"))
		return spec_set_propagation(m, value, e);
	if (str_eq(key, "bind-nonrecursive"))
		return key_bool(key, value, &m->non_recursive, e);
	if (str_eq(key, "bind-create-src"))
		return key_bool(key, value, &m->create_source, e);
	if (str_eq(key, "bind-recursive"))
		return bind_recursive(m, value, e);
	if (str_eq(key, "volume-nocopy"))
		return key_bool(key, value, &m->no_copy, e);
	if (str_eq(key, "volume-subpath"))
		return set_subpath(m, value, e);
	if (str_eq(key, "volume-driver"))
		return str_eq(value, "local") ? 0
					      : err_set(e, -EOPNOTSUPP,
							"volume driver '%s' is not "
							"supported: only 'local'",
							value);
	if (str_eq(key, "volume-opt"))
		return key_pair(&m->driver_opts, key, value, e);
	if (str_eq(key, "volume-label")) {
		strv_addf(&m->labels, "%s%s", value, strchr(value, '=') ? "" : "=");
		return 0;
	}
	if (str_eq(key, "image-subpath"))
		return set_subpath(m, value, e);
	if (str_eq(key, "tmpfs-size"))
		return str_size(value, &m->tmpfs_size)
			       ? err_set(e, -EINVAL, "invalid value for %s: %s", key,
					 value)
			       : 0;
	if (str_eq(key, "tmpfs-mode")) {
		if (str_oct(value, 07777, &mode))
			return err_set(e, -EINVAL, "invalid value for %s: %s", key,
				       value);
		m->tmpfs_mode = (int64_t)mode;
		return 0;
	}
	return err_set(e, -EINVAL, "unexpected key '%s' in '%s=%s'", key, key, value);
}

/* Two passes: the type first, wherever it stands, because other keys depend on it. */
static int mount_key(struct spec_mount *m, const char *key, const char *value,
		     struct err *e)
{
	static const char *const prefix[] = { "bind-", "volume-", "tmpfs-", "image-" };

	if (str_eq(key, "type"))
		return 0;
	if (str_eq(key, "readonly") || str_eq(key, "ro"))
		return key_bool(key, value, &m->read_only, e);
	if (!value && is_flag(key))
		value = "true";
	if (!value)
		return err_set(e, -EINVAL, "invalid field '%s' must be a key=value pair",
			       key);
	if (str_eq(key, "source") || str_eq(key, "src")) {
		free(m->source);
		m->source = m->type == SPEC_BIND ? host_path(value) : str_dup(value);
		return 0;
	}
	if (str_eq(key, "target") || str_eq(key, "dst") || str_eq(key, "destination")) {
		str_set(&m->target, value);
		return 0;
	}
	if (str_eq(key, "consistency"))
		return 0; /* for Docker Desktop; docker on Linux ignores it too */
	for (size_t i = 0; i < ARRAY_LEN(prefix); i++)
		if (str_starts(key, prefix[i]) && (size_t)m->type != i)
			return err_set(e, -EINVAL,
				       "cannot mix '%s*' options with mount type '%s'",
				       prefix[i], spec_mount_type_name(m->type));
	return typed_key(m, key, value, e);
}

static int mount_type(const struct strv *fields, enum spec_mount_type *ret, struct err *e)
{
	*ret = SPEC_VOLUME;
	for (size_t i = 0; i < fields->len; i++) {
		if (strncasecmp(fields->v[i], "type=", 5))
			continue;
		const char *name = fields->v[i] + 5;
		int t = SPEC_BIND;
		while (t <= SPEC_IMAGE &&
		       strcasecmp(name, spec_mount_type_name((enum spec_mount_type)t)))
			t++;
		if (t > SPEC_IMAGE)
			return err_set(e, -EINVAL,
				       "mount type '%s' is not known here: bind, volume, "
				       "tmpfs or image",
				       name);
		*ret = (enum spec_mount_type)t;
	}
	return 0;
}

static int check_volume(const struct spec_mount *m, struct err *e)
{
	autodone(spec_mount_done) struct spec_mount made = { 0 };
	int r = m->type == SPEC_VOLUME && m->source ? volume_check_name(m->source, e) : 0;

	return r < 0 ? r : volumeopt_parse(&m->driver_opts, &made, e);
}

static int check_mount(struct spec_mount *m, const char *text, struct err *e)
{
	if (str_empty(m->target))
		return err_set(e, -EINVAL, "target is required");
	if (m->type == SPEC_BIND && str_empty(m->source))
		return err_set(e, -EINVAL,
			       "invalid mount config for type \"bind\": field Source "
			       "must not be "
			       "empty");
	if (m->type == SPEC_IMAGE && str_empty(m->source))
		return err_set(e, -EINVAL,
			       "invalid mount config for type \"image\": field Source "
			       "must not be empty");
	if (m->type == SPEC_TMPFS && m->source)
		return err_set(e, -EINVAL,
			       "invalid mount config for type \"tmpfs\": field Source "
			       "must not be "
			       "specified");
	int r = check_volume(m, e);
	return r < 0 ? r : check_target(m, text, e);
}

int spec_add_mount(struct spec *s, const char *text, struct err *e)
{
	autostrv fields = { 0 };
	enum spec_mount_type type;
	int r = spec_split_csv(text, &fields, e);

	if (r < 0 || (r = mount_type(&fields, &type, e)) < 0)
		return r;
	struct spec_mount *m = add(s, type);
	m->long_form = true;
	for (size_t i = 0; i < fields.len; i++) {
		char *eq = strchr(fields.v[i], '=');
		autofree char *key =
			eq ? str_ndup(fields.v[i], (size_t)(eq - fields.v[i]))
			   : str_dup(fields.v[i]);
		for (char *p = key; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		if ((r = mount_key(m, key, eq ? eq + 1 : NULL, e)) < 0)
			return r;
	}
	return check_mount(m, text, e);
}

int spec_add_tmpfs(struct spec *s, const char *text, struct err *e)
{
	const char *colon = strchr(text, ':');
	autostrv opts = { 0 };
	struct spec_mount *m = add(s, SPEC_TMPFS);
	int r;

	m->target = colon ? str_ndup(text, (size_t)(colon - text)) : str_dup(text);
	if ((r = check_target(m, text, e)) < 0)
		return r;
	if (colon && colon[1])
		strv_split(&opts, colon + 1, ',');
	for (size_t i = 0; i < opts.len; i++)
		if ((r = tmpfsopt_add(m, opts.v[i], e)) < 0)
			return err_wrap(e, "--tmpfs %s", text);
	return 0;
}
