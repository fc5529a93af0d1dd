/* SPDX-License-Identifier: Apache-2.0 */
/* docker's --format: runs a parsed template over a JSON value.
 *
 * The value is JSON, docker's is a Go struct: which keys are fields (a wrong one is an
 * error) and which are data (a missing one is no value) is guessed by value_is_open.
 * Loops in a template multiply, so steps, memory and output are all bounded. */
#include "core/cli/format.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/cli/template.h"

#define STEPS_MAX   1000000
#define ARENA_MAX   (64u << 20)
#define CONTEXT_MAX 20 /* Go cuts what it quotes */

struct format {
	struct template t;
};

enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

struct run {
	const struct template *t;
	struct buf *out;
	struct arena arena;
	struct value *vars;
	size_t steps;
	bool header;
	enum flow flow;
	struct err *e;
};

static int fail_at(struct run *x, size_t at, size_t len, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static int fail_at(struct run *x, size_t at, size_t len, const char *fmt, ...)
{
	size_t column, line = cursor_line(x->t->source, at, &column);
	autobuf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	(void)buf_addv(&text, fmt, ap);
	va_end(ap);
	return err_set(x->e, -EINVAL,
		       "template: :%zu:%zu: executing \"\" at <%.*s%s>: %s", line, column,
		       (int)(len > CONTEXT_MAX ? CONTEXT_MAX : len), x->t->source + at,
		       len > CONTEXT_MAX ? "..." : "", buf_str(&text));
}

static int too_much(struct run *x)
{
	return err_set(x->e, -E2BIG, "template: its output or its work is too large");
}

static int step(struct run *x)
{
	return ++x->steps > STEPS_MAX ? too_much(x) : 0;
}

/* --- evaluating --------------------------------------------------------------------- */

static int eval_pipe(struct run *x, const struct pipeline *pipe, const struct value *dot,
		     struct value *ret);

struct call_args {
	const struct value *v;
	size_t n;
};

static int call(struct run *x, const struct pipeline_command *at,
		const struct pipeline_operand *o, const struct call_args *args,
		struct value *ret)
{
	const struct builtin *f = o->function;
	autobuf why = { 0 };
	struct builtin_call c = {
		.args = args->v, .n = args->n, .arena = &x->arena, .why = &why
	};
	size_t pos = at ? at->at : o->at, len = at ? at->len : o->len;
	int r;

	if (args->n < f->min_args || args->n > f->max_args)
		return fail_at(x, pos, len,
			       "wrong number of args for %s: want %s%zu got %zu", f->name,
			       f->max_args == f->min_args ? "" : "at least ", f->min_args,
			       args->n);
	if (x->header && f->for_text) {
		/* The header's own words, whatever is done to the rows. */
		*ret = args->v[0];
		for (size_t i = args->n; i-- > 0;) {
			if (args->v[i].kind == VALUE_STRING)
				*ret = args->v[i];
		}
		return 0;
	}
	r = f->run(&c);
	if (r == -EINVAL)
		return fail_at(x, pos, len, "error calling %s: %s", f->name,
			       buf_str(&why));
	if (r < 0)
		return too_much(x);
	*ret = c.ret;
	return 0;
}

/* Docker's .Label "key" of a row; in a header the last part of the key. */
static int label(struct run *x, const struct value *row, const struct value *key,
		 struct value *ret)
{
	struct value labels = { .kind = VALUE_NONE };
	const char *dot;
	char *text;
	size_t n;

	if (!x->header) {
		(void)value_member(row, "Labels", strlen("Labels"), &labels);
		*ret = builtin_label(&labels, key);
		return 0;
	}
	*ret = value_string("", 0);
	if (key->kind != VALUE_STRING)
		return 0;
	dot = memrchr(key->str.p, '.', key->str.n);
	n = dot ? (size_t)(key->str.p + key->str.n - dot - 1) : key->str.n;
	text = arena_dup(&x->arena, key->str.p + key->str.n - n, n);
	if (!text)
		return too_much(x);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '-' || text[i] == '_')
			text[i] = ' ';
	}
	*ret = value_string(text, n);
	return 0;
}

static int field(struct run *x, const struct pipeline_operand *o, const char *name,
		 struct value *v)
{
	if (value_member(v, name, strlen(name), v))
		return 0;
	if (v->kind == VALUE_NONE)
		return fail_at(x, o->at, o->len, "nil pointer evaluating interface {}.%s",
			       name);
	if (!value_is_open(v) && !(x->header && value_is_map(v)))
		return fail_at(x, o->at, o->len, "can't evaluate field %s in type %s",
			       name, value_type(v));
	*v = (struct value){ .kind = VALUE_NONE };
	return 0;
}

