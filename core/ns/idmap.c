/* SPDX-License-Identifier: Apache-2.0 */
/* ID maps: parsing the host's ranges, making the realm's maps, writing them. */
#include "core/ns/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/base/strv.h"

#define SUBID_FILE_MAX (1u << 20)
/* newuidmap reads a remote database on some hosts. */
#define MAP_TOOL_TIMEOUT_MS 20000

/* --- parsing -------------------------------------------------------------------------
 */

/* "1000" at [p, p + n) as a 32-bit ID; 0 or -EINVAL. */
static int number(const char *p, size_t n, uint32_t *ret)
{
	uint64_t v = 0;

	if (n == 0 || n > 10)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -EINVAL;
		v = v * 10 + (uint64_t)(p[i] - '0');
	}
	if (v > UINT32_MAX)
		return -EINVAL;
	*ret = (uint32_t)v;
	return 0;
}

/* (uint32_t)-1 is no ID, so a range ends before it. */
static bool sane(uint32_t start, uint32_t count)
{
	return count > 0 && (uint64_t)start + count <= UINT32_MAX;
}

static void add_range(struct idmap_range **v, size_t *len, uint32_t start, uint32_t count)
{
	*v = mem_resize(*v, *len + 1, sizeof(**v));
	(*v)[(*len)++] = (struct idmap_range){ .start = start, .count = count };
}

static int by_start(const void *a, const void *b)
{
	uint32_t x = ((const struct idmap_range *)a)->start;
	uint32_t y = ((const struct idmap_range *)b)->start;

	return (x > y) - (x < y);
}

/* Sorts, and joins what overlaps or touches. */
static size_t merge_ranges(struct idmap_range *v, size_t len)
{
	size_t out = 0;

	if (len == 0)
		return 0;
	qsort(v, len, sizeof(*v), by_start);
	for (size_t i = 1; i < len; i++) {
		uint64_t end = (uint64_t)v[out].start + v[out].count;
		uint64_t other = (uint64_t)v[i].start + v[i].count;

		if (v[i].start > end)
			v[++out] = v[i];
		else if (other > end)
			v[out].count = (uint32_t)(other - v[out].start);
	}
	return out + 1;
}

/* One line "owner:start:count". */
static bool subid_line(const char *p, size_t n, const char *name, uint32_t id,
		       struct idmap_range *ret)
{
	const char *c1 = memchr(p, ':', n), *c2;
	size_t owner;
	uint32_t as_id;

	if (!c1)
		return false;
	owner = (size_t)(c1 - p);
	c2 = memchr(c1 + 1, ':', n - owner - 1);
	if (!c2)
		return false;
	if (!(name && strlen(name) == owner && memcmp(p, name, owner) == 0) &&
	    !(number(p, owner, &as_id) == 0 && as_id == id))
		return false;
	if (number(c1 + 1, (size_t)(c2 - c1 - 1), &ret->start) < 0 ||
	    number(c2 + 1, n - (size_t)(c2 + 1 - p), &ret->count) < 0)
		return false;
	return sane(ret->start, ret->count);
}

int idmap_parse_subid(const char *text, size_t n, const char *name, uint32_t id,
		      struct idmap_range **ret, size_t *ret_len)
{
	struct idmap_range *v = NULL, r;
	size_t len = 0;

	for (size_t at = 0; at < n;) {
		const char *nl = memchr(text + at, '\n', n - at);
		size_t line = nl ? (size_t)(nl - text) - at : n - at;

		if (subid_line(text + at, line, name, id, &r) && len < IDMAP_EXTENTS_MAX)
			add_range(&v, &len, r.start, r.count);
		at += line + 1;
	}
	*ret_len = merge_ranges(v, len);
	*ret = v;
	return 0;
}

static int by_inside(const void *a, const void *b)
{
	uint32_t x = ((const struct idmap_extent *)a)->inside;
	uint32_t y = ((const struct idmap_extent *)b)->inside;

	return (x > y) - (x < y);
}

