/* SPDX-License-Identifier: Apache-2.0 */
/* From the text of an instruction to its flags and arguments. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/dockerfile.h"
#include "core/wire/json.h"

#define SPACE " \t\v\f\r"

static bool is_space(char c)
{
	return c && strchr(SPACE, c);
}

/* Adds one word to out, from *p to the white space that ends it. keep: with its quotes
 * and escapes. */
static void take_word(const char **p, char escape, bool keep, struct buf *out)
{
	char quote = 0;

	for (; **p && (quote || !is_space(**p)); (*p)++) {
		char c = **p;
		if (c == escape && quote != '\'' && (*p)[1]) {
			if (keep)
				buf_addc(out, c);
			buf_addc(out, *++*p);
		} else if (quote ? c == quote : c == '"' || c == '\'') {
			quote = quote ? 0 : c;
			if (keep)
				buf_addc(out, c);
		} else {
			buf_addc(out, c);
		}
	}
}

void dockerfile_split(const char *text, char escape, struct strv *ret)
{
	autobuf word = { 0 };

	for (text += strspn(text, SPACE); *text; text += strspn(text, SPACE)) {
		take_word(&text, escape, true, &word);
		strv_push(ret, buf_take(&word));
	}
}

bool dockerfile_read_heredoc(const char *word, char escape,
			     struct dockerfile_heredoc *ret, bool *ret_tabs)
{
	const char *p = word + strspn(word, "0123456789");
	autobuf name = { 0 };

	if (p[0] != '<' || p[1] != '<')
		return false;
	p += 2;
	*ret_tabs = *p == '-';
	p += *ret_tabs;
	if (!*p || strchr(p, '<'))
		return false;
	const char quotes[] = { '"', '\'', escape, 0 };
	*ret = (struct dockerfile_heredoc){ .expand = !strpbrk(p, quotes) };
	take_word(&p, escape, false, &name);
	if (!name.len || *p)
		return false;
	ret->name = buf_take(&name);
	return true;
}

bool dockerfile_is_heredoc(const char *word, char escape)
{
	struct dockerfile_heredoc h;
	bool tabs;

	if (!dockerfile_read_heredoc(word, escape, &h, &tabs))
		return false;
	autofree char *name = h.name;
	return true;
}

/* "--name=value" words at the start; "--" alone ends them. What follows is *p. */
static void take_flags(struct dockerfile_instruction *i, char escape, const char **p)
{
	autobuf word = { 0 };

	while (!strncmp(*p, "--", 2)) {
		take_word(p, escape, false, &word);
		*p += strspn(*p, SPACE);
		if (str_eq(buf_str(&word), "--"))
			return;
		strv_add(&i->flags, buf_str(&word) + 2);
		buf_reset(&word);
	}
}

/* ["a", "b"]: 1 when it is that, 0 when it is no JSON at all (then it is words). */
static int take_json(const char *text, struct strv *ret, struct err *e)
{
	autojson *doc = NULL;
	yyjson_val *item;
	size_t k, n;

	if (*text != '[' || json_parse(text, strlen(text), "", &doc, NULL) < 0)
		return 0;
	yyjson_arr_foreach (yyjson_doc_get_root(doc), k, n, item) {
		const char *s = yyjson_get_str(item);
		if (!s)
			return err_set(e, -EINVAL,
				       "when using JSON array syntax, arrays must be "
				       "comprised of strings only");
		if (strlen(s) != yyjson_get_len(item))
			return err_set(e, -EINVAL, "a NUL in an argument");
		strv_add(ret, s);
	}
	return 1;
}

static void take_plain(const char *text, struct strv *ret)
{
	for (text += strspn(text, SPACE); *text; text += strspn(text, SPACE)) {
		size_t n = strcspn(text, SPACE);
		strv_push(ret, str_ndup(text, n));
		text += n;
	}
}

/* RUN, CMD, ENTRYPOINT: JSON or the whole line. */
static int fill_command(struct dockerfile_instruction *i, const char *rest, struct err *e)
{
	int r = take_json(rest, &i->args, e);

	i->exec = r > 0;
	if (r == 0 && *rest)
		strv_add(&i->args, rest);
	return r < 0 ? r : 0;
}

static int fill_list(struct dockerfile_instruction *i, const char *rest, struct err *e)
{
	int r = take_json(rest, &i->args, e);

	i->exec = r > 0;
	if (r == 0)
		take_plain(rest, &i->args);
	return r < 0 ? r : 0;
}

/* ENV and LABEL: name=value words, or the old "name value of several words". */
static int fill_pairs(struct dockerfile_instruction *i, char escape, const char *rest,
		      struct err *e)
{
	const char *op = dockerfile_op_name(i->op);
	autostrv words = { 0 };

