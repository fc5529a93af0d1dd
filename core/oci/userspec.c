/* SPDX-License-Identifier: Apache-2.0 */
/* User specifications against an image's passwd and group.
 *
 * What Docker resolves, minus its traps: a text of digits is never a name, and an ID that
 * does not fit is an error, not 0 (CVE-2024-40635, CVE-2026-46680). Lines that are not
 * well formed are as if they were not there. Names are compared as slices of the files:
 * nothing is copied but the result. */
#include "core/oci/userspec.h"

#include <errno.h>
#include <stdbool.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define ID_MAX     2147483647u /* docker's, and what every tool can print */
#define GROUPS_MAX 65536       /* NGROUPS_MAX */

struct slice {
	const char *p;
	size_t n;
};

struct ids {
	uint32_t *v;
	size_t len, cap;
};

static bool slice_eq(struct slice s, struct slice t)
{
	return s.n == t.n && memcmp(s.p, t.p, s.n) == 0;
}

static bool is_digits(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0;
}

/* "-1" is meant as a number too. */
static bool is_number(struct slice s)
{
	if (s.n > 1 && s.p[0] == '-')
		s = (struct slice){ s.p + 1, s.n - 1 };
	return is_digits(s);
}

static int to_id(struct slice s, uint32_t *ret)
{
	uint64_t id = 0;

	if (!is_digits(s))
		return -ERANGE;
	for (size_t i = 0; i < s.n; i++) {
		id = id * 10 + (uint64_t)(s.p[i] - '0');
		if (id > ID_MAX)
			return -ERANGE;
	}
	*ret = (uint32_t)id;
	return 0;
}

static int out_of_range(struct err *e)
{
	return err_set(e, -EINVAL, "uids and gids must be in range 0-%u", ID_MAX);
}

/* Cuts s at sep: the piece before it, s becomes the rest. */
static struct slice cut(struct slice *s, char sep)
{
	const char *at = s->n ? memchr(s->p, sep, s->n) : NULL;
	struct slice piece = *s;

	if (!at) {
		*s = (struct slice){ s->p + s->n, 0 };
		return piece;
	}
	piece.n = (size_t)(at - s->p);
	s->p = at + 1;
	s->n -= piece.n + 1;
	return piece;
}

/* The next line's first max fields; false at the end of the file. *count: how many it
 * has. */
static bool next_line(struct slice *file, struct slice *field, size_t max, size_t *count)
{
	struct slice line;
	bool more;

	if (file->n == 0)
		return false;
	line = cut(file, '\n');
	for (*count = 0, more = true; more && *count < max; (*count)++) {
		more = line.n && memchr(line.p, ':', line.n);
		field[*count] = cut(&line, ':');
	}
	return true;
}

struct user {
	struct slice name, home;
	uint32_t uid, gid;
};

/* First line of passwd with that name (when p is set) or uid. */
static bool find_user(const char *passwd, struct slice name, uint32_t uid,
		      struct user *ret)
{
	struct slice file = { passwd, strlen(passwd) }, f[6];
	size_t count;

	while (next_line(&file, f, ARRAY_LEN(f), &count)) {
		struct user u = { .name = f[0] };

		if (count < 4 || f[0].n == 0 || to_id(f[2], &u.uid) < 0 ||
		    to_id(f[3], &u.gid) < 0)
			continue;
		if (name.p ? !slice_eq(u.name, name) : u.uid != uid)
			continue;
		if (count >= 6)
			u.home = f[5];
		*ret = u;
		return true;
	}
	return false;
}

static bool find_group(const char *group, struct slice name, uint32_t *ret)
{
	struct slice file = { group, strlen(group) }, f[4];
	size_t count;
	uint32_t gid;

	while (next_line(&file, f, ARRAY_LEN(f), &count)) {
		if (count < 3 || !slice_eq(f[0], name) || to_id(f[2], &gid) < 0)
			continue;
		*ret = gid;
		return true;
	}
	return false;
}

static void ids_add(struct ids *ids, uint32_t id)
{
	if (ids->len == ids->cap) {
		ids->cap = ids->cap ? ids->cap * 2 : 16;
		ids->v = mem_resize(ids->v, ids->cap, sizeof(*ids->v));
	}
	ids->v[ids->len++] = id;
}

static bool is_member(struct slice members, struct slice name)
{
	while (members.n > 0) {
		if (slice_eq(cut(&members, ','), name))
			return true;
	}
	return false;
}

