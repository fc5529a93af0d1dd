/* SPDX-License-Identifier: Apache-2.0 */
/* The text of --mount and --secret. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/buildmount.h"

static int parse_bool(const char *key, const char *value, bool *ret, struct err *e)
{
	*ret = true;
	if (value && str_bool(value, ret) < 0)
		return err_set(e, -EINVAL, "invalid value for '%s': %s", key, value);
	return 0;
}

static int parse_type(const char *value, struct buildmount *m, struct err *e)
{
	static const char *const names[] = { "bind", "cache", "tmpfs", "secret", "ssh" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(names[i], value)) {
			m->type = (enum buildmount_type)i;
			return 0;
		}
	return err_set(e, -EINVAL, "unsupported mount type '%s'", value);
}

static int parse_sharing(const char *value, struct buildmount *m, struct err *e)
{
	static const char *const names[] = { "shared", "private", "locked" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(names[i], value)) {
			m->sharing = (enum buildmount_sharing)i;
			return 0;
		}
	return err_set(e, -EINVAL, "unsupported sharing value '%s'", value);
}

static int parse_number(const char *key, const char *value, struct buildmount *m,
			struct err *e)
{
	uint64_t n = 0;
	int r;

	if (str_eq(key, "mode")) {
		r = str_oct(value, 07777, &n);
		m->mode = (int64_t)n;
	} else if (str_eq(key, "size")) {
		r = str_size(value, &m->size);
	} else {
		r = str_u64(value, UINT32_MAX - 1, &n);
		*(str_eq(key, "uid") ? &m->uid : &m->gid) = (uint32_t)n;
	}
	return r < 0 ? err_set(e, -EINVAL, "invalid value for '%s': %s", key, value) : 0;
}

/* The slot of a string, or NULL. */
static char **text_slot(const char *key, struct buildmount *m)
{
	if (str_eq(key, "target") || str_eq(key, "dst") || str_eq(key, "destination"))
		return &m->target;
	if (str_eq(key, "source") || str_eq(key, "src"))
		return &m->source;
	if (str_eq(key, "from"))
		return &m->from;
	if (str_eq(key, "id"))
		return &m->id;
	return str_eq(key, "env") ? &m->env : NULL;
}

static int parse_field(const char *key, const char *value, struct buildmount *m,
		       struct err *e)
{
	char **slot = text_slot(key, m);
	bool flag;
	int r;

	if (str_eq(key, "readonly") || str_eq(key, "ro") || str_eq(key, "readwrite") ||
	    str_eq(key, "rw")) {
		r = parse_bool(key, value, &flag, e);
		m->access = flag == (str_eq(key, "rw") || str_eq(key, "readwrite"))
				    ? BUILDMOUNT_WRITE
				    : BUILDMOUNT_READ;
		return r;
	}
	if (str_eq(key, "required"))
		return parse_bool(key, value, &m->required, e);
	if (!value || !*value)
		return err_set(e, -EINVAL, "invalid field '%s' must be a key=value pair",
			       key);
	if (str_eq(key, "type"))
		return parse_type(value, m, e);
	if (str_eq(key, "sharing"))
		return parse_sharing(value, m, e);
	if (str_eq(key, "mode") || str_eq(key, "size") || str_eq(key, "uid") ||
	    str_eq(key, "gid"))
		return parse_number(key, value, m, e);
	if (!slot)
		return err_set(e, -EINVAL, "unexpected key '%s' in '%s'", key, value);
	str_set(slot, value);
	return 0;
}

