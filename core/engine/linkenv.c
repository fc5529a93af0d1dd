/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of links. The names are docker's: DB_NAME, DB_PORT, DB_PORT_5432_TCP,
 * …_ADDR, …_PORT, …_PROTO, for ports in a row …_START and …_END, DB_ENV_KEY. */
#include "core/engine/linkenv.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/oci/runtimeconfig.h"

struct exposed {
	uint64_t port;
	const char *proto;
};

static int by_proto_and_port(const void *a, const void *b)
{
	const struct exposed *x = a, *y = b;
	int r = strcmp(x->proto, y->proto); /* sctp, tcp, udp: docker has tcp first */

	if (r)
		return str_eq(x->proto, "tcp") ? -1 : str_eq(y->proto, "tcp") ? 1 : r;
	return x->port < y->port ? -1 : x->port > y->port;
}

/* "5432/tcp" */
static bool parse(const char *key, struct exposed *ret)
{
	size_t n = strcspn(key, "/");
	autofree char *number = str_ndup(key, n);

	if (str_u64(number, UINT16_MAX, &ret->port) < 0)
		return false;
	ret->proto = key[n] ? key + n + 1 : "tcp";
	return true;
}

static char *upper(const char *text)
{
	char *s = str_dup(text);

	for (char *p = s; *p; p++)
		*p = (char)(*p == '-' ? '_' : toupper((unsigned char)*p));
	return s;
}

static char *prefix_of(const char *alias, const struct exposed *p)
{
	autofree char *proto = upper(p->proto);

	return str_fmt("%s_PORT_%u_%s", alias, (unsigned)p->port, proto);
}

static void add_port(const char *alias, const char *addr, const struct exposed *p,
		     struct strv *ret)
{
	autofree char *prefix = prefix_of(alias, p);
	unsigned port = (unsigned)p->port;

	strv_addf(ret, "%s=%s://%s:%u", prefix, p->proto, addr, port);
	strv_addf(ret, "%s_ADDR=%s", prefix, addr);
	strv_addf(ret, "%s_PORT=%u", prefix, port);
	strv_addf(ret, "%s_PROTO=%s", prefix, p->proto);
}

/* Ports in a row, from the first to the last of them. */
static void add_row(const char *alias, const char *addr, const struct exposed *first,
		    const struct exposed *last, struct strv *ret)
{
	autofree char *prefix = prefix_of(alias, first);
	unsigned from = (unsigned)first->port, to = (unsigned)last->port;

	if (first == last)
		return;
	strv_addf(ret, "%s_START=%s://%s:%u", prefix, first->proto, addr, from);
	strv_addf(ret, "%s_PORT_START=%u", prefix, from);
	strv_addf(ret, "%s_END=%s://%s:%u", prefix, first->proto, addr, to);
	strv_addf(ret, "%s_PORT_END=%u", prefix, to);
}

static void add_ports(const struct linkenv *l, const char *alias, struct strv *ret)
{
	yyjson_val *ports = yyjson_obj_get(l->config, "ExposedPorts"), *key, *val;
	autofree struct exposed *v = mem_array(yyjson_obj_size(ports) + 1, sizeof(*v));
	size_t n = 0, i, max, first = 0;

	yyjson_obj_foreach (ports, i, max, key, val)
		n += parse(unsafe_yyjson_get_str(key), &v[n]);
	if (!n)
		return;
	qsort(v, n, sizeof(*v), by_proto_and_port);
	strv_addf(ret, "%s_PORT=%s://%s:%u", alias, v[0].proto, l->addr,
		  (unsigned)v[0].port);
	for (i = 0; i < n; i++) {
		add_port(alias, l->addr, &v[i], ret);
		if (i + 1 < n && v[i + 1].port == v[i].port + 1 &&
		    str_eq(v[i + 1].proto, v[i].proto))
			continue;
		add_row(alias, l->addr, &v[first], &v[i], ret);
		first = i + 1;
	}
}

/* What each container has anyway. */
static bool is_ordinary(const char *var)
{
	return str_starts(var, "PATH=") || str_starts(var, "HOME=") ||
	       str_starts(var, "HOSTNAME=");
}

void linkenv_add(const struct linkenv *l, struct strv *ret)
{
	autofree char *alias = upper(l->alias);
	autostrv env = { 0 };

	add_ports(l, alias, ret);
	strv_addf(ret, "%s_NAME=/%s/%s", alias, l->self, l->alias);
	json_get_strv(l->config, "Env", &env, NULL);
	for (size_t i = 0; i < env.len; i++)
		if (strchr(env.v[i], '=') && !is_ordinary(env.v[i]))
			strv_addf(ret, "%s_ENV_%s", alias, env.v[i]);
}

/* Does v set what the variable sets? */
static bool sets(const struct strv *v, const char *var)
{
	autofree char *name = str_ndup(var, strcspn(var, "="));

	return strv_getenv(v, name) != NULL;
}

void linkenv_yield(struct strv *vars, yyjson_val *own_config)
{
	autostrv env = { 0 };

	json_get_strv(own_config, "Env", &env, NULL);
	for (size_t i = vars->len; i-- > 0;)
		if (sets(&env, vars->v[i]))
			strv_remove(vars, i);
}

int linkenv_write(int bundle, const struct strv *before, const struct strv *now,
		  struct err *e)
{
	autojson *doc = NULL;
	autostrv env = { 0 };
	int r = json_read(bundle, "config.json", RUNTIMECONFIG_MAX, &doc, e);

	if (r < 0)
		return r;
	autojson_mut *new = yyjson_doc_mut_copy(doc, NULL);
	yyjson_mut_val *process =
		yyjson_mut_obj_get(yyjson_mut_doc_get_root(new), "process");
	r = json_get_strv(yyjson_obj_get(yyjson_doc_get_root(doc), "process"), "env",
			  &env, e);
	if (r < 0 || !process)
		return r < 0 ? r : err_set(e, -EINVAL, "config.json has no process");
	for (size_t i = env.len; i-- > 0;)
		if (sets(before, env.v[i]))
			strv_remove(&env, i);
	strv_addv(&env, strv_view(now));
	yyjson_mut_obj_remove_key(process, "env");
	json_add_strv(new, process, "env", &env);
	return json_write(bundle, "config.json", new, 0600, false, e);
}
