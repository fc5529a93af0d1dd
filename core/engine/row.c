/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of docker ps and docker images. */
#include "core/engine/row.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/health.h"
#include "core/engine/inspect.h"
#include "core/engine/volume.h"

static yyjson_val *record_get(const struct container *c, const char *key)
{
	return yyjson_obj_get(yyjson_doc_get_root(c->record), key);
}

static const char *text_of(yyjson_val *v)
{
	const char *s = yyjson_get_str(v);

	return s ? s : "";
}

static bool is_alive(const struct container *c)
{
	return c->state.status == STATE_RUNNING || c->state.status == STATE_PAUSED;
}

static void put_size(uint64_t bytes, int digits, char *dst, size_t size)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double v = (double)bytes, most = digits == 3 ? 999.5 : 999.95;
	size_t n = 0;

	while (v >= most && n + 1 < ARRAY_LEN(units)) {
		v /= 1000;
		n++;
	}
	str_print(dst, size, "%.*g%s", digits, v, units[n]);
}

void row_size(uint64_t bytes, char *dst, size_t size)
{
	put_size(bytes, 3, dst, size);
}

void row_size_sum(uint64_t bytes, char *dst, size_t size)
{
	put_size(bytes, 4, dst, size);
}

/* Go's time.String() in local time, as docker's CreatedAt. */
static void local_stamp(int64_t ns, char *dst, size_t size)
{
	time_t t = (time_t)(ns / 1000000000);
	struct tm tm;

	if (!localtime_r(&t, &tm) || !strftime(dst, size, "%Y-%m-%d %H:%M:%S %z %Z", &tm))
		str_copy(dst, size, "N/A");
}

static void ago(int64_t ns, char *dst, size_t size)
{
	char human[64];

	if (!ns) {
		str_copy(dst, size, "N/A");
		return;
	}
	time_human(human, sizeof(human), time_now() - ns);
	str_print(dst, size, "%s ago", human);
}

/* At most max characters, the last one an ellipsis when cut. UTF-8 sequences stay whole.
 */
static char *shorten(const char *s, size_t max)
{
	size_t chars = 0, keep = 0, n;

	for (n = 0; s[n]; n++) {
		if (((unsigned char)s[n] & 0xc0) == 0x80)
			continue;
		if (chars == max - 1)
			keep = n;
		chars++;
	}
	return chars <= max ? str_dup(s) : str_fmt("%.*s…", (int)keep, s);
}

/* As Go's strconv.Quote of ordinary text. */
static char *quote(const char *s)
{
	struct buf b = { 0 };

	buf_addc(&b, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_addc(&b, '\\');
		if (*s == '\n')
			buf_adds(&b, "\\n");
		else if (*s == '\t')
			buf_adds(&b, "\\t");
		else
			buf_addc(&b, *s);
	}
	buf_addc(&b, '"');
	return buf_take(&b);
}

static char *command_of(const struct container *c, bool no_trunc)
{
	autostrv words = { 0 }, args = { 0 };
	autofree char *joined = NULL, *cut = NULL;

	json_get_strv(yyjson_doc_get_root(c->record), "Args", &words, NULL);
	strv_add(&args, text_of(record_get(c, "Path")));
	/* Words with a blank stand in quotes, as docker shows them. */
	for (size_t n = 0; n < words.len; n++)
		strv_addf(&args, strchr(words.v[n], ' ') ? "'%s'" : "%s", words.v[n]);
	joined = strv_join(&args, " ");
	cut = no_trunc ? str_dup(joined) : shorten(joined, 20);
	return quote(cut);
}

static const char *health_text(const struct container *c)
{
	const char *status = health_status(c);

	return str_eq(status, "healthy")     ? " (healthy)"
	       : str_eq(status, "unhealthy") ? " (unhealthy)"
	       : str_eq(status, "starting")  ? " (health: starting)"
					     : "";
}

int row_status(const struct container *c, struct buf *out)
{
	const struct state *s = &c->state;
	char human[64];
	int64_t since = is_alive(c) ? s->started : s->finished;

	time_human(human, sizeof(human), time_now() - since);
	switch (s->status) {
	case STATE_CREATED:
		return buf_adds(out, "Created");
	case STATE_RUNNING:
		return buf_addf(out, "Up %s%s", human, health_text(c));
	case STATE_PAUSED:
		return buf_addf(out, "Up %s (Paused)", human);
	case STATE_RESTARTING:
		return buf_addf(out, "Restarting (%d) %s ago", s->exit_code, human);
	case STATE_REMOVING:
		return buf_adds(out, "Removal In Progress");
	case STATE_DEAD:
		return buf_adds(out, "Dead");
	case STATE_EXITED:
		break;
	}
	return buf_addf(out, "Exited (%d) %s ago", s->exit_code, human);
}

