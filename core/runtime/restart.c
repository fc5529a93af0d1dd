/* SPDX-License-Identifier: Apache-2.0 */
/* Restart policies. */
#include "core/runtime/restart.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define FIRST_MS   100
#define LONGEST_MS 60000
#define STEADY_NS  10000000000ll /* a run this long starts the waits anew */

static const char *const names[] = {
	[RESTART_NO] = "no",
	[RESTART_ON_FAILURE] = "on-failure",
	[RESTART_ALWAYS] = "always",
	[RESTART_UNLESS_STOPPED] = "unless-stopped",
};

const char *restart_name(enum restart_kind kind)
{
	return names[kind];
}

static int parse_max(const char *text, const struct restart *r, int64_t *ret,
		     struct err *e)
{
	int64_t n;

	if (str_i64(text, INT32_MIN, INT32_MAX, &n))
		return err_set(e, -EINVAL,
			       "invalid restart policy format: maximum retry count must "
			       "be an integer");
	if (n && r->kind != RESTART_ON_FAILURE)
		return err_set(e, -EINVAL,
			       "invalid restart policy: maximum retry count can only be "
			       "used with 'on-failure'%s",
			       n < 0 ? " and cannot be negative" : "");
	if (n < 0)
		return err_set(e, -EINVAL,
			       "invalid restart policy: maximum retry count cannot be "
			       "negative");
	*ret = n;
	return 0;
}

int restart_parse(const char *text, struct restart *ret, struct err *e)
{
	struct restart r = { .kind = RESTART_NO };
	const char *colon = text ? strchr(text, ':') : NULL;
	size_t i = 0;

	if (str_empty(text)) {
		*ret = r;
		return 0;
	}
	if (colon == text)
		return err_set(e, -EINVAL,
			       "invalid restart policy format: no policy provided before "
			       "colon");
	autofree char *name =
		str_ndup(text, colon ? (size_t)(colon - text) : strlen(text));
	while (i < ARRAY_LEN(names) && !str_eq(names[i], name))
		i++;
	if (i == ARRAY_LEN(names))
		return err_set(e, -EINVAL,
			       "invalid restart policy: unknown policy '%s'; use one of "
			       "'no', 'always', 'on-failure', or 'unless-stopped'",
			       name);
	r.kind = (enum restart_kind)i;
	if (colon && colon[1]) {
		int c = parse_max(colon + 1, &r, &r.max, e);
		if (c < 0)
			return c;
	}
	*ret = r;
	return 0;
}

bool restart_wanted(const struct restart *r, int exit_code, int64_t count)
{
	switch (r->kind) {
	case RESTART_NO:
		return false;
	case RESTART_ON_FAILURE:
		return exit_code != 0 && (r->max == 0 || count < r->max);
	case RESTART_ALWAYS:
	case RESTART_UNLESS_STOPPED:
		return true;
	}
	return false;
}

bool restart_at_boot(const struct restart *r, bool stopped)
{
	return r->kind == RESTART_ALWAYS ||
	       (r->kind == RESTART_UNLESS_STOPPED && !stopped);
}

int64_t restart_delay(int64_t last, int64_t ran)
{
	if (last <= 0 || ran >= STEADY_NS)
		return FIRST_MS;
	return last > LONGEST_MS / 2 ? LONGEST_MS : last * 2;
}
