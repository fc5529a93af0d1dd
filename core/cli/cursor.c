/* SPDX-License-Identifier: Apache-2.0 */
/* The place of the template parser in its text. */
#include "core/cli/cursor.h"

#include <errno.h>
#include <stdarg.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"

int cursor_fail(struct cursor *c, const char *fmt, ...)
{
	autobuf text = { 0 };
	size_t column;
	va_list ap;

	va_start(ap, fmt);
	(void)buf_addv(&text, fmt, ap);
	va_end(ap);
	return err_set(c->e, -EINVAL, "template: :%zu: %s",
		       cursor_line(c->src, c->at, &column), buf_str(&text));
}

int cursor_full(struct cursor *c)
{
	return err_set(c->e, -E2BIG, "template: :1: too large");
}

void *cursor_alloc(struct cursor *c, size_t size)
{
	return arena_alloc(c->arena, size);
}

size_t cursor_line(const char *src, size_t at, size_t *ret_column)
{
	size_t line = 1;

	*ret_column = 0;
	for (size_t i = 0; i < at && src[i]; i++) {
		++*ret_column;
		if (src[i] == '\n') {
			line++;
			*ret_column = 0;
		}
	}
	return line;
}

bool cursor_is_space(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n';
}

bool cursor_is_word(char ch)
{
	return ch == '_' || (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') ||
	       (ch >= 'A' && ch <= 'Z') || (unsigned char)ch >= 0x80;
}

bool cursor_ahead(const struct cursor *c, const char *text)
{
	return strncmp(c->src + c->at, text, strlen(text)) == 0;
}

bool cursor_at_close(const struct cursor *c)
{
	return cursor_ahead(c, "}}") ||
	       (cursor_ahead(c, "-}}") && c->at && cursor_is_space(c->src[c->at - 1]));
}

void cursor_skip_space(struct cursor *c)
{
	while (cursor_is_space(c->src[c->at]))
		c->at++;
}

int cursor_close(struct cursor *c)
{
	char next;

	cursor_skip_space(c);
	next = c->src[c->at];
	if (!next)
		return cursor_fail(c, "unclosed action");
	if (next == ')')
		return cursor_fail(c, "unexpected right paren");
	if (!cursor_at_close(c))
		return cursor_fail(c, "unexpected \"%c\" in operand", next);
	c->trim = next == '-';
	c->at += c->trim ? 3 : 2;
	return 0;
}

size_t cursor_word(const struct cursor *c)
{
	size_t n = 0;

	while (cursor_is_word(c->src[c->at + n]))
		n++;
	return n;
}

bool cursor_take(struct cursor *c, const char *word)
{
	if (!cursor_ahead(c, word) || cursor_word(c) != strlen(word))
		return false;
	c->at += strlen(word);
	return true;
}
