/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions that change an image's config. */
#include "core/image/change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/path.h"
#include "core/base/str.h"
#include "core/base/time.h"

#define PORTS_MAX 65535

struct change {
	struct imageconfig *config;
	const struct dockerfile_instruction *i;
	struct strv args; /* with variables put in */
};

/* A set is sorted and has each item once. One pass: a range may be long. */
static void make_set(struct strv *set)
{
	size_t to = 0;

	strv_sort(set);
	for (size_t n = 0; n < set->len; n++) {
		if (to && str_eq(set->v[to - 1], set->v[n]))
			free(set->v[n]);
		else
			set->v[to++] = set->v[n];
	}
	if (set->v)
		set->v[to] = NULL;
	set->len = to;
}

static void replace(struct strv *to, struct strv *by)
{
	strv_done(to);
	*to = *by;
	*by = (struct strv){ 0 };
}

/* exec form: the arguments; else the line, given to the image's shell. */
static void command(const struct change *ch, size_t from, struct strv *ret)
{
	const struct strv *args = &ch->i->args;

	if (!ch->i->exec && ch->config->shell.len)
		strv_addv(ret, strv_view(&ch->config->shell));
	else if (!ch->i->exec)
		strv_addv(ret, (char *const[]){ (char *)"/bin/sh", (char *)"-c", NULL });
	for (size_t n = from; n < args->len; n++)
		strv_add(ret, args->v[n]);
}

static void set_cmd(const struct change *ch, bool *cmd_set)
{
	autostrv words = { 0 };

	command(ch, 0, &words);
	replace(&ch->config->cmd, &words);
	ch->config->cmd_null = false;
	*cmd_set = true;
}

static void set_entrypoint(const struct change *ch, const bool *cmd_set)
{
	autostrv words = { 0 };

	command(ch, 0, &words);
	replace(&ch->config->entrypoint, &words);
	ch->config->entrypoint_null = false;
	if (*cmd_set)
		return;
	strv_reset(&ch->config->cmd);
	ch->config->cmd_null = true;
}

static int set_pairs(const struct change *ch, struct strv *to, struct err *e)
{
	for (size_t n = 0; n + 1 < ch->args.len; n += 2) {
		if (!ch->args.v[n][0] || strchr(ch->args.v[n], '='))
			return err_set(e, -EINVAL, "%s names cannot be '%s'",
				       dockerfile_op_name(ch->i->op), ch->args.v[n]);
		strv_setenv(to, ch->args.v[n], ch->args.v[n + 1]);
	}
	return 0;
}

/* --- EXPOSE ------------------------------------------------------------------------- */

static int bad_port(const char *text, struct err *e)
{
	return err_set(e, -EINVAL, "invalid containerPort: %s", text);
}

/* "80", "80/udp", "8000-8010/tcp" */
static int expose(struct strv *ports, const char *text, struct err *e)
{
	const char *slash = strchr(text, '/');
	const char *proto = slash && slash[1] ? slash + 1 : "tcp";
	autofree char *range =
		str_ndup(text, slash ? (size_t)(slash - text) : strlen(text));
	char *dash = strchr(range, '-');
	uint64_t first, last;

	if (dash)
		*dash = 0;
	if (str_u64(range, PORTS_MAX, &first) < 0)
		return bad_port(text, e);
	last = first;
	if (dash && str_u64(dash + 1, PORTS_MAX, &last) < 0)
		return bad_port(text, e);
	if (last < first)
		return bad_port(text, e);
	if (strcasecmp(proto, "tcp") && strcasecmp(proto, "udp") &&
	    strcasecmp(proto, "sctp"))
		return err_set(e, -EINVAL, "invalid proto: %s", proto);
	for (uint64_t p = first; p <= last; p++) {
		autofree char *one = str_fmt("%llu/%s", (unsigned long long)p, proto);
		for (char *c = one; *c; c++)
			*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
		strv_push(ports, TAKE_PTR(one));
	}
	make_set(ports);
	return 0;
}

/* --- HEALTHCHECK -------------------------------------------------------------------- */

static int health_duration(const struct change *ch, const char *name, int64_t *ret,
			   struct err *e)
{
	const char *text = dockerfile_flag(ch->i, name);

	if (!text)
		return 0;
	if (time_duration(text, ret) < 0)
		return err_set(e, -EINVAL, "--%s: '%s' is not a duration", name, text);
	if (*ret < 1000000)
		return err_set(e, -EINVAL, "--%s: '%s' is less than 1ms", name, text);
	return 0;
}

static int set_health(const struct change *ch, struct err *e)
{
	struct image_health h = { 0 };
	const char *retries = dockerfile_flag(ch->i, "retries");
	int r;

	if ((r = health_duration(ch, "interval", &h.interval, e)) < 0 ||
	    (r = health_duration(ch, "timeout", &h.timeout, e)) < 0 ||
	    (r = health_duration(ch, "start-period", &h.start_period, e)) < 0 ||
	    (r = health_duration(ch, "start-interval", &h.start_interval, e)) < 0)
		return r;
	if (retries && str_i64(retries, 0, INT32_MAX, &h.retries) < 0)
		return err_set(e, -EINVAL, "--retries: '%s' is not a count", retries);
	if (str_eq(ch->i->args.v[0], "NONE")) {
		strv_add(&h.test, "NONE");
	} else {
		strv_add(&h.test, ch->i->exec ? "CMD" : "CMD-SHELL");
		for (size_t n = 1; n < ch->i->args.len; n++)
			strv_add(&h.test, ch->i->args.v[n]);
	}
	strv_done(&ch->config->health.test);
	ch->config->health = h;
	return 0;
}