/* What each type takes. */
static int check(struct buildmount *m, struct err *e)
{
	bool ssh = m->type == BUILDMOUNT_SSH, cache = m->type == BUILDMOUNT_CACHE;
	bool secret = m->type == BUILDMOUNT_SECRET;
	bool sourced = m->type == BUILDMOUNT_BIND || cache;

	if (!secret && !ssh && !m->target)
		return err_set(e, -EINVAL, "--mount needs a target");
	if (secret && !m->id && !m->target)
		return err_set(e, -EINVAL, "a secret mount needs an id or a target");
	if (m->size && m->type != BUILDMOUNT_TMPFS)
		return err_set(e, -EINVAL, "size is for tmpfs mounts");
	if (m->sharing && !cache)
		return err_set(e, -EINVAL, "sharing is for cache mounts");
	if ((m->from || m->source) && !sourced)
		return err_set(e, -EINVAL, "from and source are for bind mounts");
	if (m->source && cache && !m->from)
		return err_set(e, -EINVAL, "the source of a cache mount needs a from");
	if ((m->mode >= 0 || m->uid || m->gid) && !secret && !cache && !ssh)
		return err_set(e, -EINVAL,
			       "uid, gid and mode are for cache, secret and ssh mounts");
	if (m->env && !secret)
		return err_set(e, -EINVAL, "env is for secret mounts");
	if (m->required && !secret && !ssh)
		return err_set(e, -EINVAL, "required is for secret and ssh mounts");
	if (ssh && (m->uid || m->gid || (m->mode >= 0 && m->mode != 0600)))
		return err_set(e, -EOPNOTSUPP,
			       "an ssh mount is for root with mode 0600: the agent's "
			       "socket is the host's own, which only you may use");
	return 0;
}

int buildmount_parse(const char *text, struct buildmount *ret, struct err *e)
{
	autodone(buildmount_done) struct buildmount m = { .mode = -1, .lock = -1 };
	autostrv fields = { 0 };
	int r = 0;

	strv_split(&fields, text, ',');
	for (size_t i = 0; r == 0 && i < fields.len; i++) {
		char *eq = strchr(fields.v[i], '=');
		if (eq)
			*eq++ = 0;
		r = parse_field(fields.v[i], eq, &m, e);
	}
	if (r == 0)
		r = check(&m, e);
	if (r < 0)
		return r;
	/* A cache is for writing, all else for reading, unless something else is said. */
	if (m.access == BUILDMOUNT_DEFAULT)
		m.access =
			m.type == BUILDMOUNT_CACHE ? BUILDMOUNT_WRITE : BUILDMOUNT_READ;
	*ret = m;
	m = (struct buildmount){ .lock = -1 };
	return 0;
}

int buildmount_parse_secret(const char *text, struct buildmount_secret *ret,
			    struct err *e)
{
	autodone(buildmount_secret_done) struct buildmount_secret s = { 0 };
	autostrv fields = { 0 };
	const char *type = NULL;

	strv_split(&fields, text, ',');
	for (size_t i = 0; i < fields.len; i++) {
		const char *f = fields.v[i], *value = strchr(f, '=');
		if (!value)
			return err_set(e, -EINVAL,
				       "invalid field '%s' must be a key=value pair", f);
		value++;
		if (str_starts(f, "id="))
			str_set(&s.id, value);
		else if (str_starts(f, "src=") || str_starts(f, "source="))
			str_set(&s.file, value);
		else if (str_starts(f, "env="))
			str_set(&s.env, value);
		else if (str_starts(f, "type="))
			type = value;
		else
			return err_set(e, -EINVAL, "unexpected key '%.*s' in '%s'",
				       (int)(value - 1 - f), f, f);
	}
	if (type && !str_eq(type, "file") && !str_eq(type, "env"))
		return err_set(e, -EINVAL, "unsupported secret type '%s'", type);
	if (str_empty(s.id))
		return err_set(e, -EINVAL, "secret: the id is missing in '%s'", text);
	/* As docker: type=env's src is a variable, and an id alone is one if it is set.
	 */
	if (str_eq(type, "env") && !s.env) {
		s.env = s.file ? TAKE_PTR(s.file) : str_dup(s.id);
	} else if (!s.file && !s.env) {
		bool is_set = !str_eq(type, "file") && getenv(s.id);
		*(is_set ? &s.env : &s.file) = str_dup(s.id);
	}
	*ret = s;
	s = (struct buildmount_secret){ 0 };
	return 0;
}

void buildmount_secret_done(struct buildmount_secret *s)
{
	free(s->id);
	free(s->file);
	free(s->env);
}
