/* SPDX-License-Identifier: Apache-2.0 */
/* A classic BPF program is run by the kernel, on a socket. */
#ifndef TESTS_UNIT_NET_SIFT_H
#define TESTS_UNIT_NET_SIFT_H

#include <linux/filter.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "tests/unit/test.h"

/* How many of the frame's bytes it lets through; -1: it answers 0, which is none. */
static inline ssize_t sift(struct sock_filter *code, size_t len, const uint8_t *frame,
			   size_t n)
{
	struct sock_fprog prog = { .filter = code, .len = (unsigned short)len };
	uint8_t got[2048];
	ssize_t r;
	int pair[2];

	CHECK_INT(fd_socketpair(SOCK_DGRAM, pair), 0);
	CHECK_INT(setsockopt(pair[1], SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)),
		  0);
	CHECK_INT(send(pair[0], frame, n, 0), n);
	r = recv(pair[1], got, sizeof(got), MSG_DONTWAIT);
	fd_close(pair[0]);
	fd_close(pair[1]);
	return r;
}

#endif
