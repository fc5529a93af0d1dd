/* SPDX-License-Identifier: Apache-2.0 */
/* The fields. */
#include "core/engine/netwish.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/spec.h"

#define OPTION_IFNAME "com.docker.network.endpoint.ifname"

void netwish_done(struct netwish *w)
{
	free(w->name);
	free(w->ip);
	free(w->ip6);
	free(w->mac);
	free(w->ifname);
	strv_done(&w->aliases);
	*w = (struct netwish){ 0 };
}

int netwish_check_mac(const char *text, struct err *e)
{
	unsigned value = 0;

	for (size_t i = 0; i < 17; i++) {
		char c = text[i];
		bool digit =
			(c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
		if (i % 3 == 2 ? c != ':' && c != '-' : !digit)
			return err_set(e, -EINVAL, "invalid MAC address: %s", text);
		if (i == 1)
			value = (unsigned)(c | 32);
	}
	if (text[17] || strchr("13579bdf", (int)value))
		return err_set(e, -EINVAL, "invalid MAC address: %s", text);
	return 0;
}

static bool is_ifname(const char *text)
{
	size_t len = strlen(text);

	if (!len || len >= IFNAMSIZ || str_eq(text, ".") || str_eq(text, "..") ||
	    str_eq(text, "lo"))
		return false;
	for (; *text; text++)
		if (*text <= ' ' || *text > '~' || strchr("/:%", *text))
			return false;
	return true;
}

int netwish_driver_option(struct netwish *w, const char *text, struct err *e)
{
	const char *eq = strchr(text, '=');

	if (!eq)
		return err_set(e, -EINVAL,
			       "invalid key value pair format in driver options");
	autofree char *key = str_ndup(text, (size_t)(eq - text));
	if (!str_eq(key, OPTION_IFNAME))
		return err_set(e, -EOPNOTSUPP,
			       "driver option '%s' is not supported: only " OPTION_IFNAME,
			       key);
	if (!is_ifname(eq + 1))
		return err_set(e, -EINVAL, "'%s' is no name of an interface", eq + 1);
	str_set(&w->ifname, eq + 1);
	return 0;
}

static int field(struct netwish *w, const char *key, const char *value, struct err *e)
{
	if (str_eq(key, "name"))
		str_set(&w->name, value);
	else if (str_eq(key, "alias"))
		strv_add(&w->aliases, value);
	else if (str_eq(key, "ip"))
		str_set(&w->ip, value);
	else if (str_eq(key, "ip6"))
		str_set(&w->ip6, value);
	else if (str_eq(key, "mac-address"))
		str_set(&w->mac, value);
	else if (str_eq(key, "driver-opt"))
		return netwish_driver_option(w, value, e);
	else if (str_eq(key, "link-local-ip"))
		return err_set(
			e, -EOPNOTSUPP,
			"link-local-ip is not supported: addresses are leased from "
			"the network's subnet; use ip");
	else if (str_eq(key, "gw-priority"))
		return str_i64(value, INT32_MIN, INT32_MAX, &w->priority) < 0
			       ? err_set(e, -EINVAL, "invalid gw-priority (%s)", value)
			       : 0;
	else
		return err_set(e, -EINVAL, "invalid field key %s", key);
	return 0;
}

static int parse_fields(const char *text, struct netwish *w, struct err *e)
{
	autostrv fields = { 0 };
	int r = spec_split_csv(text, &fields, e);

	for (size_t i = 0; r == 0 && i < fields.len; i++) {
		const char *eq = strchr(fields.v[i], '=');

		if (!eq)
			return err_set(e, -EINVAL, "invalid field %s", fields.v[i]);
		autofree char *key = str_ndup(fields.v[i], (size_t)(eq - fields.v[i]));
		r = field(w, key, eq + 1, e);
	}
	return r;
}

int netwish_parse(const char *text, struct netwish *ret, struct err *e)
{
	autodone(netwish_done) struct netwish w = { 0 };
	/* An "=" before a comma: fields. No name of a network has one. */
	bool fields = text[strcspn(text, "=,")] == '=';
	int r = 0;

	if (fields)
		r = parse_fields(text, &w, e);
	else
		w.name = str_dup(text);
	if (r == 0 && w.mac)
		r = netwish_check_mac(w.mac, e);
	if (r < 0)
		return r;
	if (str_empty(w.name))
		return err_set(e, -EINVAL, "network name/id is not specified");
	*ret = w;
	w = (struct netwish){ 0 };
	return 0;
}
