/* SPDX-License-Identifier: Apache-2.0 */
/* Which flags and how many arguments each instruction takes. */
#include <errno.h>
#include <string.h>

#include "core/base/str.h"
#include "core/image/dockerfile.h"

#define MANY SIZE_MAX

struct rule {
	size_t min, max;
	const char
		*flags; /* " a b= c* ": with "=" a value must come, "*" several times */
};

static const struct rule rules[] = {
	[DOCKERFILE_ADD] = { 2, MANY,
			     " chown= chmod= link keep-git-dir checksum= exclude=* "
			     "unpack " },
	[DOCKERFILE_ARG] = { 1, MANY, "" },
	[DOCKERFILE_CMD] = { 0, MANY, "" },
	[DOCKERFILE_COPY] = { 2, MANY, " chown= chmod= from= link parents exclude=* " },
	[DOCKERFILE_ENTRYPOINT] = { 0, MANY, "" },
	[DOCKERFILE_ENV] = { 2, MANY, "" },
	[DOCKERFILE_EXPOSE] = { 1, MANY, "" },
	[DOCKERFILE_FROM] = { 1, 2, " platform= " },
	[DOCKERFILE_HEALTHCHECK] = { 1, MANY,
				     " interval= timeout= start-period= start-interval= "
				     "retries= " },
	[DOCKERFILE_LABEL] = { 2, MANY, "" },
	[DOCKERFILE_MAINTAINER] = { 1, 1, "" },
	[DOCKERFILE_ONBUILD] = { 1, 1, "" },
	[DOCKERFILE_RUN] = { 1, MANY, " mount=* network= security= " },
	[DOCKERFILE_SHELL] = { 1, MANY, "" },
	[DOCKERFILE_STOPSIGNAL] = { 1, 1, "" },
	[DOCKERFILE_USER] = { 1, 1, "" },
	[DOCKERFILE_VOLUME] = { 1, MANY, "" },
	[DOCKERFILE_WORKDIR] = { 1, 1, "" },
};

static size_t count(const struct strv *flags, const char *name, size_t n)
{
	size_t found = 0;

	for (size_t k = 0; k < flags->len; k++)
		found += !strncmp(flags->v[k], name, n) &&
			 (!flags->v[k][n] || flags->v[k][n] == '=');
	return found;
}

static int check_flag(const struct dockerfile_instruction *i, const char *flag,
		      struct err *e)
{
	size_t n = strcspn(flag, "=");
	char needle[40];
	const char *at = NULL;

	if (n > 0 && n < sizeof(needle) - 2 && !memchr(flag, ' ', n)) {
		str_print(needle, sizeof(needle), " %.*s", (int)n, flag);
		for (at = strstr(rules[i->op].flags, needle); at;
		     at = strstr(at + 1, needle))
			if (strchr(" =*", at[n + 1]))
				break;
	}
	if (!at)
		return err_set(e, -EINVAL, "unknown flag: --%.*s", (int)(n > 64 ? 64 : n),
			       flag);
	at += n + 1;
	if (*at == '=' && (!flag[n] || !flag[n + 1]))
		return err_set(e, -EINVAL, "missing a value on flag: --%.*s", (int)n,
			       flag);
	if (!strchr("*", *at == '=' ? at[1] : *at) && count(&i->flags, flag, n) > 1)
		return err_set(e, -EINVAL, "duplicate flag specified: --%.*s", (int)n,
			       flag);
	return 0;
}

static int check_count(const struct dockerfile_instruction *i, struct err *e)
{
	const struct rule *rule = &rules[i->op];
	const char *op = dockerfile_op_name(i->op);

	if (i->args.len > rule->max)
		return err_set(e, -EINVAL, "%s requires exactly %zu argument%s", op,
			       rule->max, rule->max > 1 ? "s" : "");
	if (i->args.len >= rule->min)
		return 0;
	if (rule->max == rule->min)
		return err_set(e, -EINVAL, "%s requires exactly one argument", op);
	return err_set(e, -EINVAL, "%s requires at least %s argument%s", op,
		       rule->min > 1 ? "two" : "one", rule->min > 1 ? "s" : "");
}

static int check_args(const struct dockerfile_instruction *i, struct err *e)
{
	switch (i->op) {
	case DOCKERFILE_SHELL:
		return i->exec ? 0
			       : err_set(e, -EINVAL,
					 "SHELL requires the arguments to be in JSON "
					 "form");
	case DOCKERFILE_RUN:
		return i->exec && !i->args.v[0][0]
			       ? err_set(e, -EINVAL, "RUN with an empty command")
			       : 0;
	case DOCKERFILE_ARG:
	case DOCKERFILE_VOLUME:
		for (size_t k = 0; k < i->args.len; k++)
			if (!i->args.v[k][0] || i->args.v[k][0] == '=')
				return err_set(e, -EINVAL, "%s names can not be blank",
					       dockerfile_op_name(i->op));
		return 0;
	case DOCKERFILE_HEALTHCHECK:
		return str_eq(i->args.v[0], "CMD") && i->args.len < 2
			       ? err_set(e, -EINVAL,
					 "missing command after HEALTHCHECK CMD")
			       : 0;
	default:
		return 0;
	}
}

int dockerfile_check(const struct dockerfile_instruction *i, struct err *e)
{
	int r;

	for (size_t k = 0; k < i->flags.len; k++)
		if ((r = check_flag(i, i->flags.v[k], e)) < 0)
			return r;
	if ((r = check_count(i, e)) < 0)
		return r;
	return check_args(i, e);
}
