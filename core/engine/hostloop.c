/* SPDX-License-Identifier: Apache-2.0 */
/* Ports of the host's loopback. */
#include "core/engine/hostloop.h"

#include <errno.h>

#include "core/base/str.h"

int hostloop_parse(const char *text, struct stack_attachment *place, struct err *e)
{
	autostrv ports = { 0 };

	place->portal = false;
	place->portal_len = 0;
	if (text && *text)
		strv_split(&ports, text, ',');
	if (ports.len > STACK_PORTAL_MAX)
		return err_set(e, -E2BIG, "host-loopback: more than %d ports",
			       STACK_PORTAL_MAX);
	for (size_t i = 0; i < ports.len; i++) {
		uint64_t port;

		if (str_u64(ports.v[i], UINT16_MAX, &port) != 0 || !port)
			return err_set(
				e, -EINVAL,
				"host-loopback: '%s' is not a port from 1 to 65535",
				ports.v[i]);
		place->portal_ports[place->portal_len++] = (uint16_t)port;
	}
	place->portal = text != NULL;
	return 0;
}