/* Follows the operand's fields from *v; args go to the last, which only a method takes.
 */
static int fields(struct run *x, const struct pipeline_operand *o,
		  const struct call_args *args, struct value *v)
{
	const char *const *name = o->fields;
	struct value own;
	int r = 0;

	for (; name && *name && r == 0; name++) {
		bool method = !name[1] && args->n == 1 && str_eq(*name, "Label") &&
			      value_is_map(v) && !value_member(v, "Label", 5, &own);

		if (method)
			return label(x, v, &args->v[0], v);
		r = field(x, o, *name, v);
	}
	if (r == 0 && args->n && o->fields)
		return fail_at(x, o->at, o->len,
			       "%s has arguments but cannot be invoked as function",
			       name[-1]);
	if (r == 0 && args->n)
		return fail_at(x, o->at, o->len,
			       "can't give argument to non-function %.*s", (int)o->len,
			       x->t->source + o->at);
	return r;
}

/* The operand with args behind it; at: its whole command, NULL when it is an argument. */
static int eval_with(struct run *x, const struct pipeline_command *at,
		     const struct pipeline_operand *o, const struct value *dot,
		     const struct call_args *args, struct value *ret)
{
	int r = 0;

	switch (o->kind) {
	case OPERAND_DOT:
		*ret = *dot;
		break;
	case OPERAND_VARIABLE:
		*ret = x->vars[o->slot];
		break;
	case OPERAND_LITERAL:
		*ret = o->literal;
		break;
	case OPERAND_PIPE:
		r = eval_pipe(x, o->pipe, dot, ret);
		break;
	case OPERAND_FUNCTION:
		return call(x, at, o, args, ret);
	}
	return r < 0 ? r : fields(x, o, args, ret);
}

static int eval_command(struct run *x, const struct pipeline_command *c,
			const struct value *dot, const struct value *final,
			struct value *ret)
{
	const struct pipeline_operand *head = c->operands;
	const struct builtin *lazy =
		head->kind == OPERAND_FUNCTION && head->function->lazy ? head->function
								       : NULL;
	struct call_args args = { 0 };
	struct value *v;
	size_t count = final != NULL;
	int r = step(x);

	for (const struct pipeline_operand *o = head->next; o; o = o->next)
		count++;
	v = arena_alloc(&x->arena, count * sizeof(*v));
	if (!v || r < 0)
		return r < 0 ? r : too_much(x);
	args.v = v;
	for (const struct pipeline_operand *o = head->next; o; o = o->next) {
		r = eval_with(x, NULL, o, dot, &(struct call_args){ 0 }, &v[args.n]);
		if (r < 0)
			return r;
		args.n++;
		if (lazy && value_truth(&v[args.n - 1]) == lazy->lazy_until)
			return call(x, c, head, &args, ret);
	}
	if (final)
		v[args.n++] = *final;
	return eval_with(x, c, head, dot, &args, ret);
}

static int eval_pipe(struct run *x, const struct pipeline *pipe, const struct value *dot,
		     struct value *ret)
{
	struct value v = { .kind = VALUE_NONE }, next = v;
	int r = 0;

	for (const struct pipeline_command *c = pipe->commands; c; c = c->next) {
		r = eval_command(x, c, dot, c == pipe->commands ? NULL : &v, &next);
		if (r < 0)
			return r;
		v = next;
	}
	/* range sets its variables itself, for each item. */
	if (pipe->nslots == 1)
		x->vars[pipe->slots[0]] = v;
	*ret = v;
	return 0;
}

/* --- nodes -------------------------------------------------------------------------- */

static int run_nodes(struct run *x, const struct template_node *node,
		     const struct value *dot);

static int run_item(struct run *x, const struct template_node *node,
		    const struct value *key, const struct value *item)
{
	const struct pipeline *pipe = node->pipe;
	int r;

	if (pipe->nslots == 2)
		x->vars[pipe->slots[0]] = *key;
	if (pipe->nslots)
		x->vars[pipe->slots[pipe->nslots - 1]] = *item;
	r = run_nodes(x, node->body, item);
	if (x->flow == FLOW_CONTINUE)
		x->flow = FLOW_ON;
	return r;
}