/* --- ports --------------------------------------------------------------------- */

struct port {
	uint64_t private, public; /* public 0: only exposed */
	const char *ip;           /* "" when only exposed */
	char proto[8];
};

static int port_order(const void *a, const void *b)
{
	const struct port *x = a, *y = b;
	int ip = strcmp(x->ip, y->ip);

	if (x->private != y->private)
		return x->private < y->private ? -1 : 1;
	if (ip)
		return ip;
	if (x->public != y->public)
		return x->public < y->public ? -1 : 1;
	return strcmp(x->proto, y->proto);
}

static void add_port(struct port **v, size_t *len, const char *key, yyjson_val *binding)
{
	const char *slash = strchr(key, '/');
	autofree char *number =
		str_ndup(key, slash ? (size_t)(slash - key) : strlen(key));
	struct port p = { .ip = text_of(yyjson_obj_get(binding, "HostIp")) };

	if (str_u64(number, 65535, &p.private))
		return;
	str_copy(p.proto, sizeof(p.proto), slash ? slash + 1 : "tcp");
	str_u64(text_of(yyjson_obj_get(binding, "HostPort")), 65535, &p.public);
	*v = mem_resize(*v, *len + 1, sizeof(**v));
	(*v)[(*len)++] = p;
}

/* Published ports first, then what the image exposes besides. */
static struct port *collect_ports(const struct container *c, size_t *len)
{
	yyjson_val *ports = yyjson_obj_get(record_get(c, "NetworkSettings"), "Ports");
	yyjson_val *exposed = yyjson_obj_get(record_get(c, "Config"), "ExposedPorts");
	yyjson_val *key, *val, *binding;
	struct port *v = NULL;
	size_t i, max, j, n;

	*len = 0;
	yyjson_obj_foreach (ports, i, max, key, val) {
		if (!yyjson_arr_size(val))
			add_port(&v, len, text_of(key), NULL);
		yyjson_arr_foreach (val, j, n, binding) {
			add_port(&v, len, text_of(key), binding);
		}
	}
	yyjson_obj_foreach (exposed, i, max, key, val) {
		if (!yyjson_obj_get(ports, text_of(key)))
			add_port(&v, len, text_of(key), NULL);
	}
	if (*len)
		qsort(v, *len, sizeof(*v), port_order);
	return v;
}

static void add_address(struct buf *out, const char *ip)
{
	buf_addf(out, strchr(ip, ':') ? "[%s]:" : "%s:", ip);
}

/* A run of ports that are the same outside as inside (or not published). */
static void add_group(struct buf *out, const struct port *first, const struct port *last)
{
	char range[32];

	if (first->private == last->private)
		str_print(range, sizeof(range), "%llu",
			  (unsigned long long)first->private);
	else
		str_print(range, sizeof(range), "%llu-%llu",
			  (unsigned long long)first->private,
			  (unsigned long long)last->private);
	buf_adds(out, out->len ? ", " : "");
	if (first->ip[0]) {
		add_address(out, first->ip);
		buf_addf(out, "%s->", range);
	}
	buf_addf(out, "%s/%s", range, first->proto);
}

static bool same_group(const struct port *a, const struct port *b)
{
	return str_eq(a->ip, b->ip) && str_eq(a->proto, b->proto);
}

int row_ports(const struct container *c, struct buf *out)
{
	size_t len = 0;
	autofree struct port *v = NULL;
	autobuf moved = { 0 };

	if (!is_alive(c))
		return 0;
	v = collect_ports(c, &len);
	for (size_t n = 0; n < len; n++) {
		const struct port *p = &v[n], *last = p;

		if (!p->private)
			continue; /* joined already */
		if (p->public && p->public != p->private) {
			buf_adds(&moved, moved.len ? ", " : "");
			add_address(&moved, p->ip);
			buf_addf(&moved, "%llu->%llu/%s", (unsigned long long)p->public,
				 (unsigned long long)p->private, p->proto);
			continue;
		}
		struct port end = *p;
		for (size_t k = n + 1; k < len; k++) {
			if (!same_group(p, &v[k]) || v[k].private != end.private + 1 ||
			    (v[k].public && v[k].public != v[k].private))
				continue;
			end = v[k];
			v[k].private = 0;
			last = &end;
		}
		add_group(out, p, last);
	}
	if (moved.len && out->len)
		buf_adds(out, ", ");
	return buf_adds(out, buf_str(&moved));
}

