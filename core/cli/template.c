/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of Go's text/template language: blocks and text.
 *
 * By recursive descent, straight on the text. Depth is bounded by a counter, memory by
 * the arena. Variables get their slot here: declarations of a block end with it, so the
 * stack of names at any point of the text is the stack at run time. The sentences are
 * Go's. */
#include "core/cli/template.h"

#include <errno.h>

#include "core/base/mem.h"

#define ARENA_MAX (8u << 20)

enum block_end { END_EOF, END_END, END_ELSE, END_ELSE_IF, END_ELSE_WITH };

static int parse_nodes(struct cursor *p, struct template_node **ret,
		       enum block_end *ret_end);

/* After "{{if", "{{range", "{{with": the pipeline, the body, and what is after else. */
static int parse_block(struct cursor *p, struct template_node *node)
{
	static const char *const names[] = {
		[NODE_IF] = "if", [NODE_RANGE] = "range", [NODE_WITH] = "with"
	};
	bool range = node->kind == NODE_RANGE;
	size_t outer = p->nnames;
	struct pipeline *pipe;
	struct template_node *chained;
	enum block_end end;
	int r;

	if (++p->depth > CURSOR_DEPTH_MAX)
		return cursor_fail(p, "too many nested blocks");
	r = pipeline_parse(p, names[node->kind], range, &pipe);
	if (r == 0)
		r = cursor_close(p);
	if (r < 0)
		return r;
	node->pipe = pipe;
	p->loops += range;
	r = parse_nodes(p, &node->body, &end);
	p->loops -= range;
	if (r < 0)
		return r;
	if (end == END_EOF)
		return cursor_fail(p, "unexpected EOF");
	if ((end == END_ELSE_IF && node->kind != NODE_IF) ||
	    (end == END_ELSE_WITH && node->kind != NODE_WITH))
		return cursor_fail(p, "unexpected else in %s", names[node->kind]);
	if (end == END_ELSE_IF || end == END_ELSE_WITH) {
		/* "else if" is an if within else; they share the end. */
		chained = cursor_alloc(p, sizeof(*chained));
		if (!chained)
			return cursor_full(p);
		chained->kind = node->kind;
		node->otherwise = chained;
		r = parse_block(p, chained);
	} else if (end == END_ELSE) {
		r = parse_nodes(p, &node->otherwise, &end);
		if (r == 0 && end != END_END)
			return cursor_fail(p, end == END_EOF
						      ? "unexpected EOF"
						      : "expected end; found {{else}}");
	}
	p->nnames = outer;
	p->depth--;
	return r;
}

/* "{{end}}" or "{{else …}}": *ret says which; else END_EOF. */
static int parse_end(struct cursor *p, enum block_end *ret)
{
	*ret = END_EOF;
	if (cursor_take(p, "end")) {
		*ret = END_END;
		return cursor_close(p);
	}
	if (!cursor_take(p, "else"))
		return 0;
	cursor_skip_space(p);
	*ret = cursor_take(p, "if")     ? END_ELSE_IF
	       : cursor_take(p, "with") ? END_ELSE_WITH
					: END_ELSE;
	return *ret == END_ELSE ? cursor_close(p) : 0;
}

static int parse_action(struct cursor *p, struct template_node *node)
{
	struct pipeline *pipe;
	int r;

	if (cursor_take(p, "if"))
		node->kind = NODE_IF;
	else if (cursor_take(p, "range"))
		node->kind = NODE_RANGE;
	else if (cursor_take(p, "with"))
		node->kind = NODE_WITH;
	else if (cursor_take(p, "break"))
		node->kind = NODE_BREAK;
	else if (cursor_take(p, "continue"))
		node->kind = NODE_CONTINUE;
	else
		node->kind = NODE_PRINT;
	if (node->kind == NODE_BREAK || node->kind == NODE_CONTINUE) {
		if (!p->loops)
			return cursor_fail(p, "{{%s}} outside {{range}}",
					   node->kind == NODE_BREAK ? "break"
								    : "continue");
		return cursor_close(p);
	}
	if (node->kind != NODE_PRINT)
		return parse_block(p, node);
	for (size_t i = 0; i < 3; i++) {
		static const char *const others[] = { "define", "template", "block" };

		if (cursor_take(p, others[i]))
			return cursor_fail(p, "{{%s}} is not supported", others[i]);
	}
	r = pipeline_parse(p, "command", false, &pipe);
	node->pipe = pipe;
	return r < 0 ? r : cursor_close(p);
}