	dockerfile_split(rest, escape, &words);
	if (words.len && !strchr(words.v[0], '=')) {
		size_t n = strcspn(rest, SPACE);
		if (!rest[n])
			return err_set(e, -EINVAL, "%s must have two arguments", op);
		strv_push(&i->args, str_ndup(rest, n));
		strv_add(&i->args, rest + n + strspn(rest + n, SPACE));
		return 0;
	}
	for (size_t k = 0; k < words.len; k++) {
		char *eq = strchr(words.v[k], '=');
		if (!eq)
			return err_set(e, -EINVAL,
				       "can't find = in '%s': must be of the form: "
				       "name=value",
				       words.v[k]);
		if (eq == words.v[k])
			return err_set(e, -EINVAL, "%s names can not be blank", op);
		strv_push(&i->args, str_ndup(words.v[k], (size_t)(eq - words.v[k])));
		strv_add(&i->args, eq + 1);
	}
	return 0;
}

static int fill_from(struct dockerfile_instruction *i, const char *rest, struct err *e)
{
	autostrv words = { 0 };

	take_plain(rest, &words);
	if (words.len != 1 && (words.len != 3 || strcasecmp(words.v[1], "as")))
		return err_set(e, -EINVAL,
			       "FROM requires either one or three arguments: FROM image "
			       "[AS name]");
	strv_add(&i->args, words.v[0]);
	if (words.len == 1)
		return 0;
	for (char *c = words.v[2]; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	size_t n = strspn(words.v[2], "abcdefghijklmnopqrstuvwxyz0123456789-_.");
	if (words.v[2][n] || !islower((unsigned char)words.v[2][0]))
		return err_set(e, -EINVAL, "invalid name for build stage: '%s'",
			       words.v[2]);
	strv_add(&i->args, words.v[2]);
	return 0;
}

static int fill_healthcheck(struct dockerfile_instruction *i, const char *rest,
			    struct err *e)
{
	size_t n = strcspn(rest, SPACE);
	autofree char *type = str_ndup(rest, n);

	for (char *c = type; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	rest += n + strspn(rest + n, SPACE);
	if (str_eq(type, "NONE")) {
		strv_add(&i->args, type);
		return *rest ? err_set(e, -EINVAL, "HEALTHCHECK NONE takes no arguments")
			     : 0;
	}
	if (!str_eq(type, "CMD"))
		return err_set(e, -EINVAL,
			       "unknown type '%s' in HEALTHCHECK (try CMD or NONE)",
			       type);
	strv_add(&i->args, type);
	return fill_command(i, rest, e);
}

/* The heredocs go with it, as docker keeps them: text and name behind the line. */
static int fill_trigger(struct dockerfile_instruction *i, char escape, const char *rest,
			struct err *e)
{
	autodone(dockerfile_done) struct dockerfile trigger = { 0 };
	autobuf text = { 0 };

	if (!*rest)
		return err_set(e, -EINVAL, "ONBUILD requires at least one argument");
	buf_adds(&text, rest);
	for (size_t k = 0; k < i->heredocs_len; k++) {
		buf_addc(&text, '\n');
		buf_adds(&text, i->heredocs[k].text);
		buf_adds(&text, i->heredocs[k].name);
	}
	int r = dockerfile_parse_trigger(buf_str(&text), escape, &trigger, e);
	if (r < 0)
		return r;
	strv_push(&i->args, buf_take(&text));
	return 0;
}

int dockerfile_fill(struct dockerfile_instruction *i, char escape, const char *rest,
		    struct err *e)
{
	take_flags(i, escape, &rest);
	switch (i->op) {
	case DOCKERFILE_FROM:
		return fill_from(i, rest, e);
	case DOCKERFILE_RUN:
	case DOCKERFILE_CMD:
	case DOCKERFILE_ENTRYPOINT:
		return fill_command(i, rest, e);
	case DOCKERFILE_ENV:
	case DOCKERFILE_LABEL:
		return fill_pairs(i, escape, rest, e);
	case DOCKERFILE_ARG:
		dockerfile_split(rest, escape, &i->args);
		return 0;
	case DOCKERFILE_COPY:
	case DOCKERFILE_ADD:
	case DOCKERFILE_VOLUME:
	case DOCKERFILE_SHELL:
		return fill_list(i, rest, e);
	case DOCKERFILE_EXPOSE:
		take_plain(rest, &i->args);
		return 0;
	case DOCKERFILE_HEALTHCHECK:
		return fill_healthcheck(i, rest, e);
	case DOCKERFILE_ONBUILD:
		return fill_trigger(i, escape, rest, e);
	default:
		if (*rest)
			strv_add(&i->args, rest);
		return 0;
	}
}
