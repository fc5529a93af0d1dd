/* SPDX-License-Identifier: Apache-2.0 */
/* OCI hooks. */
#include "core/runtime/hook.h"

#include <errno.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"

#define MS_PER_S    1000
#define WORDS_MAX   4096 /* of a hook's output that are kept */
#define TIMEOUT_MAX (INT32_MAX / MS_PER_S)

/* What it said, as one line. */
static const char *last_words(struct buf *out)
{
	for (size_t i = 0; i < out->len; i++) {
		if (out->data[i] == '\n')
			out->data[i] = i + 1 < out->len ? ' ' : 0;
	}
	return buf_str(out);
}

static int run_one(const struct rt_hook *h, const char *state, struct err *e)
{
	char *alone[] = { h->path, NULL };
	autobuf out = { .max = WORDS_MAX };
	int64_t seconds = h->timeout < TIMEOUT_MAX ? h->timeout : TIMEOUT_MAX;
	struct spawn s = { .path = h->path,
			   .argv = h->args.len ? strv_view(&h->args) : alone,
			   .env = strv_view(&h->env),
			   .input = state,
			   .out = &out,
			   .errout = &out,
			   .timeout_ms = (int)seconds * MS_PER_S,
			   .cut = true };
	int code = spawn_program(&s, e);

	if (code < 0)
		return err_wrap(e, "hook");
	if (code > 0)
		return err_set(e, -ECANCELED, "hook '%s' ended with %d%s%s", h->path,
			       code, out.len ? ": " : "", last_words(&out));
	return 0;
}

void hook_run_each(const struct rt_hook *hooks, size_t n, const char *state,
		   const char *kind, struct strv *warnings)
{
	for (size_t i = 0; i < n; i++) {
		struct err e = { 0 };

		if (run_one(&hooks[i], state, &e) < 0)
			strv_addf(warnings, "%s: %s", kind, e.text);
	}
}

int hook_run(const struct rt_hook *hooks, size_t n, const char *state, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		int r = run_one(&hooks[i], state, e);

		if (r < 0)
			return r;
	}
	return 0;
}