/* "{{/" was seen: skips the comment and its action. */
static int skip_comment(struct cursor *p)
{
	const char *end = strstr(p->src + p->at, "*/");

	if (!end)
		return cursor_fail(p, "unclosed comment");
	p->at = (size_t)(end - p->src) + 2;
	if (cursor_is_space(p->src[p->at]) && strncmp(p->src + p->at + 1, "-}}", 3) == 0)
		p->at++;
	if (!cursor_at_close(p))
		return cursor_fail(p, "comment ends before closing delimiter");
	return cursor_close(p);
}

/* The text up to the next action (trimmed as its marks say), and the "{{" itself;
 * *ret_open: there is one. */
static int parse_text(struct cursor *p, struct template_node **ret, bool *ret_open)
{
	const char *open;
	size_t start, stop;
	bool trim;

	if (p->trim)
		cursor_skip_space(p);
	p->trim = false;
	start = p->at;
	open = strstr(p->src + p->at, "{{");
	stop = open ? (size_t)(open - p->src) : strlen(p->src);
	p->at = stop + (open ? 2 : 0);
	trim = open && cursor_ahead(p, "-") && cursor_is_space(p->src[p->at + 1]);
	p->at += trim ? 2 : 0;
	while (trim && stop > start && cursor_is_space(p->src[stop - 1]))
		stop--;
	*ret = NULL;
	*ret_open = open != NULL;
	if (stop == start)
		return 0;
	*ret = cursor_alloc(p, sizeof(**ret));
	if (!*ret)
		return cursor_full(p);
	(*ret)->kind = NODE_TEXT;
	(*ret)->text = p->src + start;
	(*ret)->n = stop - start;
	return 0;
}

static int parse_nodes(struct cursor *p, struct template_node **ret,
		       enum block_end *ret_end)
{
	size_t outer = p->nnames;
	struct template_node *node;
	bool open;
	int r = 0;

	*ret_end = END_EOF;
	while (r == 0 && p->src[p->at]) {
		r = parse_text(p, &node, &open);
		if (r < 0)
			return r;
		if (node) {
			*ret = node;
			ret = &node->next;
		}
		if (!open)
			break;
		if (cursor_ahead(p, "/*")) {
			r = skip_comment(p);
			continue;
		}
		cursor_skip_space(p);
		r = parse_end(p, ret_end);
		if (r < 0 || *ret_end != END_EOF)
			break;
		node = cursor_alloc(p, sizeof(*node));
		if (!node)
			return cursor_full(p);
		r = parse_action(p, node);
		*ret = node;
		ret = &node->next;
	}
	p->nnames = outer;
	return r;
}

int template_parse(struct template *t, const char *text, struct err *e)
{
	struct cursor c = { .arena = &t->arena, .e = e };
	enum block_end end;
	int r;

	memset(t, 0, sizeof(*t));
	t->arena.max = ARENA_MAX;
	if (strlen(text) > TEMPLATE_TEXT_MAX)
		return cursor_full(&c);
	t->source = c.src = arena_dup(&t->arena, text, strlen(text));
	c.names[0].p = "$";
	c.names[0].n = 1;
	c.nnames = c.most_names = 1;
	r = parse_nodes(&c, &t->nodes, &end);
	if (r == 0 && end != END_EOF)
		return cursor_fail(&c, "unexpected {{%s}}",
				   end == END_END ? "end" : "else");
	t->nslots = c.most_names;
	return r;
}

void template_done(struct template *t)
{
	arena_done(&t->arena);
	t->nodes = NULL;
}