/* --- all ---------------------------------------------------------------------------- */

static void set_workdir(struct imageconfig *c, const char *to)
{
	autofree char *joined = path_join(c->workdir ? c->workdir : "/", to);
	autofree char *clean = path_clean(joined);

	str_set(&c->workdir, clean);
}

static int set_one(const struct change *ch, bool *cmd_set, struct err *e)
{
	struct imageconfig *c = ch->config;
	const char *first = ch->args.len ? ch->args.v[0] : "";
	int r = 0;

	switch (ch->i->op) {
	case DOCKERFILE_CMD:
		set_cmd(ch, cmd_set);
		return 0;
	case DOCKERFILE_ENTRYPOINT:
		set_entrypoint(ch, cmd_set);
		return 0;
	case DOCKERFILE_ENV:
		return set_pairs(ch, &c->env, e);
	case DOCKERFILE_LABEL:
		r = set_pairs(ch, &c->labels, e);
		strv_sort(&c->labels);
		return r;
	case DOCKERFILE_EXPOSE:
		for (size_t n = 0; r == 0 && n < ch->args.len; n++)
			r = expose(&c->ports, ch->args.v[n], e);
		return r;
	case DOCKERFILE_HEALTHCHECK:
		return set_health(ch, e);
	case DOCKERFILE_MAINTAINER:
		str_set(&c->author, first);
		return 0;
	case DOCKERFILE_ONBUILD:
		strv_add(&c->on_build, first);
		return 0;
	case DOCKERFILE_SHELL:
		strv_reset(&c->shell);
		strv_addv(&c->shell, strv_view(&ch->args));
		return 0;
	case DOCKERFILE_STOPSIGNAL:
		str_set(&c->stop_signal, first);
		return 0;
	case DOCKERFILE_USER:
		str_set(&c->user, first);
		return 0;
	case DOCKERFILE_VOLUME:
		for (size_t n = 0; n < ch->args.len; n++)
			strv_add(&c->volumes, ch->args.v[n]);
		make_set(&c->volumes);
		return 0;
	case DOCKERFILE_WORKDIR:
		set_workdir(c, first);
		return 0;
	default:
		return err_set(e, -EINVAL, "%s is not a valid change command",
			       dockerfile_op_name(ch->i->op));
	}
}

static bool expands(enum dockerfile_op op)
{
	return op != DOCKERFILE_CMD && op != DOCKERFILE_ENTRYPOINT &&
	       op != DOCKERFILE_HEALTHCHECK && op != DOCKERFILE_SHELL &&
	       op != DOCKERFILE_ONBUILD;
}

/* EXPOSE $PORTS may become several words. */
static int expand(struct change *ch, const struct dockerfile_scope *scope, struct err *e)
{
	const struct strv *args = &ch->i->args;
	char *word = NULL;
	int r = 0;

	for (size_t n = 0; r == 0 && n < args->len; n++) {
		if (!expands(ch->i->op)) {
			strv_add(&ch->args, args->v[n]);
		} else if (ch->i->op == DOCKERFILE_EXPOSE) {
			r = dockerfile_expand_words(scope, args->v[n], &ch->args, e);
		} else if ((r = dockerfile_expand(scope, args->v[n], &word, e)) == 0) {
			strv_push(&ch->args, word);
		}
	}
	return r;
}

/* A config is JSON: other bytes would be lost in it, and two names become one. */
static int check_text(const struct strv *args, struct err *e)
{
	for (size_t i = 0; i < args->len; i++) {
		const char *s = args->v[i];
		size_t left = strlen(s), n;

		for (; left; s += n, left -= n)
			if (!(n = str_rune(s, left)))
				return err_set(e, -EINVAL, "'%s' is not UTF-8",
					       args->v[i]);
	}
	return 0;
}

int change_set(struct imageconfig *c, const struct dockerfile_instruction *i,
	       const struct dockerfile_scope *scope, bool *cmd_set, struct err *e)
{
	struct change ch = { .config = c, .i = i };
	int r = expand(&ch, scope, e);

	if (r == 0)
		r = check_text(&ch.args, e);
	if (r == 0)
		r = set_one(&ch, cmd_set, e);
	strv_done(&ch.args);
	return r;
}

/* The text after ONBUILD, or NULL: triggers are kept as they are. */
static const char *trigger_of(const char *line)
{
	line += strspn(line, " \t");
	if (strncasecmp(line, "ONBUILD", 7) || !line[7] || !strchr(" \t", line[7]))
		return NULL;
	return line + 7 + strspn(line + 7, " \t");
}

int change_apply(struct imageconfig *c, const char *line, bool *cmd_set, struct err *e)
{
	const struct dockerfile_scope scope = { .env = &c->env, .escape = '\\' };
	const char *trigger = trigger_of(line);
	autodone(dockerfile_done) struct dockerfile d = { 0 };
	int r = dockerfile_parse_trigger(trigger ? trigger : line, '\\', &d, e);

	if (r == 0 && trigger)
		strv_add(&c->on_build, trigger);
	else if (r == 0)
		r = change_set(c, &d.v[0], &scope, cmd_set, e);
	return r < 0 ? err_wrap(e, "change '%s'", line) : 0;
}