/* --- rows ---------------------------------------------------------------------- */

static void add_joined(yyjson_mut_doc *doc, yyjson_mut_val *row, const char *key,
		       const struct strv *v)
{
	autofree char *joined = strv_join(v, ",");

	json_add_str(doc, row, key, joined);
}

static void add_mounts(const struct container *c, bool no_trunc, yyjson_mut_doc *doc,
		       yyjson_mut_val *row)
{
	yyjson_val *m;
	size_t i, max;
	unsigned local = 0;
	autostrv names = { 0 };
	char count[16];

	yyjson_arr_foreach (record_get(c, "Mounts"), i, max, m) {
		const char *name = text_of(yyjson_obj_get(m, "Name"));

		if (!name[0])
			name = text_of(yyjson_obj_get(m, "Source"));
		strv_push(&names, no_trunc ? str_dup(name) : shorten(name, 15));
		local += str_eq(text_of(yyjson_obj_get(m, "Driver")), "local");
	}
	add_joined(doc, row, "Mounts", &names);
	str_print(count, sizeof(count), "%u", local);
	json_add_str(doc, row, "LocalVolumes", count);
}

static void add_size(const struct store *s, const struct container *c, bool size,
		     yyjson_mut_doc *doc, yyjson_mut_val *row)
{
	uint64_t rw, sum;
	char a[32], b[32], text[80];

	if (!size) {
		json_add_str(doc, row, "Size", "0B");
		return;
	}
	inspect_sizes(s, c, &rw, &sum);
	row_size(rw, a, sizeof(a));
	row_size(sum, b, sizeof(b));
	str_print(text, sizeof(text), "%s (virtual %s)", a, b);
	json_add_str(doc, row, "Size", text);
}

static void add_networks(const struct container *c, yyjson_mut_doc *doc,
			 yyjson_mut_val *row)
{
	yyjson_val *key, *val;
	autostrv names = { 0 };
	size_t i, max;

	yyjson_obj_foreach (yyjson_obj_get(record_get(c, "NetworkSettings"), "Networks"),
			    i, max, key, val) {
		strv_add(&names, text_of(key));
	}
	strv_sort(&names);
	add_joined(doc, row, "Networks", &names);
}

static void add_id(yyjson_mut_doc *doc, yyjson_mut_val *row, const char *id,
		   bool no_trunc)
{
	autofree char *cut = no_trunc ? str_dup(id) : str_ndup(id, 12);

	json_add_str(doc, row, "ID", cut);
}

yyjson_mut_val *row_container(const struct store *s, const struct container *c,
			      bool no_trunc, bool size, yyjson_mut_doc *doc)
{
	yyjson_mut_val *row = yyjson_mut_obj(doc);
	yyjson_val *config = record_get(c, "Config");
	autofree char *command = command_of(c, no_trunc);
	autobuf status = { 0 }, ports = { 0 };
	autostrv labels = { 0 };
	char text[80];

	row_status(c, &status);
	row_ports(c, &ports);
	json_get_map(config, "Labels", &labels, NULL);
	strv_sort(&labels);
	json_add_str(doc, row, "Command", command);
	local_stamp(c->created, text, sizeof(text));
	json_add_str(doc, row, "CreatedAt", text);
	add_id(doc, row, c->id, no_trunc);
	json_add_str(doc, row, "Image", text_of(yyjson_obj_get(config, "Image")));
	add_joined(doc, row, "Labels", &labels);
	add_mounts(c, no_trunc, doc, row);
	json_add_str(doc, row, "Names", c->name);
	add_networks(c, doc, row);
	json_add_str(doc, row, "Platform", text_of(record_get(c, "Platform")));
	json_add_str(doc, row, "Ports", buf_str(&ports));
	ago(c->created, text, sizeof(text));
	json_add_str(doc, row, "RunningFor", text);
	add_size(s, c, size, doc, row);
	json_add_str(doc, row, "State", state_name(c->state.status));
	json_add_str(doc, row, "Status", buf_str(&status));
	return row;
}

