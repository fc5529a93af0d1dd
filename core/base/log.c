/* SPDX-License-Identifier: Apache-2.0 */
/* What a program says on stderr. */
#include "core/base/log.h"

#include <stdarg.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"

static enum log_level log_level = LOG_WARN;

void log_set_level(enum log_level level)
{
	log_level = level;
}

/* One write, so that lines of several processes do not mix. */
static void say(enum log_level level, const char *prefix, const char *fmt, va_list ap)
{
	autobuf text = { 0 };
	autobuf line = { 0 };

	if (level > log_level)
		return;
	if (buf_addv(&text, fmt, ap) < 0 || buf_adds(&line, prefix) < 0 ||
	    str_escape(&line, buf_str(&text)) < 0 || buf_addc(&line, '\n') < 0)
		return;
	(void)fd_write_all(STDERR_FILENO, line.data, line.len);
}

#define SAY(level, prefix) \
	do { \
		va_list ap; \
		va_start(ap, fmt); \
		say(level, prefix, fmt, ap); \
		va_end(ap); \
	} while (0)

void log_error(const char *fmt, ...)
{
	SAY(LOG_ERROR, "rootless: ");
}

void log_warn(const char *fmt, ...)
{
	SAY(LOG_WARN, "WARNING: ");
}
