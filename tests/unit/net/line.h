/* SPDX-License-Identifier: Apache-2.0 */
/* A connection of this host to itself, for tests. */
#ifndef TESTS_UNIT_NET_LINE_H
#define TESTS_UNIT_NET_LINE_H

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "core/base/fd.h"
#include "core/net/sockaddr.h"
#include "tests/unit/test.h"

/* Both ends, non-blocking and without delay. */
static inline void line_connect(int *near, int *far)
{
	struct ip_addr at = { .family = AF_INET, .bytes = { 127, [3] = 1 } };
	autoclose int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_set(&ss, &at, 0);
	int on = 1;

	CHECK_INT(bind(listener, (struct sockaddr *)&ss, len), 0);
	CHECK_INT(listen(listener, 1), 0);
	CHECK_INT(getsockname(listener, (struct sockaddr *)&ss, &len), 0);
	*far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK_INT(connect(*far, (struct sockaddr *)&ss, len), 0);
	*near = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	CHECK(*near >= 0);
	setsockopt(*far, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(*near, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	fd_nonblock(*far, true);
}

#endif
