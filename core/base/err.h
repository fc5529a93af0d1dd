/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: a function that can fail returns a negative errno, and one sentence in struct
 * err. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define ERR_TEXT_MAX 1024

/* Lives on the caller's stack; zero-initialise. Nothing to release.
 * text: lower case, no full stop, 'subject' quoted, cause last. Cut with "…" when too
 * long. */
struct err {
	int code; /* negative errno of the first failure, 0 when none */
	char text[ERR_TEXT_MAX];
};

/* Stores the sentence and code (a negative errno); returns code. e may be NULL. */
int err_set(struct err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Stores "sentence: strerror(errno)"; returns -errno (never 0: errno 0 counts as EIO). */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* As err_sys with the cause given as a negative errno; returns code. */
int err_code(struct err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "sentence: " before what e holds already; returns e->code
 * (-EIO when e is NULL). */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Forgets what e holds, after an error that was dealt with. */
void err_clear(struct err *e);

#endif