static void add_extent(struct idmap *m, uint32_t inside, uint32_t outside, uint32_t count)
{
	m->extents = mem_resize(m->extents, m->len + 1, sizeof(*m->extents));
	m->extents[m->len++] = (struct idmap_extent){ inside, outside, count };
}

/* Three numbers of one line of uid_map. */
static int map_line(const char *p, size_t n, struct idmap_extent *ret)
{
	uint32_t v[3];
	size_t at = 0;

	for (int i = 0; i < 3; i++) {
		size_t end;

		while (at < n && (p[at] == ' ' || p[at] == '\t'))
			at++;
		for (end = at; end < n && p[end] != ' ' && p[end] != '\t'; end++)
			;
		if (number(p + at, end - at, &v[i]) < 0)
			return -EINVAL;
		at = end;
	}
	while (at < n && (p[at] == ' ' || p[at] == '\t'))
		at++;
	/* The initial namespace reads "0 0 4294967295". */
	if (at != n || !sane(v[0], v[2]) || !sane(v[1], v[2]))
		return -EINVAL;
	*ret = (struct idmap_extent){ v[0], v[1], v[2] };
	return 0;
}

int idmap_parse(const char *text, size_t n, struct idmap *ret)
{
	autodone(idmap_done) struct idmap m = { 0 };
	struct idmap_extent x;

	for (size_t at = 0; at < n;) {
		const char *nl = memchr(text + at, '\n', n - at);
		size_t line = nl ? (size_t)(nl - text) - at : n - at;

		if (line > 0) {
			if (map_line(text + at, line, &x) < 0 ||
			    m.len == IDMAP_EXTENTS_MAX)
				return -EINVAL;
			add_extent(&m, x.inside, x.outside, x.count);
		}
		at += line + 1;
	}
	if (m.len > 0)
		qsort(m.extents, m.len, sizeof(*m.extents), by_inside);
	for (size_t i = 1; i < m.len; i++) {
		if ((uint64_t)m.extents[i - 1].inside + m.extents[i - 1].count >
		    m.extents[i].inside)
			return -EINVAL;
	}
	*ret = m;
	m = (struct idmap){ 0 };
	return 0;
}

int idmap_text(const struct idmap *m, struct buf *out)
{
	int r = 0;

	for (size_t i = 0; i < m->len && r == 0; i++)
		r = buf_addf(out, "%u %u %u\n", m->extents[i].inside,
			     m->extents[i].outside, m->extents[i].count);
	return r;
}

/* --- making --------------------------------------------------------------------------
 */

static void append_run(struct idmap *m, uint32_t *next, uint32_t start, uint32_t count)
{
	uint64_t room = UINT32_MAX - (uint64_t)*next;

	if (count > room)
		count = (uint32_t)room;
	if (count == 0 || m->len == IDMAP_EXTENTS_MAX)
		return;
	add_extent(m, *next, start, count);
	*next += count;
}

void idmap_make(uint32_t own, const struct idmap_range *ranges, size_t n,
		struct idmap *ret)
{
	struct idmap m = { 0 };
	uint32_t next = 1;

	add_extent(&m, 0, own, 1);
	for (size_t i = 0; i < n; i++) {
		uint32_t start = ranges[i].start, count = ranges[i].count;

		/* An ID is mapped once: the own one is 0 already. */
		if (own >= start && own - start < count) {
			append_run(&m, &next, start, own - start);
			count -= own - start + 1;
			start = own + 1;
		}
		append_run(&m, &next, start, count);
	}
	*ret = m;
}

void idmap_identity(const struct idmap *m, struct idmap *ret)
{
	struct idmap id = { 0 };

	for (size_t i = 0; i < m->len; i++) {
		const struct idmap_extent *x = &m->extents[i];
		struct idmap_extent *last = id.len ? &id.extents[id.len - 1] : NULL;

		if (last && last->inside + last->count == x->inside)
			last->count += x->count;
		else
			add_extent(&id, x->inside, x->inside, x->count);
	}
	*ret = id;
}

/* How many IDs from inside ID first on lie in one extent of m; 0 when it is not mapped.
 */