/* Groups that list the user. */
static void add_memberships(const char *group, struct slice name, struct ids *ids)
{
	struct slice file = { group, strlen(group) }, f[4];
	size_t count;
	uint32_t gid;

	while (next_line(&file, f, ARRAY_LEN(f), &count)) {
		if (count == 4 && is_member(f[3], name) && to_id(f[2], &gid) == 0)
			ids_add(ids, gid);
	}
}

static int resolve_group(const char *group, struct slice spec, uint32_t *ret,
			 struct err *e)
{
	if (is_number(spec))
		return to_id(spec, ret) < 0 ? out_of_range(e) : 0;
	if (!find_group(group, spec, ret))
		return err_set(e, -EINVAL,
			       "unable to find group %.*s: no matching entries in group "
			       "file",
			       (int)(spec.n > 200 ? 200 : spec.n), spec.p);
	return 0;
}

static int resolve_user(const char *passwd, struct slice spec, struct user *ret,
			struct err *e)
{
	uint32_t uid = 0;

	if (spec.n > 0 && !is_number(spec)) {
		if (find_user(passwd, spec, 0, ret))
			return 0;
		return err_set(e, -EINVAL,
			       "unable to find user %.*s: no matching entries in passwd "
			       "file",
			       (int)(spec.n > 200 ? 200 : spec.n), spec.p);
	}
	if (spec.n > 0 && to_id(spec, &uid) < 0)
		return out_of_range(e);
	if (!find_user(passwd, (struct slice){ NULL, 0 }, uid, ret))
		*ret = (struct user){ .uid = uid };
	return 0;
}

static int id_order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int finish_groups(struct ids *ids, struct strv *ret, struct err *e)
{
	size_t n = 0;

	if (ids->len > 0)
		qsort(ids->v, ids->len, sizeof(*ids->v), id_order);
	for (size_t i = 0; i < ids->len; i++) {
		if (i == 0 || ids->v[i] != ids->v[i - 1])
			ids->v[n++] = ids->v[i];
	}
	if (n > GROUPS_MAX)
		return err_set(e, -E2BIG, "more than %d groups", GROUPS_MAX);
	for (size_t i = 0; i < n; i++)
		strv_addf(ret, "%u", ids->v[i]);
	return 0;
}

static void copy_slice(char *dst, size_t size, struct slice s, const char *fallback)
{
	if (s.n == 0 || s.n >= size) {
		str_copy(dst, size, fallback);
		return;
	}
	memcpy(dst, s.p, s.n);
	dst[s.n] = '\0';
}

static int resolve_all(struct slice spec, const char *files[2], const struct strv *extra,
		       struct userspec *ret, struct err *e)
{
	struct slice name = cut(&spec, ':');
	autofree uint32_t *list = NULL;
	struct ids ids = { 0 };
	struct user user;
	uint32_t gid;
	int r = resolve_user(files[0], name, &user, e);

	if (r == 0 && spec.n > 0)
		r = resolve_group(files[1], spec, &user.gid, e);
	else if (r == 0 && user.name.n > 0)
		add_memberships(files[1], user.name, &ids);
	for (size_t i = 0; r == 0 && extra && i < extra->len; i++) {
		struct slice s = { extra->v[i], strlen(extra->v[i]) };

		r = resolve_group(files[1], s, &gid, e);
		if (r == 0)
			ids_add(&ids, gid);
	}
	if (r == 0)
		r = finish_groups(&ids, &ret->groups, e);
	list = ids.v;
	if (r < 0)
		return r;
	ret->uid = user.uid;
	ret->gid = user.gid;
	copy_slice(ret->home, sizeof(ret->home), user.home, "/");
	copy_slice(ret->name, sizeof(ret->name), user.name, "");
	return 0;
}

int userspec_resolve(const char *spec, const char *passwd, const char *group,
		     const struct strv *extra, struct userspec *ret, struct err *e)
{
	struct slice s = { spec ? spec : "", spec ? strlen(spec) : 0 };
	const char *files[2] = { passwd ? passwd : "", group ? group : "" };
	struct userspec u = { 0 };
	int r = resolve_all(s, files, extra, &u, e);

	if (r < 0) {
		userspec_done(&u);
		return r;
	}
	*ret = u;
	return 0;
}

void userspec_done(struct userspec *u)
{
	strv_done(&u->groups);
	*u = (struct userspec){ 0 };
}