yyjson_mut_val *row_image(const struct image *i, const char *tag, const char *repo_digest,
			  bool no_trunc, yyjson_mut_doc *doc)
{
	yyjson_mut_val *row = yyjson_mut_obj(doc);
	const char *name = tag ? tag : repo_digest ? repo_digest : "<none>";
	const char *at = strchr(name, '@'), *colon = strrchr(name, ':');
	const char *end = at ? at : tag ? colon : NULL;
	autofree char *repo = end ? str_ndup(name, (size_t)(end - name)) : str_dup(name);
	char text[DIGEST_TEXT_MAX], size[32];

	local_stamp(i->created, text, sizeof(text));
	json_add_str(doc, row, "Containers", "N/A");
	json_add_str(doc, row, "CreatedAt", text);
	ago(i->created, text, sizeof(text));
	json_add_str(doc, row, "CreatedSince", text);
	json_add_str(doc, row, "Digest",
		     repo_digest ? strchr(repo_digest, '@') + 1 : "<none>");
	if (no_trunc)
		digest_text(text, &i->id);
	else
		image_short_id(i, text);
	json_add_str(doc, row, "ID", text);
	json_add_str(doc, row, "Repository", repo);
	json_add_str(doc, row, "SharedSize", "N/A");
	row_size(i->size, size, sizeof(size));
	json_add_str(doc, row, "Size", size);
	json_add_str(doc, row, "Tag", tag ? colon + 1 : "<none>");
	json_add_str(doc, row, "UniqueSize", "N/A");
	json_add_str(doc, row, "VirtualSize", size);
	return row;
}

yyjson_mut_val *row_volume(const struct volume *v, yyjson_mut_doc *doc)
{
	static const char *const unknown[] = { "Availability", "Group", "Links", "Size",
					       "Status" };
	yyjson_mut_val *row = yyjson_mut_obj(doc);
	yyjson_val *record = yyjson_doc_get_root(v->record);
	autostrv labels = { 0 };

	json_get_map(record, "Labels", &labels, NULL);
	json_add_str(doc, row, "Driver", text_of(yyjson_obj_get(record, "Driver")));
	add_joined(doc, row, "Labels", &labels);
	json_add_str(doc, row, "Mountpoint",
		     text_of(yyjson_obj_get(record, "Mountpoint")));
	json_add_str(doc, row, "Name", v->name);
	json_add_str(doc, row, "Scope", "local");
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
		json_add_str(doc, row, unknown[i], "N/A");
	return row;
}

static void add_truth(yyjson_mut_doc *doc, yyjson_mut_val *row, const char *key,
		      yyjson_val *v)
{
	json_add_str(doc, row, key, yyjson_is_true(v) ? "true" : "false");
}

/* Go's time.String() of a stamp of ours: "2026-11-22 12:09:11.05 +0000 UTC". */
static char *go_stamp(const char *stamp)
{
	size_t day = strcspn(stamp, "T"), end = strcspn(stamp, "Z");

	if (!stamp[day] || !stamp[end])
		return str_dup(stamp);
	while (strchr(stamp, '.') && stamp[end - 1] == '0')
		end--;
	if (stamp[end - 1] == '.')
		end--;
	return str_fmt("%.*s %.*s +0000 UTC", (int)day, stamp, (int)(end - day - 1),
		       stamp + day + 1);
}

yyjson_mut_val *row_network(yyjson_val *record, bool no_trunc, yyjson_mut_doc *doc)
{
	yyjson_mut_val *row = yyjson_mut_obj(doc);
	const char *id = text_of(yyjson_obj_get(record, "Id"));
	autofree char *shown = str_fmt("%.*s", no_trunc ? 64 : 12, id);
	autofree char *created = go_stamp(text_of(yyjson_obj_get(record, "Created")));
	autostrv labels = { 0 };

	json_get_map(record, "Labels", &labels, NULL);
	json_add_str(doc, row, "CreatedAt", created);
	json_add_str(doc, row, "Driver", text_of(yyjson_obj_get(record, "Driver")));
	json_add_str(doc, row, "ID", shown);
	add_truth(doc, row, "IPv4", yyjson_obj_get(record, "EnableIPv4"));
	add_truth(doc, row, "IPv6", yyjson_obj_get(record, "EnableIPv6"));
	add_truth(doc, row, "Internal", yyjson_obj_get(record, "Internal"));
	add_joined(doc, row, "Labels", &labels);
	json_add_str(doc, row, "Name", text_of(yyjson_obj_get(record, "Name")));
	json_add_str(doc, row, "Scope", text_of(yyjson_obj_get(record, "Scope")));
	return row;
}
