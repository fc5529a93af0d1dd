/* SPDX-License-Identifier: Apache-2.0 */
/* A vector of strings, NULL-terminated, owning its strings. */
#include "core/base/strv.h"

#include <stdarg.h>

#include "core/base/mem.h"
#include "core/base/str.h"

void strv_push(struct strv *s, char *item)
{
	if (s->len + 1 >= s->cap) {
		s->cap = s->cap ? s->cap * 2 : 8;
		s->v = mem_resize(s->v, s->cap, sizeof(*s->v));
	}
	s->v[s->len++] = item;
	s->v[s->len] = NULL;
}

void strv_add(struct strv *s, const char *item)
{
	strv_push(s, str_dup(item));
}

void strv_addf(struct strv *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strv_push(s, str_fmtv(fmt, ap));
	va_end(ap);
}

void strv_addv(struct strv *s, char *const *items)
{
	for (; items && *items; items++)
		strv_add(s, *items);
}

char *const *strv_view(const struct strv *s)
{
	static char *const none[] = { NULL };

	return s->v ? s->v : none;
}

void strv_split(struct strv *s, const char *text, char sep)
{
	const char *end;

	while ((end = strchr(text, sep)) && sep) {
		strv_push(s, str_ndup(text, (size_t)(end - text)));
		text = end + 1;
	}
	strv_add(s, text);
}

char *strv_join(const struct strv *s, const char *sep)
{
	size_t gap = strlen(sep), n = 1;
	char *text, *p;

	for (size_t i = 0; i < s->len; i++)
		n += strlen(s->v[i]) + (i ? gap : 0);
	p = text = mem_alloc(n);
	for (size_t i = 0; i < s->len; i++) {
		if (i)
			p = mempcpy(p, sep, gap);
		p = mempcpy(p, s->v[i], strlen(s->v[i]));
	}
	return text;
}

bool strv_has(const struct strv *s, const char *item)
{
	for (size_t i = 0; i < s->len; i++) {
		if (str_eq(s->v[i], item))
			return true;
	}
	return false;
}

void strv_remove(struct strv *s, size_t i)
{
	free(s->v[i]);
	/* The terminating NULL moves along. */
	memmove(s->v + i, s->v + i + 1, (s->len - i) * sizeof(*s->v));
	s->len--;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *s)
{
	if (s->len > 1)
		qsort(s->v, s->len, sizeof(*s->v), compare);
}

static int compare_numbers(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort_numbers(struct strv *s)
{
	if (s->len > 1)
		qsort(s->v, s->len, sizeof(*s->v), compare_numbers);
}

/* The value of item when it is "key=value", else NULL. */
static const char *value_of(const char *item, const char *key)
{
	size_t n = strlen(key);

	return strncmp(item, key, n) == 0 && item[n] == '=' ? item + n + 1 : NULL;
}

const char *strv_getenv(const struct strv *s, const char *key)
{
	for (size_t i = 0; i < s->len; i++) {
		const char *value = value_of(s->v[i], key);

		if (value)
			return value;
	}
	return NULL;
}

void strv_setenv(struct strv *s, const char *key, const char *value)
{
	for (size_t i = 0; i < s->len; i++) {
		if (value_of(s->v[i], key)) {
			/* value may lie in the old item. */
			char *item = str_fmt("%s=%s", key, value);

			free(s->v[i]);
			s->v[i] = item;
			return;
		}
	}
	strv_addf(s, "%s=%s", key, value);
}

void strv_reset(struct strv *s)
{
	for (size_t i = 0; i < s->len; i++)
		free(s->v[i]);
	s->len = 0;
	if (s->v)
		s->v[0] = NULL;
}

void strv_done(struct strv *s)
{
	if (!s)
		return;
	strv_reset(s);
	free(s->v);
	s->v = NULL;
	s->cap = 0;
}
