/* SPDX-License-Identifier: Apache-2.0 */
/* Following the journal. */
#include "core/engine/events.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/store/journal.h"

static const char *const keys[] = { "config", "container", "daemon", "event",  "image",
				    "label",  "network",   "node",   "plugin", "scope",
				    "secret", "service",   "type",   "volume", NULL };

int events_pick(struct pick *p, const struct strv *texts, struct err *e)
{
	return pick_parse(p, texts, keys, e);
}

static const char *text_at(yyjson_val *obj, const char *key)
{
	const char *s = yyjson_get_str(yyjson_obj_get(obj, key));

	return s ? s : "";
}

/* "exec_create: sh" is of "exec_create", "health_status: healthy" of "health_status". */
static bool match_action(const char *action, const char *want)
{
	size_t n = strlen(want);

	return !strncmp(action, want, n) && (!action[n] || action[n] == ':');
}

/* By ID, the beginning of it, or name. */
static bool match_object(yyjson_val *event, const char *type, const char *want)
{
	yyjson_val *actor = yyjson_obj_get(event, "Actor");
	yyjson_val *attributes = yyjson_obj_get(actor, "Attributes");
	const char *id = text_at(actor, "ID");

	if (!str_eq(text_at(event, "Type"), type))
		return str_eq(text_at(attributes, type), want);
	return (*want && str_starts(id, want)) ||
	       str_eq(text_at(attributes, "name"), want);
}

/* An image by reference, with or without a tag; a container by its image. */
static bool match_image(yyjson_val *event, const char *want)
{
	yyjson_val *actor = yyjson_obj_get(event, "Actor");
	yyjson_val *attributes = yyjson_obj_get(actor, "Attributes");
	bool own = str_eq(text_at(event, "Type"), "image");
	const char *name = text_at(attributes, own ? "name" : "image");
	size_t n = strlen(want);

	return str_eq(name, want) || (own && str_starts(text_at(actor, "ID"), want)) ||
	       (!strncmp(name, want, n) && name[n] == ':');
}

static bool match(yyjson_val *event, const char *key, const char *want)
{
	if (str_eq(key, "event"))
		return match_action(text_at(event, "Action"), want);
	if (str_eq(key, "type"))
		return str_eq(text_at(event, "Type"), want);
	if (str_eq(key, "scope"))
		return str_eq(text_at(event, "scope"), want);
	if (str_eq(key, "image"))
		return match_image(event, want);
	return match_object(event, key, want);
}

static bool picked(const struct pick *p, yyjson_val *event)
{
	yyjson_val *actor = yyjson_obj_get(event, "Actor");

	if (!pick_labels(p, yyjson_obj_get(actor, "Attributes")))
		return false;
	for (const char *const *key = keys; *key; key++) {
		bool any = !pick_has(p, *key) || str_eq(*key, "label");

		for (size_t n = 0; n < p->conditions.len && !any; n++) {
			const char *v = pick_value(p->conditions.v[n], *key);
			any = v && match(event, *key, v);
		}
		if (!any)
			return false;
	}
	return true;
}

struct watch {
	const struct events_options *o;
	int64_t since;
	int (*fn)(yyjson_val *event, void *arg);
	void *arg;
};

static int each(yyjson_val *event, void *arg)
{
	const struct watch *w = arg;
	int64_t at = 0;

	json_get_i64(event, "timeNano", &at, NULL);
	if (at < w->since || (w->o->until && at > w->o->until) ||
	    !picked(w->o->pick, event))
		return 0;
	return w->fn(event, w->arg);
}

/* Until the journal changes, or the end has come (0). */
static int wait_change(int notify, int64_t until)
{
	struct pollfd p = { .fd = notify, .events = POLLIN };
	char drop[4096];
	int64_t left = (until - time_now()) / 1000000 + 1;
	int ms = !until ? -1 : left > INT32_MAX ? INT32_MAX : (int)left;

	if (until && left <= 1)
		return 0;
	if (poll(&p, 1, ms) < 0 && errno != EINTR)
		return -errno;
	if (p.revents && read(notify, drop, sizeof(drop)) < 0 && errno != EAGAIN &&
	    errno != EINTR)
		return -errno;
	return 1;
}

int events_watch(const struct store *s, const struct events_options *o,
		 int (*fn)(yyjson_val *event, void *arg), void *arg, struct err *e)
{
	autofree char *dir = str_fmt("%s/journal", s->data);
	autoclose int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct journal_cursor at = { 0 };
	struct watch w = { .o = o, .fn = fn, .arg = arg };
	int r;

	w.since = o->since ? o->since : time_now();
	/* First the watch, then the look: nothing comes between. */
	if (notify < 0 ||
	    inotify_add_watch(notify, dir, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		return err_sys(e, "watch '%s'", dir);
	for (;;) {
		if ((r = journal_next(s, &at, each, &w, e)))
			return r;
		if ((r = wait_change(notify, o->until)) <= 0)
			return r < 0 ? err_code(e, r, "wait for events") : 0;
	}
}

/* --- showing ---------------------------------------------------------------------- */

/* Nine digits always, in local time. */
static void stamp(int64_t ns, char *dst, size_t size)
{
	time_t t = (time_t)(ns / 1000000000);
	char day[32], zone[8];
	struct tm tm;

	if (!localtime_r(&t, &tm)) {
		str_copy(dst, size, "?");
		return;
	}
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	if (tm.tm_gmtoff == 0)
		str_copy(zone, sizeof(zone), "Z");
	str_print(dst, size, "%s.%09d%.3s%s%s", day, (int)(ns % 1000000000), zone,
		  zone[1] ? ":" : "", zone[1] ? zone + 3 : "");
}

void events_line(yyjson_val *event, struct buf *out)
{
	yyjson_val *actor = yyjson_obj_get(event, "Actor");
	autostrv attributes = { 0 };
	int64_t at = 0;
	char when[64];

	json_get_i64(event, "timeNano", &at, NULL);
	stamp(at, when, sizeof(when));
	buf_addf(out, "%s %s %s %s", when, text_at(event, "Type"),
		 text_at(event, "Action"), text_at(actor, "ID"));
	json_get_map(actor, "Attributes", &attributes, NULL);
	strv_sort(&attributes);
	for (size_t i = 0; i < attributes.len; i++)
		buf_addf(out, "%s%s", i ? ", " : " (", attributes.v[i]);
	buf_adds(out, attributes.len ? ")" : "");
}

yyjson_mut_val *events_row(yyjson_val *event, yyjson_mut_doc *doc)
{
	static const struct {
		const char *name, *key;
	} members[] = {
		{ "Status", "status" },     { "ID", "id" },
		{ "From", "from" },         { "Type", "Type" },
		{ "Action", "Action" },     { "Actor", "Actor" },
		{ "Scope", "scope" },       { "Time", "time" },
		{ "TimeNano", "timeNano" },
	};
	yyjson_mut_val *row = yyjson_mut_obj(doc);

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		yyjson_val *v = yyjson_obj_get(event, members[i].key);
		yyjson_mut_obj_add(row, yyjson_mut_str(doc, members[i].name),
				   v ? yyjson_val_mut_copy(doc, v)
				     : yyjson_mut_str(doc, ""));
	}
	return row;
}
