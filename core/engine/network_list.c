/* SPDX-License-Identifier: Apache-2.0 */
/* Networks seen together: which there are, who is on them, and those that go. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/container.h"
#include "core/engine/network.h"
#include "core/engine/news.h"
#include "core/engine/passing.h"
#include "core/engine/pick.h"
#include "core/ns/userns.h"
#include "core/store/record.h"

static const char *const network_keys[] = { "dangling", "driver", "id",
					    "label",    "label!", "name",
					    "scope",    "type",   NULL };
static const char *const predefined[] = { NETWORK_DEFAULT, "host", "none" };

static bool is_predefined(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(predefined); i++)
		if (str_eq(name, predefined[i]))
			return true;
	return false;
}

void network_list_done(yyjson_doc **v, size_t len)
{
	for (size_t i = 0; i < len; i++)
		yyjson_doc_free(v[i]);
	free(v);
}

static const char *name_of(yyjson_doc *doc)
{
	const char *name =
		yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "Name"));

	return name ? name : "";
}

static int by_name(const void *a, const void *b)
{
	yyjson_doc *const *x = a, *const *y = b;

	return strverscmp(name_of(*x), name_of(*y));
}

int network_list(const struct store *s, const struct config *cfg, yyjson_doc ***ret,
		 size_t *ret_len, struct err *e)
{
	autostrv ids = { 0 };
	size_t n = 0;
	int r = network_predefine(s, cfg, e);
	autoclose int parent = r < 0 ? r : network_folder(s, e);

	if (parent < 0)
		return parent;
	if ((r = record_list(parent, &ids, e)) < 0)
		return r;
	yyjson_doc **v = mem_array(ids.len, sizeof(*v));
	for (size_t i = 0; i < ids.len; i++)
		if (record_read(parent, ids.v[i], &v[n], NULL) == 0)
			n++;
	if (n)
		qsort(v, n, sizeof(*v), by_name);
	*ret = v;
	*ret_len = n;
	return 0;
}

int network_used(const struct store *s, struct strv *ret, struct err *e)
{
	autostrv ids = { 0 };
	int r = record_list(s->containers_fd, &ids, e);

	for (size_t i = 0; r == 0 && i < ids.len; i++) {
		autojson *doc = NULL;
		yyjson_val *key, *val;
		size_t k, max;

		if (record_read(s->containers_fd, ids.v[i], &doc, NULL) < 0)
			continue;
		yyjson_val *settings =
			yyjson_obj_get(yyjson_doc_get_root(doc), "NetworkSettings");
		yyjson_obj_foreach (yyjson_obj_get(settings, "Networks"), k, max, key,
				    val)
			strv_add(ret, yyjson_get_str(key));
	}
	return r;
}

int network_pick(struct pick *p, const struct strv *texts, struct err *e)
{
	int r = pick_parse(p, texts, network_keys, e);

	if (r < 0)
		return r;
	r = pick_truth(p, "dangling", e);
	return r == -EINVAL ? r : 0;
}

/* id=: the beginning of one, as docker has it. */
static bool id_begins(const struct pick *p, const char *id)
{
	bool any = false;

	for (size_t i = 0; i < p->conditions.len; i++) {
		const char *want = pick_value(p->conditions.v[i], "id");

		if (want && str_starts(id, want))
			return true;
		any |= want != NULL;
	}
	return !any;
}

bool network_matches(const struct pick *p, yyjson_val *record, const struct strv *used)
{
	const char *name = yyjson_get_str(yyjson_obj_get(record, "Name"));
	const char *driver = yyjson_get_str(yyjson_obj_get(record, "Driver"));
	const char *id = yyjson_get_str(yyjson_obj_get(record, "Id"));
	int dangling = pick_truth(p, "dangling", NULL);

	return name && driver && id && pick_labels(p, yyjson_obj_get(record, "Labels")) &&
	       pick_regex(p, "name", name) && id_begins(p, id) &&
	       pick_exact(p, "driver", driver) && pick_exact(p, "scope", "local") &&
	       pick_exact(p, "type", is_predefined(name) ? "builtin" : "custom") &&
	       (dangling < 0 ||
		dangling == (!is_predefined(name) && !strv_has(used, name)));
}

/* {"Name", "EndpointID", "MacAddress", "IPv4Address", "IPv6Address"} */
static void add_endpoint(const struct container *c, const char *network,
			 yyjson_mut_doc *doc, yyjson_mut_val *containers)
{
	yyjson_val *settings =
		yyjson_obj_get(yyjson_doc_get_root(c->record), "NetworkSettings");
	yyjson_val *end = yyjson_obj_get(yyjson_obj_get(settings, "Networks"), network);
	const char *endpoint = "", *mac = "", *addr = "", *addr6 = "";
	uint64_t prefix = 0, prefix6 = 0;

	if (!end || json_get_str(end, "EndpointID", &endpoint, NULL) < 0 ||
	    json_get_str(end, "MacAddress", &mac, NULL) < 0 ||
	    json_get_str(end, "IPAddress", &addr, NULL) < 0 ||
	    json_get_str(end, "GlobalIPv6Address", &addr6, NULL) < 0 ||
	    json_get_u64(end, "GlobalIPv6PrefixLen", &prefix6, NULL) < 0 ||
	    json_get_u64(end, "IPPrefixLen", &prefix, NULL) < 0)
		return;
	autofree char *cidr =
		str_empty(addr) ? str_dup("") : str_fmt("%s/%u", addr, (unsigned)prefix);
	autofree char *cidr6 = str_empty(addr6)
				       ? str_dup("")
				       : str_fmt("%s/%u", addr6, (unsigned)prefix6);
	yyjson_mut_val *o = json_add_obj(doc, containers, c->id);
	json_add_str(doc, o, "Name", c->name);
	json_add_str(doc, o, "EndpointID", endpoint);
	json_add_str(doc, o, "MacAddress", mac);
	json_add_str(doc, o, "IPv4Address", cidr);
	json_add_str(doc, o, "IPv6Address", cidr6);
}