static uint32_t run_length(const struct idmap *m, uint32_t first)
{
	for (size_t i = 0; i < m->len; i++) {
		const struct idmap_extent *x = &m->extents[i];

		if (first >= x->inside && first - x->inside < x->count)
			return x->count - (first - x->inside);
	}
	return 0;
}

int idmap_fit(const struct idmap *want, const struct idmap *parent, struct idmap *ret)
{
	autodone(idmap_done) struct idmap m = { 0 };

	for (size_t i = 0; i < want->len; i++) {
		struct idmap_extent x = want->extents[i];

		while (x.count > 0) {
			uint32_t n = run_length(parent, x.outside);

			if (n == 0 || m.len == IDMAP_EXTENTS_MAX)
				return n == 0 ? -ENOENT : -E2BIG;
			if (n > x.count)
				n = x.count;
			add_extent(&m, x.inside, x.outside, n);
			x.inside += n;
			x.outside += n;
			x.count -= n;
		}
	}
	*ret = m;
	m = (struct idmap){ 0 };
	return 0;
}

int64_t idmap_out(const struct idmap *m, uint32_t inside)
{
	for (size_t i = 0; i < m->len; i++) {
		const struct idmap_extent *x = &m->extents[i];

		if (inside >= x->inside && inside - x->inside < x->count)
			return (int64_t)x->outside + (inside - x->inside);
	}
	return -ENOENT;
}

int idmap_has(const struct idmap *m, uint32_t inside)
{
	return idmap_out(m, inside) >= 0;
}

void idmap_done(struct idmap *m)
{
	free(m->extents);
	*m = (struct idmap){ 0 };
}

/* --- the host ------------------------------------------------------------------------
 */

/* getsubids(1) knows what /etc/nsswitch.conf's subid line says: "0: name 100000 65536".
 */
static void ask_getsubids(const char *name, bool group, struct idmap_range **v,
			  size_t *len)
{
	autofree char *tool = spawn_find("getsubids");
	autobuf out = { .max = SUBID_FILE_MAX };
	char *argv[4] = { tool, NULL, NULL, NULL };
	autostrv lines = { 0 };

	if (!tool)
		return;
	argv[1] = group ? (char *)"-g" : (char *)name;
	argv[2] = group ? (char *)name : NULL;
	if (spawn_run(argv, NULL, &out, NULL, MAP_TOOL_TIMEOUT_MS, NULL) != 0)
		return;
	strv_split(&lines, buf_str(&out), '\n');
	for (size_t i = 0; i < lines.len && *len < IDMAP_EXTENTS_MAX; i++) {
		autostrv f = { 0 };
		uint32_t start, count;

		strv_split(&f, lines.v[i], ' ');
		if (f.len == 4 && number(f.v[2], strlen(f.v[2]), &start) == 0 &&
		    number(f.v[3], strlen(f.v[3]), &count) == 0 && sane(start, count))
			add_range(v, len, start, count);
	}
	*len = merge_ranges(*v, *len);
}

static int host_ranges(const char *file, const char *name, bool group,
		       struct idmap_range **ret, size_t *ret_len)
{
	autobuf text = { 0 };
	int r = file_read(AT_FDCWD, file, SUBID_FILE_MAX, &text);

	*ret = NULL;
	*ret_len = 0;
	if (r < 0 && r != -ENOENT)
		return r;
	idmap_parse_subid(buf_str(&text), text.len, name, getuid(), ret, ret_len);
	if (*ret_len == 0 && name)
		ask_getsubids(name, group, ret, ret_len);
	return 0;
}

static char *own_name(void)
{
	struct passwd *pw = getpwuid(getuid());

	/* A user of a directory service is in no file that a static program can read. */
	return str_dup(pw ? pw->pw_name : getenv("USER"));
}

static char *why_single(const char *name, bool no_uids, bool no_gids, const char *tool)
{
	const char *file = no_uids ? "/etc/subuid" : "/etc/subgid";

	if (no_uids || no_gids)
		return str_fmt(
			"user '%s' has no range in %s, so only one ID is mapped; to map "
			"more, let root run: usermod --add-subuids 100000-165535 "
			"--add-subgids 100000-165535 %s",
			name ? name : "?", file, name ? name : "USER");
	return str_fmt(
		"'%s' is not installed, so only one ID is mapped; to map more, install "
		"the package 'uidmap' (or 'shadow-utils')",
		tool);
}

