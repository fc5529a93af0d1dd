/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions that change nothing but the image's config. */
#include "core/engine/buildconfig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/buildscope.h"
#include "core/engine/expose.h"
#include "core/engine/signame.h"

static void set_list(struct strv *to, const struct strv *from)
{
	strv_reset(to);
	strv_addv(to, strv_view(from));
}

void buildconfig_copy(struct imageconfig *to, const struct imageconfig *from)
{
	str_set(&to->author, from->author);
	str_set(&to->user, from->user);
	str_set(&to->workdir, from->workdir);
	str_set(&to->stop_signal, from->stop_signal);
	to->platform = from->platform;
	to->stop_timeout = from->stop_timeout;
	to->args_escaped = from->args_escaped;
	to->entrypoint_null = from->entrypoint_null;
	to->cmd_null = from->cmd_null;
	set_list(&to->env, &from->env);
	set_list(&to->entrypoint, &from->entrypoint);
	set_list(&to->cmd, &from->cmd);
	set_list(&to->volumes, &from->volumes);
	set_list(&to->labels, &from->labels);
	set_list(&to->ports, &from->ports);
	set_list(&to->on_build, &from->on_build);
	set_list(&to->shell, &from->shell);
	set_list(&to->health.test, &from->health.test);
	to->health.interval = from->health.interval;
	to->health.timeout = from->health.timeout;
	to->health.start_period = from->health.start_period;
	to->health.start_interval = from->health.start_interval;
	to->health.retries = from->health.retries;
}

void buildconfig_shell(const struct imageconfig *c, struct strv *ret)
{
	strv_addv(ret, strv_view(&c->shell));
	if (!ret->len) {
		strv_add(ret, "/bin/sh");
		strv_add(ret, "-c");
	}
}

/* ["a", "b"] as JSON writes it, for the history. */
static void add_json(struct buf *out, const struct strv *items)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < items->len; i++) {
		buf_adds(out, i ? ", " : "");
		str_quote(out, items->v[i], strlen(items->v[i]));
	}
	buf_addc(out, ']');
}

/* CMD, ENTRYPOINT: exec form as it is, shell form behind the shell. */
static void set_command(struct buildjob_stage *st, const struct strv *args, bool exec,
			struct strv *to)
{
	strv_reset(to);
	if (!exec && args->len)
		buildconfig_shell(compose_config(st->compose), to);
	strv_addv(to, strv_view(args));
}

static void apply_entrypoint(struct buildjob_stage *st,
			     const struct dockerfile_instruction *in, struct buf *note)
{
	struct imageconfig *c = compose_config(st->compose);

	set_command(st, &in->args, in->exec, &c->entrypoint);
	c->entrypoint_null = !c->entrypoint.len;
	if (st->base_cmd) {
		strv_reset(&c->cmd);
		c->cmd_null = true;
	}
	add_json(note, &c->entrypoint);
}

static void apply_cmd(struct buildjob_stage *st, const struct dockerfile_instruction *in,
		      struct buf *note)
{
	struct imageconfig *c = compose_config(st->compose);

	set_command(st, &in->args, in->exec, &c->cmd);
	c->cmd_null = !c->cmd.len;
	st->base_cmd = false;
	add_json(note, &c->cmd);
}

static int apply_pairs(struct buildjob *j, struct buildjob_stage *st,
		       const struct dockerfile_instruction *in, struct buf *note,
		       struct err *e)
{
	struct imageconfig *c = compose_config(st->compose);
	autostrv pairs = { 0 };

	/* All are put in with what was there before the instruction. */
	for (size_t i = 0; i < in->args.len; i++) {
		char *word = NULL;
		int r = buildscope_expand(j, st, in->args.v[i], &word, e);
		if (r < 0)
			return r;
		strv_push(&pairs, word);
	}
	for (size_t i = 0; i + 1 < pairs.len; i += 2) {
		if (!*pairs.v[i])
			return err_set(e, -EINVAL, "%s names can not be blank",
				       dockerfile_op_name(in->op));
		strv_setenv(in->op == DOCKERFILE_ENV ? &c->env : &c->labels, pairs.v[i],
			    pairs.v[i + 1]);
		buf_addf(note, "%s%s=", i ? " " : "", pairs.v[i]);
		buf_adds(note, pairs.v[i + 1]);
	}
	return 0;
}

static int apply_expose(struct buildjob *j, struct buildjob_stage *st,
			const struct dockerfile_instruction *in, struct buf *note,
			struct err *e)
{
	struct imageconfig *c = compose_config(st->compose);
	autostrv env = { 0 }, words = { 0 };
	const struct dockerfile_scope s = { .env = &env, .escape = j->file.escape };
	int r = 0;

	buildscope_env(st, &env);
	for (size_t i = 0; r == 0 && i < in->args.len; i++)
		r = dockerfile_expand_words(&s, in->args.v[i], &words, e);
	for (size_t i = 0; r == 0 && i < words.len; i++)
		r = expose_add(words.v[i], &c->ports, e);
	expose_sort(&c->ports);
	autofree char *all = strv_join(&words, " ");
	buf_adds(note, all);
	return r;
}

static int apply_volume(struct buildjob *j, struct buildjob_stage *st,
			const struct dockerfile_instruction *in, struct buf *note,
			struct err *e)
{
	struct imageconfig *c = compose_config(st->compose);
	autostrv done = { 0 };

