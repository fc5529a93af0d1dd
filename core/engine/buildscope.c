/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of a build. */
#include "core/engine/buildscope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

static const char *const proxies[] = {
	"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY",
	"ftp_proxy",  "NO_PROXY",   "no_proxy",    "ALL_PROXY",   "all_proxy",
};

/* "NAME=value" of --build-arg; one without a value has the caller's. */
static const char *given(const struct buildjob *j, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = j->o->args.len; i > 0; i--) {
		const char *a = j->o->args.v[i - 1];
		if (strncmp(a, name, n))
			continue;
		if (a[n] == '=')
			return a + n + 1;
		if (!a[n])
			return getenv(name);
	}
	return NULL;
}

int buildscope_expand(const struct buildjob *j, const struct buildjob_stage *st,
		      const char *word, char **ret, struct err *e)
{
	autostrv env = { 0 };
	struct dockerfile_scope s = { .env = &j->globals, .escape = j->file.escape };

	if (st) {
		buildscope_env(st, &env);
		s.env = &env;
	}
	return dockerfile_expand(&s, word, ret, e);
}

static int set_platform(struct buildjob *j, const char *prefix, const char *text,
			struct err *e)
{
	static const char *const names[] = { "PLATFORM", "OS", "ARCH", "VARIANT" };
	struct platform p = { 0 };
	char whole[96];
	int r = 0;

	if (text)
		r = platform_parse(text, &p, e);
	else
		platform_host(&p);
	if (r < 0)
		return r;
	const char *values[] = { platform_text(whole, &p), p.os, p.architecture,
				 p.variant };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		autofree char *name = str_fmt("%s%s", prefix, names[i]);
		const char *own = given(j, name);
		strv_setenv(&j->globals, name, own ? own : values[i]);
		if (own)
			strv_add(&j->consumed, name);
	}
	return 0;
}

/* NAME or NAME=default: its value by the rules, or NULL for none. */
static int value_of(struct buildjob *j, const struct buildjob_stage *st, const char *word,
		    char **ret_name, char **ret_value, struct err *e)
{
	autofree char *whole = NULL;
	const char *eq, *own;
	int r = buildscope_expand(j, st, word, &whole, e);

	if (r < 0)
		return r;
	eq = strchr(whole, '=');
	*ret_name = eq ? str_ndup(whole, (size_t)(eq - whole)) : str_dup(whole);
	own = given(j, *ret_name);
	if (own)
		strv_add(&j->consumed, *ret_name);
	else if (eq)
		own = eq + 1;
	else if (st)
		own = strv_getenv(&j->globals, *ret_name);
	*ret_value = str_dup(own);
	return 0;
}

int buildscope_globals(struct buildjob *j, struct err *e)
{
	int r = set_platform(j, "BUILD", NULL, e);

	if (r == 0)
		r = set_platform(j, "TARGET", j->o->platform, e);
	for (size_t i = 0; r == 0 && i < j->file.len; i++) {
		const struct dockerfile_instruction *in = &j->file.v[i];
		if (in->op != DOCKERFILE_ARG)
			break;
		for (size_t k = 0; r == 0 && k < in->args.len; k++) {
			autofree char *name = NULL, *value = NULL;
			r = value_of(j, NULL, in->args.v[k], &name, &value, e);
			if (r == 0 && value)
				strv_setenv(&j->globals, name, value);
		}
		if (r < 0)
			err_wrap(e, "%s:%u", j->name, in->line);
	}
	return r;
}

int buildscope_arg(struct buildjob *j, struct buildjob_stage *st, const char *word,
		   struct err *e)
{
	autofree char *name = NULL, *value = NULL;
	int r = value_of(j, st, word, &name, &value, e);

	if (r == 0 && value)
		strv_setenv(&st->args, name, value);
	return r;
}

void buildscope_args(const struct buildjob_stage *st, struct strv *ret)
{
	const struct strv *env = &compose_config(st->compose)->env;

	for (size_t i = 0; i < st->args.len; i++) {
		autofree char *name =
			str_ndup(st->args.v[i], strcspn(st->args.v[i], "="));
		if (!strv_getenv(env, name))
			strv_add(ret, st->args.v[i]);
	}
}

void buildscope_env(const struct buildjob_stage *st, struct strv *ret)
{
	strv_addv(ret, strv_view(&compose_config(st->compose)->env));
	buildscope_args(st, ret);
}

void buildscope_proxies(const struct buildjob *j, struct strv *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(proxies); i++) {
		const char *value = given(j, proxies[i]);
		if (value)
			strv_setenv(ret, proxies[i], value);
	}
}

void buildscope_warn(const struct buildjob *j)
{
	for (size_t i = 0; i < j->o->args.len; i++) {
		const char *a = j->o->args.v[i];
		autofree char *name = str_ndup(a, strcspn(a, "="));
		autofree char *said = NULL;
		bool known = strv_has(&j->consumed, name);
		for (size_t k = 0; k < ARRAY_LEN(proxies); k++)
			known |= str_eq(proxies[k], name);
		if (known)
			continue;
		said = str_fmt("[Warning] One or more build-args [%s] were not consumed",
			       name);
		j->view->warn(j->view->arg, said);
	}
}