int idmap_host(struct idmap *ret_uid, struct idmap *ret_gid, char **ret_why,
	       struct err *e)
{
	autofree struct idmap_range *u = NULL, *g = NULL;
	autofree char *name = own_name();
	autofree char *uidmap = spawn_find("newuidmap"),
		      *gidmap = spawn_find("newgidmap");
	size_t ulen, glen;
	bool tools = (uidmap && gidmap) || geteuid() == 0;
	int r;

	r = host_ranges("/etc/subuid", name, false, &u, &ulen);
	if (r < 0)
		return err_code(e, r, "read '/etc/subuid'");
	r = host_ranges("/etc/subgid", name, true, &g, &glen);
	if (r < 0)
		return err_code(e, r, "read '/etc/subgid'");
	*ret_why = NULL;
	if (ulen == 0 || glen == 0 || !tools) {
		*ret_why = why_single(name, ulen == 0, glen == 0,
				      uidmap ? "newgidmap" : "newuidmap");
		ulen = glen = 0;
	}
	idmap_make(getuid(), u, ulen, ret_uid);
	idmap_make(getgid(), g, glen, ret_gid);
	return 0;
}

/* --- writing -------------------------------------------------------------------------
 */

static int write_file(pid_t pid, const char *file, const char *text, struct err *e)
{
	char path[64];
	int r;

	str_print(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	r = file_write_small(AT_FDCWD, path, text);
	return r < 0 ? err_code(e, r, "write '%s'", path) : 0;
}

static int write_by_tool(const char *tool, pid_t pid, const struct idmap *m,
			 struct err *e)
{
	autofree char *path = spawn_find(tool);
	autobuf errout = { .max = 4096 };
	autostrv argv = { 0 };
	int r;

	if (!path)
		return err_set(
			e, -ENOENT,
			"'%s' is not installed (package 'uidmap' or 'shadow-utils')",
			tool);
	strv_add(&argv, path);
	strv_addf(&argv, "%d", (int)pid);
	for (size_t i = 0; i < m->len; i++) {
		strv_addf(&argv, "%u", m->extents[i].inside);
		strv_addf(&argv, "%u", m->extents[i].outside);
		strv_addf(&argv, "%u", m->extents[i].count);
	}
	r = spawn_run((char *const *)strv_view(&argv), NULL, NULL, &errout,
		      MAP_TOOL_TIMEOUT_MS, e);
	if (r < 0)
		return err_wrap(e, "run '%s'", tool);
	if (r == 0)
		return 0;
	while (errout.len > 0 && errout.data[errout.len - 1] == '\n')
		errout.data[--errout.len] = 0;
	return err_set(e, -EPERM,
		       "%s failed (is it setuid root, or has it file capabilities?): %s",
		       path_base(path), errout.len ? buf_str(&errout) : "no message");
}

static bool direct(const struct idmap *m)
{
	return geteuid() == 0 || (m->len == 1 && m->extents[0].count == 1);
}

static int write_direct(pid_t pid, const char *file, const struct idmap *m, struct err *e)
{
	autobuf text = { 0 };

	idmap_text(m, &text);
	return write_file(pid, file, buf_str(&text), e);
}

int idmap_write(pid_t pid, const struct idmap *uid, const struct idmap *gid,
		struct err *e)
{
	int r;

	r = direct(uid) ? write_direct(pid, "uid_map", uid, e)
			: write_by_tool("newuidmap", pid, uid, e);
	if (r < 0)
		return r;
	if (!direct(gid))
		return write_by_tool("newgidmap", pid, gid, e);
	/* Without privilege the kernel takes a gid map only when setgroups is given up.
	 */
	if (geteuid() != 0) {
		r = write_file(pid, "setgroups", "deny", e);
		if (r < 0)
			return r;
	}
	return write_direct(pid, "gid_map", gid, e);
}