yyjson_mut_val *network_inspect(const struct store *s, const struct config *cfg,
				const char *what, yyjson_mut_doc *doc, struct err *e)
{
	autodone(network_done) struct network n = { 0 };
	autojson *record = NULL;
	struct container *v = NULL;
	size_t len = 0;
	int r = network_predefine(s, cfg, e);

	if (r < 0 || network_open(s, cfg, what, &n, e) < 0)
		return NULL;
	autoclose int parent = network_folder(s, e);
	if (parent < 0 || record_read(parent, n.id, &record, e) < 0 ||
	    container_list(s, &v, &len, e) < 0)
		return NULL;
	yyjson_mut_val *root = yyjson_val_mut_copy(doc, yyjson_doc_get_root(record));
	/* Records of before have fewer keys. */
	yyjson_mut_obj_remove_key(root, "Containers");
	yyjson_mut_val *containers = json_add_obj(doc, root, "Containers");
	for (size_t i = 0; i < len; i++) {
		if (v[i].state.status == STATE_RUNNING ||
		    v[i].state.status == STATE_PAUSED)
			add_endpoint(&v[i], n.name, doc, containers);
		container_done(&v[i]);
	}
	free(v);
	return root;
}

static int take_down(void *arg, struct err *e)
{
	int r = bridge_down(arg, e);

	return r == -ENODEV ? 0 : r;
}

/* The bridge goes, where there is one, and its mark; also where the mark has gone
 * already, with one who was killed at this. */
static void down(const struct store *s, struct network *n)
{
	autodone(realm_done) struct realm realm = { 0 };

	if (realm_find(s, &realm, NULL) < 0)
		return;
	autofree char *mark = str_fmt(REALM_MARK "%s-%.12s", realm.id, n->id);
	unlinkat(s->run_fd, mark, 0);
	userns_call(realm.pidfd, CLONE_NEWUSER | CLONE_NEWNET, take_down,
		    n->bridge.ifname, NULL);
}

static int in_use(const struct store *s, const struct network *n, const struct strv *ids,
		  struct err *e)
{
	autobuf text = { 0 };

	for (size_t i = 0; i < ids->len; i++) {
		autodone(container_done) struct container c = { 0 };

		if (container_open(s, ids->v[i], &c, NULL) == 0)
			buf_addf(&text, "%sname:\"%s\" id:\"%.12s\"", i ? ", " : "",
				 c.name, c.id);
	}
	return err_set(e, -EBUSY,
		       "error while removing network: network %s has active endpoints "
		       "(%s)",
		       n->name, buf_str(&text));
}

/* Another was faster. */
static int gone(const struct network *n, struct err *e)
{
	err_clear(e);
	return err_set(e, -ENOENT, "network %s not found", n->name);
}

int network_delete(const struct store *s, const char *what, struct err *e)
{
	autodone(network_done) struct network n = { 0 };
	autostrv users = { 0 };
	int r = is_predefined(what) ? 0 : network_open(s, NULL, what, &n, e);

	if (r < 0)
		return r;
	if (is_predefined(what) || is_predefined(n.name))
		return err_set(e, -EPERM,
			       "%s is a pre-defined network and cannot be removed",
			       n.name ? n.name : what);
	autoclose int parent = network_folder(s, e);
	/* Whoever leases an address holds this lock. */
	autoclose int lock = parent < 0 ? parent : network_leased(s, n.id, &users, e);
	if (lock >= 0 && users.len) {
		lock = fd_close(lock);
		if (!passing_end(s, n.id, &users))
			return in_use(s, &n, &users, e);
		strv_reset(&users);
		lock = network_leased(s, n.id, &users, e);
	}
	if (lock < 0)
		return lock == -ENOENT ? gone(&n, e) : lock;
	if (users.len) {
		/* Looking at a container may give its lease back. */
		lock = fd_close(lock);
		return in_use(s, &n, &users, e);
	}
	down(s, &n);
	r = record_trash(s, parent, n.id, NULL, e);
	if (r == -ENOENT)
		return gone(&n, e);
	if (r < 0)
		return r;
	record_name_drop(parent, n.name, n.id);
	network_tell(s, &n, "destroy", NULL);
	return 0;
}

int network_prune(const struct store *s, const struct config *cfg, const struct pick *p,
		  struct strv *ret, struct err *e)
{
	yyjson_doc **v = NULL;
	size_t len = 0;
	int64_t until = 0;
	int r = pick_until(p, &until, e);

	if (r == 0)
		r = network_list(s, cfg, &v, &len, e);
	for (size_t i = 0; r == 0 && i < len; i++) {
		yyjson_val *root = yyjson_doc_get_root(v[i]);
		const char *at = yyjson_get_str(yyjson_obj_get(root, "Created"));
		int64_t created = 0;

		if (at)
			time_parse(at, &created);
		if (is_predefined(name_of(v[i])) || (until && created > until) ||
		    !pick_labels(p, yyjson_obj_get(root, "Labels")))
			continue;
		/* One that somebody is on stays. */
		r = network_delete(s, name_of(v[i]), e);
		if (r == 0)
			strv_add(ret, name_of(v[i]));
		if (r == -EBUSY || r == -ENOENT) {
			err_clear(e);
			r = 0;
		}
	}
	network_list_done(v, len);
	if (r == 0)
		news_pruned(s, "network", 0);
	return r;
}
