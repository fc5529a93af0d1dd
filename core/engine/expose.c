/* SPDX-License-Identifier: Apache-2.0 */
/* Exposed ports. */
#include "core/engine/expose.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/str.h"

static int proto_of(const char *name)
{
	for (int p = PUBLISH_TCP; p <= PUBLISH_SCTP; p++)
		if (!strcasecmp(publish_proto_name((enum publish_proto)p), name))
			return p;
	return -EINVAL;
}

int expose_add(const char *text, struct strv *ret, struct err *e)
{
	const char *slash = strchr(text, '/');
	autofree char *range =
		str_ndup(text, slash ? (size_t)(slash - text) : strlen(text));
	char *dash = strchr(range, '-');
	int proto = proto_of(slash ? slash + 1 : "tcp");
	uint64_t first, last;

	if (dash)
		*dash = 0;
	if (proto < 0)
		return err_set(e, -EINVAL, "invalid proto: %s", slash + 1);
	if (str_u64(range, UINT16_MAX, &first) || first < 1 ||
	    str_u64(dash ? dash + 1 : range, UINT16_MAX, &last) || last < first)
		return err_set(e, -EINVAL, "invalid range format for --expose: %s", text);
	if (ret->len + (last - first) >= EXPOSE_MAX)
		return err_set(e, -E2BIG, "more than %d exposed ports", EXPOSE_MAX);
	for (uint64_t p = first; p <= last; p++)
		strv_addf(ret, "%llu/%s", (unsigned long long)p,
			  publish_proto_name((enum publish_proto)proto));
	return 0;
}

static int order(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	long n = strtol(x, NULL, 10), m = strtol(y, NULL, 10);

	return n != m ? (n > m) - (n < m) : strcmp(x, y);
}

void expose_sort(struct strv *ports)
{
	size_t kept = 0;

	if (!ports->len)
		return;
	qsort(ports->v, ports->len, sizeof(*ports->v), order);
	for (size_t i = 1; i < ports->len; i++) {
		if (str_eq(ports->v[kept], ports->v[i]))
			free(ports->v[i]);
		else
			ports->v[++kept] = ports->v[i];
	}
	ports->len = kept + 1;
	ports->v[ports->len] = NULL;
}

int expose_publish(const char *port, struct publish *ret)
{
	const char *slash = strchr(port, '/');
	autofree char *number =
		str_ndup(port, slash ? (size_t)(slash - port) : strlen(port));
	int proto = proto_of(slash ? slash + 1 : "tcp");
	uint64_t n;

	if (proto < 0 || str_u64(number, UINT16_MAX, &n) || !n)
		return -EINVAL;
	*ret = (struct publish){ .proto = (enum publish_proto)proto,
				 .port = (uint16_t)n };
	return 0;
}
