/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: a negative errno, and one sentence in struct err. */
#include "core/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>

static const char err_cut[] = "\xe2\x80\xa6";

/* Ends text (cut by snprintf) with "…", not in the middle of a UTF-8 sequence. */
static void cut_mark(char text[ERR_TEXT_MAX])
{
	size_t end = ERR_TEXT_MAX - sizeof(err_cut);

	while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	memcpy(text + end, err_cut, sizeof(err_cut));
}

/* Stores "<sentence>: <cause>"; cause may be NULL. Written aside first, because arguments
 * and cause may lie in e->text itself. */
static void store(struct err *e, const char *cause, const char *fmt, va_list ap)
{
	char text[ERR_TEXT_MAX];
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	size_t len;

	if (n < 0) {
		text[0] = 0;
		n = 0;
	}
	len = (size_t)n;
	if (len < sizeof(text) && cause) {
		n = snprintf(text + len, sizeof(text) - len, "%s%s", len ? ": " : "",
			     cause);
		len += n < 0 ? 0 : (size_t)n;
	}
	if (len >= sizeof(text)) {
		cut_mark(text);
		len = strlen(text);
	}
	memcpy(e->text, text, len + 1);
}

static void put(struct err *e, int code, const char *cause, const char *fmt, va_list ap)
{
	if (!e)
		return;
	e->code = code;
	store(e, cause, fmt, ap);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(e, code, NULL, fmt, ap);
	va_end(ap);
	return code;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int code = errno ? -errno : -EIO;
	va_list ap;

	va_start(ap, fmt);
	put(e, code, strerror(-code), fmt, ap);
	va_end(ap);
	return code;
}

int err_code(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(e, code, strerror(-code), fmt, ap);
	va_end(ap);
	return code;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	/* The code is all that a caller without e has; it must have kept it itself. */
	int code = e ? e->code : -EIO;
	va_list ap;

	va_start(ap, fmt);
	put(e, code, e && e->text[0] ? e->text : NULL, fmt, ap);
	va_end(ap);
	return code;
}

void err_clear(struct err *e)
{
	if (!e)
		return;
	e->code = 0;
	e->text[0] = 0;
}
