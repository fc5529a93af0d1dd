/* SPDX-License-Identifier: Apache-2.0 */
/* A vector of strings, NULL-terminated, owning its strings. */
#ifndef BASE_STRV_H
#define BASE_STRV_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/mem.h"

/* Zero-initialise. v is NULL or NULL-terminated, so it serves as argv. */
struct strv {
	char **v;
	size_t len;
	size_t cap;
};

void strv_add(struct strv *s, const char *item);
/* Takes the malloc'd item. */
void strv_push(struct strv *s, char *item);
void strv_addf(struct strv *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void strv_addv(struct strv *s, char *const *items);
/* NULL-terminated view, never NULL. */
char *const *strv_view(const struct strv *s);
/* Splits text at each sep; empty pieces kept. */
void strv_split(struct strv *s, const char *text, char sep);
/* Malloc'd "a<sep>b"; "" when empty. */
char *strv_join(const struct strv *s, const char *sep);
bool strv_has(const struct strv *s, const char *item);
/* Removes the item at i. */
void strv_remove(struct strv *s, size_t i);
/* strcmp order. */
void strv_sort(struct strv *s);
/* The same, but numbers in the text by their value. */
void strv_sort_numbers(struct strv *s);
/* Environment style "KEY=value": the value or NULL. */
const char *strv_getenv(const struct strv *s, const char *key);
/* Replaces or adds "KEY=value". */
void strv_setenv(struct strv *s, const char *key, const char *value);
void strv_reset(struct strv *s);
void strv_done(struct strv *s);

#define autostrv autodone(strv_done) struct strv

#endif
