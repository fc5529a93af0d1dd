/* SPDX-License-Identifier: Apache-2.0 */
/* Stages. */
#include "core/engine/buildstage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/buildadd.h"
#include "core/engine/buildbase.h"
#include "core/engine/buildconfig.h"
#include "core/engine/buildmount.h"
#include "core/engine/buildnamed.h"
#include "core/engine/buildrun.h"
#include "core/engine/buildscope.h"

/* --- which are needed -----------------------------------------------------------------
 */

static bool makes_layer(enum dockerfile_op op)
{
	return op == DOCKERFILE_RUN || op == DOCKERFILE_COPY || op == DOCKERFILE_ADD ||
	       op == DOCKERFILE_WORKDIR;
}

static void find_stages(struct buildjob *j)
{
	struct buildjob_stage *st = NULL;

	j->stages = mem_array(j->file.len, sizeof(*j->stages));
	for (size_t i = 0; i < j->file.len; i++) {
		const struct dockerfile_instruction *in = &j->file.v[i];
		if (in->op == DOCKERFILE_FROM) {
			st = &j->stages[j->stages_len++];
			st->from = i;
			st->name = in->args.len > 1 ? in->args.v[1] : NULL;
			st->steps = 1;
		}
		if (st) {
			st->end = i + 1;
			st->steps += makes_layer(in->op);
		}
	}
}

static void need(struct buildjob *j, struct buildjob_stage *st);

static void need_named(struct buildjob *j, const struct buildjob_stage *st,
		       const char *what)
{
	autofree char *name = NULL;

	/* What cannot be read is said when its turn comes. */
	if (dockerfile_expand(&(struct dockerfile_scope){ .env = &j->globals,
							  .escape = j->file.escape },
			      what, &name, NULL) < 0)
		return;
	struct buildjob_stage *on =
		buildnamed_find(j, name)
			? NULL
			: buildjob_find(j, name, (size_t)(st - j->stages));
	if (on)
		need(j, on);
}

/* Stages only need earlier ones: this ends. */
static void need(struct buildjob *j, struct buildjob_stage *st)
{
	if (st->needed)
		return;
	st->needed = true;
	need_named(j, st, j->file.v[st->from].args.v[0]);
	for (size_t i = st->from + 1; i < st->end; i++) {
		const struct dockerfile_instruction *in = &j->file.v[i];
		const char *from = dockerfile_flag(in, "from");
		if (from)
			need_named(j, st, from);
		for (size_t k = 0; k < in->flags.len; k++) {
			struct buildmount m = { .lock = -1 };
			if (!str_starts(in->flags.v[k], "mount=") ||
			    buildmount_parse(in->flags.v[k] + strlen("mount="), &m,
					     NULL) < 0)
				continue;
			if (m.from)
				need_named(j, st, m.from);
			buildmount_done(&m);
		}
	}
}

int buildstage_plan(struct buildjob *j, struct buildjob_stage **ret, struct err *e)
{
	const char *target = j->o->target;
	struct buildjob_stage *st;

	find_stages(j);
	st = target ? buildjob_find(j, target, j->stages_len)
		    : &j->stages[j->stages_len - 1];
	if (!st)
		return err_set(e, -EINVAL, "target stage '%s' could not be found in %s",
			       target, j->name);
	need(j, st);
	*ret = st;
	return 0;
}

/* --- the work of one ------------------------------------------------------------------
 */

static unsigned begin(struct buildjob *j, struct buildjob_stage *st, const char *text)
{
	unsigned n = ++j->shown;
	autofree char *title = str_fmt("[%s%s%u/%u] %s", st->name ? st->name : "",
				       st->name ? " " : "", ++st->step, st->steps, text);

	j->view->begin(j->view->arg, n, title);
	return n;
}

static void end(struct buildjob *j, unsigned n, int r)
{
	j->view->end(j->view->arg, n, r < 0 ? "ERROR" : r > 0 ? "CACHED" : "DONE");
}

static int run_layer(struct buildjob *j, struct buildjob_stage *st,
		     const struct dockerfile_instruction *in, struct err *e)
{
	unsigned n = begin(j, st, in->text);
	int r;

	switch (in->op) {
	case DOCKERFILE_RUN:
		r = buildrun_step(j, st, in, n, e);
		break;
	case DOCKERFILE_WORKDIR:
		r = buildadd_workdir(j, st, in, e);
		break;
	default:
		r = buildadd_copy(j, st, in, e);
	}
	end(j, n, r);
	return r < 0 ? r : 0;
}

static int run_instruction(struct buildjob *j, struct buildjob_stage *st,
			   const struct dockerfile_instruction *in, struct err *e)
{
	return makes_layer(in->op) ? run_layer(j, st, in, e)
				   : buildconfig_apply(j, st, in, e);
}

/* What the base image left to be done by those who build on it. */
static int run_triggers(struct buildjob *j, struct buildjob_stage *st, struct err *e)
{
	struct imageconfig *c = compose_config(st->compose);
	autostrv triggers = c->on_build;
	int r = 0;

	c->on_build = (struct strv){ 0 };
	for (size_t i = 0; i < triggers.len; i++) {
		autodone(dockerfile_done) struct dockerfile d = { 0 };
		if (dockerfile_parse_trigger(triggers.v[i], '\\', &d, NULL) >= 0)
			st->steps += makes_layer(d.v[0].op);
	}
	for (size_t i = 0; r == 0 && i < triggers.len; i++) {
		autodone(dockerfile_done) struct dockerfile d = { 0 };
		r = dockerfile_parse_trigger(triggers.v[i], '\\', &d, e);
		if (r == 0)
			r = run_instruction(j, st, &d.v[0], e);
		if (r < 0)
			err_wrap(e, "ONBUILD %s", triggers.v[i]);
	}
	return r;
}

static int run_base(struct buildjob *j, struct buildjob_stage *st, struct err *e)
{
	unsigned n = begin(j, st, j->file.v[st->from].text);
	int r = buildbase_begin(j, st, e);

	end(j, n, r);
	return r < 0 ? r : run_triggers(j, st, e);
}

int buildstage_run(struct buildjob *j, struct buildjob_stage *st, struct err *e)
{
	size_t i = st->from;
	int r = run_base(j, st, e);

	while (r == 0 && ++i < st->end)
		r = run_instruction(j, st, &j->file.v[i], e);
	if (r < 0) {
		err_wrap(e, "%s:%u", j->name, j->file.v[i].line);
		return r;
	}
	st->done = true;
	return 0;
}