	for (size_t i = 0; i < in->args.len; i++) {
		autofree char *path = NULL;
		int r = buildscope_expand(j, st, in->args.v[i], &path, e);
		if (r < 0)
			return r;
		if (!*path)
			return err_set(e, -EINVAL,
				       "VOLUME specified can not be an empty "
				       "string");
		strv_add(&done, path);
		if (!strv_has(&c->volumes, path))
			strv_add(&c->volumes, path);
	}
	strv_sort(&c->volumes);
	add_json(note, &done);
	return 0;
}

static int duration(const struct dockerfile_instruction *in, const char *flag,
		    int64_t *ret, struct err *e)
{
	const char *text = dockerfile_flag(in, flag);

	if (!text)
		return 0;
	if (time_duration(text, ret) < 0)
		return err_set(e, -EINVAL, "invalid duration '%s' of --%s", text, flag);
	if (*ret && *ret < 1000000)
		return err_set(e, -EINVAL, "--%s is less than a millisecond", flag);
	return 0;
}

static int apply_health(struct buildjob_stage *st,
			const struct dockerfile_instruction *in, struct buf *note,
			struct err *e)
{
	struct image_health h = { 0 }, *old = &compose_config(st->compose)->health;
	const char *retries = dockerfile_flag(in, "retries");
	int r;

	if (retries && str_i64(retries, 0, 1000000, &h.retries) < 0)
		return err_set(e, -EINVAL, "invalid number '%s' of --retries", retries);
	if ((r = duration(in, "interval", &h.interval, e)) < 0 ||
	    (r = duration(in, "timeout", &h.timeout, e)) < 0 ||
	    (r = duration(in, "start-period", &h.start_period, e)) < 0 ||
	    (r = duration(in, "start-interval", &h.start_interval, e)) < 0)
		return r;
	if (str_eq(in->args.v[0], "NONE"))
		strv_add(&h.test, "NONE");
	else
		strv_add(&h.test, in->exec ? "CMD" : "CMD-SHELL");
	for (size_t i = 1; i < in->args.len; i++)
		strv_add(&h.test, in->args.v[i]);
	strv_done(&old->test);
	*old = h;
	add_json(note, &old->test);
	return 0;
}

static int apply_arg(struct buildjob *j, struct buildjob_stage *st,
		     const struct dockerfile_instruction *in, struct buf *note,
		     struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < in->args.len; i++) {
		autofree char *name =
			str_ndup(in->args.v[i], strcspn(in->args.v[i], "="));
		r = buildscope_arg(j, st, in->args.v[i], e);
		const char *value = strv_getenv(&st->args, name);
		buf_addf(note, "%s%s%s%s", i ? " " : "", name, value ? "=" : "",
			 value ? value : "");
	}
	return r;
}

/* Those of one word. */
static int apply_word(struct buildjob *j, struct buildjob_stage *st,
		      const struct dockerfile_instruction *in, struct buf *note,
		      struct err *e)
{
	struct imageconfig *c = compose_config(st->compose);
	autofree char *word = NULL;
	int r;

	if (in->op == DOCKERFILE_ONBUILD) {
		strv_add(&c->on_build, in->args.v[0]);
		buf_adds(note, in->args.v[0]);
		return 0;
	}
	if (in->op == DOCKERFILE_MAINTAINER) {
		str_set(&c->author, in->args.v[0]);
		buf_adds(note, in->args.v[0]);
		return 0;
	}
	if ((r = buildscope_expand(j, st, in->args.v[0], &word, e)) < 0)
		return r;
	buf_adds(note, word);
	if (in->op == DOCKERFILE_USER) {
		if (!*word)
			return err_set(e, -EINVAL, "USER with an empty name");
		str_set(&c->user, word);
		return 0;
	}
	r = signame_parse(word, e);
	if (r >= 0)
		str_set(&c->stop_signal, word);
	return r < 0 ? r : 0;
}

int buildconfig_apply(struct buildjob *j, struct buildjob_stage *st,
		      const struct dockerfile_instruction *in, struct err *e)
{
	autobuf note = { 0 };
	int r = 0;

	buf_addf(&note, "%s ", dockerfile_op_name(in->op));
	switch (in->op) {
	case DOCKERFILE_ENV:
	case DOCKERFILE_LABEL:
		r = apply_pairs(j, st, in, &note, e);
		break;
	case DOCKERFILE_EXPOSE:
		r = apply_expose(j, st, in, &note, e);
		break;
	case DOCKERFILE_VOLUME:
		r = apply_volume(j, st, in, &note, e);
		break;
	case DOCKERFILE_CMD:
		apply_cmd(st, in, &note);
		break;
	case DOCKERFILE_ENTRYPOINT:
		apply_entrypoint(st, in, &note);
		break;
	case DOCKERFILE_SHELL:
		set_list(&compose_config(st->compose)->shell, &in->args);
		add_json(&note, &in->args);
		break;
	case DOCKERFILE_HEALTHCHECK:
		r = apply_health(st, in, &note, e);
		break;
	case DOCKERFILE_ARG:
		r = apply_arg(j, st, in, &note, e);
		break;
	default:
		r = apply_word(j, st, in, &note, e);
	}
	if (r == 0)
		buildjob_note(st, buf_str(&note), false);
	return r;
}
