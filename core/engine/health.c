/* SPDX-License-Identifier: Apache-2.0 */
/* Health checks. */
#include "core/engine/health.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/health_file.h"

#define SECOND         1000000000ll
#define INTERVAL       (30 * SECOND)
#define TIMEOUT        (30 * SECOND)
#define START_INTERVAL (5 * SECOND)
#define RETRIES        3
#define SHORTEST       1000000 /* 1 ms */

static int check_duration(const char *what, int64_t v, struct err *e)
{
	if (v < 0)
		return err_set(e, -EINVAL, "--health-%s cannot be negative", what);
	if (v > 0 && v < SHORTEST)
		return err_set(e, -EINVAL, "--health-%s cannot be less than 1ms", what);
	return 0;
}

static int check(const struct spec *s, struct err *e)
{
	const struct {
		const char *name;
		int64_t v;
	} all[] = { { "interval", s->health_interval },
		    { "timeout", s->health_timeout },
		    { "start-period", s->health_start_period },
		    { "start-interval", s->health_start_interval } };
	bool given = s->health_cmd || s->health_retries;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		int r = check_duration(all[i].name, all[i].v, e);

		if (r < 0)
			return r;
		given |= all[i].v > 0;
	}
	if (s->health_retries < 0)
		return err_set(e, -EINVAL, "--health-retries cannot be negative");
	if (s->no_healthcheck && given)
		return err_set(e, -EINVAL,
			       "--no-healthcheck conflicts with --health-* options");
	return 0;
}

static void override(int64_t *slot, int64_t v)
{
	if (v)
		*slot = v;
}

int health_plan(const struct spec *s, struct image_health *h, struct err *e)
{
	int r = check(s, e);

	if (r < 0)
		return r;
	if (s->no_healthcheck || s->health_cmd)
		strv_reset(&h->test);
	if (s->no_healthcheck) {
		strv_add(&h->test, "NONE");
		h->interval = h->timeout = h->start_period = h->start_interval = 0;
		h->retries = 0;
		return 0;
	}
	if (s->health_cmd) {
		strv_add(&h->test, "CMD-SHELL");
		strv_add(&h->test, s->health_cmd);
	}
	override(&h->interval, s->health_interval);
	override(&h->timeout, s->health_timeout);
	override(&h->start_period, s->health_start_period);
	override(&h->start_interval, s->health_start_interval);
	override(&h->retries, s->health_retries);
	return 0;
}

static void add_number(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key, int64_t v)
{
	if (v)
		yyjson_mut_obj_add_int(doc, o, key, v);
}

void health_describe(const struct image_health *h, yyjson_mut_doc *doc,
		     yyjson_mut_val *config)
{
	if (!h->test.len && !h->interval && !h->timeout && !h->start_period &&
	    !h->start_interval && !h->retries)
		return;
	yyjson_mut_val *o = json_add_obj(doc, config, "Healthcheck");
	if (h->test.len)
		json_add_strv(doc, o, "Test", &h->test);
	add_number(doc, o, "Interval", h->interval);
	add_number(doc, o, "Timeout", h->timeout);
	add_number(doc, o, "StartPeriod", h->start_period);
	add_number(doc, o, "StartInterval", h->start_interval);
	add_number(doc, o, "Retries", h->retries);
}

static bool has_command(const struct image_health *h)
{
	return h->test.len > 1 &&
	       (str_eq(h->test.v[0], "CMD") || str_eq(h->test.v[0], "CMD-SHELL"));
}

void health_setup(const struct image_health *h, struct setup *s)
{
	if (!has_command(h))
		return;
	s->health_interval = h->interval > 0 ? h->interval : INTERVAL;
	s->health_timeout = h->timeout > 0 ? h->timeout : TIMEOUT;
	s->health_start_interval =
		h->start_interval > 0 ? h->start_interval : START_INTERVAL;
	s->health_start_period = h->start_period;
	s->health_retries = h->retries > 0 ? h->retries : RETRIES;
}

/* --- what is known --------------------------------------------------------------------
 */

static bool has_check(const struct container *c)
{
	yyjson_val *config = yyjson_obj_get(yyjson_doc_get_root(c->record), "Config");
	yyjson_val *test = yyjson_obj_get(yyjson_obj_get(config, "Healthcheck"), "Test");
	const char *kind = yyjson_get_str(yyjson_arr_get_first(test));

	return kind && !str_eq(kind, "NONE");
}

static bool is_alive(const struct container *c)
{
	return c->state.status == STATE_RUNNING || c->state.status == STATE_PAUSED;
}

yyjson_mut_val *health_state(const struct container *c, yyjson_mut_doc *doc)
{
	autojson *known = NULL;
	const char *status = "";

	if (!has_check(c) || health_file_read(c->dirfd, &known, &status) < 0)
		return NULL;
	yyjson_mut_val *o = yyjson_val_mut_copy(doc, yyjson_doc_get_root(known));
	/* As docker has it: nobody watches one that does not run. */
	if (!is_alive(c)) {
		yyjson_mut_val *v = yyjson_mut_obj_get(o, "Status");

		yyjson_mut_set_str(v, "unhealthy");
	}
	return o;
}

const char *health_status(const struct container *c)
{
	static const char *const all[] = { "starting", "healthy", "unhealthy" };
	autojson *known = NULL;
	const char *status = "";

	if (!has_check(c) || health_file_read(c->dirfd, &known, &status) < 0)
		return "none";
	if (!is_alive(c))
		return "unhealthy";
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (str_eq(all[i], status))
			return all[i];
	return "none";
}
