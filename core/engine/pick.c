/* SPDX-License-Identifier: Apache-2.0 */
/* docker's --filter. */
#include "core/engine/pick.h"

#include <errno.h>
#include <regex.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/portmatch.h"
#include "core/engine/row.h"

static const char *const container_keys[] = {
	"ancestor", "before", "exited", "expose", "health",  "id",
	"is-task",  "label",  "label!", "name",   "network", "publish",
	"since",    "status", "volume", NULL,
};
static const char *const image_keys[] = {
	"before", "dangling", "label", "reference", "since", "until", NULL,
};

/* The value when the condition is of that key, else NULL. */
const char *pick_value(const char *condition, const char *key)
{
	size_t n = strlen(key);

	return !strncmp(condition, key, n) && condition[n] == '=' ? condition + n + 1
								  : NULL;
}

static int add(struct pick *p, const char *text, const char *const *keys, struct err *e)
{
	const char *eq = strchr(text, '=');
	autofree char *key = NULL;

	if (!eq || eq == text)
		return err_set(e, -EINVAL,
			       "invalid argument \"%s\" for \"-f, --filter\" flag: bad "
			       "format of filter (expected name=value)",
			       text);
	key = str_ndup(text, (size_t)(eq - text));
	for (char *c = key; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	for (; *keys; keys++) {
		if (str_eq(*keys, key)) {
			strv_addf(&p->conditions, "%s=%s", key, eq + 1);
			return 0;
		}
	}
	return err_set(e, -EINVAL, "invalid filter '%s'", key);
}

static int look_up_container(const struct store *s, const char *name, int64_t *ret,
			     struct err *e)
{
	struct container c = { 0 };
	int r = container_open(s, name, &c, e);

	if (r < 0)
		return r;
	*ret = c.created;
	container_done(&c);
	return 0;
}

static int look_up_image(const struct store *s, const char *name, int64_t *ret_created,
			 struct strv *ret_ids, struct err *e)
{
	autodone(image_done) struct image i = { 0 };
	char id[DIGEST_TEXT_MAX];
	int r = image_open(s, name, &i, e);

	if (r < 0)
		return r;
	if (ret_created)
		*ret_created = i.created;
	if (ret_ids)
		strv_add(ret_ids, digest_text(id, &i.id));
	return 0;
}

static int check_status(const char *value, struct err *e)
{
	return state_parse_name(value) < 0
		       ? err_set(e, -EINVAL, "invalid filter 'status=%s'", value)
		       : 0;
}

static int check_health(const char *value, struct err *e)
{
	static const char *const known[] = { "starting", "healthy", "unhealthy", "none" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq(value, known[i]))
			return 0;
	return err_set(e, -EINVAL, "unrecognised filter value for health: %s", value);
}

static int resolve_container(struct pick *p, const struct store *s, const char *condition,
			     struct err *e)
{
	const char *v;
	int64_t code;

	if ((v = pick_value(condition, "before")))
		return look_up_container(s, v, &p->before, e);
	if ((v = pick_value(condition, "since")))
		return look_up_container(s, v, &p->since, e);
	if ((v = pick_value(condition, "status")))
		return check_status(v, e);
	if ((v = pick_value(condition, "exited")) && str_i64(v, 0, 255, &code) < 0)
		return err_set(e, -EINVAL, "invalid filter 'exited=%s'", v);
	bool task;
	if ((v = pick_value(condition, "health")))
		return check_health(v, e);
	if (((v = pick_value(condition, "publish")) ||
	     (v = pick_value(condition, "expose"))) &&
	    portmatch_check(v) < 0)
		return err_set(e, -EINVAL, "invalid filter '%s'", condition);
	if ((v = pick_value(condition, "is-task")) && str_bool(v, &task) < 0)
		return err_set(e, -EINVAL, "invalid filter 'is-task=%s'", v);
	/* An image that is not here has no containers; that is no error. */
	if ((v = pick_value(condition, "ancestor")) &&
	    look_up_image(s, v, NULL, &p->ancestors, NULL) < 0)
		strv_add(&p->ancestors, "");
	return 0;
}

int pick_containers(struct pick *p, const struct store *s, const struct strv *texts,
		    struct err *e)
{
	int r = 0;

	for (size_t n = 0; n < texts->len && r >= 0; n++) {
		r = add(p, texts->v[n], container_keys, e);
		if (r >= 0)
			r = resolve_container(p, s, p->conditions.v[n], e);
	}
	return r;
}

int pick_images(struct pick *p, const struct store *s, const struct strv *texts,
		struct err *e)
{
	int r = 0;

	for (size_t n = 0; n < texts->len && r >= 0; n++) {
		const char *v;
		bool on;

		r = add(p, texts->v[n], image_keys, e);
		if (r < 0)
			return r;
		if ((v = pick_value(p->conditions.v[n], "before")))
			r = look_up_image(s, v, &p->before, NULL, e);
		else if ((v = pick_value(p->conditions.v[n], "since")))
			r = look_up_image(s, v, &p->since, NULL, e);
		else if ((v = pick_value(p->conditions.v[n], "dangling")) &&
			 str_bool(v, &on) < 0)
			r = err_set(e, -EINVAL, "invalid filter 'dangling=%s'", v);
	}
	return r < 0 ? r : pick_until(p, &p->until, e);
}

int pick_parse(struct pick *p, const struct strv *texts, const char *const *keys,
	       struct err *e)
{
	int r = 0;

	for (size_t n = 0; n < texts->len && r >= 0; n++)
		r = add(p, texts->v[n], keys, e);
	return r;
}

int pick_until(const struct pick *p, int64_t *ret, struct err *e)
{
	*ret = 0;
	for (size_t n = 0; n < p->conditions.len; n++) {
		const char *v = pick_value(p->conditions.v[n], "until");

		if (v && *ret)
			return err_set(e, -EINVAL,
				       "more than one until filter specified");
		if (v && time_since(v, time_now(), ret) < 0)
			return err_set(e, -EINVAL, "invalid filter 'until=%s'", v);
	}
	return 0;
}

int pick_truth(const struct pick *p, const char *key, struct err *e)
{
	int r = -ENOENT;

	for (size_t n = 0; n < p->conditions.len; n++) {
		const char *v = pick_value(p->conditions.v[n], key);
		bool on;

		if (v && str_bool(v, &on) < 0)
			return err_set(e, -EINVAL, "invalid filter '%s=%s'", key, v);
		if (v && r != -ENOENT && r != on)
			return err_set(e, -EINVAL, "invalid filter '%s=%s'", key, v);
		if (v)
			r = on;
	}
	return r;
}

bool pick_has(const struct pick *p, const char *key)
{
	for (size_t n = 0; n < p->conditions.len; n++)
		if (pick_value(p->conditions.v[n], key))
			return true;
	return false;
}

/* --- what holds of one container ----------------------------------------------- */

static yyjson_val *record_get(const struct container *c, const char *key)
{
	return yyjson_obj_get(yyjson_doc_get_root(c->record), key);
}

static bool match_regex(const char *pattern, const char *name)
{
	autofree char *slashed = str_fmt("/%s", name);
	regex_t re;
	bool yes;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
		return strstr(name, pattern) != NULL;
	yes = !regexec(&re, name, 0, NULL, 0) || !regexec(&re, slashed, 0, NULL, 0);
	regfree(&re);
	return yes;
}

static bool match_label(const struct strv *labels, const char *want)
{
	const char *eq = strchr(want, '=');

	return eq ? strv_has(labels, want) : strv_getenv(labels, want) != NULL;
}

static bool match_json_label(yyjson_val *labels, const char *want)
{
	const char *eq = strchr(want, '=');
	size_t n = eq ? (size_t)(eq - want) : strlen(want);
	yyjson_val *v = yyjson_obj_getn(labels, want, n);

	return v && (!eq || yyjson_equals_str(v, eq + 1));
}

bool pick_labels(const struct pick *p, yyjson_val *labels)
{
	for (size_t n = 0; n < p->conditions.len; n++) {
		const char *with = pick_value(p->conditions.v[n], "label");
		const char *without = pick_value(p->conditions.v[n], "label!");

		if ((with && !match_json_label(labels, with)) ||
		    (without && match_json_label(labels, without)))
			return false;
	}
	return true;
}

bool pick_regex(const struct pick *p, const char *key, const char *text)
{
	bool any = !pick_has(p, key);

	for (size_t n = 0; n < p->conditions.len && !any; n++) {
		const char *v = pick_value(p->conditions.v[n], key);

		any = v && match_regex(v, text);
	}
	return any;
}

bool pick_exact(const struct pick *p, const char *key, const char *text)
{
	bool any = !pick_has(p, key);

	for (size_t n = 0; n < p->conditions.len && !any; n++)
		any = str_eq(pick_value(p->conditions.v[n], key), text);
	return any;
}

static bool match_container_label(const struct container *c, const char *want)
{
	return match_json_label(yyjson_obj_get(record_get(c, "Config"), "Labels"), want);
}

static bool match_volume(const struct container *c, const char *want)
{
	yyjson_val *m;
	size_t i, max;

	yyjson_arr_foreach (record_get(c, "Mounts"), i, max, m) {
		if (yyjson_equals_str(yyjson_obj_get(m, "Name"), want) ||
		    yyjson_equals_str(yyjson_obj_get(m, "Destination"), want))
			return true;
	}
	return false;
}

/* As its status says it. */
static bool match_health(const struct container *c, const char *want)
{
	autobuf status = { 0 };

	row_status(c, &status);
	const char *text = buf_str(&status);
	const char *is = strstr(text, "(healthy)")            ? "healthy"
			 : strstr(text, "(unhealthy)")        ? "unhealthy"
			 : strstr(text, "(health: starting)") ? "starting"
							      : "none";
	return str_eq(is, want);
}

static bool match_exited(const struct container *c, const char *want)
{
	int64_t code = -1;

	str_i64(want, 0, 255, &code);
	return c->state.status == STATE_EXITED && c->state.exit_code == code;
}

static bool match_network(const struct container *c, const char *want)
{
	yyjson_val *nets = yyjson_obj_get(record_get(c, "NetworkSettings"), "Networks");
	yyjson_val *key, *val;
	size_t i, max;

	yyjson_obj_foreach (nets, i, max, key, val) {
		const char *id = yyjson_get_str(yyjson_obj_get(val, "NetworkID"));

		if (yyjson_equals_str(key, want) ||
		    (id && want[0] && str_starts(id, want)))
			return true;
	}
	return false;
}

static bool match_container(const struct pick *p, const struct container *c,
			    const char *key, const char *v)
{
	if (str_eq(key, "id"))
		return strstr(c->id, v) != NULL;
	if (str_eq(key, "name"))
		return match_regex(v, c->name);
	if (str_eq(key, "label"))
		return match_container_label(c, v);
	if (str_eq(key, "label!"))
		return !match_container_label(c, v);
	if (str_eq(key, "status"))
		return (int)c->state.status == state_parse_name(v);
	if (str_eq(key, "exited"))
		return match_exited(c, v);
	if (str_eq(key, "volume"))
		return match_volume(c, v);
	if (str_eq(key, "expose"))
		return portmatch_exposed(c, v);
	if (str_eq(key, "publish"))
		return portmatch_published(c, v);
	if (str_eq(key, "health"))
		return match_health(c, v);
	if (str_eq(key, "is-task")) /* of a swarm: none is */
		return !strchr("1tT", v[0]);
	if (str_eq(key, "network"))
		return match_network(c, v);
	if (str_eq(key, "ancestor")) {
		const char *id = yyjson_get_str(record_get(c, "Image"));

		return id && strv_has(&p->ancestors, id);
	}
	return true;
}

bool pick_container(const struct pick *p, const struct container *c)
{
	int64_t created = c->created;

	if ((p->before && created >= p->before) || (p->since && created <= p->since))
		return false;
	for (const char *const *key = container_keys; *key; key++) {
		bool any = false, all = true;

		for (size_t n = 0; n < p->conditions.len; n++) {
			const char *v = pick_value(p->conditions.v[n], *key);
			bool yes = v && match_container(p, c, *key, v);

			any |= yes;
			all &= yes || !v;
		}
		if (pick_has(p, *key) && !(str_starts(*key, "label") ? all : any))
			return false;
	}
	return true;
}

/* --- and of one image ---------------------------------------------------------- */

bool pick_image(const struct pick *p, const struct image *i)
{
	if ((p->before && i->created >= p->before) ||
	    (p->since && i->created <= p->since) || (p->until && i->created >= p->until))
		return false;
	for (size_t n = 0; n < p->conditions.len; n++) {
		const char *v;
		bool want;

		if ((v = pick_value(p->conditions.v[n], "dangling")) &&
		    !str_bool(v, &want) && want != (i->repo_tags.len == 0))
			return false;
		if ((v = pick_value(p->conditions.v[n], "label")) &&
		    !match_label(&i->config.labels, v))
			return false;
	}
	return true;
}

bool pick_image_name(const struct pick *p, const char *name)
{
	const char *colon = strrchr(name, ':');
	autofree char *repo =
		str_ndup(name, colon ? (size_t)(colon - name) : strlen(name));

	if (!pick_has(p, "reference"))
		return true;
	for (size_t n = 0; n < p->conditions.len; n++) {
		const char *v = pick_value(p->conditions.v[n], "reference");

		if (v && (str_glob(v, name) || str_glob(v, repo)))
			return true;
	}
	return false;
}

void pick_done(struct pick *p)
{
	strv_done(&p->conditions);
	strv_done(&p->ancestors);
	*p = (struct pick){ 0 };
}
