/* SPDX-License-Identifier: Apache-2.0 */
/* Ports against ranges. */
#include "core/engine/portmatch.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

/* "80", "80/udp", "8000-8010/tcp". */
struct ports {
	uint64_t first, last;
	char proto[8];
};

static int parse_ports(const char *text, struct ports *ret)
{
	const char *slash = strchr(text, '/'), *dash = strchr(text, '-');
	size_t end = slash ? (size_t)(slash - text) : strlen(text);
	size_t n = dash ? (size_t)(dash - text) : end;

	if (dash && slash && dash > slash)
		return -EINVAL;
	autofree char *first = str_ndup(text, n);
	autofree char *last = dash ? str_ndup(dash + 1, end - n - 1) : str_dup(first);
	if (str_u64(first, 65535, &ret->first) < 0 ||
	    str_u64(last, 65535, &ret->last) < 0 || ret->first > ret->last)
		return -EINVAL;
	return str_copy(ret->proto, sizeof(ret->proto), slash ? slash + 1 : "tcp");
}

int portmatch_check(const char *text)
{
	struct ports p;

	return parse_ports(text, &p);
}

static yyjson_val *record_get(const struct container *c, const char *key)
{
	return yyjson_obj_get(yyjson_doc_get_root(c->record), key);
}

/* "80/tcp" of a record. */
static bool in_ports(const struct ports *want, const char *number, const char *key)
{
	const char *slash = key ? strchr(key, '/') : NULL;
	autofree char *own =
		str_ndup(number ? number : "", number ? strcspn(number, "/") : 0);
	uint64_t port;

	return slash && str_eq(slash + 1, want->proto) &&
	       str_u64(own, 65535, &port) == 0 && port >= want->first &&
	       port <= want->last;
}

bool portmatch_exposed(const struct container *c, const char *value)
{
	yyjson_val *sets[] = {
		yyjson_obj_get(record_get(c, "Config"), "ExposedPorts"),
		yyjson_obj_get(record_get(c, "NetworkSettings"), "Ports"),
	};
	yyjson_val *key, *val;
	struct ports want;
	size_t i, max;

	if (parse_ports(value, &want) < 0)
		return false;
	for (size_t n = 0; n < ARRAY_LEN(sets); n++) {
		yyjson_obj_foreach (sets[n], i, max, key, val) {
			const char *text = yyjson_get_str(key);
			if (in_ports(&want, text, text))
				return true;
		}
	}
	return false;
}

bool portmatch_published(const struct container *c, const char *value)
{
	yyjson_val *ports = yyjson_obj_get(record_get(c, "NetworkSettings"), "Ports");
	yyjson_val *key, *val, *b;
	struct ports want;
	size_t i, max, k, n;

	if (parse_ports(value, &want) < 0)
		return false;
	yyjson_obj_foreach (ports, i, max, key, val) {
		yyjson_arr_foreach (val, k, n, b) {
			if (in_ports(&want, yyjson_get_str(yyjson_obj_get(b, "HostPort")),
				     yyjson_get_str(key)))
				return true;
		}
	}
	return false;
}