static int run_range(struct run *x, const struct template_node *node,
		     const struct value *dot)
{
	const struct value_pair *pairs = NULL;
	const struct value *items = NULL;
	struct value over;
	int64_t n;
	int r = eval_pipe(x, node->pipe, dot, &over);

	if (r < 0)
		return r;
	n = value_len(&over);
	if (n < 0 || over.kind == VALUE_STRING)
		return fail_at(x, node->pipe->at, node->pipe->len,
			       "range can't iterate over %s", value_type(&over));
	if (n == 0)
		return run_nodes(x, node->otherwise, dot);
	if (value_is_map(&over))
		pairs = value_pairs(&over, &x->arena);
	else
		items = value_items(&over, &x->arena);
	if (!pairs && !items)
		return too_much(x);
	for (int64_t i = 0; i < n && r == 0 && x->flow == FLOW_ON; i++) {
		struct value number = value_int(i);

		r = pairs ? run_item(x, node, &pairs[i].key, &pairs[i].value)
			  : run_item(x, node, &number, &items[i]);
	}
	x->flow = FLOW_ON;
	return r;
}

static int run_condition(struct run *x, const struct template_node *node,
			 const struct value *dot)
{
	struct value v;
	int r = eval_pipe(x, node->pipe, dot, &v);

	if (r < 0)
		return r;
	if (!value_truth(&v))
		return run_nodes(x, node->otherwise, dot);
	return run_nodes(x, node->body, node->kind == NODE_WITH ? &v : dot);
}

static int run_print(struct run *x, const struct template_node *node,
		     const struct value *dot)
{
	struct value v;
	int r = eval_pipe(x, node->pipe, dot, &v);

	if (r < 0 || node->pipe->declares)
		return r;
	r = v.kind == VALUE_NONE ? buf_adds(x->out, "<no value>")
				 : value_print(x->out, &v);
	return r < 0 ? too_much(x) : 0;
}

static int run_node(struct run *x, const struct template_node *node,
		    const struct value *dot)
{
	switch (node->kind) {
	case NODE_TEXT:
		return buf_add(x->out, node->text, node->n) < 0 ? too_much(x) : 0;
	case NODE_PRINT:
		return run_print(x, node, dot);
	case NODE_IF:
	case NODE_WITH:
		return run_condition(x, node, dot);
	case NODE_RANGE:
		return run_range(x, node, dot);
	case NODE_BREAK:
		x->flow = FLOW_BREAK;
		return 0;
	case NODE_CONTINUE:
		x->flow = FLOW_CONTINUE;
		return 0;
	}
	return -EINVAL;
}

static int run_nodes(struct run *x, const struct template_node *node,
		     const struct value *dot)
{
	int r = 0;

	for (; node && r == 0 && x->flow == FLOW_ON; node = node->next) {
		r = step(x);
		if (r == 0)
			r = run_node(x, node, dot);
	}
	return r;
}

/* --- the face ----------------------------------------------------------------------- */

int format_new(const char *text, struct format **ret, struct err *e)
{
	struct format *f = mem_new(struct format);
	int r = template_parse(&f->t, str_eq(text, "json") ? "{{json .}}" : text, e);

	if (r < 0) {
		format_free(f);
		(void)err_wrap(e, "template parsing error");
		return r;
	}
	*ret = f;
	return 0;
}

void format_free(struct format *f)
{
	if (!f)
		return;
	template_done(&f->t);
	free(f);
}

static int run(const struct format *f, struct yyjson_val *root, bool header,
	       struct buf *out, struct err *e)
{
	struct run x = { .t = &f->t,
			 .out = out,
			 .arena = { .max = ARENA_MAX },
			 .header = header,
			 .e = e };
	struct value dot = value_of(root);
	int r;

	x.vars = arena_alloc(&x.arena, f->t.nslots * sizeof(*x.vars));
	x.vars[0] = dot;
	r = run_nodes(&x, f->t.nodes, &dot);
	arena_done(&x.arena);
	if (r < 0)
		(void)err_wrap(e, "template parsing error");
	return r;
}

int format_run(const struct format *f, struct yyjson_val *root, struct buf *out,
	       struct err *e)
{
	return run(f, root, false, out, e);
}

int format_run_header(const struct format *f, struct yyjson_val *headers, struct buf *out,
		      struct err *e)
{
	return run(f, headers, true, out, e);
}
